/** Of what is told about a map. */
export const infoStyles = `
  .meter {
    padding: 8px;
  }
  .meter .name {
    display: flex;
    justify-content: space-between;
    font-size: 13px;
  }
  .meter .track {
    height: 6px;
    border-radius: 3px;
    margin: 4px 0;
    background: color-mix(in srgb, var(--ink) 12%, transparent);
    overflow: hidden;
  }
  .meter .track > div {
    forced-color-adjust: none;
    height: 100%;
    border-radius: 3px;
    background: var(--accent);
  }
  .facts {
    padding: 4px 8px 12px;
  }
  .reading {
    padding: 6px 8px 2px;
  }
  .panel .reading p + p {
    margin-top: 6px;
  }
  .verdict {
    padding: 4px 8px;
    font-size: 13px;
  }
`;

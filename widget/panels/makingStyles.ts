/** Of maps in the making, with their curves. */
export const makingStyles = `
  .job progress {
    width: 100%;
    height: 6px;
    accent-color: var(--accent);
  }
  .curve {
    margin: 0;
    color: var(--accent);
  }
  .curve figcaption {
    display: flex;
    justify-content: space-between;
    font-size: 12.5px;
    color: var(--muted);
  }
  .curve svg {
    display: block;
    width: 100%;
  }
`;

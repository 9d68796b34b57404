/** Of lists that say more of a line than its name. */
export const listStyles = `
  .panel h3 {
    margin: 10px 8px 4px;
    color: var(--muted);
    font-size: 12px;
    font-weight: 600;
  }
  .panel .row.two-lines {
    padding: 6px 8px;
  }
  .row small {
    display: block;
    color: var(--muted);
    font-size: 12px;
    overflow: hidden;
    text-overflow: ellipsis;
  }
  .panel .row[aria-pressed='true'] {
    background: color-mix(in srgb, var(--accent) 14%, transparent);
  }
  .swatch.open {
    background: transparent;
    border-style: dashed;
  }
  .panel .row.triple .text {
    white-space: normal;
    overflow-wrap: anywhere;
  }
`;

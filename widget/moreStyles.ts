/** Styles of what is fetched later: put beside those of the element when it comes. */
export const moreStyles = `
  .ramp {
    position: relative;
    height: 10px;
    margin: 4px 14px 6px;
    border-radius: 5px;
    min-width: 160px;
  }
  /* Two scales upon each other, of which only the thumbs take the pointer. */
  .ramp input {
    position: absolute;
    inset: 0;
    width: calc(100% + 16px);
    height: 100%;
    margin: 0 -8px;
    appearance: none;
    background: transparent;
    pointer-events: none;
  }
  .ramp input::-webkit-slider-thumb {
    appearance: none;
    width: 16px;
    height: 16px;
    border: 2px solid var(--surface);
    border-radius: 50%;
    background: var(--ink);
    box-shadow: 0 0 0 1px var(--line);
    pointer-events: auto;
    cursor: ew-resize;
  }
  .ramp input::-moz-range-thumb {
    width: 12px;
    height: 12px;
    border: 2px solid var(--surface);
    border-radius: 50%;
    background: var(--ink);
    pointer-events: auto;
    cursor: ew-resize;
  }
  .ends {
    display: flex;
    justify-content: space-between;
    gap: 12px;
    padding: 3px 12px 8px;
    font-size: 12px;
    color: var(--muted);
  }
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
  .form {
    display: flex;
    flex-direction: column;
    gap: 10px;
  }
  .panel .form.body {
    padding: 12px 14px;
  }
  .form.top {
    padding: 10px 14px;
  }
  .form label {
    display: flex;
    flex-direction: column;
    gap: 4px;
    font-size: 12.5px;
    color: var(--muted);
  }
  .form textarea,
  .form select,
  .form input[type='text'],
  .form input[type='number'] {
    font: inherit;
    color: var(--ink);
    background: var(--ground);
    border: 1px solid var(--line);
    border-radius: 7px;
    padding: 6px 8px;
    min-width: 0;
    resize: vertical;
  }
  .form input[type='range'] {
    accent-color: var(--accent);
    margin: 4px 2px;
  }
  .analogy {
    display: grid;
    grid-template-columns: 1fr auto 1fr;
    gap: 6px 8px;
    align-items: center;
  }
  .axis {
    display: grid;
    grid-template-columns: auto minmax(0, 1fr) auto minmax(0, 1fr);
    gap: 6px;
    align-items: center;
  }
  .analogy output {
    font-weight: 650;
    padding: 6px 8px;
    overflow-wrap: anywhere;
  }
  .form .check {
    flex-direction: row;
    align-items: center;
  }
  .panel .body > .form {
    padding: 10px 8px;
  }
  .form .pair {
    display: grid;
    grid-template-columns: repeat(auto-fit, minmax(110px, 1fr));
    gap: 10px 8px;
  }
  .panel .row.triple .text {
    white-space: normal;
    overflow-wrap: anywhere;
  }
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
  .form .primary {
    font: inherit;
    font-weight: 600;
    min-height: 34px;
    border: 0;
    border-radius: 7px;
    background: var(--accent);
    color: var(--surface);
    /* Of a form that is longer than its panel it stays in sight. */
    position: sticky;
    bottom: 6px;
    box-shadow: 0 3px 0 7px var(--surface);
  }
  .form.body .primary {
    bottom: 0;
  }
  .form .primary[aria-disabled='true'] {
    opacity: 1;
    background: color-mix(in srgb, var(--accent) 55%, var(--surface));
  }
  .form .problem {
    color: var(--danger);
    overflow-wrap: anywhere;
  }
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
  .meter .track > div,
  .ramp {
    forced-color-adjust: none;
  }
  .meter .track > div {
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

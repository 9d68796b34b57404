/** Of the scale of numbers in the legend. */
export const scaleStyles = `
  .ramp {
    forced-color-adjust: none;
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
`;

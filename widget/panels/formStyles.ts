/** Of what is filled in: prompts, tags, analogies, new maps. */
export const formStyles = `
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
`;

import { css } from 'lit';

/** Search and choices along the top. */
export const barStyles = css`
  .bar {
    position: absolute;
    top: 12px;
    left: 12px;
    display: flex;
    flex-wrap: wrap;
    gap: 8px;
    max-width: calc(100% - 24px - 52px);
    z-index: 2;
  }
  .with-panel .bar {
    max-width: calc(100% - 82px - min(320px, 42%));
  }
  .field {
    display: flex;
    align-items: center;
    height: 36px;
    padding: 0 4px 0 10px;
    gap: 6px;
    min-width: 0;
  }
  .field:focus-within {
    outline: 2px solid var(--accent);
    outline-offset: 1px;
  }
  .field > svg {
    color: var(--muted);
    flex: none;
  }
  .field input,
  .field select {
    border: 0;
    outline: 0;
    background: transparent;
    height: 100%;
    min-width: 0;
    text-overflow: ellipsis;
  }
  .field input {
    width: 150px;
  }
  .field input::placeholder {
    color: var(--muted);
    opacity: 1;
  }
  .field input::-webkit-search-cancel-button {
    display: none;
  }
  .field select {
    max-width: 150px;
    cursor: pointer;
    padding-right: 2px;
  }
  .bar .search select {
    width: auto;
    max-width: 84px;
    color: var(--muted);
  }
  .field select option {
    background: var(--surface);
    color: var(--ink);
  }
  .field .name {
    color: var(--muted);
    white-space: nowrap;
  }
  .toggle {
    border: 1px solid transparent;
    background: transparent;
    border-radius: 6px;
    height: 26px;
    min-width: 28px;
    padding: 0 6px;
    color: var(--muted);
    font-family: ui-monospace, 'SF Mono', Menlo, Consolas, monospace;
    font-size: 13px;
  }
  .toggle.picture {
    display: inline-grid;
    place-items: center;
    cursor: pointer;
    padding: 0 4px;
  }
  .toggle.picture input {
    position: absolute;
    width: 1px;
    height: 1px;
    opacity: 0;
  }
  .toggle.picture:focus-within {
    outline: 2px solid var(--accent);
  }
  .toggle:hover {
    background: color-mix(in srgb, var(--ink) 8%, transparent);
  }
  .toggle[aria-pressed='true'] {
    background: color-mix(in srgb, var(--accent) 16%, transparent);
    color: var(--accent);
    border-color: color-mix(in srgb, var(--accent) 40%, transparent);
  }

  /* One line beside the tools, so that nothing lies under a second one. */
  @container map (width < 960px) {
    .frame:not(.with-panel) .bar {
      flex-wrap: nowrap;
      right: 64px;
      max-width: none;
    }
    .bar .search {
      flex: 1 1 0;
      min-width: 190px;
    }
    .bar .choice {
      flex: 1 1 0;
      /* Beside a panel they go into a second line before they are too narrow to be read. */
      min-width: 84px;
    }
    .bar .choice select {
      width: 100%;
    }
    .bar .choice .name {
      display: none;
    }
    .field input {
      width: 40px;
      flex: 1;
    }
  }
  @container map (width < 640px) {
    .frame:not(.with-panel) .bar,
    .bar,
    .with-panel .bar {
      flex-wrap: wrap;
      gap: 6px;
      right: 60px;
      max-width: none;
    }
    .bar .search {
      flex: 1 1 100%;
    }
    .field input {
      width: auto;
      flex: 1;
    }
    .bar .choice {
      flex: 1 1 0;
      padding: 0 4px 0 8px;
    }
    .bar .choice select {
      font-size: 12px;
      padding: 0;
    }
    .field select {
      max-width: none;
      width: 100%;
    }
    .with-panel .choice {
      display: none;
    }
  }
`;

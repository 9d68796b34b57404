import { css } from 'lit';

/** What several panels have: buttons, cards, swatches, and words for those who listen. */
export const controlStyles = css`
  button,
  select,
  input {
    font: inherit;
    color: inherit;
  }
  button {
    cursor: pointer;
  }
  button[aria-disabled='true'] {
    cursor: default;
    opacity: 0.5;
  }
  .card {
    background: color-mix(in srgb, var(--surface) 94%, transparent);
    border: 1px solid var(--line);
    border-radius: 10px;
    box-shadow: var(--shadow);
    backdrop-filter: blur(8px);
  }
  .tools button,
  .panel header button {
    display: grid;
    place-items: center;
    width: 32px;
    height: 32px;
    border: 0;
    border-radius: 7px;
    background: transparent;
    color: var(--ink);
  }
  .tools button:hover,
  .panel header button:hover {
    background: color-mix(in srgb, var(--ink) 8%, transparent);
  }
  .swatch {
    width: 10px;
    height: 10px;
    border-radius: 50%;
    flex: none;
    background: var(--swatch);
    border: 2px solid var(--swatch);
  }
  .link {
    border: 0;
    background: transparent;
    padding: 0;
    color: var(--accent);
    font-size: 13px;
    text-decoration: underline;
    text-underline-offset: 2px;
  }
  .pixelated {
    image-rendering: pixelated;
  }
  .button {
    display: inline-flex;
    align-items: center;
    gap: 6px;
    border: 1px solid var(--line);
    background: var(--surface);
    border-radius: 8px;
    padding: 5px 12px;
    font-size: 13px;
  }
  .button:hover {
    border-color: var(--muted);
  }
  .button[aria-pressed='true'] {
    background: var(--accent);
    color: var(--surface);
  }
  .hidden-text {
    position: absolute;
    width: 1px;
    height: 1px;
    overflow: hidden;
    clip-path: inset(50%);
    white-space: nowrap;
  }
  @media (forced-colors: active) {
    .swatch {
      forced-color-adjust: none;
    }
    .card {
      --accent: Highlight;
      --surface: Canvas;
      border: 1px solid CanvasText;
    }
    .tools [aria-pressed='true'],
    .panel [aria-pressed='true'],
    .toggle[aria-pressed='true'],
    .progress > div {
      forced-color-adjust: none;
      background: Highlight;
      color: HighlightText;
    }
  }
`;

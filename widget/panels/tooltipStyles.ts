import { css } from 'lit';

/** Beside the point under the pointer. */
export const tooltipStyles = css`
  .tooltip {
    position: absolute;
    top: 0;
    left: 0;
    max-width: min(280px, 70%);
    padding: 9px 12px;
    pointer-events: none;
    z-index: 4;
    display: flex;
    gap: 10px;
    overflow: hidden;
  }
  .tooltip img {
    width: 64px;
    height: 64px;
    object-fit: contain;
    border-radius: 6px;
    background: color-mix(in srgb, var(--ink) 5%, transparent);
    flex: none;
  }
  .tooltip strong {
    unicode-bidi: plaintext;
    display: block;
    font-weight: 620;
    overflow-wrap: anywhere;
  }
  .tooltip > div {
    min-width: 0;
  }
`;

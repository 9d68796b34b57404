import { css } from 'lit';

/** What the colours mean. */
export const legendStyles = css`
  .legend {
    position: absolute;
    left: 12px;
    bottom: 44px;
    max-height: calc(100% - 120px);
    width: max-content;
    max-width: min(240px, 45%);
    display: flex;
    flex-direction: column;
    z-index: 1;
  }
  .legend > summary,
  .legend .title {
    padding: 7px 12px;
    font-weight: 600;
    font-size: 13px;
    white-space: nowrap;
    overflow: hidden;
    text-overflow: ellipsis;
  }
  .legend > summary {
    cursor: pointer;
    border-radius: 10px;
    list-style: none;
    display: flex;
    gap: 8px;
    align-items: center;
  }
  .legend > summary::-webkit-details-marker {
    display: none;
  }
  .legend > summary::after {
    content: '';
    margin-left: auto;
    width: 6px;
    height: 6px;
    border: solid var(--muted);
    border-width: 0 1.5px 1.5px 0;
    transform: rotate(45deg) translate(-2px, -2px);
  }
  .legend[open] > summary::after {
    transform: rotate(-135deg) translate(-2px, -2px);
  }
  .legend ul {
    list-style: none;
    margin: 0;
    padding: 0 6px 6px;
    overflow: auto;
    min-height: 0;
    max-height: min(320px, 46cqh);
  }
  .legend li button {
    display: flex;
    align-items: center;
    gap: 8px;
    width: 100%;
    border: 0;
    background: transparent;
    padding: 3px 6px;
    border-radius: 6px;
    text-align: left;
    font-size: 13px;
  }
  .legend li button:hover {
    background: color-mix(in srgb, var(--ink) 7%, transparent);
  }
  .legend button[aria-pressed='false'] .swatch {
    background: transparent;
  }
  .legend button[aria-pressed='false'] .text {
    color: var(--muted);
    text-decoration: line-through;
  }
  .legend .text {
    unicode-bidi: plaintext;
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
    flex: 1;
  }
  .legend .count {
    color: var(--muted);
    font-size: 12px;
  }
  .legend footer {
    padding: 0 12px 8px;
  }
  @container map (width < 640px) {
    .legend {
      max-width: 70%;
    }
    .legend ul {
      max-height: 26cqh;
    }
    .with-panel .legend {
      display: none;
    }
    .legend li button {
      min-height: 36px;
    }
  }
  @container map (height < 380px) {
    .legend ul {
      max-height: 22cqh;
    }
  }
`;

import { css } from 'lit';

/** The panel, its header, its lists and what is told of an item. */
export const panelStyles = css`
  .panel {
    position: absolute;
    top: 12px;
    right: 58px;
    bottom: 40px;
    width: min(320px, 42%);
    display: flex;
    flex-direction: column;
    z-index: 3;
    overflow: hidden;
  }
  .panel:focus-visible {
    outline-offset: -2px;
  }
  .panel.fits {
    bottom: auto;
    max-height: calc(100% - 52px);
  }
  .grip {
    display: none;
  }
  .panel header {
    display: flex;
    align-items: flex-start;
    gap: 8px;
    padding: 10px 8px 8px 14px;
    border-bottom: 1px solid var(--line);
  }
  .panel header > div {
    flex: 1;
    min-width: 0;
  }
  .panel h2 {
    margin: 0;
    font-size: 14px;
    font-weight: 650;
    overflow-wrap: anywhere;
  }
  .panel p {
    margin: 2px 0 0;
    color: var(--muted);
    font-size: 12.5px;
  }
  .panel .body {
    overflow: auto;
    min-height: 0;
    padding: 6px;
  }
  .panel ol,
  .panel .rows {
    list-style: none;
    margin: 0;
    padding: 0;
  }
  .panel .row {
    display: flex;
    align-items: center;
    gap: 9px;
    width: 100%;
    min-height: 34px;
    border: 0;
    background: transparent;
    padding: 4px 8px;
    border-radius: 7px;
    text-align: left;
  }
  .panel .row:hover {
    background: color-mix(in srgb, var(--ink) 7%, transparent);
  }
  .panel .row.link {
    color: var(--accent);
  }
  .panel .row:focus-visible {
    outline-offset: -2px;
  }
  .row .rank {
    color: var(--muted);
    font-size: 12px;
    min-width: 1.6em;
    text-align: right;
  }
  /* Names are of any language. */
  .panel h2,
  .panel dd,
  .row .text {
    unicode-bidi: plaintext;
  }
  .row .text {
    flex: 1;
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
  }
  .row .distance {
    color: var(--muted);
    font-size: 12.5px;
  }
  .row img,
  .row .blank {
    width: 32px;
    height: 32px;
    object-fit: contain;
    border-radius: 5px;
    background: color-mix(in srgb, var(--ink) 5%, transparent);
    flex: none;
  }
  .about {
    display: flex;
    gap: 12px;
    padding: 10px 14px;
    border-bottom: 1px solid var(--line);
  }
  .about img {
    width: 72px;
    height: 72px;
    object-fit: contain;
    border-radius: 8px;
    background: color-mix(in srgb, var(--ink) 5%, transparent);
    flex: none;
  }
  dl {
    margin: 0;
    display: grid;
    grid-template-columns: minmax(70px, max-content) 1fr;
    gap: 2px 10px;
    font-size: 12.5px;
    align-content: start;
    min-width: 0;
  }
  dt {
    color: var(--muted);
  }
  dd {
    margin: 0;
    overflow-wrap: anywhere;
    display: -webkit-box;
    -webkit-line-clamp: 4;
    -webkit-box-orient: vertical;
    overflow: hidden;
  }
  .actions {
    display: flex;
    flex-wrap: wrap;
    gap: 8px;
    padding: 10px 14px;
    border-bottom: 1px solid var(--line);
  }
  .actions.told {
    align-items: center;
    color: var(--muted);
  }
  .actions select {
    font: inherit;
    color: var(--ink);
    background: var(--surface);
    border: 1px solid var(--line);
    border-radius: 7px;
    padding: 3px 6px;
  }
  @container map (width < 640px) {
    .panel.fits {
      top: auto;
      left: 8px;
      right: 8px;
      bottom: 8px;
      width: auto;
      max-height: calc(44% - 8px);
    }
    .panel.tall {
      max-height: 80%;
    }
    .grip {
      display: block;
      flex: none;
      position: relative;
      height: 24px;
      margin-bottom: -10px;
      border: 0;
      background: radial-gradient(var(--muted) 0 0) center/36px 4px no-repeat;
      touch-action: none;
    }
    .panel .row {
      min-height: 36px;
    }
  }
`;

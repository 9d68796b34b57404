import { css } from 'lit';

/** The buttons beside the map. */
export const toolsStyles = css`
  .tools {
    position: absolute;
    top: 12px;
    right: 12px;
    display: flex;
    flex-direction: column;
    padding: 3px;
    gap: 2px;
    z-index: 2;
    max-height: calc(100% - 24px);
    overflow-y: auto;
    scrollbar-width: none;
  }
  .tools > * {
    flex: none;
  }
  .tools button[aria-pressed='true'] {
    background: var(--accent);
    color: var(--surface);
  }
  .tools hr {
    width: 22px;
    margin: 2px auto;
    border: 0;
    border-top: 1px solid var(--line);
  }
  @container map (width < 640px) {
    /* Above the panel. */
    .with-panel .tools {
      max-height: calc(56% - 24px);
    }
    .tools button {
      width: 36px;
      height: 36px;
    }
  }
  @container map (height < 380px) {
    .tools button {
      width: 28px;
      height: 28px;
    }
  }
`;

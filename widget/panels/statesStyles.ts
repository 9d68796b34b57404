import { css } from 'lit';

/** The line at the bottom, hints, progress, and what stands in place of a map. */
export const statesStyles = css`
  .status {
    position: absolute;
    left: 12px;
    right: 12px;
    bottom: 10px;
    display: flex;
    gap: 10px;
    align-items: center;
    font-size: 12px;
    color: var(--muted);
    pointer-events: none;
    z-index: 1;
  }
  .status > * {
    pointer-events: auto;
    white-space: nowrap;
  }
  .status .text {
    overflow: hidden;
    text-overflow: ellipsis;
    padding: 1px 7px;
    margin-left: -7px;
    border-radius: 6px;
    background: color-mix(in srgb, var(--ground) 78%, transparent);
  }
  .badge {
    border-radius: 999px;
    padding: 1px 9px;
    background: var(--warn-ground);
    color: var(--warn-ink);
    font-weight: 600;
  }
  .hint {
    position: absolute;
    left: 50%;
    bottom: 48px;
    transform: translateX(-50%);
    padding: 6px 14px;
    font-size: 13px;
    pointer-events: none;
    z-index: 2;
    text-align: center;
  }
  .message {
    position: absolute;
    inset: 0;
    display: grid;
    place-content: center;
    justify-items: center;
    gap: 10px;
    padding: 24px;
    text-align: center;
    z-index: 1;
    pointer-events: none;
  }
  .message > * {
    pointer-events: auto;
    max-width: 46ch;
  }
  .message h2 {
    margin: 0;
    font-size: 16px;
    font-weight: 650;
  }
  .message p {
    margin: 0;
    color: var(--muted);
    overflow-wrap: anywhere;
  }
  .message.error {
    background: color-mix(in srgb, var(--ground) 90%, transparent);
    pointer-events: auto;
  }
  .message.error h2 {
    color: var(--danger);
  }
  .spinner {
    width: 22px;
    height: 22px;
    border-radius: 50%;
    border: 2.5px solid var(--line);
    border-top-color: var(--accent);
    animation: turn 0.9s linear infinite;
  }
  .progress {
    position: absolute;
    top: 0;
    left: 0;
    right: 0;
    height: 3px;
    overflow: hidden;
    z-index: 5;
  }
  .progress > div {
    height: 100%;
    background: var(--accent);
    transform-origin: left;
    transition: transform 150ms;
  }
  .progress.unknown > div {
    width: 30%;
    animation: sweep 1.2s ease-in-out infinite;
  }
  @keyframes turn {
    to {
      transform: rotate(1turn);
    }
  }
  @keyframes sweep {
    from {
      transform: translateX(-100%);
    }
    to {
      transform: translateX(340%);
    }
  }
  .compact .status {
    bottom: 6px;
  }
  @container map (width < 640px) {
    .with-panel .status {
      display: none;
    }
  }
  @media (prefers-reduced-motion: reduce) {
    .spinner,
    .progress.unknown > div {
      animation-duration: 4s;
    }
    .progress > div {
      transition: none;
    }
  }
`;

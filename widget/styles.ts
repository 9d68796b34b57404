import { css } from 'lit';

/** Everything that can be set from outside is a custom property named `--embedding-map-…`; the README lists them. */
export const styles = css`
  :host {
    --ground: var(--embedding-map-ground, #fafaf8);
    --surface: var(--embedding-map-surface, #ffffff);
    --ink: var(--embedding-map-ink, #1d2127);
    --muted: var(--embedding-map-muted, #5f6670);
    --line: var(--embedding-map-line, #e2e3e0);
    --accent: var(--embedding-map-accent, #2459c4);
    --danger: var(--embedding-map-danger, #a92318);
    --warn-ground: #fbf0d6;
    --warn-ink: #6d4a00;
    --radius: var(--embedding-map-radius, 12px);
    --shadow: 0 1px 2px rgb(20 24 32 / 6%), 0 4px 16px rgb(20 24 32 / 8%);
    display: block;
    position: relative;
    height: var(--embedding-map-height, 560px);
    min-height: 160px;
    color-scheme: light;
    color: var(--ink);
    font: 14px/1.45 var(--embedding-map-font, system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', sans-serif);
    font-variant-numeric: tabular-nums;
    -webkit-font-smoothing: antialiased;
  }
  :host([hidden]) {
    display: none;
  }
  .dark {
    --ground: var(--embedding-map-ground, #14171c);
    --surface: var(--embedding-map-surface, #1d2128);
    --ink: var(--embedding-map-ink, #e9ebee);
    --muted: var(--embedding-map-muted, #a2a9b4);
    --line: var(--embedding-map-line, #31363f);
    --accent: var(--embedding-map-accent, #8db4ff);
    --danger: var(--embedding-map-danger, #ff9a8d);
    --warn-ground: #3a2f14;
    --warn-ink: #f0d18a;
    --shadow: 0 1px 2px rgb(0 0 0 / 40%), 0 6px 20px rgb(0 0 0 / 35%);
    color-scheme: dark;
  }
  *,
  *::before,
  *::after {
    box-sizing: border-box;
  }
  .frame {
    position: absolute;
    inset: 0;
    overflow: hidden;
    container: map / size;
    background: var(--ground);
    color: var(--ink);
    border-radius: var(--radius);
    isolation: isolate;
  }
  .stage,
  .layer {
    position: absolute;
    inset: 0;
  }
  .stage canvas {
    position: absolute;
    inset: 0;
    width: 100%;
    height: 100%;
    pointer-events: none;
    opacity: 1;
    transition: opacity 240ms;
  }
  .layer {
    touch-action: none;
    cursor: grab;
    border-radius: var(--radius);
  }
  .layer:active {
    cursor: grabbing;
  }
  .layer.lasso {
    cursor: crosshair;
  }
  .layer.on-point {
    cursor: pointer;
  }
  .cooperative .layer {
    touch-action: pan-x pan-y;
  }
  :focus-visible {
    outline: 2px solid var(--accent);
    outline-offset: 2px;
  }
  .layer:focus-visible {
    outline-offset: -3px;
  }

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
  .swatch {
    width: 10px;
    height: 10px;
    border-radius: 50%;
    flex: none;
    background: var(--swatch);
    border: 2px solid var(--swatch);
  }
  .legend button[aria-pressed='false'] .swatch {
    background: transparent;
  }
  .legend button[aria-pressed='false'] .text {
    color: var(--muted);
    text-decoration: line-through;
  }
  .legend .text {
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
  .link {
    border: 0;
    background: transparent;
    padding: 0;
    color: var(--accent);
    font-size: 13px;
    text-decoration: underline;
    text-underline-offset: 2px;
  }
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
  .pixelated {
    image-rendering: pixelated;
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
    display: block;
    font-weight: 620;
    overflow-wrap: anywhere;
  }
  .tooltip > div {
    min-width: 0;
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
  .hidden-text {
    position: absolute;
    width: 1px;
    height: 1px;
    overflow: hidden;
    clip-path: inset(50%);
    white-space: nowrap;
  }

  .compact .status {
    bottom: 6px;
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
    .with-panel .choice {
      display: none;
    }
    .legend {
      max-width: 70%;
    }
    .legend ul {
      max-height: 26cqh;
    }
    .with-panel .legend,
    .with-panel .status {
      display: none;
    }
    .tools button {
      width: 36px;
      height: 36px;
    }
    .legend li button,
    .panel .row {
      min-height: 36px;
    }
  }
  @container map (height < 380px) {
    .legend ul {
      max-height: 22cqh;
    }
    .tools button {
      width: 28px;
      height: 28px;
    }
  }
  @media (prefers-reduced-motion: reduce) {
    .spinner,
    .progress.unknown > div {
      animation-duration: 4s;
    }
    .stage canvas,
    .progress > div {
      transition: none;
    }
  }
  @media (forced-colors: active) {
    .swatch {
      forced-color-adjust: none;
    }
    .card {
      border: 1px solid CanvasText;
    }
  }
`;

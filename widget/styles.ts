import { css } from 'lit';

import { barStyles } from './panels/barStyles.ts';
import { controlStyles } from './panels/controlStyles.ts';
import { legendStyles } from './panels/legendStyles.ts';
import { panelStyles } from './panels/panelStyles.ts';
import { statesStyles } from './panels/statesStyles.ts';
import { toolsStyles } from './panels/toolsStyles.ts';
import { tooltipStyles } from './panels/tooltipStyles.ts';

/** Light and dark, the frame and the map in it. All that can be set from outside is a custom property `--embedding-map-…`: see the README. */
const frameStyles = css`
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
    /* Its words are English, and a map has no direction, whatever those of the page are. */
    direction: ltr;
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
  @media (prefers-reduced-motion: reduce) {
    .stage canvas {
      transition: none;
    }
  }
`;

/** What the element looks like; each part of it stands beside the template that it is of. */
export const styles = [
  frameStyles,
  controlStyles,
  barStyles,
  toolsStyles,
  legendStyles,
  statesStyles,
  panelStyles,
  tooltipStyles,
];

import { type SVGTemplateResult, svg } from 'lit';

/** Outlines on a grid of 20, drawn with the current colour. */
const icon = (content: SVGTemplateResult) =>
  svg`<svg viewBox="0 0 20 20" width="18" height="18" fill="none" stroke="currentColor" stroke-width="1.6" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">${content}</svg>`;

export const icons = {
  plus: icon(svg`<path d="M10 4.5v11M4.5 10h11"/>`),
  minus: icon(svg`<path d="M4.5 10h11"/>`),
  fit: icon(svg`<path d="M7 3.5H3.5V7M13 3.5h3.5V7M7 16.5H3.5V13M13 16.5h3.5V13"/>`),
  lasso: icon(
    svg`<path d="M10 4c4 0 7 1.9 7 4.4S14 13 10 13s-7-2-7-4.6S6 4 10 4Z" stroke-dasharray="2.6 2.4"/><path d="M6.3 12.6c-1.6.6-1.9 2.8.2 2.9 1.4.1 1.7 1.5.6 2"/>`,
  ),
  info: icon(svg`<circle cx="10" cy="10" r="6.8"/><path d="M10 9.2v4M10 6.6v.1"/>`),
  clusters: icon(
    svg`<circle cx="6.4" cy="6.6" r="3"/><circle cx="14" cy="9.4" r="2.3"/><circle cx="8.2" cy="14.4" r="2.3"/>`,
  ),
  graph: icon(
    svg`<circle cx="5" cy="14.5" r="2"/><circle cx="10" cy="5.5" r="2"/><circle cx="15.5" cy="12.5" r="2"/><path d="m6 12.7 3-5.4M11.2 7.2l3 3.6M7 14.2l6.5-1.2"/>`,
  ),
  analogy: icon(svg`<path d="M4 10.5 10.5 4M10.5 8V4h-4M9.5 16 16 9.5M16 13.5v-4h-4"/>`),
  close: icon(svg`<path d="m5.5 5.5 9 9M14.5 5.5l-9 9"/>`),
  search: icon(svg`<circle cx="9" cy="9" r="4.7"/><path d="m12.6 12.6 3.6 3.6"/>`),
  picture: icon(
    svg`<rect x="3.5" y="4.5" width="13" height="11" rx="1.6"/><circle cx="7.4" cy="8.2" r="1.2"/><path d="m4.5 14.5 4-4 2.6 2.6 2-2 3 3"/>`,
  ),
  tag: icon(svg`<path d="M3.5 3.5h6l7 7-6 6-7-7ZM7 7v.1"/>`),
  names: icon(svg`<path d="m3.5 15 3.6-9.5h.3L11 15M4.7 12h5M16.3 15V9.4M16.3 12.2a2.2 2.6 0 1 1 0-.1"/>`),
  prompts: icon(svg`<path d="M4 5.5h12v7.5H9.5L6.5 16v-3H4Z"/><path d="M7 8.3h6M7 10.5h3.5"/>`),
  layers: icon(svg`<path d="m10 3.5 7 3.5-7 3.5L3 7Z"/><path d="m3 10.2 7 3.5 7-3.5M3 13.3l7 3.5 7-3.5"/>`),
  compare: icon(svg`<circle cx="7.6" cy="10" r="4.6"/><circle cx="12.4" cy="10" r="4.6"/>`),
  maps: icon(
    svg`<path d="M10 4.5v11M4.5 10h11" transform="translate(4.4 4.4) scale(.56)"/><circle cx="5.4" cy="6.2" r="1.3"/><circle cx="9" cy="4.6" r="1.3"/><circle cx="4.6" cy="10.6" r="1.3"/><circle cx="7.4" cy="15" r="1.3"/><circle cx="14.6" cy="5.6" r="1.3"/>`,
  ),
  download: icon(svg`<path d="M10 3.5v9M6.4 9.2 10 12.8l3.6-3.6M4 16.2h12"/>`),
} as const;

import { html, nothing, svg, type TemplateResult } from 'lit';

export interface Curve {
  readonly name: string;
  readonly points: readonly { readonly at: number; readonly value: number }[];
}

const WIDTH = 240;
const HEIGHT = 56;

/** What was measured over time, as a line; nothing with less than two points. */
export function renderCurve({ name, points }: Curve): TemplateResult | typeof nothing {
  const [first] = points;
  const last = points.at(-1);
  if (points.length < 2 || first === undefined || last === undefined) return nothing;
  const values = points.map(({ value }) => value);
  const [least, largest] = [Math.min(...values), Math.max(...values)];
  const along = (at: number) => (WIDTH * (at - first.at)) / (last.at - first.at || 1);
  const up = (value: number) => 2 + (HEIGHT - 4) * (1 - (value - least) / (largest - least || 1));
  const line = points.map(({ at, value }) => `${along(at).toFixed(1)},${up(value).toFixed(1)}`).join(' ');
  return html`<figure class="curve">
    <figcaption>${name} <strong>${last.value.toPrecision(4)}</strong></figcaption>
    <svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${name}, from ${first.value.toPrecision(4)} to ${last.value.toPrecision(4)}">
      ${svg`<polyline points=${line} fill="none" stroke="currentColor" stroke-width="1.5" stroke-linejoin="round" vector-effect="non-scaling-stroke" />`}
    </svg>
  </figure>`;
}

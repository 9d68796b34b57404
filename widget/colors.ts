/**
 * From values to colours. A coloring gives each point a slot, and each slot a colour: recolouring for another theme
 * changes 20 colours, not 100,000 points.
 */
import type { CategoryColumn, Column, NumberColumn } from './points.ts';
import { eachInSlices } from './slices.ts';

export type Theme = 'light' | 'dark';

/** Slot of each point and what the slots mean. */
export interface Coloring {
  /** One slot per point. */
  readonly slots: Uint8Array;
  readonly legend: Legend;
}

export type Legend = PlainLegend | CategoryLegend | NumberLegend;

export interface PlainLegend {
  readonly kind: 'plain';
}

export interface CategoryLegend {
  readonly kind: 'category';
  /** `entries[slot]`. */
  readonly entries: readonly CategoryEntry[];
}

export interface CategoryEntry {
  readonly label: string;
  /** Points of this slot. */
  readonly count: number;
  /** `value`: one value; `other`: all values beyond the palette; `none`: no value. */
  readonly role: 'value' | 'other' | 'none';
}

export interface NumberLegend {
  readonly kind: 'number';
  readonly least: number;
  readonly largest: number;
  readonly unit: 'number' | 'date';
  /** Points without a value. They have the slot after the last step. */
  readonly missing: number;
}

/**
 * Twenty colours for each theme, the same hue at the same place. Chosen by farthest points in OKLab, distance being
 * the least of normal, deuteranopic and protanopic sight (Machado, Oliveira and Fernandes, 2009, severity 1), over
 * colours with a contrast of at least 2.3 (light) and 3.2 (dark) to the ground. The first eight stay 0.09 apart in
 * either deficiency; twenty cannot, which is why the legend always carries words and filters on click.
 */
const categoryColors: Readonly<Record<Theme, readonly string[]>> = {
  light: [
    '#3c72cb',
    '#66b725',
    '#9b1207',
    '#cd3976',
    '#871082',
    '#3baece',
    '#be5a0a',
    '#4042bf',
    '#a90959',
    '#c88191',
    '#9f51a4',
    '#6b8acf',
    '#b63132',
    '#859454',
    '#a273a4',
    '#107f7a',
    '#b5820c',
    '#9a3289',
    '#ca9780',
    '#877a49',
  ],
  dark: [
    '#639bf8',
    '#9ee374',
    '#c04637',
    '#f0739f',
    '#a64ba0',
    '#70ddfe',
    '#ec8343',
    '#616ed8',
    '#ca507d',
    '#f8adbd',
    '#ca79cf',
    '#95b6fe',
    '#df605b',
    '#b0c07e',
    '#ce9dd0',
    '#47a7a1',
    '#e3ad4b',
    '#c05dae',
    '#fcc6ae',
    '#b0a370',
  ],
};
const otherColor: Readonly<Record<Theme, string>> = { light: '#9a9da3', dark: '#6b7078' };
const noneColor: Readonly<Record<Theme, string>> = { light: '#c3c5ca', dark: '#474c55' };

/** Low to high. Lightness changes evenly and away from the ground, so that high values stand out in either theme. */
const numberStops: Readonly<Record<Theme, readonly string[]>> = {
  light: ['#d9c14a', '#7fb34f', '#2f9a80', '#25759b', '#3d4a9c', '#3b1d6e'],
  dark: ['#4b3f8f', '#3f66b0', '#2f93b0', '#45bb95', '#a3d568', '#f6e96b'],
};

export const CATEGORY_LIMIT = 20;
/** More steps than the eye tells apart, few enough that a slot is one byte. */
export const NUMBER_STEPS = 64;

/** The colour of each slot as `#rrggbb`. `palette` overrides the category colours. */
export function slotColors(legend: Legend, theme: Theme, palette: readonly string[] = []): readonly string[] {
  if (legend.kind === 'plain') return [palette[0] ?? categoryColors[theme][0] ?? otherColor[theme]];
  if (legend.kind === 'number') {
    const stops = numberStops[theme];
    const steps = Array.from({ length: NUMBER_STEPS }, (_, step) => mixStops(stops, step / (NUMBER_STEPS - 1)));
    return [...steps, noneColor[theme]];
  }
  const colors = palette.length > 0 ? palette : categoryColors[theme];
  return legend.entries.map((entry, slot) => {
    if (entry.role === 'other') return otherColor[theme];
    if (entry.role === 'none') return noneColor[theme];
    return colors[slot % colors.length] ?? otherColor[theme];
  });
}

/** The colour of the category at a place, for what is drawn beside the points. */
export function categoryColor(place: number, theme: Theme): string {
  const colors = categoryColors[theme];
  return colors[place % colors.length] ?? otherColor[theme];
}

/** Everything in one colour. */
export function plainColoring(count: number): Coloring {
  return { slots: new Uint8Array(count), legend: { kind: 'plain' } };
}

/** Colours by a column: categories by value, numbers by size. */
export async function colorBy(column: Column, count: number, signal?: AbortSignal): Promise<Coloring> {
  return column.kind === 'number' ? await byNumber(column, count, signal) : await byCategory(column, count, signal);
}

/**
 * The `CATEGORY_LIMIT` most frequent values have a colour each; the rest share one. Few values are listed in natural
 * order (2 before 10), many by how frequent they are.
 */
async function byCategory(column: CategoryColumn, count: number, signal?: AbortSignal): Promise<Coloring> {
  const counts = new Map<number, number>();
  await eachInSlices(
    count,
    (i) => counts.set(column.codes[i] ?? -1, (counts.get(column.codes[i] ?? -1) ?? 0) + 1),
    signal,
  );
  const none = counts.get(-1) ?? 0;
  counts.delete(-1);
  const byCount = [...counts].sort((a, b) => b[1] - a[1] || a[0] - b[0]);
  const shown = byCount.slice(0, CATEGORY_LIMIT).map(([code, size]) => ({ code, size, label: column.value(code) }));
  const rest = byCount.slice(CATEGORY_LIMIT);
  if (rest.length === 0) {
    const collator = new Intl.Collator(undefined, { numeric: true });
    shown.sort((a, b) => collator.compare(a.label, b.label));
  }

  const entries: CategoryEntry[] = shown.map(({ label, size }) => ({ label, count: size, role: 'value' }));
  const slotOf = new Map(shown.map(({ code }, slot) => [code, slot]));
  const otherSlot = entries.length;
  if (rest.length > 0) {
    const total = rest.reduce((sum, [, size]) => sum + size, 0);
    entries.push({ label: `${rest.length.toLocaleString()} others`, count: total, role: 'other' });
  }
  const noneSlot = entries.length;
  if (none > 0) entries.push({ label: 'no value', count: none, role: 'none' });

  const slots = new Uint8Array(count);
  await eachInSlices(
    count,
    (i) => {
      const code = column.codes[i] ?? -1;
      slots[i] = code < 0 ? noneSlot : (slotOf.get(code) ?? otherSlot);
    },
    signal,
  );
  return { slots, legend: { kind: 'category', entries } };
}

async function byNumber(column: NumberColumn, count: number, signal?: AbortSignal): Promise<Coloring> {
  let least = Number.POSITIVE_INFINITY;
  let largest = Number.NEGATIVE_INFINITY;
  let missing = 0;
  await eachInSlices(
    count,
    (i) => {
      const value = column.values[i] ?? Number.NaN;
      if (Number.isFinite(value)) {
        if (value < least) least = value;
        if (value > largest) largest = value;
      } else {
        missing++;
      }
    },
    signal,
  );
  const span = largest - least;
  const slots = new Uint8Array(count);
  await eachInSlices(
    count,
    (i) => {
      const value = column.values[i] ?? Number.NaN;
      if (!Number.isFinite(value)) slots[i] = NUMBER_STEPS;
      else slots[i] = span > 0 ? Math.min(NUMBER_STEPS - 1, Math.floor(((value - least) / span) * NUMBER_STEPS)) : 0;
    },
    signal,
  );
  return { slots, legend: { kind: 'number', least, largest, unit: column.unit, missing } };
}

/** Red, green and blue from 0 to 1 of `#rrggbb`. */
export function parseColor(color: string): readonly [number, number, number] {
  const value = Number.parseInt(color.slice(1), 16);
  return [((value >> 16) & 255) / 255, ((value >> 8) & 255) / 255, (value & 255) / 255];
}

/** Between two stops, mixed in OKLab (Ottosson, 2020), where equal steps look equal. */
function mixStops(stops: readonly string[], t: number): string {
  const at = t * (stops.length - 1);
  const index = Math.min(stops.length - 2, Math.floor(at));
  const from = toOklab(stops[index] ?? '#000000');
  const to = toOklab(stops[index + 1] ?? '#000000');
  const share = at - index;
  return fromOklab([
    from[0] + (to[0] - from[0]) * share,
    from[1] + (to[1] - from[1]) * share,
    from[2] + (to[2] - from[2]) * share,
  ]);
}

type Triple = readonly [number, number, number];

/** Lightness and the two opponent axes of OKLab. */
export function toOklab(color: string): Triple {
  const [r, g, b] = parseColor(color).map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)) as [
    number,
    number,
    number,
  ];
  const l = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
  const m = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
  const s = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
  return [
    0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s,
    1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s,
    0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s,
  ];
}

function fromOklab([lightness, a, b]: Triple): string {
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  const linear = [
    4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
    -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
    -0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s,
  ];
  const hex = linear.map((value) => {
    const c = Math.min(1, Math.max(0, value));
    const gamma = c <= 0.0031308 ? 12.92 * c : 1.055 * c ** (1 / 2.4) - 0.055;
    return Math.round(gamma * 255)
      .toString(16)
      .padStart(2, '0');
  });
  return `#${hex.join('')}`;
}

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  CATEGORY_LIMIT,
  type CategoryEntry,
  colorBy,
  NUMBER_STEPS,
  parseColor,
  plainColoring,
  slotColors,
  toOklab,
} from '../../widget/colors.ts';
import type { CategoryColumn, NumberColumn } from '../../widget/points.ts';
import fc from '../helpers/laws.ts';

const column = (cells: readonly (string | null)[]): CategoryColumn => {
  const values = [...new Set(cells.filter((cell) => cell !== null))];
  return {
    kind: 'category',
    codes: Int32Array.from(cells, (cell) => (cell === null ? -1 : values.indexOf(cell))),
    value: (code) => values[code] ?? '',
  };
};
const numbers = (values: readonly number[]): NumberColumn => ({
  kind: 'number',
  values: Float64Array.from(values),
  unit: 'number',
});

test('every point has a slot of its legend, and the counts of the legend are those of the points', async () => {
  const cells = fc.array(fc.option(fc.stringMatching(/^[a-z]{1,2}$/), { nil: null }), { maxLength: 300 });
  await fc.assert(
    fc.asyncProperty(cells, async (given) => {
      const { slots, legend } = await colorBy(column(given), given.length);
      assert(legend.kind === 'category');
      const counted = legend.entries.map((_, slot) => slots.reduce((sum, other) => sum + Number(other === slot), 0));
      assert.deepEqual(
        legend.entries.map(({ count }) => count),
        counted,
      );
      assert.equal(slots.length, given.length);
      assert(legend.entries.filter(({ role }) => role === 'value').length <= CATEGORY_LIMIT);
      for (const [i, cell] of given.entries()) {
        const entry: CategoryEntry | undefined = legend.entries[slots[i] ?? -1];
        if (cell === null) assert.equal(entry?.role, 'none');
        else if (entry?.role === 'value') assert.equal(entry.label, cell);
        else assert.equal(entry?.role, 'other');
      }
    }),
  );
});

test('of more values than colors, the most frequent have one each and the rest share one', async () => {
  const cells = Array.from({ length: 30 }, (_, value) => Array.from({ length: 30 - value }, () => `v${value}`)).flat();
  const { legend } = await colorBy(column(cells), cells.length);
  assert(legend.kind === 'category');
  assert.deepEqual(
    legend.entries.slice(0, CATEGORY_LIMIT).map(({ label }) => label),
    Array.from({ length: CATEGORY_LIMIT }, (_, value) => `v${value}`),
  );
  assert.equal(legend.entries[CATEGORY_LIMIT]?.role, 'other');
  assert.equal(legend.entries[CATEGORY_LIMIT]?.count, 55); // 10 + 9 + … + 1
});

test('few values are listed as people count: 2 before 10', async () => {
  const { legend } = await colorBy(column(['10', '9', '2', '10']), 4);
  assert(legend.kind === 'category');
  assert.deepEqual(
    legend.entries.map(({ label }) => label),
    ['2', '9', '10'],
  );
});

test('a larger number never has a lower slot, and what is no number has the slot after the last step', async () => {
  const values = fc.array(fc.oneof(fc.double({ min: -1e9, max: 1e9, noNaN: true }), fc.constant(Number.NaN)), {
    maxLength: 200,
  });
  await fc.assert(
    fc.asyncProperty(values, async (given) => {
      const { slots, legend } = await colorBy(numbers(given), given.length);
      assert(legend.kind === 'number');
      const finite = given.flatMap((value, i) => (Number.isNaN(value) ? [] : [{ value, slot: slots[i] ?? -1 }]));
      assert.equal(legend.missing, given.length - finite.length);
      for (const [i, value] of given.entries()) if (Number.isNaN(value)) assert.equal(slots[i], NUMBER_STEPS);
      finite.sort((a, b) => a.value - b.value);
      for (const [i, { slot }] of finite.entries()) assert(slot >= (finite[i - 1]?.slot ?? 0) && slot < NUMBER_STEPS);
    }),
  );
});

test('the legend has a color for each slot, in either theme', async () => {
  const { legend } = await colorBy(column(['a', null, ...Array.from({ length: 40 }, (_, i) => `x${i}`)]), 42);
  assert(legend.kind === 'category');
  for (const theme of ['light', 'dark'] as const) {
    const colors = slotColors(legend, theme);
    assert.equal(colors.length, legend.entries.length);
    for (const color of colors) assert.match(color, /^#[0-9a-f]{6}$/);
    const numeric = slotColors({ kind: 'number', least: 0, largest: 1, unit: 'number', missing: 0 }, theme);
    assert.equal(numeric.length, NUMBER_STEPS + 1);
    assert.equal(slotColors(plainColoring(3).legend, theme).length, 1);
  }
});

test('the scale of numbers changes in lightness in one direction, so that it can be read without color', () => {
  for (const [theme, direction] of [
    ['light', -1],
    ['dark', 1],
  ] as const) {
    const colors = slotColors({ kind: 'number', least: 0, largest: 1, unit: 'number', missing: 0 }, theme).slice(0, -1);
    const lightness = colors.map((color) => toOklab(color)[0]);
    for (const [i, value] of lightness.entries()) {
      if (i > 0) assert((value - (lightness[i - 1] ?? 0)) * direction > -0.002, `step ${i} of ${theme}`);
    }
    assert(Math.abs((lightness.at(-1) ?? 0) - (lightness[0] ?? 0)) > 0.4);
  }
});

/** Machado, Oliveira and Fernandes (2009), severity 1, on linear RGB. */
const deficiencies = {
  deuteranopia: [0.367322, 0.860646, -0.227968, 0.280085, 0.672501, 0.047413, -0.01182, 0.04294, 0.968881],
  protanopia: [0.152286, 1.052583, -0.204868, 0.114503, 0.786281, 0.099216, -0.003882, -0.048116, 1.051998],
} as const;

test('the first eight colors stay apart for those who see red and green alike, and stand out from the ground', () => {
  const entries = Array.from({ length: 8 }, (_, i) => ({ label: `${i}`, count: 1, role: 'value' as const }));
  for (const [theme, ground, contrast] of [
    ['light', '#fafaf8', 2.2],
    ['dark', '#14171c', 3.1],
  ] as const) {
    const colors = slotColors({ kind: 'category', entries }, theme);
    for (const color of colors) assert(contrastOf(color, ground) > contrast, `${color} on ${ground}`);
    for (const matrix of [null, deficiencies.deuteranopia, deficiencies.protanopia]) {
      const seen = colors.map((color) => toOklab(matrix === null ? color : simulate(color, matrix)));
      for (const [i, a] of seen.entries()) {
        for (const b of seen.slice(0, i))
          assert(Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]) > 0.08, `${colors[i]}`);
      }
    }
  }
});

const linear = (c: number) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
const gamma = (c: number) => (c <= 0.0031308 ? 12.92 * c : 1.055 * c ** (1 / 2.4) - 0.055);

function simulate(color: string, matrix: readonly number[]): string {
  const rgb = parseColor(color).map(linear);
  const seen = [0, 1, 2].map((row) => rgb.reduce((sum, c, i) => sum + c * (matrix[3 * row + i] ?? 0), 0));
  return `#${seen
    .map((c) =>
      Math.round(255 * gamma(Math.min(1, Math.max(0, c))))
        .toString(16)
        .padStart(2, '0'),
    )
    .join('')}`;
}

function contrastOf(a: string, b: string): number {
  const luminance = (color: string) => {
    const [red = 0, green = 0, blue = 0] = parseColor(color).map(linear);
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const [dark = 0, light = 0] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (light + 0.05) / (dark + 0.05);
}

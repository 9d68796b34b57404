import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { type Camera, flatView } from '../../widget/camera.ts';
import { type Label, type LabelLayer, placeLabels } from '../../widget/labels.ts';

const size = { width: 800, height: 600 };
/** Letters of a typewriter. */
const widthOf = (text: string) => 0.6 * text.length;

function label(text: string, x: number, y: number, extent: number, items = 100): Label {
  const half = extent / 2;
  return { text, size: items, center: [x, y, 0], lower: [x - half, y - half, 0], upper: [x + half, y + half, 0] };
}

const layers: readonly LabelLayer[] = [
  [label('mice', -0.6, 0.1, 0.06), label('rats', -0.5, -0.1, 0.06), label('whales', 0.5, 0, 0.06)],
  [label('rodents', -0.55, 0, 0.4, 200), label('whales', 0.5, 0, 0.4), label('birds', 0, 0.6, 0.3)],
];
const at = (zoom: number, x = 0): Camera => ({ ...flatView, zoom, x });
const texts = (camera: Camera) => placeLabels(layers, camera, size, widthOf).map(({ text }) => text);

test('from afar the coarse layer is shown, from near the fine one, with what it does not tell of', () => {
  assert.deepEqual(texts(at(1)), ['rodents', 'whales', 'birds']);
  assert.deepEqual(texts(at(8, -0.55)).sort(), ['mice', 'rats']);
  // Of the birds the fine layer has nothing.
  const all = placeLabels(layers, at(1), { width: 8000, height: 6000 }, widthOf).map(({ text }) => text);
  assert.deepEqual([...all].sort(), ['birds', 'mice', 'rats', 'whales']);
});

test('nothing is shown where there is nothing', () => {
  assert.deepEqual(placeLabels([], at(1), size, widthOf), []);
  assert.deepEqual(placeLabels([[]], at(1), size, widthOf), []);
});

test('numbers that tell groups of one name apart stay in the list, and long names are cut', () => {
  const [twin, long] = placeLabels(
    [[label('cats (2)', -0.5, 0, 0.4), label('a very long name of a group that has no end', 0.4, 0.5, 0.4)]],
    at(1),
    size,
    widthOf,
  );
  assert.equal(twin?.text, 'cats');
  assert.equal(long?.text.length, 28);
  assert.match(long?.text ?? '', /…$/);
});

test('a label at the edge is moved until all of it can be read', () => {
  const narrow = { width: 320, height: 600 };
  const layer = [label('a name of some length', 1, 0, 0.4)];
  const [shown] = placeLabels([layer], at(1.1), narrow, widthOf);
  const half = (widthOf('a name of some length') * (shown?.fontPx ?? 0)) / 2;
  assert.equal((shown?.x ?? 0) + half <= narrow.width, true, `${shown?.x} and ${half}`);
});

test('labels never overlap, larger groups come first, and the same camera gives the same', () => {
  const place = fc.double({ min: -1, max: 1, noNaN: true });
  const some = fc.array(
    fc.record({
      text: fc.string({ minLength: 1, maxLength: 20 }),
      x: place,
      y: place,
      items: fc.integer({ min: 1, max: 999 }),
    }),
    { minLength: 1, maxLength: 80 },
  );
  fc.assert(
    fc.property(some, fc.double({ min: 0.5, max: 20, noNaN: true }), (given, zoom) => {
      const layer = given.map(({ text, x, y, items }) => label(text, x, y, 0.2, items)).sort((a, b) => b.size - a.size);
      const placed = placeLabels([layer], at(zoom), size, widthOf);
      const boxes = placed.map(({ text, x, y, fontPx }) => ({ x, y, width: widthOf(text) * fontPx, height: fontPx }));
      boxes.forEach((a, i) => {
        for (const b of boxes.slice(i + 1)) {
          const apart =
            Math.abs(a.x - b.x) >= (a.width + b.width) / 2 || Math.abs(a.y - b.y) >= (a.height + b.height) / 2;
          assert.equal(apart, true, 'two labels overlap');
        }
      });
      assert.equal(
        placed.every(({ fontPx }, i) => i === 0 || fontPx <= (placed[i - 1]?.fontPx ?? 0)),
        true,
      );
      assert.deepEqual(placeLabels([layer], at(zoom), size, widthOf), placed);
    }),
    { seed: 6, numRuns: 200 },
  );
});

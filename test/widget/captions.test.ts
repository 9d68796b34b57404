import assert from 'node:assert/strict';
import { test } from 'node:test';

import { type Camera, flatView, orbitView, project } from '../../widget/camera.ts';
import { type Box, placeCaptions } from '../../widget/captions.ts';
import type { Points } from '../../widget/points.ts';
import fc from '../helpers/laws.ts';

const size = { width: 640, height: 480 };
const CELL_PX = 6;

function pointsOf(at: readonly (readonly [number, number, number])[], components: 2 | 3): Points {
  const axis = (which: 0 | 1 | 2) => Float32Array.from(at, (point) => (which < components ? point[which] : 0));
  return {
    ...{ count: at.length, components, x: axis(0), y: axis(1), z: axis(2), middle: [0, 0, 0], halfExtent: 1 },
    ...{ rows: null, key: String, columns: new Map() },
  };
}

/** Whether they share more than the squares in which room is given could hide. */
const overlap = (a: Box, b: Box) =>
  Math.abs(a.x - b.x) < (a.width + b.width) / 2 - CELL_PX && Math.abs(a.y - b.y) < (a.height + b.height) / 2 - CELL_PX;

const coordinate = fc.double({ min: -1, max: 1, noNaN: true });
const some = fc.array(fc.tuple(coordinate, coordinate, coordinate), { maxLength: 200 });
const cameras = fc.record(
  { x: coordinate, y: coordinate, zoom: fc.constantFrom(0.5, 1, 3, 20) },
  { noNullPrototype: true },
);

test('captions do not overlap each other or what is there, are wholly on the map, and stand at their points', () => {
  fc.assert(
    fc.property(
      some,
      cameras,
      fc.boolean(),
      fc.infiniteStream(fc.integer({ min: 4, max: 120 })),
      (at, seen, deep, widths) => {
        const points = pointsOf(at, deep ? 3 : 2);
        const camera: Camera = { ...(deep ? orbitView : flatView), ...seen };
        const width = Array.from(at, () => widths.next().value ?? 20);
        const taken = [{ x: 320, y: 240, width: 100, height: 40 }];
        const placed = placeCaptions({
          ...{ points, camera, size, hidden: null, only: null, taken, below: -10 },
          sizeOf: (index) => ({ width: width[index] ?? 0, height: 16 }),
        });
        for (const [i, one] of placed.entries()) {
          for (const other of [...taken, ...placed.slice(0, i)]) assert.ok(!overlap(one, other), 'two overlap');
          assert.ok(one.x - one.width / 2 >= 0 && one.x + one.width / 2 <= size.width + CELL_PX, 'beside the map');
          const place = project(
            camera,
            size,
            points.x[one.index] ?? 0,
            points.y[one.index] ?? 0,
            points.z[one.index] ?? 0,
          );
          assert.ok(Math.abs(one.x - place.x) < 1e-3 && Math.abs(one.y + 10 - place.y) < 1e-3);
        }
      },
    ),
  );
});

test('the first points have room first; hidden ones have none, nor have others than those that are asked for', () => {
  const points = pointsOf(
    [...Array(4)].map((_, i) => [i < 2 ? 0 : 0.8, 0, 0] as const),
    2,
  );
  const place = (more: { hidden?: Uint8Array; only?: Uint32Array }) =>
    placeCaptions({
      ...{ points, camera: flatView, size, hidden: null, only: null, taken: [], below: 0, ...more },
      sizeOf: () => ({ width: 30, height: 12 }),
    }).map(({ index }) => index);
  assert.deepEqual(place({}), [0, 2]);
  assert.deepEqual(place({ hidden: Uint8Array.of(1, 0, 0, 0) }), [1, 2]);
  assert.deepEqual(place({ only: Uint32Array.of(1, 3) }), [1, 3]);
});

test('of a crowd as many have one as there is room for, and no more than can be read', () => {
  const at = Array.from(
    { length: 5000 },
    (_, i) => [Math.cos(i) * ((i % 97) / 97), Math.sin(i) * ((i % 89) / 89), 0] as const,
  );
  const placed = placeCaptions({
    ...{ points: pointsOf(at, 2), camera: flatView, size, hidden: null, only: null, taken: [], below: 0 },
    sizeOf: () => ({ width: 30, height: 30 }),
  });
  assert.ok(placed.length > 40 && placed.length <= 300, `${placed.length}`);
});

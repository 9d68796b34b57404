import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Camera, flatView, orbitView, project } from '../../widget/camera.ts';
import { createPicker, pickPoint, pointTowards } from '../../widget/picking.ts';
import type { Points } from '../../widget/points.ts';
import { isInside, pointsInPolygon } from '../../widget/polygon.ts';
import fc from '../helpers/laws.ts';

const size = { width: 800, height: 600 };
const real = (min: number, max: number) => fc.double({ min, max, noNaN: true });
const worldPoints = fc.array(fc.tuple(real(-1, 1), real(-1, 1), real(-1, 1)), { minLength: 1, maxLength: 120 });
const camera = fc.record({
  x: real(-1, 1),
  y: real(-1, 1),
  zoom: real(0.3, 20),
  yaw: fc.constant(0),
  pitch: fc.constant(0),
});

function pointsOf(rows: readonly (readonly [number, number, number])[], components: 2 | 3 = 2): Points {
  return {
    count: rows.length,
    components,
    x: Float32Array.from(rows, ([x]) => x),
    y: Float32Array.from(rows, ([, y]) => y),
    z: Float32Array.from(rows, ([, , z]) => (components === 3 ? z : 0)),
    middle: [0, 0, 0],
    halfExtent: 1,
    rows: null,
    key: String,
    columns: new Map(),
  };
}

const placeOf = (points: Points, view: Camera, i: number) =>
  project(view, size, points.x[i] ?? 0, points.y[i] ?? 0, points.z[i] ?? 0);

test('the grid finds the same point as looking at every one', async () => {
  const place = fc.record({ x: real(0, 800), y: real(0, 600) });
  const hidden = fc.boolean();
  await fc.assert(
    fc.asyncProperty(worldPoints, camera, place, real(1, 60), hidden, async (rows, view, at, radius, hide) => {
      const points = pointsOf(rows);
      const mask = hide ? Uint8Array.from(rows, (_, i) => i % 2) : null;
      let nearest = Number.POSITIVE_INFINITY;
      for (let i = 0; i < rows.length; i++) {
        const seen = placeOf(points, view, i);
        const distance = Math.hypot(seen.x - at.x, seen.y - at.y);
        if (mask?.[i] !== 1 && distance <= radius) nearest = Math.min(nearest, distance);
      }
      const found = pickPoint(await createPicker(points), view, size, at, radius, mask);
      if (nearest === Number.POSITIVE_INFINITY) return assert.equal(found, -1);
      const seen = placeOf(points, view, found);
      assert(Math.abs(Math.hypot(seen.x - at.x, seen.y - at.y) - nearest) < 1e-9);
      assert.notEqual(mask?.[found], 1);
    }),
  );
});

test('the lasso holds exactly the shown points inside it, ascending, in two and in three components', async () => {
  const polygon = fc.array(fc.tuple(real(0, 800), real(0, 600)), { minLength: 3, maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(
      worldPoints,
      polygon,
      fc.constantFrom(2 as const, 3 as const),
      async (rows, corners, components) => {
        const points = pointsOf(rows, components);
        const view = components === 3 ? orbitView : flatView;
        const outline = Float32Array.from(corners.flat());
        const mask = Uint8Array.from(rows, (_, i) => (i % 5 === 0 ? 1 : 0));
        const expected = rows.flatMap((_, i) => {
          const seen = placeOf(points, view, i);
          return mask[i] === 0 && isInside(outline, seen.x, seen.y) ? [i] : [];
        });
        const found = await pointsInPolygon(await createPicker(points), view, size, outline, mask);
        assert.deepEqual([...found], expected);
      },
    ),
  );
});

test('a place is inside a square when it is between its sides', () => {
  const square = Float32Array.of(10, 10, 20, 10, 20, 20, 10, 20);
  fc.assert(
    fc.property(real(0, 30), real(0, 30), (x, y) => {
      fc.pre([x, y].every((value) => Math.abs(value - 10) > 1e-6 && Math.abs(value - 20) > 1e-6));
      assert.equal(isInside(square, x, y), x > 10 && x < 20 && y > 10 && y < 20);
    }),
  );
});

test('in three components, of two points at one place the one in front is picked', async () => {
  const points = pointsOf(
    [
      [0, 0, -0.5],
      [0, 0, 0.5],
    ],
    3,
  );
  const picker = await createPicker(points);
  assert.equal(pickPoint(picker, flatView, size, { x: 400, y: 300 }, 10, null), 1);
  assert.equal(pickPoint(picker, { ...flatView, yaw: Math.PI }, size, { x: 400, y: 300 }, 10, null), 0);
});

test('arrow keys lead along a row of points and back, and stop at its end', async () => {
  const points = pointsOf([-0.8, -0.4, 0, 0.4, 0.8].map((x) => [x, 0.01 * x, 0] as const));
  const picker = await createPicker(points);
  const right = { x: 1, y: 0 };
  const walk = (from: number) => pointTowards(picker, flatView, size, from, right, null);
  assert.deepEqual([0, 1, 2, 3, 4].map(walk), [1, 2, 3, 4, -1]);
  assert.equal(pointTowards(picker, flatView, size, 4, { x: -1, y: 0 }, null), 3);
  assert.equal(pointTowards(picker, flatView, size, 0, right, Uint8Array.of(0, 1, 0, 0, 0)), 2);
});

test('a point that is not finite is never found', async () => {
  const points = pointsOf([[Number.NaN, Number.NaN, 0]]);
  assert.equal(pickPoint(await createPicker(points), flatView, size, { x: 400, y: 300 }, 5000, null), -1);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { bundleLines, opacityOfLines, type World } from '../../widget/bundleLines.ts';
import fc from '../helpers/laws.ts';

const coordinate = fc.double({ min: -1, max: 1, noNaN: true });
const place = fc.tuple(coordinate, coordinate, coordinate);
const arrow = fc.record({ from: place, to: place, kind: fc.constantFrom('a', 'b') });

test('arrows between the same regions come nearer to each other on their way, and those to and fro keep apart', () => {
  const there = [-0.95, -0.85, -0.75].map((y) => ({
    from: [-0.9, y, 0] as World,
    to: [0.9, y, 0] as World,
    kind: 'a',
  }));
  const back = there.map(({ from, to, kind }) => ({ from: to, to: from, kind }));
  const ways = bundleLines([...there, ...back]);
  const heights = (of: typeof ways) => of.map((way) => way?.[0][1] ?? Number.NaN);
  const [out, home] = [heights(ways.slice(0, 3)), heights(ways.slice(3))];
  const spread = (values: number[]) => Math.max(...values) - Math.min(...values);
  assert.ok(Math.abs(spread(out) - 0.15 * 0.2) < 1e-9, 'Holten: 1 - β of the distance is left');
  assert.ok(Math.max(...out) < Math.min(...home), 'each keeps to its right');
});

test('an arrow that is alone between its regions, or within one, is straight; one of another kind is another bundle', () => {
  const from: World = [-0.9, 0, 0];
  const to: World = [0.9, 0, 0];
  assert.deepEqual(bundleLines([]), []);
  assert.deepEqual(
    bundleLines([
      { from, to, kind: 'a' },
      { from, to, kind: 'b' },
    ]),
    [null, null],
  );
  const near: World = [-0.85, 0.01, 0];
  assert.deepEqual(
    bundleLines([
      { from, to: near, kind: 'a' },
      { from, to: near, kind: 'a' },
    ]),
    [null, null],
  );
});

test('ways stay near the map, and do not depend on the order of the arrows', () => {
  fc.assert(
    fc.property(fc.array(arrow, { maxLength: 40 }), (arrows) => {
      const ways = bundleLines(arrows);
      assert.equal(ways.length, arrows.length);
      const reversed = bundleLines([...arrows].reverse()).reverse();
      ways.forEach((way, i) => {
        assert.equal(way === null, reversed[i] === null);
        way?.forEach((at, end) => {
          at.forEach((value, axis) => {
            assert.ok(Math.abs(value) <= 1.2);
            assert.ok(Math.abs(value - (reversed[i]?.[end]?.[axis] ?? Number.NaN)) < 1e-12);
          });
        });
      });
    }),
  );
});

test('the more arrows, and the smaller the part of the map that they fill, the fainter is each; none is lost', () => {
  fc.assert(
    fc.property(
      fc.array(arrow, { minLength: 1, maxLength: 40 }),
      fc.double({ min: 0.05, max: 1, noNaN: true }),
      (arrows, share) => {
        const opacity = opacityOfLines(arrows);
        assert.ok(opacity > 0 && opacity < 1);
        const twenty = Array.from({ length: 20 }, () => arrows).flat();
        assert.ok(opacityOfLines(twenty) <= opacity);
        const within = ([x, y, z]: World): World => [share * x, share * y, share * z];
        assert.ok(
          opacityOfLines(arrows.map(({ from, to }) => ({ from: within(from), to: within(to) }))) <= opacity + 1e-9,
        );
      },
    ),
  );
  const across = Array.from({ length: 1000 }, (_, i): { from: World; to: World } => ({
    from: [Math.sin(i), Math.cos(7 * i), 0],
    to: [Math.sin(3 * i), Math.cos(5 * i), 0],
  }));
  const group = across.map(({ from: [a, b], to: [c, d] }) => ({
    from: [0.2 * a, 0.2 * b, 0] as World,
    to: [0.2 * c, 0.2 * d, 0] as World,
  }));
  assert.ok(opacityOfLines(across) > 0.2, `${opacityOfLines(across)}`);
  assert.ok(opacityOfLines(group) < 0.08, `${opacityOfLines(group)}`);
});

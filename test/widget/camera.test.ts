import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  between,
  flatView,
  orbit,
  orbitView,
  pan,
  project,
  rotation,
  unproject,
  zoomAt,
  zoomToRectangle,
} from '../../widget/camera.ts';
import fc from '../helpers/laws.ts';

const real = (min: number, max: number) => fc.double({ min, max, noNaN: true });
const size = fc.record({ width: real(100, 4000), height: real(100, 4000) });
const flatCamera = fc.record({
  x: real(-2, 2),
  y: real(-2, 2),
  zoom: real(0.3, 100),
  yaw: fc.constant(0),
  pitch: fc.constant(0),
});
const place = fc.record({ x: real(0, 1000), y: real(0, 1000) });
const close = (a: number, b: number, tolerance = 1e-6) => assert(Math.abs(a - b) <= tolerance, `${a} and ${b}`);

test('what is projected and taken back is where it was', () => {
  fc.assert(
    fc.property(flatCamera, size, real(-1, 1), real(-1, 1), (camera, screen, x, y) => {
      const seen = project(camera, screen, x, y);
      const back = unproject(camera, screen, seen.x, seen.y);
      close(back.x, x);
      close(back.y, y);
    }),
  );
});

test('zooming leaves what is under the pointer where it is', () => {
  fc.assert(
    fc.property(flatCamera, size, place, real(0.2, 5), (camera, screen, at, factor) => {
      const before = unproject(camera, screen, at.x, at.y);
      const after = unproject(zoomAt(camera, screen, factor, at.x, at.y), screen, at.x, at.y);
      close(after.x, before.x);
      close(after.y, before.y);
    }),
  );
});

test('panning moves what is seen by as many pixels as the hand moved', () => {
  fc.assert(
    fc.property(flatCamera, size, place, (camera, screen, move) => {
      const before = project(camera, screen, 0.3, -0.2);
      const after = project(pan(camera, screen, move.x, move.y), screen, 0.3, -0.2);
      close(after.x - before.x, move.x, 1e-4);
      close(after.y - before.y, move.y, 1e-4);
    }),
  );
});

test('a flight begins at its start, ends at its end, and never leaves the two zooms', () => {
  fc.assert(
    fc.property(flatCamera, flatCamera, real(0, 1), (from, to, t) => {
      close(between(from, to, 0).zoom, from.zoom);
      close(between(from, to, 1).x, to.x);
      const { zoom } = between(from, to, t);
      assert(zoom >= Math.min(from.zoom, to.zoom) - 1e-9 && zoom <= Math.max(from.zoom, to.zoom) + 1e-9);
    }),
  );
});

test('zooming to a rectangle brings all of it into view', () => {
  fc.assert(
    fc.property(size, (screen) => {
      const rectangle = {
        left: screen.width * 0.2,
        right: screen.width * 0.5,
        top: screen.height * 0.1,
        bottom: screen.height * 0.3,
      };
      const corners = [
        unproject(flatView, screen, rectangle.left, rectangle.top),
        unproject(flatView, screen, rectangle.right, rectangle.bottom),
      ];
      const camera = zoomToRectangle(flatView, screen, rectangle);
      for (const { x, y } of corners) {
        const seen = project(camera, screen, x, y);
        assert(seen.x >= 0 && seen.x <= screen.width && seen.y >= 0 && seen.y <= screen.height);
      }
    }),
  );
});

test('turning a map keeps distances: its matrix is a rotation, and it is the one that projecting uses', () => {
  fc.assert(
    fc.property(real(-3, 3), real(-1.5, 1.5), size, (yaw, pitch, screen) => {
      const camera = { ...orbitView, yaw, pitch };
      const m = rotation(camera);
      for (const row of [0, 3, 6]) close(Math.hypot(m[row] ?? 0, m[row + 1] ?? 0, m[row + 2] ?? 0), 1);
      const [x, y, z] = [0.3, -0.4, 0.5];
      const depth = (m[6] ?? 0) * x + (m[7] ?? 0) * y + (m[8] ?? 0) * z;
      if (yaw !== 0 || pitch !== 0) close(project(camera, screen, x, y, z).depth, depth);
    }),
  );
});

test('a map of three components cannot be turned past its poles', () => {
  const turned = orbit(orbitView, { width: 500, height: 500 }, 0, 10_000);
  assert.equal(turned.pitch, Math.PI / 2);
});

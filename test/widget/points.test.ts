import assert from 'node:assert/strict';
import { test } from 'node:test';

import {
  Dictionary,
  Float64,
  Int16,
  Int32,
  makeVector,
  Table,
  tableToIPC,
  Utf8,
  type Vector,
  vectorFromArray,
} from 'apache-arrow';

import { alignPoints, coordinatesAt, decodePoints, indexKeys, textAt } from '../../widget/points.ts';

/** As the server writes it, by another library. */
function streamOf(columns: Record<string, Vector>): Uint8Array {
  return tableToIPC(new Table(columns), 'stream');
}

const rows = 300;
const keys = Array.from({ length: rows }, (_, i) => `key ${i} ü`);
const xs = Float32Array.from(keys, (_, i) => 10 + 3 * Math.sin(i));
const ys = Float32Array.from(keys, (_, i) => -5 + Math.cos(3 * i));
const classes = keys.map((_, i) => (i % 7 === 0 ? null : `class ${i % 3}`));
const prices = keys.map((_, i) => (i % 11 === 0 ? null : i / 4));
const bytes = streamOf({
  key: vectorFromArray(keys, new Utf8()),
  x: makeVector(xs),
  y: makeVector(ys),
  label: vectorFromArray(
    keys.map((key) => key.toUpperCase()),
    new Dictionary(new Utf8(), new Int32()),
  ),
  class: vectorFromArray(classes, new Dictionary(new Utf8(), new Int16())),
  price: vectorFromArray(prices, new Float64()),
  shown: vectorFromArray(keys.map((_, i) => i % 2 === 0)),
  size: vectorFromArray(
    keys.map((_, i) => i),
    new Int32(),
  ),
});

test('what one Arrow library wrote is read by ours: keys, coordinates, and columns of each type', async () => {
  const points = await decodePoints(bytes);
  assert.equal(points.count, rows);
  assert.equal(points.components, 2);
  for (let i = 0; i < rows; i++) {
    assert.equal(points.key(i), keys[i]);
    const [x = 0, y = 0] = coordinatesAt(points, i);
    assert(Math.abs(x - (xs[i] ?? 0)) < 1e-5 && Math.abs(y - (ys[i] ?? 0)) < 1e-5);
    assert.equal(textAt(points, 'label', i), keys[i]?.toUpperCase());
    assert.equal(textAt(points, 'class', i), classes[i]);
    assert.equal(textAt(points, 'price', i), prices[i] === null ? null : String(prices[i]));
    assert.equal(textAt(points, 'shown', i), String(i % 2 === 0));
    assert.equal(textAt(points, 'size', i), String(i));
  }
  assert.equal(textAt(points, 'absent', 0), null);
});

test('coordinates are fitted into the world: the widest axis from -1 to 1, all axes by one scale', async () => {
  const { x, y } = await decodePoints(bytes);
  assert(Math.abs(Math.min(...x) + 1) < 1e-5 && Math.abs(Math.max(...x) - 1) < 1e-5);
  assert(Math.max(...y) < 0.4 && Math.min(...y) > -0.4);
});

test('a stream of several batches is read as one', async () => {
  const table = new Table({
    key: vectorFromArray(keys, new Utf8()),
    x: makeVector(xs),
    y: makeVector(ys),
    label: vectorFromArray(keys, new Dictionary(new Utf8(), new Int32())),
  });
  const batches = table.slice(0, 100).concat(table.slice(100, 101), table.slice(101));
  assert.equal(batches.batches.length, 3);
  const points = await decodePoints(tableToIPC(batches, 'stream'));
  assert.equal(points.count, rows);
  for (const i of [0, 99, 100, 101, 299]) {
    assert.equal(points.key(i), keys[i]);
    assert.equal(textAt(points, 'label', i), keys[i]);
  }
});

test('a column z makes a map of three components', async () => {
  const points = await decodePoints(
    streamOf({
      key: vectorFromArray(keys, new Utf8()),
      x: makeVector(xs),
      y: makeVector(ys),
      z: makeVector(xs.slice()),
    }),
  );
  assert.equal(points.components, 3);
  assert.deepEqual([...points.z], [...points.x]);
});

test('points in one place, and no points, are a map too', async () => {
  for (const count of [0, 4]) {
    const same = () => makeVector(new Float32Array(count).fill(7));
    const points = await decodePoints(
      streamOf({ key: vectorFromArray(keys.slice(0, count), new Utf8()), x: same(), y: same() }),
    );
    assert.equal(points.count, count);
    for (let i = 0; i < count; i++) assert.deepEqual(coordinatesAt(points, i), [7, 7]);
  }
});

test('bytes that lack a column are refused by its name', async () => {
  const x = makeVector(xs);
  await assert.rejects(decodePoints(streamOf({ key: vectorFromArray(keys, new Utf8()), x })), /no column "y".*key, x/);
});

test('reading can be stopped', async () => {
  const many = 200_000;
  const zeros = () => makeVector(new Float32Array(many));
  const large = streamOf({
    key: vectorFromArray(Array.from({ length: many }, String), new Utf8()),
    x: zeros(),
    y: zeros(),
  });
  const stop = new AbortController();
  const reading = decodePoints(large, stop.signal).then((points) => indexKeys(points, stop.signal));
  stop.abort(new Error('enough'));
  await assert.rejects(reading, /enough/);
});

test('points put into another order are the same points: every column follows its key', async () => {
  const points = await decodePoints(bytes);
  const order = Uint32Array.from(keys, (_, i) => (i * 7) % rows);
  const aligned = await alignPoints(points, order);
  const indexOf = await indexKeys(aligned);
  for (let i = 0; i < rows; i++) {
    const at = indexOf.get(points.key(i)) ?? -1;
    assert.deepEqual(coordinatesAt(aligned, at), coordinatesAt(points, i));
    for (const name of points.columns.keys()) assert.equal(textAt(aligned, name, at), textAt(points, name, i));
  }
});

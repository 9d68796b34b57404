import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { brotliDecompressSync } from 'node:zlib';
import { tableFromIPC as readByFlechette } from '@uwdata/flechette';
import { tableFromIPC } from 'apache-arrow';

import { createMatrix } from '#kernels/matrix.ts';
import type { Database } from '../../../server/database/database.ts';
import type { Field } from '../../../server/datasets/datasets.ts';
import type { Embedding } from '../../../server/embeddings/embeddings.ts';
import { UserError } from '../../../server/errors.ts';
import { pointsFile, pointsOf, sweepPoints } from '../../../server/projections/pointsFile.ts';
import {
  CHUNK_POINTS,
  findProjectionsById,
  type Projection,
  removeProjection,
  replaceProjection,
} from '../../../server/projections/projections.ts';
import { onEveryDatabase } from '../../helpers/database.ts';
import { makeEmbedding } from '../../helpers/maps.ts';

// One folder for all databases, as when a server is given another one.
const cacheDir = await mkdtemp(join(tmpdir(), 'embedding-map-points-'));
after(() => rm(cacheDir, { recursive: true }));

const fields: readonly Field[] = [
  { name: 'group', type: 'CATEGORY' },
  { name: 'remark', type: 'TEXT' },
  { name: 'year', type: 'NUMBER' },
  { name: 'good', type: 'BOOLEAN' },
  { name: 'made', type: 'DATE' },
  { name: 'more', type: 'JSON' },
  { name: 'it\'s "x"', type: 'TEXT' },
  { name: 'x', type: 'NUMBER' },
];

const items = [
  {
    key: 'α',
    label: 'Alpha',
    fields: {
      group: 'greek',
      remark: 'first',
      year: 1.5,
      good: true,
      made: '2026-03-01T12:00:00.000Z',
      more: { a: [1, null] },
      'it\'s "x"': '\\quoted\\',
      x: 7,
    },
  },
  { key: 'b', fields: { group: 'latin', year: -2, good: false, made: 'no date' } },
  { key: '🙂', label: '', fields: { group: 'greek', remark: 'first', year: 'no number', good: 'neither' } },
];

async function makeMap(
  database: Database,
  embedding: Embedding,
  ids: readonly number[],
  components = 2,
  name = 'map',
): Promise<Projection> {
  const id = await database.transaction((transaction) =>
    replaceProjection(transaction, {
      embedding,
      name,
      method: 'GIVEN',
      components,
      itemIds: Float64Array.from(ids),
      coordinates: Float32Array.from({ length: ids.length * components }, (_, i) => i / 2),
    }),
  );
  const [projection] = await findProjectionsById(database, [id]);
  assert.ok(projection);
  return projection;
}

async function fileOf(database: Database, projection: Projection, columns: readonly string[]) {
  const { version } = await pointsOf(projection, columns, { database });
  return await pointsFile(database, cacheDir, { projectionId: projection.id, version, columns });
}

/** Rows by key, as both readers of Arrow see them; they must agree. */
async function readRows(path: string): Promise<Map<string, Record<string, unknown>>> {
  const bytes = await readFile(path);
  const plain = (value: unknown) => (value instanceof Date ? value.getTime() : value);
  const table = tableFromIPC(bytes);
  const names = table.schema.fields.map(({ name }) => name);
  const rows = Array.from({ length: table.numRows }, (_, i) =>
    Object.fromEntries(names.map((name) => [name, plain(table.getChild(name)?.get(i))])),
  );
  const other = readByFlechette(bytes);
  assert.deepEqual(
    Array.from({ length: other.numRows }, (_, i) =>
      Object.fromEntries(names.map((name) => [name, plain(other.getChild(name).at(i))])),
    ),
    rows,
  );
  return new Map(rows.map((row) => [String(row['key']), row]));
}

onEveryDatabase((_engine, open) => {
  let database: Database;
  before(async () => {
    database = await open();
  });

  test('measures of the points are columns like others, null where a point has none', async () => {
    const database = await open(); // with maps of the same ids as that of all others
    const matrix = createMatrix(3, 2, Float32Array.of(1, 2, 3, 4, 5, 6));
    const embedding = await makeEmbedding(database, { slug: 'measured', fields, items, matrix });
    const unmeasured = await makeMap(database, embedding, [1, 2, 3], 2, 'unmeasured');
    await assert.rejects(fileOf(database, unmeasured, ['quality.trustworthiness']), {
      message: /no column "quality.trustworthiness"/,
    });
    const id = await database.transaction((transaction) =>
      replaceProjection(transaction, {
        ...{ embedding, name: 'measured', method: 'GIVEN', components: 2 },
        itemIds: Float64Array.of(1, 2, 3),
        coordinates: new Float32Array(6),
        measures: Float32Array.from({ length: 15 }, (_, i) => (i === 14 ? Number.NaN : i / 16)),
      }),
    );
    const [projection] = await findProjectionsById(database, [id]);
    assert.ok(projection);
    const columns = ['quality.rankCorrelation', 'group', 'quality.trustworthiness'];
    const rows = await readRows((await fileOf(database, projection, columns)).path);
    assert.deepEqual(Object.keys(rows.get('α') ?? {}), ['key', 'x', 'y', ...columns]);
    assert.deepEqual(
      ['α', 'b', '🙂'].map((key) => columns.map((column) => rows.get(key)?.[column])),
      [
        [4 / 16, 'greek', 0],
        [9 / 16, 'latin', 5 / 16],
        [null, 'greek', 10 / 16],
      ],
    );
  });

  test('every type of field comes out as it went in, and what is missing is null', async () => {
    const matrix = createMatrix(3, 2, Float32Array.of(1, 2, 3, 4, 5, 6));
    const embedding = await makeEmbedding(database, { slug: 'types', fields, items, matrix });
    const projection = await makeMap(database, embedding, [1, 2, 3], 3);
    const columns = ['label', ...fields.map(({ name }) => name)];
    const rows = await readRows((await fileOf(database, projection, columns)).path);
    assert.deepEqual(rows.get('α'), {
      key: 'α',
      x: 0,
      y: 0.5,
      z: 1,
      label: 'Alpha',
      group: 'greek',
      remark: 'first',
      year: 1.5,
      good: true,
      made: Date.UTC(2026, 2, 1, 12),
      more: '{"a": [1, null]}',
      'it\'s "x"': '\\quoted\\',
      'fields.x': 7,
    });
    const none = { remark: null, made: null, more: null, 'it\'s "x"': null, 'fields.x': null };
    assert.deepEqual(rows.get('b'), {
      ...{ key: 'b', x: 1.5, y: 2, z: 2.5, label: 'b', group: 'latin', year: -2, good: false },
      ...none,
    });
    assert.deepEqual(rows.get('🙂'), {
      ...{ key: '🙂', x: 3, y: 3.5, z: 4, label: '', group: 'greek', year: null, good: null },
      ...none,
      remark: 'first',
    });
  });

  test('a map of many batches has one dictionary before them, no item twice, and a shuffled order', async () => {
    const count = CHUNK_POINTS + 1000;
    const many = Array.from({ length: count }, (_, i) => ({ key: `key ${i}`, fields: { group: `group ${i % 300}` } }));
    const matrix = createMatrix(count, 1, new Float32Array(count).fill(1));
    const embedding = await makeEmbedding(database, { slug: 'many', fields: fields.slice(0, 1), items: many, matrix });
    const projection = await makeMap(
      database,
      embedding,
      many.map((_, i) => i + 1),
    );
    const { path, bytes, brotli } = await fileOf(database, projection, ['label', 'group']);
    const table = tableFromIPC(await readFile(path));
    assert.deepEqual(
      table.batches.map(({ numRows }) => numRows),
      [CHUNK_POINTS, 1000],
    );
    const keys = new Set<string>();
    let sum = 0;
    for (const [place, row] of [...table].entries()) {
      const i = Number(row['key'].slice(4));
      keys.add(row['key']);
      assert.deepEqual([row['x'], row['y']], [Math.fround(i), Math.fround(i + 0.5)]);
      assert.equal(row['label'], row['key']);
      assert.equal(row['group'], `group ${i % 300}`);
      if (place < 1000) sum += i;
    }
    assert.equal(keys.size, count);
    // The mean of 1,000 fair draws from 0 … n: standard error n / √12,000, here within four of them.
    assert.ok(Math.abs(sum / 1000 - count / 2) < (4 * count) / Math.sqrt(12_000));
    assert.ok(brotli !== null && brotli.bytes < bytes);
    assert.deepEqual(brotliDecompressSync(await readFile(brotli.path)), await readFile(path));
    assert.equal(readByFlechette(await readFile(path)).numRows, count);
  });

  test('removed items are left out, and a map without points has its columns all the same', async () => {
    const matrix = createMatrix(3, 2, Float32Array.of(1, 2, 3, 4, 5, 6));
    const embedding = await makeEmbedding(database, { slug: 'gaps', fields, items, matrix });
    const projection = await makeMap(database, embedding, [1, 999, 3]);
    assert.deepEqual([...(await readRows((await fileOf(database, projection, [])).path)).keys()].sort(), ['α', '🙂']);
    const empty = await makeMap(database, embedding, [], 2, 'empty');
    const table = tableFromIPC(await readFile((await fileOf(database, empty, ['group'])).path));
    assert.equal(table.numRows, 0);
    assert.deepEqual(
      table.schema.fields.map(({ name, type }) => `${name}: ${type}`),
      ['key: Utf8', 'x: Float32', 'y: Float32', 'group: Dictionary<Int32, Utf8>'],
    );
  });

  test('a file is made once however often it is asked for, and its bytes are the same when it is made again', async () => {
    const matrix = createMatrix(3, 2, Float32Array.of(1, 2, 3, 4, 5, 6));
    const embedding = await makeEmbedding(database, { slug: 'once', fields, items, matrix });
    const projection = await makeMap(database, embedding, [1, 2, 3]);
    const { version } = await pointsOf(projection, ['label'], { database });
    const address = { projectionId: projection.id, version, columns: ['label', 'label'] };
    const asked = await Promise.all(Array.from({ length: 5 }, () => pointsFile(database, cacheDir, address)));
    assert.equal(new Set(asked).size, 1);
    const [file] = asked;
    assert.ok(file);
    const bytes = await readFile(file.path);
    assert.equal(bytes.length, file.bytes);
    await rm(file.path);
    const again = await fileOf(database, projection, ['label']);
    assert.equal(again.etag, file.etag);
    assert.deepEqual(await readFile(again.path), bytes);
    assert.ok((await readdir(join(cacheDir, 'points'))).every((name) => !name.endsWith('.part')));
  });

  test('the address changes with the map and with the items; an old one says what to do', async () => {
    const matrix = createMatrix(3, 2, Float32Array.of(1, 2, 3, 4, 5, 6));
    const embedding = await makeEmbedding(database, { slug: 'versions', fields, items, matrix });
    const projection = await makeMap(database, embedding, [1, 2, 3]);
    const first = await pointsOf(projection, ['group'], { database });
    assert.equal(first.url, `/points/${projection.id}/${first.version}?columns=group`);
    assert.equal(first.count, 3);
    const second = await pointsOf(await makeMap(database, embedding, [1, 2]), ['group'], { database });
    assert.notEqual(second.version, first.version);
    await assert.rejects(
      pointsFile(database, cacheDir, { projectionId: projection.id, version: first.version, columns: ['group'] }),
      { code: 'NOT_FOUND', message: /ask for `Projection\.points` again/i },
    );
  });

  test('an unknown column is named, with the one that is spelled alike', async () => {
    const matrix = createMatrix(3, 2, Float32Array.of(1, 2, 3, 4, 5, 6));
    const embedding = await makeEmbedding(database, { slug: 'columns', fields, items, matrix });
    const projection = await makeMap(database, embedding, [1, 2, 3]);
    await assert.rejects(pointsOf(projection, ['grup'], { database }), (error) => {
      assert.ok(error instanceof UserError && error.code === 'BAD_USER_INPUT');
      assert.match(error.message, /"grup".*Did you mean "group"/);
      return true;
    });
  });

  test('the files of a map that is gone are swept', async () => {
    const matrix = createMatrix(3, 2, Float32Array.of(1, 2, 3, 4, 5, 6));
    const embedding = await makeEmbedding(database, { slug: 'swept', fields, items, matrix });
    const directory = await mkdtemp(join(cacheDir, 'sweep-'));
    const [kept, gone] = [
      await makeMap(database, embedding, [1, 2, 3], 2, 'kept'),
      await makeMap(database, embedding, [1, 2, 3], 2, 'gone'),
    ];
    for (const { id, ...projection } of [kept, gone]) {
      const { version } = await pointsOf({ id, ...projection }, [], { database });
      await pointsFile(database, directory, { projectionId: id, version, columns: [] });
    }
    await removeProjection(database, gone);
    await sweepPoints(database, directory);
    const left = await readdir(join(directory, 'points'));
    assert.ok(left.length > 0 && left.every((name) => name.startsWith(`${kept.id}-`)), left.join());
  });
});

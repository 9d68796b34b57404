import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { createMatrix, type Matrix, rowOf } from '#kernels/matrix.ts';
import { createRandom } from '#kernels/random.ts';
import type { Database } from '../../../server/database/database.ts';
import type { Embedding } from '../../../server/embeddings/embeddings.ts';
import { Resident } from '../../../server/embeddings/resident.ts';
import { placeOnMap } from '../../../server/projections/place.ts';
import { projectEmbedding } from '../../../server/projections/projectEmbedding.ts';
import {
  type Projection,
  type ProjectionMethod,
  readPoints,
  replaceProjection,
  requireProjection,
} from '../../../server/projections/projections.ts';
import { onEveryDatabase } from '../../helpers/database.ts';
import { makeEmbedding } from '../../helpers/maps.ts';
import { runTask, scratchDir } from '../../helpers/runTask.ts';

const ROWS = 200;
const COLUMNS = 8;

/** Four groups, one after the other by turns. */
function groups(): Matrix {
  const random = createRandom(3);
  const matrix = createMatrix(ROWS, COLUMNS);
  for (let i = 0; i < ROWS; i++) {
    for (let j = 0; j < COLUMNS; j++) matrix.data[i * COLUMNS + j] = random.normal() + (j === i % 4 ? 8 : 0);
  }
  return matrix;
}

const methods: readonly Exclude<ProjectionMethod, 'GIVEN'>[] = ['PCA', 'UMAP', 'TSNE', 'PACMAP', 'LOCALMAP', 'CUSTOM'];
const spherized = ['PCA', 'UMAP', 'TSNE'] as const;
const dataDir = await scratchDir();

onEveryDatabase((engine, open) => {
  const matrix = groups();
  let database: Database;
  let embedding: Embedding;
  let resident: Resident;

  before(async () => {
    database = await open();
    const items = Array.from({ length: ROWS }, (_, i) => ({ key: `${i}` }));
    embedding = await makeEmbedding(database, { slug: 'groups', items, matrix });
    const base64 = (values: number[]) => Buffer.from(Float32Array.from(values).buffer).toString('base64');
    const unit = (axis: number) => base64(Array.from({ length: COLUMNS }, (_, j) => (j === axis ? 1 : 0)));
    const axes = [0, 1].map((axis) => ({ label: `${axis}`, from: base64(new Array(COLUMNS).fill(0)), to: unit(axis) }));
    const maps = [
      ...(engine === 'pglite' ? methods : (['PCA', 'UMAP'] as const)).map((method) => ({ method, spherize: false })),
      ...(engine === 'pglite' ? spherized : (['UMAP'] as const)).map((method) => ({ method, spherize: true })),
    ];
    for (const { method, spherize } of maps) {
      const name = spherize ? `${method} spherized` : method;
      const input = {
        ...{ embeddingId: embedding.id, name, method, components: 2, seed: 1, device: 'CPU' as const },
        ...(spherize ? { spherize } : {}),
        ...(method === 'CUSTOM' ? { axes } : {}),
        ...(method === 'TSNE' ? { tsne: { iterations: 250, earlyIterations: 80 } } : {}),
        ...(method === 'UMAP' ? { umap: { epochs: 80 } } : {}),
      };
      const { job } = await runTask(database, 'PROJECT_EMBEDDING', projectEmbedding, input, { dataDir });
      assert.equal(job.state, 'SUCCEEDED', JSON.stringify(job.error));
    }
    await database.transaction((transaction) =>
      replaceProjection(transaction, {
        ...{ embedding, name: 'GIVEN', method: 'GIVEN', components: 2 },
        itemIds: Float64Array.from({ length: ROWS }, (_, i) => i + 1),
        coordinates: Float32Array.from({ length: 2 * ROWS }, (_, i) => matrix.data[(i >> 1) * COLUMNS + (i & 1)] ?? 0),
      }),
    );
    resident = new Resident(database, { databaseUrl: null, bytes: engine === 'pglite' ? 2 ** 24 : 0 });
    if (engine === 'pglite') assert.ok(await resident.settle(embedding));
  });
  after(() => resident.close());

  async function placesOf(projection: Projection): Promise<Map<number, Float32Array>> {
    const places = new Map<number, Float32Array>();
    for await (const { itemIds, coordinates } of readPoints(database, projection)) {
      itemIds.forEach((id, i) => {
        places.set(id, coordinates.slice(2 * i, 2 * i + 2));
      });
    }
    return places;
  }

  const place = (projection: Projection, vector: Float32Array, exclude: number[] = []) =>
    placeOnMap(database, embedding, projection, { target: { vector, exclude }, resident });

  for (const method of [...methods, 'GIVEN'] as const) {
    if (engine === 'postgres' && !['PCA', 'UMAP', 'GIVEN'].includes(method)) continue;
    test(`on a map by ${method} an item lies where it is, and a new vector among its group`, async () => {
      const projection = await requireProjection(database, embedding.id, method);
      const places = await placesOf(projection);
      const extent = Math.max(...[...places.values()].map(([x = 0, y = 0]) => Math.hypot(x, y)));
      for (const row of [0, 17, 199]) {
        const { coordinates, neighbors } = await place(projection, rowOf(matrix, row), [row + 1]);
        const [x = 0, y = 0] = places.get(row + 1) ?? [];
        assert.ok(Math.hypot((coordinates[0] ?? 0) - x, (coordinates[1] ?? 0) - y) < 1e-4 * extent, `item ${row}`);
        assert.ok((await neighbors(20)).every(({ itemId }) => itemId !== row + 1));
      }
      const fresh = Float32Array.from({ length: COLUMNS }, (_, j) => (j === 2 ? 8.2 : 0.1));
      const { coordinates, neighbors } = await place(projection, fresh);
      const near = await neighbors(10);
      assert.equal(near.length, 10);
      assert.ok(near.every(({ itemId }) => (itemId - 1) % 4 === 2));
      assert.ok(near.every(({ distance }, i) => distance >= (near[i - 1]?.distance ?? 0)));
      const apart = (group: number) => {
        const own = [...places].filter(([id]) => (id - 1) % 4 === group).map(([, at]) => at);
        const middle = [0, 1].map((c) => own.reduce((sum, at) => sum + (at[c] ?? 0), 0) / own.length);
        return Math.hypot((coordinates[0] ?? 0) - (middle[0] ?? 0), (coordinates[1] ?? 0) - (middle[1] ?? 0));
      };
      assert.ok(apart(2) < Math.min(apart(0), apart(1)), `${[0, 1, 2, 3].map(apart)}`);
    });
  }

  for (const method of spherized) {
    if (engine === 'postgres' && method !== 'UMAP') continue;
    test(`on a spherized map by ${method} an item lies where it is, and so does all that lies in its direction from the mean`, async () => {
      const projection = await requireProjection(database, embedding.id, `${method} spherized`);
      assert.equal(projection.parameters['spherize'], true);
      const places = await placesOf(projection);
      const extent = Math.max(...[...places.values()].map(([x = 0, y = 0]) => Math.hypot(x, y)));
      const mean = Array.from({ length: COLUMNS }, (_, j) => {
        let sum = 0;
        for (let i = 0; i < ROWS; i++) sum += matrix.data[i * COLUMNS + j] ?? 0;
        return sum / ROWS;
      });
      for (const row of [0, 17, 199]) {
        const own = rowOf(matrix, row);
        const further = own.map((value, j) => (mean[j] ?? 0) + 3 * (value - (mean[j] ?? 0)));
        const [x = 0, y = 0] = places.get(row + 1) ?? [];
        for (const vector of [own, further]) {
          const { coordinates } = await place(projection, vector, [row + 1]);
          const target = { vector, exclude: [row + 1] };
          const byDatabase = await placeOnMap(database, embedding, projection, { target });
          assert.deepEqual(byDatabase.coordinates, coordinates, 'the same from memory and from the database');
          const apart = Math.hypot((coordinates[0] ?? 0) - x, (coordinates[1] ?? 0) - y);
          assert.ok(apart < 1e-3 * extent, `item ${row}: ${apart} of ${extent}`);
        }
        // Who is near is told by the vectors as they are.
        const near = await (await place(projection, own, [row + 1])).neighbors(5);
        const plain = await requireProjection(database, embedding.id, 'GIVEN');
        assert.deepEqual(near, await (await place(plain, own, [row + 1])).neighbors(5));
      }
    });
  }

  test('a map that was made anew places on its new points', async () => {
    const one = await requireProjection(database, embedding.id, 'GIVEN');
    await place(one, rowOf(matrix, 0));
    await database.transaction((transaction) =>
      replaceProjection(transaction, {
        ...{ embedding, name: 'GIVEN', method: 'GIVEN', components: 2 },
        itemIds: Float64Array.of(1, 2),
        coordinates: Float32Array.of(50, 60, 70, 80),
      }),
    );
    const other = await requireProjection(database, embedding.id, 'GIVEN');
    const { coordinates } = await place(other, rowOf(matrix, 0));
    assert.deepEqual([...coordinates], [50, 60]);
  });
});

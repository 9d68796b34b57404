import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { tableFromIPC } from 'apache-arrow';

import { umapInitializations } from '#kernels/map.ts';
import { createMatrix, type Matrix } from '#kernels/matrix.ts';
import { pointMeasures } from '#kernels/pointQuality.ts';
import { createRandom } from '#kernels/random.ts';
import { clusterEmbedding } from '../../../server/clusterings/clusterEmbedding.ts';
import { findClustering, readClusterItems } from '../../../server/clusterings/clusterings.ts';
import { usualModels } from '../../../server/config.ts';
import type { Database, Queryable } from '../../../server/database/database.ts';
import { removeDataset } from '../../../server/datasets/removeDataset.ts';
import type { Embedding } from '../../../server/embeddings/embeddings.ts';
import { UserError } from '../../../server/errors.ts';
import type { TaskContext } from '../../../server/jobs/task.ts';
import { type ProjectEmbeddingInput, projectEmbedding } from '../../../server/projections/projectEmbedding.ts';
import { findProjection, isStale, readPoints, requireProjection } from '../../../server/projections/projections.ts';
import { onEveryDatabase } from '../../helpers/database.ts';
import { makeEmbedding } from '../../helpers/maps.ts';

const folder = await mkdtemp(join(tmpdir(), 'embedding-map-project-'));
after(() => rm(folder, { recursive: true }));
let folders = 0;

interface Stage {
  readonly stage: string;
  readonly fraction: number | null;
}

/** What a worker gives a verb, as far as this one uses it. */
function contextOf(database: Database, { signal = new AbortController().signal, guard = async () => {} } = {}) {
  const stages: Stage[] = [];
  const dataDir = join(folder, `${folders++}`);
  const context: TaskContext = {
    database,
    jobId: '00000000-0000-4000-8000-000000000002',
    signal,
    dataDir,
    models: { ...usualModels, dataDir },
    attempt: 1,
    progress: (stage, fraction) => void stages.push({ stage, fraction }),
    warn: (message) => assert.fail(message),
    reject: async () => {},
    record: async () => {},
    forgetAfter: async () => {},
    hearPerturbations: () => () => {},
    checkpoint: null,
    saveCheckpoint: async () => {},
    guard: guard satisfies (transaction: Queryable) => Promise<void>,
    worksOn: async () => {},
  };
  return { context, stages };
}

/** Rows along one direction much longer than along the others. */
function longCloud(rows: number, columns: number): Matrix {
  const random = createRandom(7);
  const matrix = createMatrix(rows, columns);
  for (let i = 0; i < rows; i++) {
    const along = 10 * random.normal();
    for (let j = 0; j < columns; j++) matrix.data[i * columns + j] = along * ((j % 3) - 1) + random.normal() + 5;
  }
  return matrix;
}

async function makeCloud(database: Database, slug: string, rows = 300, columns = 8): Promise<Embedding> {
  const items = Array.from({ length: rows }, (_, i) => ({
    key: `${i}`,
    fields: { group: i % 2 ? 'odd' : 'even', oddness: i % 2, each: `${i}` },
  }));
  const fields = [
    { name: 'group', type: 'CATEGORY' as const },
    { name: 'oddness', type: 'NUMBER' as const },
    { name: 'each', type: 'CATEGORY' as const },
    { name: 'nothing', type: 'NUMBER' as const },
  ];
  return await makeEmbedding(database, { slug, items, fields, matrix: longCloud(rows, columns), metric: 'COSINE' });
}

const inputFor = (embedding: Embedding) =>
  ({ embeddingId: embedding.id, name: 'pca', method: 'PCA', components: 2, seed: 42, device: 'AUTO' }) as const;

async function coordinatesOf(database: Database, embedding: Embedding): Promise<Map<number, readonly number[]>> {
  const { components, ...projection } = await requireProjection(database, embedding.id, 'pca');
  const points = new Map<number, readonly number[]>();
  for await (const { itemIds, coordinates } of readPoints(database, projection)) {
    itemIds.forEach((id, i) => {
      points.set(id, Array.from(coordinates.subarray(i * components, (i + 1) * components)));
    });
  }
  return points;
}

/** The other point that is nearest. */
function nearestOf(
  points: readonly (readonly [number, readonly number[]])[],
  id: number,
  own: readonly number[],
): number {
  let nearest = -1;
  let least = Number.POSITIVE_INFINITY;
  for (const [other, place] of points) {
    const square = own.reduce((sum, value, c) => sum + (value - (place[c] ?? 0)) ** 2, 0);
    if (other === id || square >= least) continue;
    least = square;
    nearest = other;
  }
  return nearest;
}

onEveryDatabase((_engine, open) => {
  let database: Database;
  before(async () => {
    database = await open();
  });

  test('a map is computed, measured and kept, and its files lie ready', async () => {
    const embedding = await makeCloud(database, 'cloud');
    const { context, stages } = contextOf(database);
    const result = await projectEmbedding(context, inputFor(embedding));
    const projection = await requireProjection(database, embedding.id, 'pca');
    assert.deepEqual(result, { dataset: embedding.datasetId, embedding: embedding.id, projection: projection.id });
    assert.equal(projection.count, 300);
    assert.equal(projection.method, 'PCA');
    assert.equal(projection.seed, 42);
    assert.equal(projection.device, 'CPU');
    assert.ok((projection.milliseconds ?? 0) > 0);
    assert.ok((projection.explainedVariance?.[0] ?? 0) > 0.9);
    const { quality } = projection;
    assert.ok(quality !== null && quality.neighbors === 15 && quality.sample === 300);
    for (const share of [quality.trustworthiness, quality.continuity, quality.neighborRecall]) {
      assert.ok(share > 0 && share <= 1, String(share));
    }
    assert.ok(quality.tripletAccuracy > 0.5 && (quality.rankCorrelation ?? 0) > 0.5);
    assert.equal(projection.measured, true);
    for await (const { measures } of readPoints(database, projection)) {
      assert.ok(measures);
      for (const [place, name] of (['trustworthiness', 'continuity', 'neighborRecall'] as const).entries()) {
        const values = Array.from({ length: 300 }, (_, i) => measures[i * pointMeasures.length + place] ?? Number.NaN);
        const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
        assert.ok(Math.abs(mean - quality[name]) < 1e-5, `the mean ${name} of the points is that of the map`);
      }
    }
    const { datasetVersion: version } = projection;
    assert.ok(!isStale(projection, embedding, { version }));
    assert.ok(!isStale(projection, embedding, { version: version + 1 }), 'of fields it knows nothing');
    assert.ok(isStale(projection, { version: embedding.version + 1 }, { version }));
    for (const byItems of [{ filter: { field: 'group', eq: 'odd' } }, { parameters: { targetField: 'group' } }]) {
      assert.ok(!isStale({ ...projection, ...byItems }, embedding, { version }));
      assert.ok(isStale({ ...projection, ...byItems }, embedding, { version: version + 1 }));
    }
    const files = await readdir(join(context.dataDir, 'cache/points'));
    assert.equal(files.filter((name) => name.startsWith(`${projection.id}-`) && name.endsWith('.arrow')).length, 2);

    const fractions = stages.map(({ fraction }) => fraction ?? 0);
    assert.ok(fractions.every((fraction, i) => fraction >= (fractions[i - 1] ?? 0) && fraction <= 1));
    assert.deepEqual(
      [...new Set(stages.map(({ stage }) => stage))],
      [
        'Reading vectors',
        'Finding the principal components',
        'Measuring the quality',
        'Keeping the map',
        'Writing the points',
      ],
    );
  });

  test('computed anew, a map has the same coordinates bit for bit, the same id and the next version', async () => {
    const embedding = await makeCloud(database, 'again');
    const { context } = contextOf(database);
    await projectEmbedding(context, inputFor(embedding));
    const first = await requireProjection(database, embedding.id, 'pca');
    const points = await coordinatesOf(database, embedding);
    await projectEmbedding(context, inputFor(embedding));
    const second = await requireProjection(database, embedding.id, 'pca');
    assert.deepEqual(await coordinatesOf(database, embedding), points);
    assert.equal(points.size, 300);
    assert.equal(second.id, first.id);
    assert.equal(second.version, first.version + 1);
    assert.deepEqual(second.quality, first.quality);
  });

  test('where the job is no longer ours, nothing is kept', async () => {
    const embedding = await makeCloud(database, 'lost');
    const lost = new Error('lost');
    const { context } = contextOf(database, { guard: () => Promise.reject(lost) });
    await assert.rejects(projectEmbedding(context, inputFor(embedding)), lost);
    assert.equal(await findProjection(database, embedding.id, 'pca'), null);
  });

  test('a cancelled job ends within a second in the middle of the kernel', async () => {
    const embedding = await makeCloud(database, 'cancelled', 3000, 600);
    const controller = new AbortController();
    const { context, stages } = contextOf(database, { signal: controller.signal });
    const work = projectEmbedding(context, inputFor(embedding));
    while (!stages.some(({ stage }) => stage.startsWith('Finding'))) await new Promise((wake) => setTimeout(wake, 5));
    const cancelledAt = performance.now();
    controller.abort(new UserError('CANCELLED', 'The job was cancelled.'));
    await assert.rejects(work, { code: 'CANCELLED' });
    assert.ok(performance.now() - cancelledAt < 1000);
    assert.equal(await findProjection(database, embedding.id, 'pca'), null);
  });

  test('where the data set is removed meanwhile, the job is cancelled and no map is left', async () => {
    const database = await open(); // in which no other map is
    const embedding = await makeCloud(database, 'removed');
    const { context } = contextOf(database);
    let removed = false;
    const removing: TaskContext = {
      ...context,
      database: {
        ...bind(database),
        async transaction(work, options) {
          if (!removed) {
            removed = true;
            await removeDataset(database, 'removed');
          }
          return await database.transaction(work, options);
        },
      },
    };
    await assert.rejects(projectEmbedding(removing, inputFor(embedding)), { code: 'CANCELLED' });
    assert.equal(await findProjection(database, embedding.id, 'pca'), null);
    const chunks = await database.query('select projection_id from projection_chunks');
    assert.deepEqual(chunks, []);
  });

  test('a map of some items has these alone, and one that begins on another has its items where they were', async () => {
    const embedding = await makeCloud(database, 'part');
    const { context } = contextOf(database);
    const umap = { ...inputFor(embedding), method: 'UMAP' as const, umap: { epochs: 50 } };
    await projectEmbedding(context, umap);
    const whole = await coordinatesOf(database, embedding);
    const filter = { field: 'group', eq: 'odd' };
    await projectEmbedding(context, { ...umap, filter, startFrom: 'pca' });
    const part = await coordinatesOf(database, embedding);
    const projection = await requireProjection(database, embedding.id, 'pca');
    assert.deepEqual([projection.count, projection.filter], [150, filter]);
    assert.equal(projection.parameters['startFrom'], 'pca');
    assert.ok([...part.keys()].every((id) => id % 2 === 0)); // item 2 is the second, and odd from 0
    const extent = Math.max(...[...whole.values()].map(([x = 0, y = 0]) => Math.hypot(x, y)));
    const apart = [...part].map(([id, [x = 0, y = 0]]) =>
      Math.hypot(x - (whole.get(id)?.[0] ?? 0), y - (whole.get(id)?.[1] ?? 0)),
    );
    const mean = apart.reduce((sum, value) => sum + value, 0) / apart.length;
    assert.ok(mean < 0.35 * extent, `${mean} apart on a map of extent ${extent}`);

    await assert.rejects(projectEmbedding(context, { ...umap, filter: { field: 'group', eq: 'neither' } }), {
      code: 'BAD_USER_INPUT',
      message: /No item with a vector matches the filter/,
    });
    await assert.rejects(projectEmbedding(context, { ...umap, components: 3, startFrom: 'pca' }), {
      message: /The map "pca" has 2 components, the new one is to have 3/,
    });
    await assert.rejects(projectEmbedding(context, { ...umap, startFrom: 'nowhere' }), { code: 'BAD_USER_INPUT' });
  });

  test('a map by UMAP draws items together whose field is alike, from any beginning, and says so', async () => {
    const embedding = await makeCloud(database, 'targets');
    const { context } = contextOf(database);
    const umap = { ...inputFor(embedding), method: 'UMAP' as const };
    const alike = async (options: Partial<ProjectEmbeddingInput>) => {
      await projectEmbedding(context, { ...umap, ...options });
      const points = [...(await coordinatesOf(database, embedding))];
      return points.filter(([id, own]) => nearestOf(points, id, own) % 2 === id % 2).length / points.length;
    };
    const plain = await alike({ umap: { epochs: 100 } });
    assert.ok(plain < 0.75, `without: ${plain}`);
    for (const initialization of umapInitializations) {
      const options = { umap: { epochs: 100, initialization } };
      const drawn = await alike({ ...options, target: { field: 'group', weight: 0.9 } });
      assert.ok(drawn > 0.95, `${initialization}: ${drawn}`);
      const { parameters } = await requireProjection(database, embedding.id, 'pca');
      const told = { initialization, targetField: 'group', targetWeight: 0.9 };
      assert.deepEqual({ ...parameters, ...told }, parameters);
    }
    await projectEmbedding(context, { ...umap, umap: { epochs: 100, density: { weight: 2 } } });
    const { parameters } = await requireProjection(database, embedding.id, 'pca');
    assert.deepEqual(parameters['density'], { weight: 2 });
    assert.ok(Number(parameters['densityCorrelation']) > 0.6, `${parameters['densityCorrelation']}`);
    const byNumber = await alike({ umap: { epochs: 100 }, target: { field: 'oddness', weight: 0.9 } });
    assert.ok(byNumber > 0.95, `by number: ${byNumber}`);
    const all = await alike({ umap: { epochs: 50 }, target: { field: 'each', weight: 1 } });
    assert.ok(all >= 0); // nothing alike and nothing else counts: no edge is left, and points are where they began
    await assert.rejects(alike({ target: { field: 'nothing', weight: 0.5 } }), {
      code: 'BAD_USER_INPUT',
      message: /None of the items has a value in the field "nothing"/,
    });
  });

  test('a map by t-SNE draws items together whose field is alike, as far as its weight says, and says so', async () => {
    const embedding = await makeCloud(database, 'tsne-targets');
    const { context } = contextOf(database);
    const tsne = { ...inputFor(embedding), method: 'TSNE' as const, tsne: { perplexity: 8, iterations: 300 } };
    const alike = async (options: Partial<ProjectEmbeddingInput>) => {
      await projectEmbedding(context, { ...tsne, ...options });
      const points = [...(await coordinatesOf(database, embedding))];
      return points.filter(([id, own]) => nearestOf(points, id, own) % 2 === id % 2).length / points.length;
    };
    const plain = await alike({});
    assert.ok(plain < 0.75, `without: ${plain}`);
    assert.equal(await alike({ target: { field: 'group', weight: 0 } }), plain);
    for (const field of ['group', 'oddness']) {
      const drawn = await alike({ target: { field, weight: 0.7 } });
      assert.ok(drawn > 0.95, `${field}: ${drawn}`);
      const { parameters } = await requireProjection(database, embedding.id, 'pca');
      assert.deepEqual({ ...parameters, targetField: field, targetWeight: 0.7, perplexity: 8 }, parameters);
    }
    await assert.rejects(alike({ target: { field: 'nothing', weight: 0.5 } }), {
      code: 'BAD_USER_INPUT',
      message: /None of the items has a value in the field "nothing" of tsne.target/,
    });
  });

  test('a map of five components is kept, measured and written, and groups are found in it', async () => {
    const random = createRandom(3);
    const matrix = createMatrix(
      300,
      12,
      Float32Array.from({ length: 3600 }, (_, at) => random.normal() + (at % 12 === Math.floor(at / 12) % 4 ? 12 : 0)),
    );
    const items = Array.from({ length: 300 }, (_, i) => ({ key: `${i}` }));
    const embedding = await makeEmbedding(database, { slug: 'five', items, matrix });
    const { context } = contextOf(database);
    const input = { ...inputFor(embedding), method: 'UMAP' as const, components: 5, umap: { minDist: 0 } };
    const { projection: projectionId } = await projectEmbedding(context, input);
    const { components, quality } = await requireProjection(database, embedding.id, 'pca');
    assert.equal(components, 5);
    assert.ok((quality?.neighborRecall ?? 0) > 0.1);
    const points = await coordinatesOf(database, embedding);
    assert.ok([...points.values()].every((place) => place.length === 5 && place.every(Number.isFinite)));
    const files = await readdir(join(context.dataDir, 'cache/points'));
    const [file = ''] = files.filter((name) => name.endsWith('.arrow'));
    const table = tableFromIPC(await readFile(join(context.dataDir, 'cache/points', file)));
    assert.deepEqual(table.schema.fields.map(({ name }) => name).slice(0, 6), ['key', 'x', 'y', 'z', 'c4', 'c5']);
    await clusterEmbedding(context, {
      ...{ embeddingId: embedding.id, projectionId, name: 'groups', method: 'HDBSCAN', seed: 1 },
    });
    const clustering = await findClustering(database, embedding.datasetId, 'groups');
    assert.ok(clustering);
    const { labels, itemIds } = await readClusterItems(database, clustering);
    const groups = new Set(Array.from(itemIds, (id, i) => `${(id - 1) % 4} ${labels[0]?.[i]}`));
    assert.equal(groups.size, 4, `each of the four groups is one cluster: ${[...groups].join(', ')}`);
  });

  test('what cannot be computed is refused in words', async () => {
    const embedding = await makeCloud(database, 'refused', 3, 2);
    const { context } = contextOf(database);
    await assert.rejects(projectEmbedding(context, { ...inputFor(embedding), method: 'GIVEN' }), {
      code: 'BAD_USER_INPUT',
      message: /comes with the data/,
    });
    await assert.rejects(projectEmbedding(context, { ...inputFor(embedding), embeddingId: 2 ** 30 }), {
      code: 'CANCELLED',
    });
  });
});

function bind(database: Database): Database {
  return {
    engine: database.engine,
    query: (sql, parameters, options) => database.query(sql, parameters, options),
    copyIn: (target, chunks, options) => database.copyIn(target, chunks, options),
    copyOut: (select, options) => database.copyOut(select, options),
    transaction: (work, options) => database.transaction(work, options),
    listen: (channel, receive) => database.listen(channel, receive),
    close: () => database.close(),
  };
}

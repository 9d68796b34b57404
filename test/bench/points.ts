/** How the points of a large map arrive, against a bare HTTP server that sends the same bytes from a file. */
import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { createRandom } from '#kernels/random.ts';
import type { Database } from '../../server/database/database.ts';
import { createDataset, publishDataset } from '../../server/datasets/datasets.ts';
import { createEmbedding } from '../../server/embeddings/embeddings.ts';
import { replaceProjection } from '../../server/projections/projections.ts';
import { alternate, median } from './alternate.ts';
import type { Figure } from './figures.ts';
import { engines, withDatabase, withPlace } from './places.ts';
import { type Answer, askGraphql, fetchTimed, withProcess, withServer } from './server.ts';

const ITEMS = 1_000_000;
const ROUNDS = 9;

const document = `query {
  dataset(slug: "bench") { embedding(name: "bench") { projection(name: "bench") { points(columns: ["label"]) { url } } } }
}`;

interface Points {
  readonly dataset: { readonly embedding: { readonly projection: { readonly points: { readonly url: string } } } };
}

export async function pointsBench(report: (figure: Figure) => void): Promise<void> {
  for (const engine of engines) {
    await withPlace(engine, async (place) => {
      await withDatabase(place, prepare);
      await withServer(place, async (server) => {
        const { data } = await askGraphql<Points>(server, document, {});
        const { url } = data.dataset.embedding.projection.points;
        const points = new URL(url, server.url).href;
        const first = await fetchTimed(points);
        const file = join(place.config.dataDir, 'points.arrow');
        await writeFile(file, first.body);
        await withProcess('./file.process.ts', [file], {}, async (raw) => {
          const firstBytes = { ours: [] as number[], raw: [] as number[] };
          const bytes = first.body.length;
          const measure = async (from: string, waited: number[]): Promise<number> => {
            const { body, firstByteMs, wholeMs } = await fetchTimed(from);
            if (body.length !== bytes) throw new Error(`${from} sent ${body.length} bytes of ${bytes}.`);
            waited.push(firstByteMs);
            return wholeMs;
          };
          const { ours, file: fromFile } = await alternate(
            { ours: () => measure(points, firstBytes.ours), file: () => measure(raw, firstBytes.raw) },
            ROUNDS,
          );
          const what = `${ITEMS} points, ${(bytes / 1e6).toFixed(0)} MB`;
          const figure = { bench: 'points', engine } as const;
          const perSecond = (ms: number) => bytes / 1e6 / (ms / 1000);
          report({
            ...figure,
            what: `${what}: first byte`,
            value: median(firstBytes.ours),
            raw: median(firstBytes.raw),
            unit: 'ms',
            target: { atMost: 50 },
          });
          report({
            ...figure,
            what: `${what}: throughput`,
            value: perSecond(ours),
            raw: perSecond(fromFile),
            unit: 'MB/s',
            target: { atLeastTimesRaw: 0.6 },
          });
          report({ ...figure, ...asked(first, what), raw: null, unit: 'ms', target: null });
        });
      });
    });
  }
}

/** Once per version of a map its file has to be made. */
function asked({ firstByteMs }: Answer, what: string): { value: number; what: string } {
  return { value: firstByteMs, what: `${what}: first byte when asked for the first time` };
}

async function prepare(database: Database): Promise<void> {
  const random = createRandom(1);
  await database.transaction(async (transaction) => {
    const fresh = {
      slug: 'bench',
      title: 'bench',
      description: null,
      kind: 'VECTOR',
      licence: null,
      source: null,
    } as const;
    const datasetId = await createDataset(transaction, fresh, randomUUID());
    await transaction.query(
      `insert into items (dataset_id, id, key, label)
       select $1::int, i, 'item-' || i, 'Item ' || i % 1000 from generate_series(1, $2::int) as i`,
      [datasetId, ITEMS],
    );
    const embedding = await createEmbedding(transaction, {
      datasetId,
      name: 'bench',
      model: null,
      dimension: 2,
      metric: 'EUCLIDEAN',
      partitioned: false,
    });
    await publishDataset(transaction, datasetId, { fields: [], itemCount: ITEMS });
    await replaceProjection(transaction, {
      embedding,
      name: 'bench',
      method: 'GIVEN',
      components: 2,
      itemIds: Float64Array.from({ length: ITEMS }, (_, i) => i + 1),
      coordinates: Float32Array.from({ length: 2 * ITEMS }, () => random.normal()),
    });
  });
}

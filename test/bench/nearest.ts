/** Time of a search by item through GraphQL over HTTP, against its bare SQL statement in the same server. */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { createRandom } from '#kernels/random.ts';
import type { Database } from '../../server/database/database.ts';
import { requireDataset } from '../../server/datasets/datasets.ts';
import type { ImportInput } from '../../server/datasets/importFiles.ts';
import { type Embedding, listEmbeddings } from '../../server/embeddings/embeddings.ts';
import type { IndexInput } from '../../server/embeddings/indexEmbedding.ts';
import { EF_SEARCH_DEFAULT } from '../../server/embeddings/nearest.ts';
import { alternate } from './alternate.ts';
import type { Figure } from './figures.ts';
import { doJob, engines, type Place, withDatabase, withPlace } from './places.ts';
import { askGraphql, type BenchServer, withServer } from './server.ts';
import { DIMENSION, readVectors, writeNpy } from './vectors.ts';

const ROWS = 70_000;
const FIRST = 10;
const EXACT_ROUNDS = 15;
const INDEX_ROUNDS = 400;
/**
 * A search by the index takes so little that the server's own code counts, which is compiled as it is used: after 400 questions an answer
 * takes 2.6 ms more than the bare statement, after 3,000, a minute of a site that is visited, 1.7.
 */
const INDEX_WARM_UP = 3000;

const document = `query Nearest($item: String!, $first: Int!, $method: SearchMethod!) {
  dataset(slug: "bench") {
    embedding(name: "bench") {
      nearest(to: { item: $item }, first: $first, search: { method: $method }) {
        edges { rank distance similarity node { key label } }
        search { method exact complete device resident milliseconds }
      }
    }
  }
}`;

interface Nearest {
  readonly dataset: {
    readonly embedding: {
      readonly nearest: { readonly edges: readonly unknown[]; readonly search: { readonly resident: boolean } };
    };
  };
}

export async function nearestBench(report: (figure: Figure) => void): Promise<void> {
  const { values } = await readVectors(ROWS);
  for (const engine of engines) {
    await withPlace(engine, async (place) => {
      const prepared = await withDatabase(place, (database) => prepare(database, place, values));
      const what = `${FIRST} of ${ROWS} x ${DIMENSION}`;
      const reportExact = async (server: BenchServer, where: string): Promise<void> => {
        const exact = await compare(server, prepared, 'EXACT', EXACT_ROUNDS, 1);
        report({
          bench: 'nearest',
          engine,
          what: `${what}, exact${where}`,
          value: exact.ours,
          raw: exact.raw,
          unit: 'ms',
          target: { atMostTimesRaw: 1.3 },
        });
      };
      // In the database alone: what a server answers that has just started, or has no memory for it. While it reads vectors into
      // memory, whoever asks shares the database with that.
      const inDatabase = { ...place, environment: { ...place.environment, RESIDENT_BYTES: '0' } };
      await withServer(inDatabase, (server) => reportExact(server, ''));
      await withServer(place, async (server) => {
        await untilResident(server, prepared);
        await reportExact(server, ', in memory');
        if (engine !== 'postgres') return;
        const index = await compare(server, prepared, 'INDEX', INDEX_ROUNDS, INDEX_WARM_UP);
        report({
          bench: 'nearest',
          engine,
          what: `${what}, HNSW`,
          value: index.ours,
          raw: index.raw,
          unit: 'ms',
          target: { atMostAboveRaw: 2 },
        });
      });
    });
  }
}

/** Asks until the answers come from memory. */
async function untilResident(server: BenchServer, { targets }: Prepared): Promise<void> {
  const variables = { item: targets[0]?.key ?? '', first: FIRST, method: 'EXACT' };
  for (;;) {
    const { data } = await askGraphql<Nearest>(server, document, variables);
    if (data.dataset.embedding.nearest.search.resident) return;
    await sleep(500);
  }
}

interface Prepared {
  readonly embedding: Embedding;
  /** Some items: key, id, and the vector as pgvector writes it. */
  readonly targets: readonly { readonly key: string; readonly id: number; readonly vector: string }[];
}

async function prepare(database: Database, place: Place, values: Float32Array): Promise<Prepared> {
  const file = join(place.config.dataDir, 'vectors.npy');
  await writeNpy(file, values);
  const input: ImportInput = {
    dataset: 'bench',
    embedding: 'bench',
    metric: 'COSINE',
    paths: [file],
    projections: [],
  };
  await doJob(database, place, { kind: 'IMPORT_DATASET', input });
  const dataset = await requireDataset(database, 'bench');
  const [embedding] = await listEmbeddings(database, dataset.id);
  if (embedding === undefined) throw new Error('The import has made no embedding.');
  if (place.engine === 'postgres') {
    const index: IndexInput = { embeddingId: embedding.id, precision: 'FULL', links: 16, efConstruction: 64 };
    await doJob(database, place, { kind: 'INDEX_EMBEDDING', input: index, datasetId: dataset.id });
  }
  const random = createRandom(1);
  const ids = Array.from({ length: 100 }, () => 1 + random.below(ROWS));
  const targets = await database.query<Prepared['targets'][number] & Record<string, unknown>>(
    `select key, id, vector::text as vector from items join vectors on item_id = id
      where dataset_id = $1::int and embedding_id = $2::int and id = any ($3::bigint[])`,
    [dataset.id, embedding.id, ids],
  );
  return { embedding, targets };
}

/**
 * Each round takes the next target. Both ways go through all of them, half a turn apart: whoever asks for what the other has
 * just asked for finds its pages in the cache.
 */
async function compare(
  server: BenchServer,
  { embedding, targets }: Prepared,
  method: 'EXACT' | 'INDEX',
  rounds: number,
  warmUp: number,
): Promise<{ ours: number; raw: number }> {
  const target = (round: number) => {
    const found = targets[round % targets.length];
    if (found === undefined) throw new Error('There are no targets.');
    return found;
  };
  let asked = 0;
  let stated = Math.floor(targets.length / 2);
  const distance = 'vector <=> $1::vector';
  const cast = `(vector::vector(${DIMENSION})) <=> ($1::vector(${DIMENSION}))`;
  const statement = (order: string) =>
    `select item_id, ${distance} as distance from vectors
      where embedding_id = $2::int and item_id <> $3::bigint order by ${order} limit $4::int`;
  return await alternate(
    {
      ours: async () => {
        const variables = { item: target(asked++).key, first: FIRST, method };
        const { data, wholeMs } = await askGraphql<Nearest>(server, document, variables);
        if (data.dataset.embedding.nearest.edges.length !== FIRST) throw new Error('Too few were found.');
        return wholeMs;
      },
      raw: () => {
        const { vector, id } = target(stated++);
        return server.ask({
          type: 'sql',
          before: method === 'EXACT' ? null : `set local hnsw.ef_search = ${EF_SEARCH_DEFAULT}`,
          sql: statement(method === 'EXACT' ? 'distance' : cast),
          parameters: [vector, embedding.id, id, FIRST],
        });
      },
    },
    rounds,
    warmUp,
  );
}

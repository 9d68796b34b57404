/** Rows per second of an import from `.npy`, against a bare binary COPY of the same vectors into the same table. */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';

import { CopyWriter } from '../../server/database/copyBinary.ts';
import type { Database } from '../../server/database/database.ts';
import { createDataset } from '../../server/datasets/datasets.ts';
import type { ImportInput } from '../../server/datasets/importFiles.ts';
import { removeDataset, removeDatasetById } from '../../server/datasets/removeDataset.ts';
import { createEmbedding } from '../../server/embeddings/embeddings.ts';
import { alternate, timed } from './alternate.ts';
import type { Figure } from './figures.ts';
import { doJob, engines, type Place, withDatabase, withPlace } from './places.ts';
import { DIMENSION, readVectors, writeNpy } from './vectors.ts';

const ROWS = 60_000;
const ROUNDS = 7;

export async function importBench(report: (figure: Figure) => void): Promise<void> {
  const { values } = await readVectors(ROWS);
  for (const engine of engines) {
    await withPlace(engine, (place) =>
      withDatabase(place, async (database) => {
        const file = join(place.config.dataDir, 'vectors.npy');
        await writeNpy(file, values);
        const { imported, raw } = await alternate(
          { imported: () => timeImport(database, place, file), raw: () => timeCopy(database, values) },
          ROUNDS,
        );
        report({
          bench: 'import',
          engine,
          what: `${ROWS} x ${DIMENSION} from .npy`,
          value: ROWS / (imported / 1000),
          raw: ROWS / (raw / 1000),
          unit: 'rows/s',
          target: { atLeastTimesRaw: 0.5 },
        });
      }),
    );
  }
}

async function timeImport(database: Database, place: Place, file: string): Promise<number> {
  const input: ImportInput = { dataset: 'bench', paths: [file], projections: [] };
  const tookMs = await timed(() => doJob(database, place, { kind: 'IMPORT_DATASET', input }));
  await removeDataset(database, 'bench');
  return tookMs;
}

/** The stream is ready in memory before the clock starts. */
async function timeCopy(database: Database, values: Float32Array): Promise<number> {
  const { datasetId, embedding } = await database.transaction(async (transaction) => {
    const raw = { slug: 'raw', title: 'raw', description: null, kind: 'VECTOR', licence: null, source: null } as const;
    const datasetId = await createDataset(transaction, raw, randomUUID());
    const embedding = await createEmbedding(transaction, {
      datasetId,
      name: 'raw',
      model: null,
      dimension: DIMENSION,
      metric: 'EUCLIDEAN',
      partitioned: true,
    });
    return { datasetId, embedding };
  });
  const chunks = encodeRows(embedding.id, values);
  const target = `vectors_${embedding.id} (embedding_id, item_id, vector)`;
  const tookMs = await timed(() => database.copyIn(target, chunks));
  await database.transaction((transaction) => removeDatasetById(transaction, datasetId));
  return tookMs;
}

function encodeRows(embeddingId: number, values: Float32Array): Uint8Array[] {
  const ROWS_PER_CHUNK = 333; // a megabyte
  const writer = new CopyWriter();
  const chunks: Uint8Array[] = [];
  for (let row = 0; row < ROWS; row++) {
    writer.row(3);
    writer.int4(embeddingId);
    writer.int8(row + 1);
    writer.vector(values.subarray(row * DIMENSION, (row + 1) * DIMENSION));
    if (row % ROWS_PER_CHUNK === 0) chunks.push(writer.take());
  }
  chunks.push(writer.finish());
  return chunks;
}

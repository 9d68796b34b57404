/** Rows of vectors with their names, as files are made of them: read batch by batch, so that no more than one is in memory. */
import { decodeInt8, decodeVector, readCopy } from '../database/copyBinary.ts';
import type { Queryable } from '../database/database.ts';
import { type Embedding, findEmbeddingsById } from './embeddings.ts';

export interface VectorTable {
  /** Numbers of a row. */
  readonly dimension: number;
  readonly rowCount: number;
  /** Whether a number goes with each vector: the bias of an entity. */
  readonly biased: boolean;
  /** Names of the fields of items that go with each vector; absent where none do. */
  readonly fields?: readonly string[];
  /** The rows in their order. */
  batches(): AsyncIterable<VectorBatch>;
}

export interface VectorBatch {
  readonly rowCount: number;
  /** UTF-8, one a row. */
  readonly keys: readonly Uint8Array[];
  /** UTF-8, one a row; the key where nothing better was given. */
  readonly labels: readonly Uint8Array[];
  /** (rowCount, dimension), until the next batch is asked for. */
  readonly values: Float32Array;
  /** One a row of a biased table; null otherwise. */
  readonly biases: Float32Array | null;
  /** JSON objects in UTF-8, one a row of a table with fields. */
  readonly fields?: readonly Uint8Array[];
}

/** Vectors in a batch: what is held in memory at a time, a few times over. */
const BATCH_BYTES = 4 * 2 ** 20;
const BATCH_ROWS_LIMIT = 65_536;

/** Rows of so many numbers that make a batch. */
export function rowsOfBatch(dimension: number): number {
  return Math.max(1, Math.min(BATCH_ROWS_LIMIT, Math.floor(BATCH_BYTES / (4 * dimension))));
}

type Read = Pick<Embedding, 'id' | 'datasetId' | 'dimension' | 'version' | 'itemCount'>;

/** What goes with vectors. */
export interface Beside {
  /** One a vector, in the same order. */
  readonly biases?: Float32Array | null;
  /** Names of fields of the items. */
  readonly fields?: readonly string[];
}

/** The vectors of an embedding, by the order of import. */
export function vectorTable(
  database: Queryable,
  embedding: Read,
  { biases = null, fields = [] }: Beside = {},
): VectorTable {
  const { dimension, itemCount } = embedding;
  return {
    ...{ dimension, rowCount: itemCount, biased: biases !== null, fields },
    batches: () => readBatches(database, embedding, biases, fields.length > 0),
  };
}

/** @throws Error in the middle where the vectors change meanwhile: what was sent until then must not be taken for the whole */
async function* readBatches(
  database: Queryable,
  embedding: Read,
  biases: Float32Array | null,
  withFields: boolean,
): AsyncGenerator<VectorBatch, void, undefined> {
  const { dimension } = embedding;
  const most = rowsOfBatch(dimension);
  const values = new Float32Array(most * dimension);
  let lastId = -1;
  let sent = 0;
  for (;;) {
    const keys: Uint8Array[] = [];
    const labels: Uint8Array[] = [];
    const fields: Uint8Array[] = [];
    const rows = database.copyOut(
      `select vectors.item_id, items.key, items.label, vectors.vector, ${withFields ? 'items.fields::text' : 'null::text'} from vectors
         join items on items.dataset_id = ${integer(embedding.datasetId)} and items.id = vectors.item_id
        where vectors.embedding_id = ${integer(embedding.id)} and vectors.item_id > ${integer(lastId)}
        order by vectors.item_id limit ${most}`,
    );
    for await (const [itemId, key, label, vector, json] of readCopy(rows, 5)) {
      if (!itemId || !key || !label || !vector) throw new Error('a column of vectors that cannot be null is null');
      const row = keys.length;
      lastId = decodeInt8(itemId);
      decodeVector(vector, values.subarray(row * dimension, (row + 1) * dimension));
      keys.push(key);
      labels.push(label);
      if (json) fields.push(json);
    }
    const rowCount = keys.length;
    const ofRows = biases?.subarray(sent, sent + rowCount) ?? null;
    sent += rowCount;
    if (rowCount > 0) {
      yield { rowCount, keys, labels, values: values.subarray(0, rowCount * dimension), biases: ofRows, fields };
    }
    if (rowCount < most) break;
  }
  const [now] = await findEmbeddingsById(database, [embedding.id]);
  if (now?.version !== embedding.version || sent !== embedding.itemCount) {
    throw new Error(`The vectors of embedding ${embedding.id} changed while sent.`);
  }
}

function integer(value: number): number {
  if (!Number.isSafeInteger(value)) throw new Error(`not a whole number: ${value}`);
  return value;
}

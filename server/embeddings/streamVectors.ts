/** All vectors of an embedding as an Arrow IPC stream: `key: utf8`, `vector: fixed_size_list<float32>[dimension]`. */
import { Field, FixedSizeList, Float32, makeData, RecordBatch, Schema, Struct, Utf8 } from 'apache-arrow';

import { decodeInt8, decodeVector, readCopy } from '../database/copyBinary.ts';
import type { Queryable } from '../database/database.ts';
import { ArrowStream } from '../datasets/arrowStream.ts';
import { type Embedding, findEmbeddingsById } from './embeddings.ts';

/** Vectors in a batch: what is held in memory at a time, a few times over. */
const BATCH_BYTES = 4 * 2 ** 20;
const BATCH_ROWS_LIMIT = 65_536;

/**
 * The stream, batch by batch in the order of import, each read when the one before has been taken.
 * @throws Error in the middle where the vectors change meanwhile: what was sent until then must not be taken for the whole
 */
export async function* streamVectors(
  database: Queryable,
  embedding: Pick<Embedding, 'id' | 'datasetId' | 'dimension' | 'version'>,
): AsyncGenerator<Uint8Array, void, undefined> {
  const { dimension } = embedding;
  const list = new FixedSizeList(dimension, new Field('item', new Float32(), false));
  const schema = new Schema([new Field('key', new Utf8(), false), new Field('vector', list, false)]);
  const stream = new ArrowStream(schema);
  const most = Math.max(1, Math.min(BATCH_ROWS_LIMIT, Math.floor(BATCH_BYTES / (4 * dimension))));
  const values = new Float32Array(most * dimension);
  let lastId = -1;
  for (;;) {
    const keys: Uint8Array[] = [];
    const valueOffsets = new Int32Array(most + 1);
    const rows = database.copyOut(
      `select vectors.item_id, items.key, vectors.vector from vectors
         join items on items.dataset_id = ${integer(embedding.datasetId)} and items.id = vectors.item_id
        where vectors.embedding_id = ${integer(embedding.id)} and vectors.item_id > ${integer(lastId)}
        order by vectors.item_id limit ${most}`,
    );
    for await (const [itemId, key, vector] of readCopy(rows, 3)) {
      if (!itemId || !key || !vector) throw new Error('a column of vectors that cannot be null is null');
      const row = keys.length;
      lastId = decodeInt8(itemId);
      decodeVector(vector, values.subarray(row * dimension, (row + 1) * dimension));
      keys.push(key);
      valueOffsets[row + 1] = (valueOffsets[row] ?? 0) + key.length;
    }
    const length = keys.length;
    if (length > 0) {
      const numbers = makeData({
        type: new Float32(),
        length: length * dimension,
        nullCount: 0,
        data: values.subarray(0, length * dimension),
      });
      const children = [
        makeData({ type: new Utf8(), length, nullCount: 0, valueOffsets, data: Buffer.concat(keys) }),
        makeData({ type: list, length, nullCount: 0, child: numbers }),
      ];
      const struct = makeData({ type: new Struct(schema.fields), length, nullCount: 0, children });
      yield stream.write(new RecordBatch(schema, struct));
    }
    if (length < most) break;
  }
  const [now] = await findEmbeddingsById(database, [embedding.id]);
  if (now?.version !== embedding.version)
    throw new Error(`The vectors of embedding ${embedding.id} changed while sent.`);
  yield stream.end();
}

function integer(value: number): number {
  if (!Number.isSafeInteger(value)) throw new Error(`not a whole number: ${value}`);
  return value;
}

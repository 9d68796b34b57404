/**
 * Rows of vectors as an Arrow IPC stream: `key: utf8`, where asked for `label: utf8`, `vector: fixed_size_list<float32>[dimension]`, and of
 * entities with biases `bias: float32`.
 */
import { Field, FixedSizeList, Float32, makeData, RecordBatch, Schema, Struct, Utf8 } from 'apache-arrow';

import { ArrowStream } from '../datasets/arrowStream.ts';
import type { VectorTable } from './vectorTable.ts';

/** The stream, batch by batch, each read when the one before has been taken. */
export async function* streamVectors(
  { dimension, biased, batches }: Pick<VectorTable, 'dimension' | 'biased' | 'batches'>,
  { withLabels }: { readonly withLabels: boolean },
): AsyncGenerator<Uint8Array, void, undefined> {
  const list = new FixedSizeList(dimension, new Field('item', new Float32(), false));
  const text = (name: string) => new Field(name, new Utf8(), false);
  const schema = new Schema([
    text('key'),
    ...(withLabels ? [text('label')] : []),
    new Field('vector', list, false),
    ...(biased ? [new Field('bias', new Float32(), false)] : []),
  ]);
  const stream = new ArrowStream(schema);
  for await (const { rowCount: length, keys, labels, values, biases } of batches()) {
    const numbers = makeData({ type: new Float32(), length: length * dimension, nullCount: 0, data: values });
    const children = [
      textColumn(keys),
      ...(withLabels ? [textColumn(labels)] : []),
      makeData({ type: list, length, nullCount: 0, child: numbers }),
      ...(biases === null ? [] : [makeData({ type: new Float32(), length, nullCount: 0, data: biases })]),
    ];
    const struct = makeData({ type: new Struct(schema.fields), length, nullCount: 0, children });
    yield stream.write(new RecordBatch(schema, struct));
  }
  yield stream.end();
}

function textColumn(texts: readonly Uint8Array[]) {
  const valueOffsets = new Int32Array(texts.length + 1);
  texts.forEach((text, row) => {
    valueOffsets[row + 1] = (valueOffsets[row] ?? 0) + text.length;
  });
  return makeData({ type: new Utf8(), length: texts.length, nullCount: 0, valueOffsets, data: Buffer.concat(texts) });
}

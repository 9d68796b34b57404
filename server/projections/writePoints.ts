/** Writes the points of a map as an Arrow IPC stream. */
import { createReadStream } from 'node:fs';
import { type FileHandle, open, rm } from 'node:fs/promises';
import {
  type Data,
  Dictionary,
  Field,
  Float32,
  Int32,
  makeData,
  RecordBatch,
  RecordBatchReader,
  Schema,
  Struct,
  Utf8,
  Vector,
} from 'apache-arrow';

import { pointMeasures } from '#kernels/pointQuality.ts';
import type { Queryable } from '../database/database.ts';
import { ArrowStream } from '../datasets/arrowStream.ts';
import { findClusterColumn } from '../datasets/clusterColumns.ts';
import type { Dataset } from '../datasets/datasets.ts';
import { type ItemColumn, readItemColumns } from '../datasets/itemColumns.ts';
import type { ToldColumn } from '../embeddings/itemColumns.ts';
import { builderOf, type ColumnBuilder, DictionaryBuilder, TextBuilder } from './columnBuilders.ts';
import { measureOfColumn, type PointsChunk } from './projections.ts';

/** Where points come from: a map, or one in the making. */
export interface PointsSource {
  readonly components: number;
  readonly chunks: AsyncIterable<PointsChunk> | Iterable<PointsChunk>;
}

/**
 * Writes key, axes and the columns asked for, which the data set has, to a new file. One pass over the points, holding one
 * batch in memory and the distinct values of the columns that have a dictionary. A dictionary stands before the first batch, so that every reader takes it; for that the batches wait in a
 * second file, with plain numbers in place of the values.
 */
export async function writePoints(
  database: Queryable,
  points: PointsSource,
  dataset: Dataset,
  { asked, told = [] }: { readonly asked: readonly string[]; readonly told?: readonly ToldColumn[] },
  path: string,
): Promise<void> {
  const columns = await Promise.all(
    asked.map(async (name) => (await toldColumn(database, dataset, told, name)) ?? columnOf(dataset, name)),
  );
  const dictionaries = columns.some(({ builder }) => builder instanceof DictionaryBuilder);
  const waiting = dictionaries ? `${path}.waiting.part` : path;
  try {
    const fixed = fixedFields(points);
    const plain = columns.map(({ name, builder }) => new Field(name, builder?.type ?? new Float32(), true));
    const schema = new Schema([...fixed, ...plain]);
    await writeStream(waiting, schema, batchesOf(database, points, dataset, columns, schema));
    if (!dictionaries) return;
    const coded = columns.map(({ name, builder }, id): CodedColumn => {
      if (!(builder instanceof DictionaryBuilder)) {
        return { field: new Field(name, builder?.type ?? new Float32(), true), texts: null };
      }
      const type = new Dictionary(new Utf8(), new Int32(), id);
      return { field: new Field(name, type, true), texts: { type, vector: new Vector([builder.takeTexts()]) } };
    });
    const whole = new Schema([...fixed, ...coded.map(({ field }) => field)]);
    await writeStream(path, whole, withDictionaries(waiting, whole, fixed.length, coded));
  } finally {
    if (dictionaries) await rm(waiting, { force: true });
  }
}

/** A column as it goes out, with its dictionary where it has one. */
interface CodedColumn {
  readonly field: Field;
  readonly texts: { readonly type: Dictionary<Utf8, Int32>; readonly vector: Vector<Utf8> } | null;
}

async function writeStream(path: string, schema: Schema, batches: AsyncIterable<RecordBatch>): Promise<void> {
  const file = await open(path, 'wx');
  try {
    const stream = new ArrowStream(schema);
    for await (const batch of batches) await writeAll(file, stream.write(batch));
    await writeAll(file, stream.end());
  } finally {
    await file.close();
  }
}

async function writeAll(file: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length; ) at += (await file.write(bytes, at)).bytesWritten;
}

/** Of the items, told of them, or a measure of the points. */
type Column = ItemsColumn | TellingColumn | MeasureColumn;

interface ItemsColumn {
  /** In the stream. */
  readonly name: string;
  readonly source: ItemColumn;
  readonly builder: ColumnBuilder;
}

interface TellingColumn {
  readonly name: string;
  /** By item id, in the form that the builder takes. */
  readonly values: ReadonlyMap<number, Uint8Array>;
  readonly builder: ColumnBuilder;
}

interface MeasureColumn {
  readonly name: string;
  /** Place among `pointMeasures`. */
  readonly measure: number;
  readonly builder?: undefined;
}

/** The column of that name among what was told of the items; null where it is of their own. */
async function toldColumn(
  database: Queryable,
  { fields }: Dataset,
  known: readonly ToldColumn[],
  name: string,
): Promise<TellingColumn | null> {
  const column = fields.some((field) => field.name === name) ? undefined : known.find((each) => each.name === name);
  if (column === undefined) return null;
  const { itemIds, values, labels } = await column.read(database);
  const texts = labels?.map((label) => encodeValue(label)) ?? null;
  const told = new Map<number, Uint8Array>();
  for (const [i, itemId] of itemIds.entries()) {
    const value = values[i] ?? Number.NaN;
    if (!Number.isNaN(value)) told.set(itemId, texts?.[value] ?? encodeValue(value));
  }
  return {
    name,
    values: told,
    builder: builderOf(column.type),
  };
}

/** As Postgres would send it. */
function encodeValue(value: string | number): Uint8Array {
  if (typeof value === 'string') return Buffer.from(value);
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleBE(value);
  return bytes;
}

function columnOf({ fields, clusterings }: Dataset, name: string): Column {
  if (name === 'label') return { name, source: 'label', builder: new DictionaryBuilder() };
  const source = fields.findIndex((field) => field.name === name);
  const measure = measureOfColumn(name);
  if (source < 0 && measure !== null) return { name, measure };
  const ofClustering = source < 0 ? findClusterColumn(clusterings, name) : null;
  if (ofClustering !== null) return { name, source: ofClustering, builder: builderOf(ofClustering.type) };
  // A field that is called like a column that is there already.
  const taken = name === 'key' || axisNames.includes(name);
  return { name: taken ? `fields.${name}` : name, source, builder: builderOf(fields[source]?.type ?? 'TEXT') };
}

const axisNames: readonly string[] = ['x', 'y', 'z', 'c4', 'c5', 'c6', 'c7', 'c8', 'c9', 'c10'];

function fixedFields({ components }: PointsSource): Field[] {
  const axes = axisNames.slice(0, components);
  return [new Field('key', new Utf8(), false), ...axes.map((axis) => new Field(axis, new Float32(), false))];
}

function batchOf(schema: Schema, length: number, children: Data[]): RecordBatch {
  return new RecordBatch(schema, makeData({ type: new Struct(schema.fields), length, nullCount: 0, children }));
}

async function* batchesOf(
  database: Queryable,
  { components, chunks }: PointsSource,
  dataset: Dataset,
  columns: readonly Column[],
  schema: Schema,
): AsyncGenerator<RecordBatch> {
  const ofItems = columns.filter((column) => 'source' in column);
  const telling = columns.filter((column) => 'values' in column);
  const sources = ofItems.map(({ source }) => source);
  const keys = new TextBuilder();
  for await (const chunk of chunks) {
    const places = new Uint32Array(chunk.itemIds.length);
    let length = 0;
    for await (const { index, key, values } of readItemColumns(database, dataset, chunk.itemIds, sources)) {
      places[length++] = index;
      keys.add(key);
      for (let c = 0; c < ofItems.length; c++) ofItems[c]?.builder.add(values[c] ?? null);
      for (const column of telling) column.builder.add(column.values.get(chunk.itemIds[index] ?? 0) ?? null);
    }
    if (length === 0) continue;
    const found = places.subarray(0, length);
    const axes = axesOf(chunk, components, found);
    const others = columns.map((column) => column.builder?.take() ?? measureOf(chunk, column, found));
    yield batchOf(schema, length, [keys.take(), ...axes, ...others]);
  }
}

/** The coordinates at these places, an array per axis. */
function axesOf({ coordinates }: PointsChunk, components: number, places: Uint32Array): Data[] {
  return Array.from({ length: components }, (_, axis) => {
    const data = new Float32Array(places.length);
    for (let i = 0; i < data.length; i++) data[i] = coordinates[(places[i] ?? 0) * components + axis] ?? 0;
    return makeData({ type: new Float32(), length: data.length, nullCount: 0, data });
  });
}

/** A measure at these places; null where a point has none. */
function measureOf({ measures }: PointsChunk, column: Column, places: Uint32Array): Data {
  const at = 'measure' in column ? column.measure : 0;
  const values = new Float32Array(places.length);
  const nullBitmap = new Uint8Array((places.length + 7) >> 3);
  let nullCount = places.length;
  for (const [i, place] of places.entries()) {
    const value = measures?.[place * pointMeasures.length + at] ?? Number.NaN;
    if (Number.isNaN(value)) continue;
    values[i] = value;
    nullBitmap[i >> 3] = (nullBitmap[i >> 3] ?? 0) | (1 << (i & 7));
    nullCount--;
  }
  return makeData({ type: new Float32(), length: values.length, nullCount, nullBitmap, data: values });
}

/** The batches of a waiting file, where the columns from `first` on are as in `coded`. */
async function* withDictionaries(
  waiting: string,
  schema: Schema,
  first: number,
  coded: readonly CodedColumn[],
): AsyncGenerator<RecordBatch> {
  const input = createReadStream(waiting, { highWaterMark: 2 ** 18 });
  for await (const batch of await RecordBatchReader.from(input)) {
    const children = batch.data.children.map((child, i): Data => {
      const texts = coded[i - first]?.texts;
      if (!texts) return child;
      const { length, nullCount, nullBitmap, values: data } = child;
      return makeData({ type: texts.type, length, nullCount, nullBitmap, data, dictionary: texts.vector });
    });
    yield batchOf(schema, batch.numRows, children);
  }
}

/**
 * A map's points, decoded from the Arrow IPC stream that `points.url` answers: columns `key`, `x`, `y`, perhaps `z`,
 * then those asked for. Strings stay in the bytes until they are asked for.
 */
import type { ArrowData, Column as Cells, DataType } from '@uwdata/flechette';
import { decodeIPC } from '@uwdata/flechette/src/decode/decode-ipc.js';
import { createTable } from '@uwdata/flechette/src/decode/table-from-ipc.js';

import { eachInSlices } from './slices.ts';
import { fitWorld } from './world.ts';

export interface Points {
  readonly count: number;
  readonly components: 2 | 3;
  /** Coordinates fitted into the world from -1 to 1, the same scale on each axis. `z` is all 0 for two components. */
  readonly x: Float32Array;
  readonly y: Float32Array;
  readonly z: Float32Array;
  /** Coordinates as the server gave them are `middle + world * halfExtent`. */
  readonly middle: readonly [number, number, number];
  readonly halfExtent: number;
  /** The row of the file that each point came from; null: in the file's order. */
  readonly rows: Uint32Array | null;
  /** The key of a point. */
  key(index: number): string;
  /** The columns beside key and coordinates. */
  readonly columns: ReadonlyMap<string, Column>;
}

export type Column = CategoryColumn | NumberColumn;

/** Few or many distinct texts: a code per point, -1 where it has none. */
export interface CategoryColumn {
  readonly kind: 'category';
  readonly codes: Int32Array;
  value(code: number): string;
}

/** A number per point, NaN where it has none. Instants are milliseconds since 1970. */
export interface NumberColumn {
  readonly kind: 'number';
  readonly values: Float64Array;
  readonly unit: 'number' | 'date';
}

/** What a point has in a column, as people read it; null where it has nothing. */
export function textAt(points: Points, column: string, index: number): string | null {
  const found = points.columns.get(column);
  if (found === undefined) return null;
  if (found.kind === 'number') {
    const value = found.values[index] ?? Number.NaN;
    if (Number.isNaN(value)) return null;
    return found.unit === 'date' ? new Date(value).toISOString() : String(value);
  }
  const code = found.codes[index] ?? -1;
  return code < 0 ? null : found.value(code);
}

/** Coordinates of a point as the server gave them. */
export function coordinatesAt(points: Points, index: number): readonly number[] {
  const axes = points.components === 3 ? [points.x, points.y, points.z] : [points.x, points.y];
  return axes.map((axis, i) => (points.middle[i] ?? 0) + (axis[index] ?? Number.NaN) * points.halfExtent);
}

/** Where coordinates as the server gives them lie in the world. */
export function placeInWorld({ middle, halfExtent }: Points, at: readonly number[]): [number, number, number] {
  const place = (axis: 0 | 1 | 2) => (axis < at.length ? ((at[axis] ?? 0) - middle[axis]) / halfExtent : 0);
  return [place(0), place(1), place(2)];
}

/** Arrow's numbers of the types that are told apart here. */
const arrowType = { dictionary: -1, int: 2, float: 3, decimal: 7, date: 8, timestamp: 10 } as const;

/** Decodes the bytes in slices. @throws Error that says which column is missing */
export async function decodePoints(bytes: Uint8Array, signal?: AbortSignal): Promise<Points> {
  const data = decodeIPC(bytes);
  const { schema } = data;
  if (schema === undefined) throw new Error('The points are not an Arrow stream: it has no schema.');
  // A dictionary-encoded field is read as its codes, and its dictionary as a table of its own whose strings are
  // decoded one by one: reading both at once decodes every string at once (28 ms for 100,000 labels, in one task).
  const fields = schema.fields.map((field) =>
    field.type.typeId === arrowType.dictionary
      ? { ...field, type: field.type.indices, dictionary: dictionaryOf(data, field.type.id, field.type.dictionary) }
      : { ...field, dictionary: null },
  );
  const table = createTable({ ...data, schema: { ...schema, fields }, dictionaries: [] });
  const cellsOf = (name: string): Cells<unknown> => {
    const cells = table.names.includes(name) ? table.getChild(name) : null;
    if (!cells) throw new Error(`The points have no column "${name}"; they have: ${table.names.join(', ')}.`);
    return cells;
  };

  const count = table.numRows;
  const keys = cellsOf('key');
  const axes = table.names.includes('z') ? ['x', 'y', 'z'] : ['x', 'y'];
  const fitted = await fit(axes.map(cellsOf), count, signal);

  const columns = new Map<string, Column>();
  for (const field of fields) {
    if (field.name === 'key' || axes.includes(field.name)) continue;
    const cells = cellsOf(field.name);
    const type = field.type.typeId;
    if (field.dictionary !== null) {
      columns.set(field.name, {
        kind: 'category',
        codes: await readCodes(cells, count, signal),
        value: field.dictionary,
      });
    } else if (type === arrowType.int || type === arrowType.float || type === arrowType.decimal) {
      columns.set(field.name, { kind: 'number', values: await readNumbers(cells, count, signal), unit: 'number' });
    } else if (type === arrowType.date || type === arrowType.timestamp) {
      columns.set(field.name, { kind: 'number', values: await readNumbers(cells, count, signal), unit: 'date' });
    } else {
      columns.set(field.name, await encodeTexts(cells, count, signal));
    }
  }
  return {
    count,
    components: axes.length === 3 ? 3 : 2,
    ...fitted,
    rows: null,
    key: (index) => String(keys.at(index)),
    columns,
  };
}

function dictionaryOf(data: ArrowData, id: number, type: DataType): (code: number) => string {
  const batches = data.dictionaries?.filter((batch) => batch.id === id) ?? [];
  const lastWhole = batches.findLastIndex((batch) => !batch.isDelta);
  const records = batches
    .slice(Math.max(0, lastWhole))
    .map(({ data: record, body }) => (body === undefined ? record : { ...record, body }));
  const field = { name: 'value', type, nullable: true, metadata: new Map<string, string>() };
  const cells = createTable({
    ...data,
    schema: { ...data.schema, fields: [field] },
    records,
    dictionaries: [],
  }).getChildAt(0);
  return (code) => String(cells.at(code) ?? '');
}

async function readCodes(cells: Cells<unknown>, count: number, signal?: AbortSignal): Promise<Int32Array> {
  const codes = new Int32Array(count);
  await eachInSlices(
    count,
    (i) => {
      const code = cells.at(i);
      codes[i] = code === null || code === undefined ? -1 : Number(code);
    },
    signal,
  );
  return codes;
}

async function readNumbers(cells: Cells<unknown>, count: number, signal?: AbortSignal): Promise<Float64Array> {
  const values = new Float64Array(count);
  await eachInSlices(
    count,
    (i) => {
      const value = cells.at(i);
      values[i] = value === null || value === undefined ? Number.NaN : Number(value);
    },
    signal,
  );
  return values;
}

/** Texts and truth values that came without a dictionary get one here. */
async function encodeTexts(cells: Cells<unknown>, count: number, signal?: AbortSignal): Promise<CategoryColumn> {
  const codes = new Int32Array(count);
  const values: string[] = [];
  const codeOf = new Map<string, number>();
  await eachInSlices(
    count,
    (i) => {
      const cell = cells.at(i);
      if (cell === null || cell === undefined) {
        codes[i] = -1;
        return;
      }
      const text = typeof cell === 'object' ? JSON.stringify(cell) : String(cell);
      let code = codeOf.get(text);
      if (code === undefined) {
        code = values.push(text) - 1;
        codeOf.set(text, code);
      }
      codes[i] = code;
    },
    signal,
  );
  return { kind: 'category', codes, value: (code) => values[code] ?? '' };
}

/** Moves and scales the coordinates into the world. A point that is not finite stays NaN and is never seen. */
async function fit(axes: readonly Cells<unknown>[], count: number, signal?: AbortSignal) {
  const read: Float32Array[] = [];
  for (const cells of axes) {
    const values = new Float32Array(count);
    await eachInSlices(
      count,
      (i) => {
        values[i] = Number(cells.at(i) ?? Number.NaN);
      },
      signal,
    );
    read.push(values);
  }
  const { middle, halfExtent } = fitWorld(read);
  const fitted: Float32Array[] = [];
  for (const [axis, values] of read.entries()) {
    const center = middle[axis] ?? 0;
    await eachInSlices(
      count,
      (i) => {
        values[i] = ((values[i] ?? Number.NaN) - center) / halfExtent;
      },
      signal,
    );
    fitted.push(values);
  }
  const [x = new Float32Array(count), y = new Float32Array(count), z = new Float32Array(count)] = fitted;
  return { x, y, z, middle, halfExtent };
}

/** The index of each key, in slices: 100,000 keys take 70 ms in all. */
export async function indexKeys(points: Points, signal?: AbortSignal): Promise<ReadonlyMap<string, number>> {
  const indexOf = new Map<string, number>();
  await eachInSlices(points.count, (i) => indexOf.set(points.key(i), i), signal);
  return indexOf;
}

/** The same points in another order: point i of the answer is point `rows[i]` of what was given. */
export async function alignPoints(points: Points, rows: Uint32Array, signal?: AbortSignal): Promise<Points> {
  const { count } = points;
  const pick = async <Values extends Float32Array | Float64Array | Int32Array>(values: Values): Promise<Values> => {
    const picked = values.slice() as Values;
    await eachInSlices(
      count,
      (i) => {
        picked[i] = values[rows[i] ?? 0] ?? Number.NaN;
      },
      signal,
    );
    return picked;
  };
  const columns = new Map<string, Column>();
  for (const [name, column] of points.columns) {
    columns.set(
      name,
      column.kind === 'number'
        ? { ...column, values: await pick(column.values) }
        : { ...column, codes: await pick(column.codes) },
    );
  }
  return {
    ...points,
    x: await pick(points.x),
    y: await pick(points.y),
    z: await pick(points.z),
    rows,
    key: (index) => points.key(rows[index] ?? 0),
    columns,
  };
}

/** Rows of formats with types of their own (Parquet, Arrow): values as cells, cells as columns of the table. */
import type { Cell, Column, Rejected, Row } from './format.ts';
import { nonFiniteReason } from './matrix.ts';
import { exactInteger } from './npy.ts';
import { commonLength, type FileColumn, gatherColumns, vectorReason } from './textCells.ts';

/** Any decoded value as a cell: integers beyond 2^53 as digits, NaN and infinities as null. */
export function toCell(value: unknown): Cell {
  if (value === null || value === undefined) return null;
  if (typeof value === 'number') return Number.isFinite(value) ? value : null;
  if (typeof value === 'bigint') return exactInteger(value);
  if (typeof value === 'string' || typeof value === 'boolean') return value;
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value;
  if (value instanceof Uint8Array || value instanceof Float32Array) return value;
  if (isIterable(value)) return Array.from(value, toCell);
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, toCell(inner)]));
}

function isIterable(value: object): value is Iterable<unknown> {
  return Symbol.iterator in value;
}

/** A list of numbers as a vector; a number that is missing becomes NaN, for which the row is kept out. */
export function toVector(list: Iterable<unknown>): Float32Array {
  return Float32Array.from(list, (value) =>
    typeof value === 'number' || typeof value === 'bigint' ? Number(value) : Number.NaN,
  );
}

/**
 * The columns of the table from those of the file: lists of numbers that mostly have one length are vectors of it,
 * numbered columns of numbers are one vector.
 */
export function tellColumns(
  columns: readonly (Column & { readonly list: boolean })[],
  sample: readonly (readonly Cell[])[],
): FileColumn[] {
  return gatherColumns(
    columns.map(({ list, ...column }, i): Column => {
      if (!list) return column;
      const lists = sample.map((cells) => cells[i]).filter((cell) => cell instanceof Float32Array);
      const dimension = commonLength(lists);
      return dimension === null || dimension < 2
        ? { ...column, type: 'json' }
        : { ...column, type: 'vector', dimension };
    }),
  );
}

/** A record from the cells of the file's columns. */
export function readTyped(cells: readonly Cell[], columns: readonly FileColumn[], index: number): Row | Rejected {
  const read: Cell[] = [];
  const line = index + 1;
  for (const { column, positions } of columns) {
    const [first = 0] = positions;
    const cell = cells[first] ?? null;
    if (column.type !== 'vector') {
      read.push(cell instanceof Float32Array ? Array.from(cell) : cell);
      continue;
    }
    const vector = positions.length > 1 ? toVector(positions.map((position) => cells[position])) : cell;
    if (!(vector instanceof Float32Array)) return { index, line, reason: `the vector "${column.name}" is missing` };
    const reason =
      positions.length > 1 && vector.some(Number.isNaN) ? nonFiniteReason(vector) : vectorReason(vector, column);
    if (reason !== null) return { index, line, reason };
    read.push(vector);
  }
  return { index, line, cells: read };
}

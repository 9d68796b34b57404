/**
 * Several tables become one: those with the same columns follow one another, those with different columns stand side
 * by side, record by record. So vectors meet their metadata, and the images of a training and a test part their labels.
 */
import { UserError } from '../errors.ts';
import { isMatrixTable, isRejected, type MatrixBlock, type Rejected, type Row, type Table } from './formats/format.ts';

/** Tables with the same columns, one after the other. */
export type Strand = readonly [Table, ...Table[]];

/** Some consecutive records of a strand: rows, or rows of a matrix, or a single bad one. */
export type Slice =
  | { readonly table: Table; readonly rows: readonly (Row | Rejected)[] }
  | MatrixSlice
  | { readonly table: Table; readonly rejected: Rejected };

/** Good rows of a matrix, row-major. */
export interface MatrixSlice {
  readonly table: Table;
  readonly firstIndex: number;
  readonly values: Float32Array;
}

/** The same `count` records of every strand. */
export interface Piece {
  readonly count: number;
  readonly slices: readonly Slice[];
}

/** Which tables follow one another and which stand side by side. */
export function arrangeTables(tables: readonly Table[]): Strand[] {
  const groups = [...new Set(tables.map(({ group }) => group))];
  const strands = new Map<string, [Table, ...Table[]]>();
  const met = new Map<string, number>();
  for (const table of tables) {
    const signature = JSON.stringify([isMatrixTable(table), table.columns.map(columnSignature)]);
    // Two tables alike in one group, as two arrays of the same shape in an .npz, are two columns and not a sequel.
    const inGroup = JSON.stringify([table.group, signature]);
    const before = table.group === null ? 0 : (met.get(inGroup) ?? 0);
    met.set(inGroup, before + 1);
    const strand = strands.get(`${before} ${signature}`);
    if (strand === undefined) strands.set(`${before} ${signature}`, [table]);
    else strand.push(table);
  }
  const arranged = [...strands.values()];
  for (const strand of arranged) strand.sort((a, b) => groups.indexOf(a.group) - groups.indexOf(b.group));
  checkCounts(arranged);
  return arranged;

  /** A matrix is called after its file, so its name does not count: the second half of the vectors has another. */
  function columnSignature({ name, type, dimension }: Table['columns'][number]): unknown[] {
    return type === 'vector' ? [type, dimension] : [name, type];
  }
}

/** Counts that are known beforehand are compared before anything is read. */
function checkCounts(strands: readonly Strand[]): void {
  const [first, ...others] = strands;
  if (first === undefined) throw new UserError('BAD_USER_INPUT', 'There is no table to import.');
  for (const other of others) {
    const pairs = first.length === other.length ? first.map((table, i) => [table, other[i] ?? table] as const) : [];
    for (const [a, b] of pairs) {
      if (a.rowCount !== null && b.rowCount !== null && a.rowCount !== b.rowCount) {
        throw unequal(a.file, a.rowCount, b.file, b.rowCount);
      }
    }
  }
}

function unequal(a: string, rowsA: number, b: string, rowsB: number): UserError {
  return new UserError(
    'BAD_USER_INPUT',
    `${a} has ${rowsA} rows and ${b} has ${rowsB}. Files with different columns are joined row by row and need the same number of rows, in the same order; leave out what does not belong to them.${
      [a, b].every(isSplit) ? ' If these are triples of a graph, say so: kind GRAPH.' : ''
    }`,
    { file: b },
  );
}

/** Parts of one data set have the same columns: where `train.tsv` and `valid.tsv` seem to differ, the first line is none of names. */
function isSplit(file: string): boolean {
  return /^(train|valid|dev|test)/i.test(file.slice(file.lastIndexOf('/') + 1));
}

/** Records in all, where that is known. */
export function countRecords(strands: readonly Strand[]): number | null {
  const counts = strands.map((strand) =>
    strand.reduce<number | null>((sum, { rowCount }) => (sum === null || rowCount === null ? null : sum + rowCount), 0),
  );
  return counts.find((count) => count !== null) ?? null;
}

/** The records of all strands, side by side. @throws UserError where one has more than another */
export async function* joinTables(strands: readonly Strand[], signal: AbortSignal): AsyncGenerator<Piece> {
  const cursors = strands.map((strand) => new Cursor(strand, signal));
  try {
    for (;;) {
      await Promise.all(cursors.map((cursor) => cursor.fill()));
      const count = Math.min(...cursors.map((cursor) => cursor.available));
      if (count === 0) break;
      yield { count, slices: cursors.map((cursor) => cursor.take(count)) };
    }
    await checkEnds(cursors);
  } finally {
    await Promise.all(cursors.map((cursor) => cursor.close()));
  }
}

async function checkEnds(cursors: readonly Cursor[]): Promise<void> {
  const longer = cursors.find((cursor) => cursor.available > 0);
  const ended = cursors.find((cursor) => cursor.available === 0);
  if (longer === undefined || ended === undefined) return;
  const rows = ended.taken;
  throw unequal(ended.file, rows, longer.file, await longer.countRest());
}

/** Where the reading of a strand stands. */
class Cursor {
  #slices: AsyncGenerator<{ slice: Slice; count: number }>;
  #current: { slice: Slice; count: number } | null = null;
  #dimension = 0;
  #file: string;
  #used = 0;
  taken = 0;

  constructor(strand: Strand, signal: AbortSignal) {
    this.#file = strand[0].file;
    this.#slices = readStrand(strand, signal);
  }

  get file(): string {
    return this.#file;
  }

  /** Records at hand. After `fill`, 0 means that the strand has ended. */
  get available(): number {
    return this.#current === null ? 0 : this.#current.count - this.#used;
  }

  async fill(): Promise<void> {
    if (this.available > 0) return;
    const next = await this.#slices.next();
    this.#current = next.done ? null : next.value;
    this.#used = 0;
    if (this.#current === null) return;
    this.#file = this.#current.slice.table.file;
    const { slice, count } = this.#current;
    this.#dimension = 'values' in slice ? slice.values.length / count : 0;
  }

  take(count: number): Slice {
    if (this.#current === null) throw new Error('nothing to take');
    const { slice } = this.#current;
    const from = this.#used;
    this.#used += count;
    this.taken += count;
    if ('rejected' in slice) return slice;
    if ('rows' in slice) return { table: slice.table, rows: slice.rows.slice(from, from + count) };
    const values = slice.values.subarray(from * this.#dimension, (from + count) * this.#dimension);
    return { table: slice.table, firstIndex: slice.firstIndex + from, values };
  }

  async countRest(): Promise<number> {
    let count = this.taken + this.available;
    for await (const next of this.#slices) count += next.count;
    return count;
  }

  async close(): Promise<void> {
    await this.#slices.return(undefined);
  }
}

async function* readStrand(strand: Strand, signal: AbortSignal): AsyncGenerator<{ slice: Slice; count: number }> {
  for (const table of strand) {
    if (isMatrixTable(table)) {
      for await (const block of table.matrix.blocks({ signal })) yield matrixSlice(table, block);
    } else {
      for await (const rows of table.rows({ signal })) {
        if (rows.length > 0) yield { slice: { table, rows }, count: rows.length };
      }
    }
  }
}

function matrixSlice(table: Table, block: MatrixBlock | Rejected): { slice: Slice; count: number } {
  if (isRejected(block)) return { slice: { table, rejected: block }, count: 1 };
  return { slice: { table, firstIndex: block.firstIndex, values: block.values }, count: block.count };
}

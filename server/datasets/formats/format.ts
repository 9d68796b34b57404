/**
 * What every file format gives: tables of rows, read in blocks from a stream of bytes. Formats know no database and
 * join nothing; who imports them decides which columns play which part.
 *
 * A record is a row of the file, good or bad. Records are numbered from 0 by `index`, bad ones included, so that two
 * files can be joined row by row and a reading can go on where another stopped. `line` is what a person looks for in
 * the file: the line on which the record begins, or its number from 1 where the format has no lines.
 */

/** Bytes with a name: a file, an upload, a member of an archive. */
export interface Source {
  /** File name, with folders divided by `/` where it comes out of a folder or an archive. */
  readonly name: string;
  /** Bytes, or null where only reading to the end tells (gzip). */
  readonly size: number | null;
  /** Whether a range costs no more than its own bytes. False: everything before it is read and thrown away. */
  readonly seekable: boolean;
  /**
   * The bytes from `start` up to, not including, `end`, in pieces of any size, each a fresh buffer; of `pieceBytes` where the
   * source is free to choose.
   */
  open(range?: SourceRange): AsyncIterable<Uint8Array>;
}

export interface SourceRange {
  readonly start: number;
  readonly end?: number;
  readonly pieceBytes?: number;
}

/** A value. Vectors are Float32Array, images and other bytes Uint8Array. Numbers in cells are finite. */
export type Cell =
  | string
  | number
  | boolean
  | null
  | Date
  | Float32Array
  | Uint8Array
  | readonly Cell[]
  | { readonly [key: string]: Cell };

/** A good record: one cell per column. */
export interface Row {
  readonly index: number;
  readonly line: number;
  readonly cells: readonly Cell[];
}

/** A bad record, kept out. */
export interface Rejected {
  readonly index: number;
  readonly line: number | null;
  /** One sentence: what came and what was wanted. */
  readonly reason: string;
  /** The file, where it is not the table's own (a metadata row without its image). */
  readonly file?: string;
}

export const columnTypes = ['text', 'number', 'boolean', 'date', 'json', 'vector', 'image'] as const;

/**
 * What the cells of a column hold, nulls apart. In text formats (CSV, TSV, JSON Lines) the type is told from a sample
 * of the first rows: a later cell of a number, boolean or date column that is something else comes as the string or
 * value it is. A vector column always gives Float32Array of its dimension; other rows are rejected.
 */
export type ColumnType = (typeof columnTypes)[number];

/** What the format itself says of a column's part. Names of columns are not looked at. */
export type ColumnRole = 'key' | 'label' | 'folder';

export interface Column {
  readonly name: string;
  readonly type: ColumnType;
  /** Of a vector column: numbers per row. */
  readonly dimension?: number;
  readonly role?: ColumnRole;
}

export interface ReadOptions {
  /** Ends the reading with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Records to pass over, bad ones included. Dense formats jump; others read and throw away. Default 0. */
  readonly skip?: number;
}

export interface Table {
  /** Name of what it holds, without folder and extension: `vectors`, an array in an .npz, a tensor's name. */
  readonly name: string;
  /** The file it comes from, for messages. */
  readonly file: string;
  /**
   * Tables of one import that belong together, row by row, bear the same group (arrays of one .npz, a tensor and its
   * metadata, images and labels of one IDX pair). Null: nothing is known, the number of rows decides.
   */
  readonly group: string | null;
  /** The format, in a word or two a person knows: `CSV`, `NumPy`, `Parquet`. */
  readonly format: string;
  readonly columns: readonly Column[];
  /** Records, good and bad, or null where only reading tells. */
  readonly rowCount: number | null;
  /** Blocks of at most some thousand records in the order of the file. @throws UserError naming file and line */
  rows(options?: ReadOptions): AsyncIterable<readonly (Row | Rejected)[]>;
}

/** Consecutive good records of a matrix: `count` rows of `dimension` numbers, row-major, all finite. */
export interface MatrixBlock {
  /** Index of its first record. The line of record i is i + 1. */
  readonly firstIndex: number;
  readonly count: number;
  readonly values: Float32Array;
}

/** Rows of one length, read without an object per row. */
export interface Matrix {
  readonly rowCount: number | null;
  readonly dimension: number;
  /** The numbers of a row are pixels from 0 to 255, rows from the top, channels innermost. */
  readonly pixels?: { readonly width: number; readonly height: number; readonly channels: number };
  blocks(options?: ReadOptions): AsyncIterable<MatrixBlock | Rejected>;
}

/** A table of one vector column, which can also be read as a matrix (npy, fvecs, IDX images, raw tensors). */
export interface MatrixTable extends Table {
  readonly matrix: Matrix;
}

export function isMatrixTable(table: Table): table is MatrixTable {
  return 'matrix' in table;
}

export function isRejected(record: Row | MatrixBlock | Rejected): record is Rejected {
  return 'reason' in record;
}

export interface OpenOptions {
  /**
   * An existing folder, empty and the caller's own, for what must lie on disk to be read (Parquet inside a gzip, a
   * compressed TAR). The caller removes it when the tables are no longer needed.
   */
  readonly scratchDir: string;
  readonly signal?: AbortSignal;
}

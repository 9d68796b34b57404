/** Rows of one length in bytes, without an object per row: what npy, fvecs, IDX and raw tensors share. */
import { UserError } from '../../errors.ts';
import type { Matrix, MatrixBlock, MatrixTable, ReadOptions, Rejected, Row, Source } from './format.ts';

/** Bytes of a block. Large enough that a block costs more than its bookkeeping, small enough for a processor's cache. */
export const BLOCK_BYTES = 4 << 20;

/** A table of one vector column over a matrix. */
export function matrixTable(table: {
  readonly name: string;
  readonly file: string;
  readonly group: string | null;
  readonly format: string;
  readonly column?: string;
  readonly matrix: Matrix;
}): MatrixTable {
  const { matrix, column = 'vectors', ...rest } = table;
  return {
    ...rest,
    columns: [{ name: column, type: 'vector', dimension: matrix.dimension }],
    rowCount: matrix.rowCount,
    matrix,
    rows: (options) => matrixRows(matrix, options),
  };
}

async function* matrixRows(matrix: Matrix, options?: ReadOptions): AsyncGenerator<(Row | Rejected)[]> {
  for await (const block of matrix.blocks(options)) {
    if ('reason' in block) {
      yield [block];
      continue;
    }
    const { firstIndex, count, values } = block;
    yield Array.from({ length: count }, (_, i) => ({
      index: firstIndex + i,
      line: firstIndex + i + 1,
      cells: [values.subarray(i * matrix.dimension, (i + 1) * matrix.dimension)],
    }));
  }
}

export interface RecordLayout {
  readonly source: Source;
  /** Byte at which record 0 begins. */
  readonly start: number;
  readonly recordBytes: number;
  /** Records that the header promises; null: as many as there are. */
  readonly recordCount: number | null;
  /** Whole records that go into a block. */
  readonly blockRecords?: number;
}

export interface RecordBlock {
  readonly firstIndex: number;
  readonly count: number;
  /** The records' bytes, at the start of an ArrayBuffer of their own. */
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/**
 * Records of a fixed length in blocks: pieces of the source where it gives them as large, otherwise copied once out of them.
 * @throws UserError when the source ends within a record or before the promised number of records
 */
export async function* recordBlocks(layout: RecordLayout, options: ReadOptions = {}): AsyncGenerator<RecordBlock> {
  const { source, start, recordBytes, recordCount } = layout;
  const { signal, skip = 0 } = options;
  const blockRecords = layout.blockRecords ?? Math.max(1, Math.floor(BLOCK_BYTES / recordBytes));
  const last = recordCount ?? Number.POSITIVE_INFINITY;
  let firstIndex = skip;
  if (firstIndex >= last) return;
  const blockBytes = () => Math.min(blockRecords, last - firstIndex) * recordBytes;
  let bytes: Uint8Array<ArrayBuffer> | null = null;
  let filled = 0;
  const range = { start: start + skip * recordBytes, pieceBytes: blockRecords * recordBytes };
  const end = recordCount === null ? undefined : start + recordCount * recordBytes;
  for await (const piece of source.open(end === undefined ? range : { ...range, end })) {
    signal?.throwIfAborted();
    if (filled === 0 && piece.length === blockBytes() && ownsBuffer(piece)) {
      const count = piece.length / recordBytes;
      yield { firstIndex, count, bytes: piece };
      firstIndex += count;
      continue;
    }
    for (let at = 0; at < piece.length && firstIndex < last; ) {
      bytes ??= unfilled(blockBytes());
      const taken = Math.min(piece.length - at, bytes.length - filled);
      bytes.set(at === 0 && taken === piece.length ? piece : piece.subarray(at, at + taken), filled);
      at += taken;
      filled += taken;
      if (filled === bytes.length) {
        const count = filled / recordBytes;
        yield { firstIndex, count, bytes };
        firstIndex += count;
        filled = 0;
        bytes = null;
      }
    }
  }
  const count = Math.floor(filled / recordBytes);
  if (count > 0 && bytes !== null) yield { firstIndex, count, bytes: bytes.slice(0, count * recordBytes) };
  const found = firstIndex + count;
  if (filled % recordBytes !== 0 || (recordCount !== null && found < recordCount)) {
    const promised = recordCount === null ? '' : ` of ${recordCount}`;
    throw new UserError(
      'BAD_USER_INPUT',
      `${source.name} is cut off in row ${found + 1}${promised}: a row takes ${recordBytes} bytes, ${filled % recordBytes} are left. Get the file again.`,
      { file: source.name, line: found + 1 },
    );
  }
}

function ownsBuffer(piece: Uint8Array): piece is Uint8Array<ArrayBuffer> {
  return piece.buffer instanceof ArrayBuffer && piece.length === piece.buffer.byteLength;
}

/** Bytes of an ArrayBuffer of their own, not filled with zeros first: each is written before it is read. */
function unfilled(length: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.allocUnsafeSlow(length).buffer);
}

/**
 * Blocks with every row that holds NaN or an infinity taken out as a rejection. Blocks without one pass as they are.
 */
export async function* finiteBlocks(
  blocks: AsyncIterable<MatrixBlock>,
  dimension: number,
): AsyncGenerator<MatrixBlock | Rejected> {
  for await (const block of blocks) yield* splitAtNonFinite(block, dimension);
}

function* splitAtNonFinite(block: MatrixBlock, dimension: number): Generator<MatrixBlock | Rejected> {
  const { firstIndex, count, values } = block;
  if (allFinite(values)) {
    yield block;
    return;
  }
  let good = 0; // row at which the present run of good rows begins
  for (let row = 0; row < count; row++) {
    const numbers = values.subarray(row * dimension, (row + 1) * dimension);
    if (allFinite(numbers)) continue;
    if (row > good) {
      const run = values.slice(good * dimension, row * dimension);
      yield { firstIndex: firstIndex + good, count: row - good, values: run };
    }
    good = row + 1;
    yield { index: firstIndex + row, line: firstIndex + row + 1, reason: nonFiniteReason(numbers) };
  }
  if (count > good) {
    yield { firstIndex: firstIndex + good, count: count - good, values: values.slice(good * dimension) };
  }
}

/** Whether no number is NaN or infinite: only those times 0 are not 0. Four sums, as one would wait for itself. */
export function allFinite(values: Float32Array): boolean {
  const { length } = values;
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  let i = 0;
  for (; i + 3 < length; i += 4) {
    a += (values[i] ?? 0) * 0;
    b += (values[i + 1] ?? 0) * 0;
    c += (values[i + 2] ?? 0) * 0;
    d += (values[i + 3] ?? 0) * 0;
  }
  for (; i < length; i++) a += (values[i] ?? 0) * 0;
  return a + b + c + d === 0;
}

/** Why a vector with NaN or an infinity in it is kept out. */
export function nonFiniteReason(values: ArrayLike<number>): string {
  const at = Array.prototype.findIndex.call(values, (value: number) => !Number.isFinite(value));
  return `number ${at + 1} of the vector is ${values[at]}; wanted: finite numbers within the range of float32`;
}

/** The rows of a matrix on the card, in as many buffers as it takes. */
import type { Matrix } from '../matrix.ts';
import type { GpuBackend } from './backend.ts';

export interface GpuRows {
  readonly rows: number;
  readonly columns: number;
  /** Vectors of 4 columns per row; the last one is filled up with zeros. */
  readonly quads: number;
  readonly chunks: readonly RowChunk[];
}

export interface RowChunk {
  /** Number of its first row. */
  readonly first: number;
  readonly rows: number;
  /** float32 (rows, 4 * quads) */
  readonly buffer: GPUBuffer;
  /** float32 (rows): squared lengths. */
  readonly squares: GPUBuffer;
  /** float32 (rows): zeros, for who has no use for the lengths. */
  readonly zeros: GPUBuffer;
}

/** Numbers that are made ready at a time: 4 MiB. */
const WINDOW = 2 ** 20;

/**
 * @param mostRows rows of a chunk at most
 * @param order which row comes where; default: as they are
 * @throws GpuError where not even one row fits
 */
export function uploadRows(
  backend: GpuBackend,
  { rows, columns, data }: Matrix,
  { mostRows = rows, order }: { readonly mostRows?: number; readonly order?: Uint32Array | undefined } = {},
): GpuRows {
  const quads = Math.ceil(columns / 4);
  const width = 4 * quads;
  const most = Math.max(1, Math.min(mostRows, Math.floor(backend.bufferBytes / (width * 4))));
  const chunks: RowChunk[] = [];
  for (let first = 0; first < rows; first += most) {
    const count = Math.min(most, rows - first);
    const buffer = backend.allocate('rows', count * width * 4);
    const lengths = squaresOf(data, columns, count, (i) => order?.[first + i] ?? first + i);
    const zeros = backend.allocate('zeros', count * 4);
    chunks.push({ first, rows: count, buffer, squares: backend.upload('squares', lengths), zeros });
    if (width === columns && order === undefined) {
      backend.write(buffer, data.subarray(first * columns, (first + count) * columns));
      continue;
    }
    const windowRows = Math.max(1, Math.floor(WINDOW / width));
    for (let start = 0; start < count; start += windowRows) {
      const wide = new Float32Array(Math.min(windowRows, count - start) * width);
      for (let i = 0; i * width < wide.length; i++) {
        const row = order === undefined ? first + start + i : (order[first + start + i] ?? 0);
        wide.set(data.subarray(row * columns, (row + 1) * columns), i * width);
      }
      backend.write(buffer, wide, start * width * 4);
    }
  }
  return { rows, columns, quads, chunks };
}

function squaresOf(data: Float32Array, columns: number, rows: number, name: (i: number) => number): Float32Array {
  const squares = new Float32Array(rows);
  for (let i = 0; i < rows; i++) {
    let sum = 0;
    for (let at = name(i) * columns, end = at + columns; at < end; at++) sum += (data[at] ?? 0) ** 2;
    squares[i] = sum;
  }
  return squares;
}

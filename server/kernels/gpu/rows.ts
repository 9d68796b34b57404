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
}

/** Numbers that are made ready at a time: 4 MiB. */
const WINDOW = 2 ** 20;

export interface RowsOptions {
  /** Rows of a chunk at most. */
  readonly mostRows?: number;
  /** Which row comes where; default: as they are. */
  readonly order?: Uint32Array | undefined;
}

/**
 * @throws GpuError where not even one row fits
 */
export function uploadRows(
  backend: GpuBackend,
  { rows, columns, data }: Matrix,
  { mostRows = rows, order }: RowsOptions = {},
): GpuRows {
  const quads = Math.ceil(columns / 4);
  const width = 4 * quads;
  const most = Math.max(1, Math.min(mostRows, Math.floor(backend.bufferBytes / (width * 4))));
  const chunks: RowChunk[] = [];
  for (let first = 0; first < rows; first += most) {
    const count = Math.min(most, rows - first);
    const buffer = backend.allocate('rows', count * width * 4);
    chunks.push({ first, rows: count, buffer });
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

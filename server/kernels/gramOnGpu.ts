/** Products of a matrix on the graphics card, for principal components: gram.wgsl. */
import type { GpuBackend } from './gpu/backend.ts';
import { type GpuRows, uploadRows } from './gpu/rows.ts';
import { shaders } from './gpu/shaders.ts';
import { createMatrix, type Matrix } from './matrix.ts';

/** Columns of a tile. */
const TILE = 64;
const TILE_BYTES = TILE * TILE * 4;
/** Rows of a slice: 64 x 64 columns of so many rows are 20 ms of a software driver. A multiple of 16. */
const SLICE_ROWS = 4096;
/** What the sums of a round's slices may take together. */
const PART_BYTES = 2 ** 26;

export interface RowProducts {
  /** (X - mean)' (X - mean), float64 (d, d), of sums in float32: good to six digits or so. */
  centered(mean: Float64Array): Promise<Float64Array>;
  /** (X - center) V', (n, c). @param directions float64 (c, d): V */
  along(directions: Float64Array, center: Float64Array): Promise<Matrix>;
}

/**
 * Puts X, (n, d), onto the card. To be used before the backend is released to where it was.
 * @param there X, where it is on the card already
 */
export function productsOnGpu(
  backend: GpuBackend,
  matrix: Matrix,
  signal: AbortSignal | undefined,
  there?: GpuRows | undefined,
): RowProducts {
  // So that the coordinates along up to 512 directions have room in a buffer as well.
  const mostRows = Math.floor(backend.bufferBytes / (4 * 512));
  const rows = { backend, matrix, signal, ...(there ?? uploadRows(backend, matrix, { mostRows })) };
  return {
    centered: (mean) => centeredProducts(rows, mean),
    along: (directions, center) => coordinatesAlong(rows, directions, center),
  };
}

interface RowsOnCard extends Pick<GpuRows, 'chunks' | 'quads'> {
  readonly backend: GpuBackend;
  readonly matrix: Matrix;
  readonly signal: AbortSignal | undefined;
}

/** What a stage does not use. */
const idle = { slices: 0, slice_rows: 0, slice_base: 0, directions: 0 };

/** Slices of rows times pairs of tiles of columns, each a sum of its own, which are then added up in the order of the slices. */
async function centeredProducts(
  { backend, matrix: { columns: d }, chunks, quads, signal }: RowsOnCard,
  mean: Float64Array,
): Promise<Float64Array> {
  const before = backend.mark();
  const gram = await backend.kernel(shaders.gram, 'gram');
  const addUp = await backend.kernel(shaders.gram, 'add_up');
  const tiles = Math.ceil(quads / 16);
  const pairs = Array.from({ length: tiles }, (_, i) =>
    Array.from({ length: tiles - i }, (__, j) => [i, i + j] as const),
  ).flat();
  const meanAt = backend.upload('mean', padded(mean, 1, d, quads));
  const pairsAt = backend.upload(
    'pairs',
    Uint32Array.from(pairs.flat(), (tile) => tile * 16),
  );
  const room = Math.floor(Math.min(PART_BYTES, backend.bufferBytes) / (pairs.length * TILE_BYTES));
  const all = Math.max(...chunks.map(({ rows }) => Math.ceil(rows / SLICE_ROWS)));
  const slices = Math.max(1, Math.min(room, all));
  const parts = backend.allocate('parts', slices * pairs.length * TILE_BYTES);
  const sums = backend.allocate('sums', pairs.length * TILE_BYTES);
  for (const { buffer, rows } of chunks) {
    const parameters = (round: number) => ({
      ...{ ...idle, rows, quads, slices },
      ...{ slice_rows: SLICE_ROWS, slice_base: round * slices },
    });
    await backend.run(
      'gram',
      Math.ceil(rows / (SLICE_ROWS * slices)),
      [
        {
          kernel: gram,
          blocks: pairs.length * slices,
          work: TILE * TILE * Math.min(rows, SLICE_ROWS),
          buffers: () => ({ 0: buffer, 1: meanAt, 2: pairsAt, 3: parts }),
          parameters,
        },
        {
          kernel: addUp,
          blocks: Math.ceil((pairs.length * TILE_BYTES) / 16 / 256),
          work: 4 * 256 * slices,
          buffers: () => ({ 2: pairsAt, 3: parts, 4: sums }),
          parameters,
        },
      ],
      { signal },
    );
  }
  const found = new Float32Array(await backend.read(sums, pairs.length * TILE_BYTES));
  backend.release(before);
  return unfold(found, pairs, d);
}

async function coordinatesAlong(
  { backend, matrix: { rows: n, columns: d }, chunks, quads, signal }: RowsOnCard,
  directions: Float64Array,
  center: Float64Array,
): Promise<Matrix> {
  const before = backend.mark();
  const count = directions.length / d;
  const project = await backend.kernel(shaders.gram, 'project');
  const centerAt = backend.upload('center', padded(center, 1, d, quads));
  const directionsAt = backend.upload('directions', padded(directions, count, d, quads));
  const coordinates = createMatrix(n, count);
  for (const { buffer, first, rows } of chunks) {
    const inside = backend.mark();
    const out = backend.allocate('coordinates', rows * count * 4);
    await backend.run(
      'project',
      1,
      [
        {
          kernel: project,
          blocks: Math.ceil(rows / 64),
          work: 64 * d * count,
          buffers: () => ({ 0: buffer, 1: centerAt, 5: directionsAt, 6: out }),
          parameters: () => ({ ...idle, rows, quads, directions: count }),
        },
      ],
      { signal },
    );
    coordinates.data.set(new Float32Array(await backend.read(out, rows * count * 4)), first * count);
    backend.release(inside);
  }
  backend.release(before);
  return coordinates;
}

/** Rows filled up with zeros to whole vectors of 4. */
function padded(values: Float64Array, rows: number, columns: number, quads: number): Float32Array {
  const wide = new Float32Array(rows * quads * 4);
  for (let i = 0; i < rows; i++) wide.set(values.subarray(i * columns, (i + 1) * columns), i * quads * 4);
  return wide;
}

/** Tiles at and above the diagonal → the whole symmetric matrix, float64 (d, d). */
function unfold(tiles: Float32Array, pairs: readonly (readonly [number, number])[], d: number): Float64Array {
  const full = new Float64Array(d * d);
  pairs.forEach(([down, across], pair) => {
    for (let i = 0; i < Math.min(TILE, d - down * TILE); i++) {
      for (let j = 0; j < Math.min(TILE, d - across * TILE); j++) {
        const value = tiles[(pair * TILE + i) * TILE + j] ?? 0;
        full[(down * TILE + i) * d + across * TILE + j] = value;
        full[(across * TILE + j) * d + down * TILE + i] = value;
      }
    }
  });
  return full;
}

/** Nearest neighbours on the graphics card: every row with every other where that is affordable, otherwise cell by cell. */
import { nearestByCells } from './cellsOnGpu.ts';
import type { Metric } from './distance.ts';
import type { GpuBackend } from './gpu/backend.ts';
import { uploadRows } from './gpu/rows.ts';
import type { Neighbors, SearchOptions } from './knn.ts';
import type { Matrix } from './matrix.ts';
import { listedRows, type Range, searchPlanned, tilesOf } from './searchOnGpu.ts';
import { principalOnGpu, SKETCH_ABOVE } from './subspace.ts';

/** n^2 d multiply-adds that are affordable: some ten seconds of a large card. 1,000,000 rows of 128 columns are beyond it. */
const EXACT_WORK = 1e14;

/** @param matrix for the metric COSINE: of rows of length 1 */
export async function nearestNeighborsOnGpu(
  backend: GpuBackend,
  matrix: Matrix,
  k: number,
  metric: Metric,
  options: SearchOptions = {},
): Promise<Neighbors> {
  const { rows: n, columns: d } = matrix;
  const { exactWork = EXACT_WORK, principal: components } = options;
  // There are no cells of what is near by the inner product: long rows are near to all.
  if (n * n * d > exactWork && metric !== 'INNER_PRODUCT') {
    return await nearestByCells(backend, matrix, k, metric, options);
  }
  const before = backend.mark();
  try {
    const side = { rows: uploadRows(backend, matrix, { mostRows: listedRows(backend, k) }) };
    const all: Range = [0, n];
    const plan = tilesOf([all], [all]);
    const search = { queries: side, references: side, k, metric, plan, excludeSelf: true };
    const found = { n, k, ...(await searchPlanned(backend, search, options)), recall: 1 };
    if (components === undefined || d > SKETCH_ABOVE) return found;
    // While the rows are there: copying them takes longer than what is made of them.
    return { ...found, principal: await principalOnGpu(backend, matrix, components, options.signal, side.rows) };
  } finally {
    backend.release(before);
  }
}

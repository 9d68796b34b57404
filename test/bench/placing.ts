/**
 * One new vector at a time placed on a map that is there: its neighbours among all vectors in memory, exactly, then its place by UMAP and by
 * t-SNE, and by UMAP on the unit sphere around the mean, as where `spherize` is set; against the same with every vector compared. The maps
 * are those of the methods, at half of t-SNE's usual iterations: by then its points lie as far apart as in the end.
 */
import { CpuBackend } from '#kernels/cpu/backend.ts';
import { type MapOptions, makeMap } from '#kernels/map.ts';
import { createMatrix, type Matrix, rowOf } from '#kernels/matrix.ts';
import { type Nearest, nearestRows, placeRows, type ScannedRows } from '#kernels/scan.ts';
import { nearestOnSphere, sphereAround } from '#kernels/scanSphere.ts';
import { meanOfRows, spherize } from '#kernels/spherize.ts';
import { placeOnTsne, prepareTsne } from '#kernels/tsne/placeOnTsne.ts';
import { type NewNeighbors, placeOnUmap } from '#kernels/umap/placeOnUmap.ts';
import { libraryThreads } from '../helpers/threads.ts';
import type { Figure } from './figures.ts';
import { DIMENSION, readVectors } from './vectors.ts';

const QUERIES = 100;
const NEIGHBORS = 15;
const PLACE_MS = 5;

async function mapOf(
  backend: CpuBackend,
  matrix: Matrix,
  options: Pick<MapOptions, 'method' | 'tsne'>,
): Promise<Matrix> {
  const before = backend.mark();
  const usual = { components: 2, metric: 'EUCLIDEAN', seed: 42 } as const;
  const { coordinates } = await makeMap(matrix, { ...usual, ...options }, { backend: async () => backend });
  backend.release(before);
  return coordinates;
}

export async function placingBench(report: (figure: Figure) => void): Promise<void> {
  const { values } = await readVectors(70_000);
  const strangers = createMatrix(QUERIES, DIMENSION, values.slice(-QUERIES * DIMENSION));
  for (const rows of [10_000, 60_000]) {
    const matrix = createMatrix(rows, DIMENSION, values.slice(0, rows * DIMENSION));
    const backend = await CpuBackend.create(libraryThreads());
    try {
      const byUmap = await mapOf(backend, matrix, { method: 'UMAP' });
      const byTsne = await mapOf(backend, matrix, { method: 'TSNE', tsne: { iterations: 500 } });
      const placed = await placeRows(backend, matrix, 'EUCLIDEAN');
      if (placed === null) throw new Error('The vectors cannot be compared in memory.');
      const ground = prepareTsne(byTsne);
      const sphere = await sphereAround(backend, placed, meanOfRows(matrix));
      const asTheyAre = (among: ScannedRows, row: Float32Array) => nearestRows(backend, among, row, NEIGHBORS);
      const onSphere = (among: ScannedRows, row: Float32Array) => {
        const { data } = spherize({ rows: 1, columns: DIMENSION, data: row }, sphere.mean);
        return nearestOnSphere(backend, among, sphere, data, NEIGHBORS);
      };
      const ways: readonly [string, typeof asTheyAre, (near: NewNeighbors) => unknown][] = [
        ['UMAP', asTheyAre, (near) => placeOnUmap(near, byUmap)],
        ['t-SNE', asTheyAre, (near) => placeOnTsne(near, ground)],
        ['UMAP, spherized', onSphere, (near) => placeOnUmap(near, byUmap)],
      ];
      for (const [name, search, place] of ways) {
        const median = async (among: ScannedRows): Promise<number> => {
          const took: number[] = [];
          for (let i = 0; i < QUERIES; i++) {
            const begun = performance.now();
            const { rows: ids, distances }: Nearest = await search(among, rowOf(strangers, i));
            place({ n: 1, k: NEIGHBORS, ids, distances: Float32Array.from(distances) });
            took.push(performance.now() - begun);
          }
          return took.sort((a, b) => a - b)[QUERIES / 2] ?? Number.NaN;
        };
        await median(placed); // compiled
        const what = `one vector on a map by ${name}, ${rows} x ${DIMENSION}`;
        const figure = { value: await median(placed), raw: await median({ ...placed, sketch: null }) };
        report({ bench: 'placing', engine: null, what, ...figure, unit: 'ms', target: { atMost: PLACE_MS } });
      }
    } finally {
      backend.close();
    }
  }
}

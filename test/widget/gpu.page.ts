/** What gpu.test.ts runs in a page: kernels on the card that the browser gives, beside the same on the processor. */
import { CpuBackend } from '#kernels/cpu/backend.ts';
import { GpuBackend } from '#kernels/gpu/backend.ts';
import { nearestNeighbors, nearestNeighborsPlain } from '#kernels/knn.ts';
import { initializeTsne, runTsne } from '#kernels/tsne/tsne.ts';
import { initializeUmap, runUmap } from '#kernels/umap/umap.ts';

import { findPageGpu } from '../../widget/gpu.ts';
import { firstColumns, groups } from '../helpers/rows.ts';

export interface PageResult {
  readonly name: string;
  /** Places where the neighbours are not those of the definition. */
  readonly wrongNeighbors: number;
  /** Greatest difference of a coordinate from the processor's, after one epoch of UMAP and one step of t-SNE. */
  readonly umap: number;
  readonly tsne: number;
  /** Whether a second run of UMAP gave the same bits. */
  readonly same: boolean;
}

/** Null where the page has no graphics card. */
async function run(): Promise<PageResult | null> {
  const found = await findPageGpu();
  if (found === null) return null;
  const cpu = await CpuBackend.create(null);
  const backend = new GpuBackend(found.device, { cpu, now: () => performance.now() });
  const rows = groups(100, 6);
  const start = firstColumns(rows, 2);
  const wanted = nearestNeighborsPlain(rows, 12, 'EUCLIDEAN');
  const neighbors = await nearestNeighbors(backend, rows, 12, 'EUCLIDEAN');
  const wrongNeighbors = neighbors.ids.filter((id, i) => id !== wanted.ids[i]).length;

  const [plain, fast] = [initializeUmap(neighbors, start), initializeUmap(neighbors, start)];
  await runUmap(cpu, plain, 1);
  await runUmap(backend, fast, 1);
  const [plainTsne, fastTsne] = [0, 1].map(() => initializeTsne(neighbors, start, { perplexity: 4 }));
  if (!plainTsne || !fastTsne) throw new Error('no t-SNE');
  await runTsne(cpu, plainTsne, 1);
  await runTsne(backend, fastTsne, 1);

  const [first, second] = [0, 1].map(() => initializeUmap(neighbors, start));
  if (!first || !second) throw new Error('no UMAP');
  await runUmap(backend, first, 20);
  await runUmap(backend, second, 20);
  const same = first.layout.positions.every((value, i) => value === second.layout.positions[i]);
  const result = {
    ...{ name: found.name, wrongNeighbors, same },
    umap: apart(plain.layout.positions, fast.layout.positions),
    tsne: apart(plainTsne.layout.positions, fastTsne.layout.positions),
  };
  backend.close();
  return result;
}

function apart(a: Float32Array, b: Float32Array): number {
  return a.reduce((most, value, i) => Math.max(most, Math.abs(value - (b[i] ?? 0))), 0);
}

Object.assign(globalThis, { run });

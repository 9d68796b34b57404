/**
 * UMAP's epochs on the processor: cpu/assembly/layout.ts, and for densMAP cpu/assembly/density.ts. Reference: `layoutEpoch` in layout.ts,
 * and density.ts. layoutOnGpu.ts does the same on a graphics card.
 */
import type { CpuBackend } from '../cpu/backend.ts';
import { cutRows } from '../graph.ts';
import { type Density, densityTerms, firstDenseEpoch } from './density.ts';
import { BETA1, BETA2, BLOCK } from './layout.ts';
import type { RunOptions, Umap } from './umap.ts';

/** Of umapEpochWide (cpu/assembly/layout.ts), per dimension: three vectors. */
const WIDE_SCRATCH_BYTES = 48;

/** Goes on until `untilEpoch` epochs are done. When `signal` stopped it, the state is that after the last whole epoch. */
export async function runUmapOnCpu(
  backend: CpuBackend,
  umap: Umap,
  untilEpoch: number,
  { signal, onEpoch }: RunOptions,
): Promise<void> {
  const { graph, forces, density, epochs, seed, layout } = umap;
  const { n } = graph;
  const { dimensions } = layout;
  const length = dimensions * n;
  const firstDense = density === null ? epochs : firstDenseEpoch(density, epochs);
  const before = backend.mark();
  const starts = backend.upload(graph.starts);
  const columns = backend.upload(graph.columns);
  const weights = backend.upload(graph.weights);
  const momentum = backend.upload(layout.momentum);
  const velocity = backend.upload(layout.velocity);
  let from = backend.upload(layout.positions);
  let to = backend.allocate(length * 4);
  const scratchBytes = dimensions * (BLOCK * 4 + WIDE_SCRATCH_BYTES);
  const negatives = backend.allocate(backend.threadCount * scratchBytes);
  const sums = backend.allocate(density === null ? 0 : 2 * n * 4);
  const terms = backend.allocate(density === null ? 0 : 2 * n * 4);
  const dense = backend.allocate(density === null ? 0 : length * 4);

  // Blocks are cut so that pieces carry the same number of edges, four to a thread: rows differ in length.
  const pieces = cutRows(graph, 4 * backend.threadCount, BLOCK, BLOCK);
  try {
    while (layout.epoch < Math.min(untilEpoch, epochs)) {
      const { epoch } = layout;
      const rate = 1 - epoch / epochs;
      const correction1 = 1 - BETA1 ** (epoch + 1);
      const correction2 = Math.sqrt(1 - BETA2 ** (epoch + 1));
      const isDense = density !== null && epoch >= firstDense;
      // From here to the end of the epoch all or nothing: the signal is looked at between epochs.
      if (isDense) await findDensity(density);
      await backend.run(
        dimensions === 2 || dimensions === 3 ? 'umapEpoch' : 'umapEpochWide',
        pieces.length - 1,
        (piece, thread) => [
          ...[n, dimensions, n, starts, columns, weights, from, to, momentum, velocity],
          ...[negatives + thread * scratchBytes, forces.a, forces.b, forces.repulsion],
          ...[rate, correction1, correction2, epoch, seed, pieces[piece] ?? 0, pieces[piece + 1] ?? 0],
          isDense ? dense : 0,
        ],
      );
      [from, to] = [to, from];
      layout.epoch = epoch + 1;
      onEpoch?.(layout.epoch);
      signal?.throwIfAborted();
    }
  } finally {
    layout.positions = backend.float32(from, length).slice();
    layout.momentum.set(backend.float32(momentum, length));
    layout.velocity.set(backend.float32(velocity, length));
    backend.release(before);
  }

  /** Fills `dense` with the forces of density upon each point: sums, what of them belongs to points, forces. */
  async function findDensity(wanted: Density): Promise<void> {
    const scratch = (thread: number) => negatives + thread * scratchBytes;
    const run = async (name: 'densitySums' | 'densityForces', parameters: (thread: number) => readonly number[]) => {
      await backend.run(name, pieces.length - 1, (piece, thread) => [
        ...[n, dimensions, starts, columns, ...parameters(thread)],
        ...[(pieces[piece] ?? 0) * BLOCK, Math.min(n, (pieces[piece + 1] ?? 0) * BLOCK)],
      ]);
    };
    await run('densitySums', () => [from, forces.a, forces.b, sums]);
    backend.float32(terms, 2 * n).set(densityTerms(wanted, graph, backend.float32(sums, 2 * n)));
    await run('densityForces', (thread) => [weights, from, forces.a, forces.b, terms, dense, scratch(thread)]);
  }
}

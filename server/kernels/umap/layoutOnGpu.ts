/** UMAP's epochs on the graphics card: layout.wgsl. Reference: `layoutEpoch` in layout.ts, with the same points drawn at random. */
import type { GpuBackend, Stage } from '../gpu/backend.ts';
import { interleave, part, planesOf, pointsOf, uploadGraph } from '../gpu/graph.ts';
import { shaders } from '../gpu/shaders.ts';
import { BETA1, BETA2, BLOCK } from './layout.ts';
import type { RunOptions, Umap } from './umap.ts';

const shader = shaders.gather + shaders.hash + shaders.umapLayout;

/** Multiply-adds and the like of one force. A power counts for several. */
const FORCE_WORK = 16;

/**
 * Goes on until `untilEpoch` epochs are done, or throws and leaves the state as it was: GpuError when the card fails, and what
 * `signal` was aborted with.
 */
export async function runUmapOnGpu(
  backend: GpuBackend,
  { graph, forces, epochs, seed, layout }: Umap,
  untilEpoch: number,
  { signal, onEpoch }: RunOptions,
): Promise<void> {
  const { n } = graph;
  const { dimensions, epoch: begun } = layout;
  const rounds = Math.min(untilEpoch, epochs) - begun;
  if (rounds <= 0) return;
  const before = backend.mark();
  try {
    const gather = await backend.kernel(shader, 'gather', { dimensions });
    const step = await backend.kernel(shader, 'step', { dimensions });
    const onCard = backend.keep(graph, () => uploadGraph(backend, graph));
    const even = backend.upload('positions', pointsOf(layout.positions, n));
    const odd = backend.allocate('next positions', even.size);
    const positionsIn = (round: number) => (round % 2 === 0 ? even : odd);
    const moments = backend.upload('moments', interleave(pointsOf(layout.momentum, n), pointsOf(layout.velocity, n)));
    const parameters = (round: number) => {
      const epoch = begun + round;
      const correction1 = 1 - BETA1 ** (epoch + 1);
      const correction2 = Math.sqrt(1 - BETA2 ** (epoch + 1));
      return {
        ...{ segments: onCard.segmentCount, n, epoch, seed, ...forces },
        rate: ((1 - epoch / epochs) * correction2) / correction1,
        epsilon: 1e-7 * correction2,
      };
    };
    const stages: Stage[] = [
      {
        kernel: gather,
        blocks: Math.ceil(onCard.segmentCount / 64),
        work: (FORCE_WORK * 64 * graph.columns.length) / Math.max(1, onCard.segmentCount),
        buffers: (round) => ({
          0: onCard.segments,
          1: onCard.columns,
          2: onCard.weights,
          3: positionsIn(round),
          4: onCard.pulls,
        }),
        parameters,
      },
      {
        kernel: step,
        blocks: Math.ceil(n / BLOCK),
        work: FORCE_WORK * BLOCK * BLOCK,
        buffers: (round) => ({
          3: positionsIn(round),
          4: onCard.pulls,
          5: onCard.segmentStarts,
          6: positionsIn(round + 1),
          7: moments,
        }),
        parameters,
      },
    ];
    await backend.run('umap', rounds, stages, { signal, onRounds: (done) => onEpoch?.(begun + done) });
    const bytes = n * dimensions * 4;
    const positions = new Float32Array(await backend.read(positionsIn(rounds), bytes));
    const [momentum, velocity] = part(new Float32Array(await backend.read(moments, 2 * bytes)));
    layout.positions = planesOf(positions, n);
    layout.momentum.set(planesOf(momentum, n));
    layout.velocity.set(planesOf(velocity, n));
    layout.epoch = begun + rounds;
  } finally {
    backend.release(before);
  }
}

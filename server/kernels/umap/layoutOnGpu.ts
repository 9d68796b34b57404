/**
 * UMAP's epochs on the graphics card: layout.wgsl, and for densMAP density.wgsl. Reference: `layoutEpoch` in layout.ts, with the same
 * points drawn at random, and density.ts.
 */
import type { GpuBackend, Stage } from '../gpu/backend.ts';
import {
  byTurns,
  type GpuGraph,
  type GpuPlaces,
  gatherShader,
  gatherStage,
  interleave,
  readPlaces,
  uploadGraph,
  uploadPlaces,
} from '../gpu/graph.ts';
import { shaders } from '../gpu/shaders.ts';
import { type Density, firstDenseEpoch } from './density.ts';
import type { Graph } from './fuzzyGraph.ts';
import { BETA1, BETA2, BLOCK, type Forces } from './layout.ts';
import type { RunOptions, Umap } from './umap.ts';

/** Multiply-adds and the like of one force. A power counts for several. */
const FORCE_WORK = 16;

/**
 * Goes on until `untilEpoch` epochs are done, or throws and leaves the state as it was: GpuError when the card fails, and what
 * `signal` was aborted with.
 */
export async function runUmapOnGpu(
  backend: GpuBackend,
  { graph, forces, density, epochs, seed, layout }: Umap,
  untilEpoch: number,
  { signal, onEpoch }: RunOptions,
): Promise<void> {
  const { n } = graph;
  const { dimensions, epoch: begun } = layout;
  const rounds = Math.min(untilEpoch, epochs) - begun;
  if (rounds <= 0) return;
  const before = backend.mark();
  try {
    const shader = gatherShader(dimensions) + shaders.hash + shaders.umapLayout;
    const gather = await backend.kernel(shader, 'gather', { dimensions });
    const step = await backend.kernel(shader, 'step', { dimensions });
    const onCard = backend.keep(graph, () => uploadGraph(backend, graph, dimensions));
    const places = uploadPlaces(backend, n, layout.positions, layout.momentum, layout.velocity);
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
    const firstDense = density === null ? epochs : firstDenseEpoch(density, epochs);
    const attract = gatherStage(gather, onCard, places, FORCE_WORK, parameters);
    const move: Stage = {
      kernel: step,
      blocks: Math.ceil(n / BLOCK),
      work: FORCE_WORK * BLOCK * BLOCK,
      buffers: byTurns((round) => ({
        3: places.positionsIn(round),
        4: onCard.pulls,
        5: onCard.segmentStarts,
        6: places.positionsIn(round + 1),
        7: places.beside,
      })),
      parameters,
    };
    // Epochs without density come first; those with it go on from where they end.
    const plain = Math.max(0, Math.min(rounds, firstDense - begun));
    const options = (before: number) => ({ signal, onRounds: (done: number) => onEpoch?.(begun + before + done) });
    if (plain > 0) await backend.run('umap', plain, [attract, move], options(0));
    if (density !== null && plain < rounds) {
      const dense = await densityStages(backend, density, graph, forces, dimensions, onCard, places);
      const later = [attract, ...dense, move].map((stage) => after(stage, plain));
      await backend.run('umap with density', rounds - plain, later, options(plain));
    }
    const [positions, momentum, velocity] = await readPlaces(backend, places, rounds, n, dimensions);
    layout.positions = positions;
    layout.momentum.set(momentum);
    layout.velocity.set(velocity);
    layout.epoch = begun + rounds;
  } finally {
    backend.release(before);
  }
}

/** The stage of a run that begins so many rounds later. */
function after({ buffers, parameters, ...stage }: Stage, rounds: number): Stage {
  return { ...stage, buffers: (round) => buffers(rounds + round), parameters: (round) => parameters(rounds + round) };
}

/** What adds the force of density to what is gathered of attraction. */
async function densityStages(
  backend: GpuBackend,
  { radii, weight, varianceShift }: Density,
  { n, columns, weights }: Graph,
  { a, b }: Forces,
  dimensions: number,
  onCard: GpuGraph,
  { positionsIn }: GpuPlaces,
): Promise<Stage[]> {
  const { segmentCount, segments, segmentStarts } = onCard;
  const known = Float32Array.from(radii, (radius) => (Number.isNaN(radius) ? 0 : 1));
  const wanted = backend.upload(
    'radii',
    interleave(
      radii.map((radius) => (Number.isNaN(radius) ? 0 : radius)),
      known,
    ),
  );
  const segmentSums = backend.allocate('sums of segments', segmentCount * 8);
  const pointSums = backend.allocate('sums of points', n * 8);
  const moments = backend.allocate('moments of radii', 16);
  const terms = backend.allocate('terms of points', n * 8);
  const factor = weight * weights.reduce((sum, each) => sum + each / 2, 0);
  const parameters = () => ({ segments: segmentCount, n, a, b, factor, shift: varianceShift });
  const edgeWork = (FORCE_WORK * 64 * columns.length) / Math.max(1, segmentCount);
  const stage = async (
    entry: string,
    blocks: number,
    work: number,
    buffers: (round: number) => Readonly<Record<number, GPUBuffer>>,
  ): Promise<Stage> => {
    const kernel = await backend.kernel(gatherShader(dimensions) + shaders.umapDensity, entry, { dimensions });
    return { kernel, blocks, work, buffers: byTurns(buffers), parameters };
  };
  const graph = (round: number) => ({ 0: segments, 1: onCard.columns, 3: positionsIn(round) });
  const points = Math.ceil(n / 64);
  const edges = Math.ceil(segmentCount / 64);
  return [
    await stage('sums', edges, edgeWork, (round) => ({ ...graph(round), 7: segmentSums })),
    await stage('radii', points, 64, () => ({ 5: segmentStarts, 7: segmentSums, 8: pointSums })),
    await stage('moments', 1, FORCE_WORK * n, () => ({ 6: wanted, 8: pointSums, 9: moments })),
    await stage('terms', points, 64 * FORCE_WORK, () => ({ 6: wanted, 8: pointSums, 9: moments, 10: terms })),
    await stage('forces', edges, edgeWork, (round) => ({
      ...graph(round),
      ...{ 2: onCard.weights, 4: onCard.pulls, 10: terms },
    })),
  ];
}

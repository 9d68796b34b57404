/** t-SNE's steps on the graphics card, exactly, over all pairs: gradient.wgsl. Reference: `tsneStepPlain` in gradient.ts. */
import type { GpuBackend, Stage } from '../gpu/backend.ts';
import { byTurns, gatherShader, gatherStage, readPlaces, uploadGraph, uploadPlaces } from '../gpu/graph.ts';
import { shaders } from '../gpu/shaders.ts';
import type { TsneStep } from './gradient.ts';
import type { Tsne, TsneRunOptions } from './tsne.ts';

/** As TILE in gradient.wgsl. */
const TILE = 256;
/** Points of a workgroup, as POINTS there. */
const POINTS = 1024;
/** Points of a slice at most: a workgroup's with so many others are 20 ms of a software driver. */
const SLICE_POINTS = 4096;
/** As many workgroups as fill a large card, so that few points do not leave it idle. */
const WORKGROUPS = 1024;
/** Multiply-adds and the like of one force. */
const FORCE_WORK = 10;

/**
 * Goes on until `untilIteration` iterations are done, or throws and leaves the state as it was: GpuError when the card fails, and what
 * `signal` was aborted with.
 * @param stepOf what holds in an iteration
 */
export async function runTsneOnGpu(
  backend: GpuBackend,
  { affinities: graph, iterations, layout }: Tsne,
  untilIteration: number,
  stepOf: (iteration: number) => TsneStep,
  { signal, onIteration }: TsneRunOptions,
): Promise<void> {
  const { n } = graph;
  const { dimensions, iteration: begun } = layout;
  const rounds = Math.min(untilIteration, iterations) - begun;
  if (rounds <= 0) return;
  const before = backend.mark();
  try {
    const shader = gatherShader(dimensions) + shaders.tsneGradient;
    const constants = { dimensions };
    const gather = await backend.kernel(shader, 'gather', constants);
    const repel = await backend.kernel(shader, 'repel', constants);
    const total = await backend.kernel(shader, 'total');
    const step = await backend.kernel(shader, 'step', constants);

    // By the number of points alone, so that the sums do not depend on the card.
    const tiles = Math.ceil(n / TILE);
    const blocks = Math.ceil(n / POINTS);
    const wanted = Math.max(Math.ceil(n / SLICE_POINTS), Math.ceil(WORKGROUPS / blocks));
    const slicePoints = Math.ceil(tiles / Math.min(wanted, tiles)) * TILE;
    const slices = Math.ceil(n / slicePoints);
    const groups = blocks * slices;

    const onCard = backend.keep(graph, () => uploadGraph(backend, graph, dimensions));
    const places = uploadPlaces(backend, n, layout.positions, layout.updates, layout.gains);
    const pushes = backend.allocate('pushes', slices * n * 16);
    const sums = backend.allocate('sums', groups * 4);
    const z = backend.allocate('z', 4);
    const parameters = (round: number) => {
      const { exaggeration, learningRate, momentum, longest } = stepOf(begun + round);
      return {
        ...{ segments: onCard.segmentCount, n, slices, slice_points: slicePoints, groups },
        ...{ exaggeration, learning_rate: learningRate, momentum, longest },
      };
    };
    const stages: Stage[] = [
      gatherStage(gather, onCard, places, FORCE_WORK, parameters),
      {
        kernel: repel,
        blocks: groups,
        work: FORCE_WORK * POINTS * slicePoints,
        buffers: byTurns((round) => ({ 3: places.positionsIn(round), 8: pushes, 9: sums })),
        parameters,
      },
      { kernel: total, blocks: 1, work: groups, buffers: byTurns(() => ({ 9: sums, 10: z })), parameters },
      {
        kernel: step,
        blocks: Math.ceil(n / 64),
        work: 64 * FORCE_WORK * (slices + 4),
        buffers: byTurns((round) => ({
          3: places.positionsIn(round),
          4: onCard.pulls,
          5: onCard.segmentStarts,
          6: places.positionsIn(round + 1),
          7: places.beside,
          8: pushes,
          10: z,
        })),
        parameters,
      },
    ];
    await backend.run('t-SNE', rounds, stages, { signal, onRounds: (done) => onIteration?.(begun + done) });
    const [positions, updates, gains] = await readPlaces(backend, places, rounds, n, dimensions);
    layout.positions = positions;
    layout.updates.set(updates);
    layout.gains.set(gains);
    layout.iteration = begun + rounds;
  } finally {
    backend.release(before);
  }
}

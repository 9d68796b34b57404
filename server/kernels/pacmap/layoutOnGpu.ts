/** The layout of PaCMAP and LocalMAP on the graphics card: layout.wgsl. Reference: `pairsStepPlain` in layout.ts. */
import type { GpuBackend, Stage } from '../gpu/backend.ts';
import { byTurns, gatherShader, gatherStage, readPlaces, uploadGraph, uploadPlaces } from '../gpu/graph.ts';
import { shaders } from '../gpu/shaders.ts';
import { type PairForces, type PairLayout, type Pairs, rateOf } from './layout.ts';

/** Multiply-adds and the like of one force. */
const FORCE_WORK = 12;

/** The pairs of each kind, both ways. */
export interface KindsOfPairs {
  readonly near: Pairs;
  readonly mid: Pairs;
  readonly further: Pairs;
}

/**
 * Goes on until `untilIteration` iterations are done, or throws and leaves the state as it was: GpuError when the card fails, and what
 * `signal` was aborted with.
 * @param owner for as long as it is the same, so are the pairs; null: they are for this call alone
 * @param forcesOf the weights of the kinds in an iteration
 */
export async function runPairsOnGpu(
  backend: GpuBackend,
  layout: PairLayout,
  { owner, kinds }: { readonly owner: object | null; readonly kinds: () => KindsOfPairs },
  untilIteration: number,
  forcesOf: (iteration: number) => PairForces,
  {
    signal,
    onIteration,
  }: { readonly signal?: AbortSignal | undefined; readonly onIteration?: ((iteration: number) => void) | undefined },
): Promise<void> {
  const { dimensions, iteration: begun } = layout;
  const n = layout.positions.length / dimensions;
  const rounds = untilIteration - begun;
  if (rounds <= 0) return;
  const before = backend.mark();
  try {
    const shader = gatherShader(dimensions) + shaders.pacmapLayout;
    const gather = await backend.kernel(shader, 'gather', { dimensions });
    const step = await backend.kernel(shader, 'step', { dimensions });
    const put = () => uploadGraph(backend, joinKinds(n, kinds()), dimensions);
    const onCard = owner === null ? put() : backend.keep(owner, put);
    const places = uploadPlaces(backend, n, layout.positions, layout.momentum, layout.velocity);
    const parameters = (round: number) => {
      const { near, mid, further, reach } = forcesOf(begun + round);
      return { segments: onCard.segmentCount, n, near, mid, further, reach, rate: rateOf(begun + round) };
    };
    const stages: Stage[] = [
      gatherStage(gather, onCard, places, FORCE_WORK, parameters),
      {
        kernel: step,
        blocks: Math.ceil(n / 64),
        work: FORCE_WORK * 64 * 4,
        buffers: byTurns((round) => ({
          3: places.positionsIn(round),
          4: onCard.pulls,
          5: onCard.segmentStarts,
          6: places.positionsIn(round + 1),
          7: places.beside,
        })),
        parameters,
      },
    ];
    await backend.run('pairs', rounds, stages, { signal, onRounds: (done) => onIteration?.(begun + done) });
    const [positions, momentum, velocity] = await readPlaces(backend, places, rounds, n, dimensions);
    layout.positions = positions;
    layout.momentum.set(momentum);
    layout.velocity.set(velocity);
    layout.iteration = untilIteration;
  } finally {
    backend.release(before);
  }
}

/** One graph of all pairs, in which the weight of an edge is its kind: 0 near, 1 mid-near, 2 further. */
function joinKinds(n: number, { near, mid, further }: KindsOfPairs) {
  const kinds = [near, mid, further];
  const starts = new Uint32Array(n + 1);
  const columns = new Uint32Array(kinds.reduce((sum, pairs) => sum + pairs.columns.length, 0));
  const weights = new Float32Array(columns.length);
  let at = 0;
  for (let i = 0; i < n; i++) {
    kinds.forEach((pairs, kind) => {
      const row = pairs.columns.subarray(pairs.starts[i] ?? 0, pairs.starts[i + 1] ?? 0);
      columns.set(row, at);
      weights.fill(kind, at, at + row.length);
      at += row.length;
    });
    starts[i + 1] = at;
  }
  return { n, starts, columns, weights };
}

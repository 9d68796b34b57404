/**
 * Graph models on the graphics card that there is: the rate of the three products that a step consists of, what an epoch of the large
 * presets takes (some steps of it, at the length that they have), and, where GPU_GRAPHS_SECONDS is given, what a preset reaches in that
 * time. Says aloud on which card. One in software is given shapes that are small, and promises nothing.
 *
 *     npm run bench -- gpu-graphs
 *     GPU_GRAPHS_SECONDS=300 GPU_GRAPHS_TRAIN=wn18rr-complex-n3 npm run bench -- gpu-graphs
 *     DAWN_TOGGLES=disable_robustness npm run bench -- gpu-graphs
 */
import { CpuBackend } from '#kernels/cpu/backend.ts';
import { deepProduct, type GpuMatrix, gemmOnGpu, type ProductKind, product, slicesOf } from '#kernels/gemmOnGpu.ts';
import { GpuBackend, type Stage } from '#kernels/gpu/backend.ts';
import { unitsOf } from '#kernels/kge/batches.ts';
import { rankGraph } from '#kernels/kge/evaluate.ts';
import { indexQueries, type KnowledgeGraph } from '#kernels/kge/graph.ts';
import { allTasks, rankMetrics } from '#kernels/kge/metrics.ts';
import { runTraining } from '#kernels/kge/train.ts';
import { createTraining, resultOfTraining } from '#kernels/kge/training.ts';
import { findGpu } from '../../server/gpu.ts';
import { requirePreset } from '../../server/graphs/presets.ts';
import { type Settings, trainingOptions } from '../../server/graphs/settings.ts';
import { hasGraphData, readGraph } from '../helpers/graphData.ts';
import type { Figure } from './figures.ts';

/** What a data-centre card is to do: the rate of each product, and what the issue promises of the presets. */
const LEAST_GFLOPS = 10_000;
const promised = [
  { name: 'fb15k-237-complex-n3-rp', mrr: 0.385, minutes: 40 },
  { name: 'wn18rr-complex-n3', mrr: 0.485, minutes: 20 },
] as const;
const PIECE_MS = 50;
const SEED = 42;
/** What one product is repeated for. */
const PRODUCT_SECONDS = 1;
/** Steps of an epoch that are measured. */
const STEPS = 40;

export async function gpuGraphsBench(report: (figure: Figure) => void): Promise<void> {
  const found = await findGpu((process.env['DAWN_TOGGLES'] ?? '').split(',').filter((toggle) => toggle !== ''));
  if ('missing' in found) {
    console.error(`gpu-graphs: NOTHING WAS MEASURED. ${found.missing}`);
    return;
  }
  const { device, name: card, software } = found;
  console.error(`gpu-graphs: on ${card}${software ? ', which is SOFTWARE: the times say nothing of a card' : ''}`);
  const cpu = await CpuBackend.create(null);
  const gpu = new GpuBackend(device, { cpu, now: () => performance.now() });
  const figure = (what: string, value: number, unit: Figure['unit'], target: Figure['target']) =>
    report({
      ...{ bench: 'gpu-graphs', engine: null, raw: null, what: `${what}, ${card}`, value, unit },
      target: software ? null : target,
    });
  try {
    for (const { name } of software ? promised.slice(0, 1) : promised) {
      const shape = software ? { queries: 128, entities: 256, dimension: 64 } : shapeOf(name);
      for (const kind of ['A_BT', 'A_B', 'AT_B'] as const) {
        const rate = await productRate(gpu, kind, shape, software ? 0.2 : PRODUCT_SECONDS);
        const sizes = `${shape.queries} queries, ${shape.entities} entities, ${shape.dimension} numbers`;
        figure(`${words[kind]}: ${sizes}`, rate, 'GFLOP/s', { atLeast: LEAST_GFLOPS });
      }
    }
    if (!hasGraphData()) {
      console.error('gpu-graphs: the shared graph data is not here: no model was trained.');
      return;
    }
    for (const { name, minutes } of promised) {
      const { seconds, epochs } = await epochOf(gpu, name, software);
      figure(`${name}: an epoch`, seconds, 's', { atMost: (60 * minutes) / epochs });
    }
    const seconds = Number(process.env['GPU_GRAPHS_SECONDS'] ?? 0);
    const wanted = (process.env['GPU_GRAPHS_TRAIN'] ?? 'wn18rr-complex-n3').split(',');
    for (const { name, mrr } of promised) {
      if (seconds === 0 || !wanted.includes(name)) continue;
      const trained = await train(gpu, name, seconds, software);
      figure(`${name}: MRR`, trained.mrr, 'MRR', { atLeast: mrr });
      figure(`${name}: ${trained.epochs} epochs, validations included`, trained.seconds, 's', null);
      figure(`${name}: ranks of the test triples`, trained.rankSeconds, 's', null);
    }
    figure('longest piece', gpu.longestPieceMs, 'ms', { atMost: PIECE_MS });
  } finally {
    gpu.close();
    cpu.close();
  }
}

const words: { readonly [Kind in ProductKind]: string } = {
  A_BT: 'scores (A B^T)',
  A_B: 'gradient by queries (A B)',
  AT_B: 'gradient by entities (A^T B)',
};

interface Shape {
  readonly queries: number;
  readonly entities: number;
  readonly dimension: number;
}

function settingsOf(name: string): Required<Pick<Settings, 'batch' | 'dimension' | 'epochs'>> & Settings {
  const { settings } = requirePreset(name);
  const { batch, dimension, epochs } = settings;
  if (batch === undefined || dimension === undefined || epochs === undefined) throw new Error(`${name} is incomplete.`);
  return { ...settings, batch, dimension, epochs };
}

function shapeOf(name: string): Shape {
  const { batch, dimension } = settingsOf(name);
  return { queries: batch, entities: name.startsWith('wn18rr') ? 40_943 : 14_541, dimension };
}

/** In software the smallest graph that there is: what can be seen is that it runs. */
function graphOf(name: string, software: boolean): KnowledgeGraph {
  return readGraph(software ? 'umls' : (requirePreset(name).dataset ?? name));
}

/** GFLOP/s of one of the products of a step. */
async function productRate(
  gpu: GpuBackend,
  kind: ProductKind,
  { queries: b, entities: e, dimension: d }: Shape,
  seconds: number,
): Promise<number> {
  const before = gpu.mark();
  const gemm = await gemmOnGpu(gpu);
  const matrix = (rows: number, columns: number): GpuMatrix => {
    const quads = Math.ceil(columns / 4);
    const values = new Float32Array(rows * quads * 4);
    for (let k = 0; k < values.length; k++) values[k] = ((k * 7919) % 1013) / 1013 - 0.5;
    return { buffer: gpu.upload('matrix', values), quads };
  };
  const [queries, entities, scores] = [matrix(b, d), matrix(e, d), matrix(b, e)];
  let stages: Stage[];
  if (kind === 'A_B') {
    const slices = slicesOf(b, queries.quads, e, 2 ** 28);
    const between = gpu.allocate('slices', slices.count * b * queries.quads * 16);
    const parts = [{ left: scores, right: entities, depth: e, slices }];
    stages = deepProduct(gemm, { kind, to: queries, rows: b, columns: d, between, parts });
  } else if (kind === 'A_BT') {
    stages = [product(gemm, { kind, left: queries, right: entities, to: scores, rows: b, columns: e, depth: d })];
  } else {
    stages = [product(gemm, { kind, left: scores, right: queries, to: entities, rows: e, columns: d, depth: b })];
  }
  const timed = async (rounds: number) => {
    const startedAt = performance.now();
    await gpu.run(`bench ${kind}`, rounds, stages);
    return (performance.now() - startedAt) / 1000;
  };
  // Until the length of a piece is found.
  let rounds = 1;
  while ((await timed(rounds)) < seconds / 8 && rounds < 1 << 16) rounds *= 2;
  const measured = Math.max(1, 4 * rounds);
  const rate = (2 * b * e * d * measured) / (await timed(measured)) / 1e9;
  gpu.release(before);
  return rate;
}

/** Seconds of an epoch: of some steps on the whole table, by how many more queries the whole epoch has. */
async function epochOf(gpu: GpuBackend, name: string, software: boolean): Promise<{ seconds: number; epochs: number }> {
  const settings = settingsOf(name);
  const graph = graphOf(name, software);
  const given = software ? { ...settings, dimension: 32 } : settings;
  // Triples from all over, so that their queries have as many answers as usual.
  const part = some(graph, (software ? 2 : STEPS) * given.batch);
  const options = { ...trainingOptions(given, SEED), epochs: 2, validateEvery: 0 };
  const units = (of: KnowledgeGraph) => unitsOf(indexQueries(of, [of.train]), options.objective, of);
  const training = createTraining(part, options);
  const startedAt: number[] = [];
  await runTraining(gpu, part, training, 2, {
    onProgress: (done) => {
      if (done === 0) startedAt.push(performance.now());
    },
    onEpoch: () => {
      if (training.epoch === 2) startedAt.push(performance.now());
    },
  });
  const [, begun = 0, ended = 0] = startedAt;
  return { seconds: (((ended - begun) / 1000) * units(graph)) / units(part), epochs: settings.epochs };
}

/** Triples at equal distances, about as many as make so many queries. */
function some(graph: KnowledgeGraph, queries: number): KnowledgeGraph {
  const each = Math.max(1, Math.floor(graph.train.length / 3 / queries));
  const train: number[] = [];
  for (let i = 0; i < graph.train.length / 3; i += each) train.push(...graph.train.subarray(3 * i, 3 * i + 3));
  return { ...graph, train: Int32Array.from(train) };
}

/** Trains for so long at most, and ranks the test triples. */
async function train(gpu: GpuBackend, name: string, seconds: number, software: boolean) {
  const graph = graphOf(name, software);
  const settings = settingsOf(name);
  const training = createTraining(
    graph,
    trainingOptions({ ...settings, ...(software ? { dimension: 32 } : {}) }, SEED),
  );
  const startedAt = performance.now();
  const spent = () => (performance.now() - startedAt) / 1000;
  await runTraining(gpu, graph, training, settings.epochs, {
    onEpoch: ({ epoch, loss, mrr }) =>
      console.error(
        `${name}: epoch ${epoch}, loss ${loss.toFixed(4)}${mrr === null ? '' : `, validation MRR ${mrr.toFixed(4)}`}, ${spent().toFixed(1)} s`,
      ),
    isEnough: () => spent() > seconds,
  });
  const trainSeconds = spent();
  const ranks = await rankGraph(gpu, graph, resultOfTraining(training), 'TEST');
  const { meanReciprocalRank, hits } = rankMetrics(ranks, allTasks(ranks));
  console.error(
    `${name}: test MRR ${meanReciprocalRank.toFixed(4)}, Hits@1, 3, 10 ${hits.map((hit) => hit.toFixed(4)).join(', ')}`,
  );
  return {
    mrr: meanReciprocalRank,
    seconds: trainSeconds,
    rankSeconds: spent() - trainSeconds,
    epochs: training.epoch,
  };
}

/**
 * Graph models: what the presets reach on the test triples, and how long they take. `graphs` trains what takes seconds, and times an
 * evaluation and a question; `trained-graphs` goes on with the long ones, some minutes at a time, from states in the folder for temporary files: run it
 * until it says that all have ended. The curves stand in test/bench/graphs/, a line for each epoch.
 */
import { appendFileSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { CpuBackend } from '#kernels/cpu/backend.ts';
import { rankGraph } from '#kernels/kge/evaluate.ts';
import { allTasks, rankMetrics } from '#kernels/kge/metrics.ts';
import { createParameters } from '#kernels/kge/parameters.ts';
import { runTraining } from '#kernels/kge/train.ts';
import { createTraining, resultOfTraining, type Training } from '#kernels/kge/training.ts';
import { trainingFromBytes, trainingToBytes } from '#kernels/kge/trainingBytes.ts';
import { type Preset, requirePreset } from '../../server/graphs/presets.ts';
import { trainingOptions } from '../../server/graphs/settings.ts';
import { hasGraphData, type NamedGraph, readGraph } from '../helpers/graphData.ts';
import { libraryThreads } from '../helpers/threads.ts';
import type { Figure } from './figures.ts';
import { linksBench } from './links.ts';

/** What issue and README promise: least MRR, most seconds on two cores. */
interface Promised {
  readonly preset: string;
  readonly mrr: number;
  readonly seconds: number;
}

const short: readonly Promised[] = [
  { preset: 'umls-complex-n3', mrr: 0.93, seconds: 10 },
  { preset: 'nations-complex-n3', mrr: 0.8, seconds: 10 },
];

const long: readonly Promised[] = [
  { preset: 'rote-32', mrr: 0.45, seconds: 600 },
  { preset: 'codex-s-complex-n3', mrr: 0.46, seconds: 1800 },
  { preset: 'transe', mrr: 0.31, seconds: 900 },
  { preset: 'fb15k-237-complex-n3', mrr: 0.325, seconds: 3600 },
];

const SEED = 42;
/** Of a turn of `trained-graphs`, for each preset. */
const TURN_SECONDS = 60;

const logs = fileURLToPath(new URL('./graphs/', import.meta.url));

export async function graphsBench(report: (figure: Figure) => void): Promise<void> {
  await withBackend(async (backend) => {
    for (const promised of short) {
      const { preset, graph } = find(promised);
      const startedAt = performance.now();
      const training = createTraining(graph, trainingOptions(preset.settings, SEED));
      await runTraining(backend, graph, training);
      const seconds = (performance.now() - startedAt) / 1000;
      reportTraining(report, promised, await testMrr(backend, graph, training), seconds);
    }
    const graph = readGraph('fb15k-237');
    const { entityCount, relationCount } = graph;
    const parameters = createParameters(entityCount, relationCount, { model: 'COMPLEX', dimension: 200, seed: SEED });
    const startedAt = performance.now();
    await rankGraph(backend, graph, parameters, 'TEST');
    report({
      ...{ bench: 'graphs', engine: null, raw: null, unit: 's', target: { atMost: 15 } },
      what: "ranks of FB15k-237's test triples, 200 reals",
      value: (performance.now() - startedAt) / 1000,
    });
    await linksBench(report);
  });
}

export async function graphsLongBench(report: (figure: Figure) => void): Promise<void> {
  await withBackend(async (backend) => {
    for (const promised of long) {
      const { preset, graph } = find(promised);
      const turn = await takeTurn(backend, preset, graph);
      if (turn.training.ended === null) {
        console.error(
          `${preset.name}: epoch ${turn.training.epoch}, ${turn.seconds.toFixed(0)} s so far; run it again to go on`,
        );
        continue;
      }
      const mrr = await testMrr(backend, graph, turn.training);
      reportTraining(report, promised, mrr, turn.seconds);
    }
  });
}

async function withBackend(work: (backend: CpuBackend) => Promise<void>): Promise<void> {
  if (!hasGraphData()) {
    console.error('The shared graph data is not here: nothing was measured of graphs.');
    return;
  }
  const backend = await CpuBackend.create(libraryThreads());
  try {
    await work(backend);
  } finally {
    backend.close();
  }
}

function find({ preset: name }: Promised): { preset: Preset; graph: NamedGraph } {
  const preset = requirePreset(name);
  if (preset.dataset === null) throw new Error(`The preset ${name} has no data set.`);
  return { preset, graph: readGraph(preset.dataset) };
}

async function testMrr(backend: CpuBackend, graph: NamedGraph, training: Training): Promise<number> {
  const ranks = await rankGraph(backend, graph, resultOfTraining(training), 'TEST');
  return rankMetrics(ranks, allTasks(ranks)).meanReciprocalRank;
}

function reportTraining(report: (figure: Figure) => void, promised: Promised, mrr: number, seconds: number): void {
  const common = { bench: 'graphs', engine: null, raw: null } as const;
  const { preset } = promised;
  report({ ...common, what: `${preset}: MRR`, value: mrr, unit: 'MRR', target: { atLeast: promised.mrr } });
  report({ ...common, what: `${preset}: training`, value: seconds, unit: 's', target: { atMost: promised.seconds } });
}

/** Goes on with a long training for a while, from where it was left. */
async function takeTurn(
  backend: CpuBackend,
  preset: Preset,
  graph: NamedGraph,
): Promise<{ training: Training; seconds: number }> {
  const folder = join(tmpdir(), 'embedding-map-bench-graphs');
  mkdirSync(folder, { recursive: true });
  mkdirSync(logs, { recursive: true });
  const file = join(folder, `${preset.name}.bin`);
  const log = join(logs, `${preset.name}.tsv`);
  const options = trainingOptions(preset.settings, SEED);
  const isBegun = existsSync(file);
  const training = isBegun
    ? trainingFromBytes(Uint8Array.from(readFileSync(file)).buffer)
    : createTraining(graph, options);
  if (!isBegun) writeFileSync(log, `epoch\tloss\tvalidation MRR\trate\tseconds\tCPU seconds\n`);
  let seconds = secondsIn(log);
  if (training.ended !== null) return { training, seconds };
  const startedAt = performance.now();
  let last = { wall: startedAt, cpu: process.cpuUsage() };
  await runTraining(backend, graph, training, options.epochs, {
    onEpoch({ epoch, loss, mrr, rate }) {
      const { user, system } = process.cpuUsage(last.cpu);
      const wall = performance.now();
      const spent = (wall - last.wall) / 1000;
      seconds += spent;
      const cells = [
        epoch,
        loss.toFixed(4),
        mrr?.toFixed(4) ?? '',
        rate,
        spent.toFixed(2),
        ((user + system) / 1e6).toFixed(2),
      ];
      appendFileSync(log, `${cells.join('\t')}\n`);
      last = { wall, cpu: process.cpuUsage() };
    },
    isEnough: () => performance.now() - startedAt > 1000 * TURN_SECONDS,
  });
  writeFileSync(`${file}.unfinished`, new Uint8Array(trainingToBytes(training)));
  renameSync(`${file}.unfinished`, file);
  if (training.ended !== null) {
    const mrr = await testMrr(backend, graph, training);
    appendFileSync(
      log,
      `# ended after ${training.epoch} epochs, best ${training.best?.epoch}: test MRR ${mrr.toFixed(4)}\n`,
    );
  }
  return { training, seconds };
}

/** What the epochs in a log have taken. */
function secondsIn(log: string): number {
  return readFileSync(log, 'utf8')
    .split('\n')
    .filter((line) => /^\d/.test(line))
    .reduce((sum, line) => sum + Number(line.split('\t')[4]), 0);
}

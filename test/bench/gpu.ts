/**
 * Maps on the graphics card against the same on the processor, in one run: the whole way from vectors to coordinates, and what the
 * map keeps. Says aloud on which card. One in software is right but slow: it is given fewer points, and promises nothing.
 */
import { CpuBackend } from '#kernels/cpu/backend.ts';
import { GpuBackend } from '#kernels/gpu/backend.ts';
import { nearestNeighbors } from '#kernels/knn.ts';
import { type MapOptions, type MapResult, makeMap } from '#kernels/map.ts';
import { createMatrix, type Matrix } from '#kernels/matrix.ts';
import { initializeQuality, type Quality, resultOfQuality, runQuality } from '#kernels/quality.ts';

import { cpuThreads } from '../../server/cpuThreads.ts';
import { findGpu } from '../../server/gpu.ts';
import type { Figure } from './figures.ts';
import { DIMENSION, readVectors } from './vectors.ts';

const POINTS = 60_000;
/** In software: fewer, and fewer times. */
const POINTS_IN_SOFTWARE = 300;
const ITERATIONS_IN_SOFTWARE = 100;
/** What a data-centre card is to keep. */
const UMAP_MS = 1500;
const TSNE_MS = 5000;
/** No piece of work keeps the card from others for longer. */
const PIECE_MS = 50;
/** By which the quality of the card's map may be below that of the processor's. */
const QUALITY_LOSS = 0.01;

export async function gpuBench(report: (figure: Figure) => void): Promise<void> {
  const found = await findGpu();
  if ('missing' in found) {
    console.error(`gpu: NOTHING WAS MEASURED. ${found.missing}`);
    return;
  }
  const { device, name, software } = found;
  const n = software ? POINTS_IN_SOFTWARE : POINTS;
  console.error(`gpu: on ${name}${software ? ', which is SOFTWARE: the times say nothing of a card' : ''}`);
  const { values, source } = await readVectors(n);
  console.error(`gpu: ${n} x ${DIMENSION}, ${source}`);
  const matrix = createMatrix(n, DIMENSION, new Float32Array(values));
  const cpu = await CpuBackend.create(cpuThreads());
  const gpu = new GpuBackend(device, { cpu, now: () => performance.now() });
  const figure = (what: string, ours: number, raw: number | null, atMost: number | null, unit: Figure['unit'] = 'ms') =>
    report({
      ...{ bench: 'gpu', engine: null, what: `${what}, ${name}`, value: ours, raw, unit },
      target: atMost === null || software ? null : { atMost },
    });
  try {
    await warmUp(gpu);
    const search = (backend: CpuBackend | GpuBackend) => nearestNeighbors(backend, matrix, 15, 'EUCLIDEAN');
    const umap = (backend: CpuBackend | GpuBackend) => mapOn(backend, matrix, { method: 'UMAP' });
    const tsne = (backend: CpuBackend | GpuBackend) =>
      mapOn(backend, matrix, { method: 'TSNE', tsne: software ? { iterations: ITERATIONS_IN_SOFTWARE } : {} });

    const [neighbors, neighborsRaw] = [await timed(() => search(gpu)), await timed(() => search(cpu))];
    figure('15 neighbours', neighbors.milliseconds, neighborsRaw.milliseconds, null);
    for (const [what, project, atMost] of [
      ['UMAP', umap, UMAP_MS],
      ['t-SNE', tsne, TSNE_MS],
    ] as const) {
      const ours = await timed(() => project(gpu));
      const raw = await timed(() => project(cpu));
      figure(what, ours.milliseconds, raw.milliseconds, atMost);
      const [card, processor] = [ours, raw].map(({ value }) => qualityOf(matrix, value.coordinates));
      for (const measure of ['trustworthiness', 'neighborRecall'] as const) {
        const loss = (processor?.[measure] ?? 1) - (card?.[measure] ?? 0);
        figure(`${what}, loss of ${measure}`, loss, null, QUALITY_LOSS, 'share');
      }
    }
    figure('longest piece', gpu.longestPieceMs, null, PIECE_MS);
  } finally {
    gpu.close();
    cpu.close();
  }
}

function mapOn(
  backend: CpuBackend | GpuBackend,
  matrix: Matrix,
  options: Pick<MapOptions, 'method' | 'umap' | 'tsne'>,
): Promise<MapResult> {
  const common = { components: 2, metric: 'EUCLIDEAN', seed: 42 } as const;
  return makeMap(matrix, { ...common, ...options }, { backend: async () => backend });
}

/** Shaders are compiled, and the lengths of pieces found. */
async function warmUp(gpu: GpuBackend): Promise<void> {
  const few = createMatrix(300, 8);
  few.data.forEach((_, i) => {
    few.data[i] = Math.sin(i * i);
  });
  await mapOn(gpu, few, { method: 'UMAP', umap: { epochs: 20 } });
  await mapOn(gpu, few, { method: 'TSNE', tsne: { iterations: 20 } });
}

async function timed<T>(work: () => Promise<T>): Promise<{ readonly milliseconds: number; readonly value: T }> {
  const begun = performance.now();
  const value = await work();
  return { milliseconds: performance.now() - begun, value };
}

function qualityOf(matrix: Matrix, map: Matrix): Quality | null {
  const state = initializeQuality(matrix, map, { metric: 'EUCLIDEAN', seed: 1 });
  if (state === null) return null;
  runQuality(state);
  return resultOfQuality(state);
}

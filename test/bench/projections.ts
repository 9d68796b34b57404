/**
 * Time and quality of maps, all in, from vectors in memory to coordinates, against others in the same run on the same machine:
 * umap-learn, scikit-learn and faiss where Python has them (Debian: python3-sklearn, python3-faiss, umap-learn), umap-js, and
 * embedding-atlas where it is installed. Those of JavaScript look at 10,000 rows; with LONG_PEERS=1 embedding-atlas at all.
 */
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { CpuBackend } from '#kernels/cpu/backend.ts';
import { nearestNeighbors } from '#kernels/knn.ts';
import { type MapMethod, type MapResult, makeMap } from '#kernels/map.ts';
import { createMatrix, type Matrix } from '#kernels/matrix.ts';
import { initializeQuality, type Quality, resultOfQuality, runQuality } from '#kernels/quality.ts';
import { startAlongComponents } from '#kernels/subspace.ts';
import { libraryThreads } from '../helpers/threads.ts';
import { readsTypescript } from '../helpers/typescript.ts';
import type { Figure, Target } from './figures.ts';
import { DIMENSION, readNpy, readVectors, writeNpy } from './vectors.ts';

const path = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const python = ['/usr/bin/python3', path('peers/projections.py')];
const node = [process.execPath, ...readsTypescript, path('peers/projections.process.ts')];
const isLong = process.env['LONG_PEERS'] === '1';

type Report = (figure: Figure) => void;

export async function umapBench(report: Report): Promise<void> {
  for (const [rows, columns, seconds] of [
    [10_000, DIMENSION, 3],
    [60_000, DIMENSION, 13],
    [60_000, 100, 9],
  ] as const) {
    const what = `UMAP ${rows} x ${columns}`;
    const peers = ['umap'];
    if (rows === 10_000) peers.push('umap-js');
    if (rows === 10_000 || isLong) peers.push('embedding-atlas');
    await compare(report, what, await vectors(rows, columns), peers, { atMost: 1000 * seconds }, (backend, matrix) =>
      mapBy('UMAP', backend, matrix),
    );
  }
}

function mapBy(method: MapMethod, backend: CpuBackend, matrix: Matrix): Promise<MapResult> {
  return makeMap(matrix, { method, components: 2, metric: 'EUCLIDEAN', seed: 42 }, { backend: async () => backend });
}

export async function tsneBench(report: Report): Promise<void> {
  const project = (backend: CpuBackend, matrix: Matrix) => mapBy('TSNE', backend, matrix);
  const small = await vectors(10_000, DIMENSION);
  await compare(report, 't-SNE 10000 x 784, 1,000 iterations', small, ['tsne'], { atMostTimesRaw: 1 / 3 }, project);
  const large = await vectors(60_000, DIMENSION);
  await compare(report, 't-SNE 60000 x 784, 1,000 iterations', large, [], { atMost: 90_000 }, project);
}

export async function neighborsBench(report: Report): Promise<void> {
  const matrix = await vectors(60_000, DIMENSION);
  const peer = await askPeer('neighbors', matrix);
  await withBackend(async (backend) => {
    for (const [name, exactWork] of [
      ['exact', Number.POSITIVE_INFINITY],
      ['approximate', 0],
    ] as const) {
      const begun = performance.now();
      const { recall } = await nearestNeighbors(backend, matrix, 15, 'EUCLIDEAN', { exactWork });
      const value = performance.now() - begun;
      const what = `15 neighbours of 60000 x 784, ${name}`;
      report({
        bench: 'projections',
        engine: null,
        what,
        value,
        raw: peer?.milliseconds ?? null,
        unit: 'ms',
        target: null,
      });
      share(report, `${what}: recall`, recall, null, null);
    }
  });
}

/** Ours and the peers', one after the other: time, then the quality of the maps by the same measure. The promise is held against the first. */
async function compare(
  report: Report,
  what: string,
  matrix: Matrix,
  peers: readonly string[],
  target: Target,
  project: (backend: CpuBackend, matrix: Matrix) => Promise<{ readonly coordinates: Matrix }>,
): Promise<void> {
  const found: ({ readonly name: string; readonly milliseconds: number; readonly map: Matrix } | null)[] = [];
  for (const name of peers) {
    const peer = await askPeer(name, matrix);
    found.push(peer && { ...peer, name });
  }
  const { coordinates, value } = await withBackend(async (backend) => {
    // Compiling is not counted: a small map is made first.
    await project(backend, createMatrix(500, matrix.columns, matrix.data.slice(0, 500 * matrix.columns)));
    const begun = performance.now();
    const made = await project(backend, matrix);
    return { coordinates: made.coordinates, value: performance.now() - begun };
  });
  const ours = qualityOf(matrix, coordinates);
  const [first = null, ...others] = found;
  const gate = gates[peers[0] ?? ''] ?? {};
  for (const peer of [first, ...others.filter((other) => other !== null)]) {
    const isFirst = peer === first;
    const beside = isFirst ? what : `${what}, beside ${peer?.name}`;
    const promise = isFirst ? target : null;
    const engine = null;
    report({
      bench: 'projections',
      engine,
      what: beside,
      value,
      raw: peer?.milliseconds ?? null,
      unit: 'ms',
      target: promise,
    });
    const theirs = peer === null ? null : qualityOf(matrix, peer.map);
    for (const name of ['neighborRecall', 'trustworthiness', 'tripletAccuracy'] as const) {
      // Promised for 10,000 rows: with more of them the same neighbours are harder to keep.
      const least = isFirst && matrix.rows === 10_000 ? gate[name] : undefined;
      const wanted = least === undefined ? null : { atLeast: least };
      share(report, `${beside}: ${name}`, ours[name], theirs?.[name] ?? null, wanted);
    }
  }
}

const gates: Readonly<Record<string, Partial<Record<keyof Quality, number>>>> = {
  umap: { neighborRecall: 0.274, trustworthiness: 0.976, tripletAccuracy: 0.74 },
  tsne: { neighborRecall: 0.38 },
};

function share(report: Report, what: string, value: number, raw: number | null, target: Target | null): void {
  report({ bench: 'projections', engine: null, what, value, raw, unit: 'share', target });
}

function qualityOf(matrix: Matrix, map: Matrix): Quality {
  const state = initializeQuality(matrix, map, { metric: 'EUCLIDEAN', seed: 1, sample: 500 });
  if (state === null) throw new Error('There are too few rows to measure.');
  runQuality(state);
  return resultOfQuality(state);
}

async function withBackend<T>(work: (backend: CpuBackend) => Promise<T>): Promise<T> {
  const backend = await CpuBackend.create(libraryThreads());
  try {
    return await work(backend);
  } finally {
    backend.close();
  }
}

/** Of 10,000 rows those that Fashion-MNIST keeps for tests, as in published figures; fewer columns are principal components. */
async function vectors(rows: number, columns: number): Promise<Matrix> {
  const all = await readVectors(70_000);
  const first = rows === 10_000 ? 60_000 * DIMENSION : 0;
  const matrix = createMatrix(rows, DIMENSION, all.values.slice(first, first + rows * DIMENSION));
  if (columns === DIMENSION) return matrix;
  return await withBackend((backend) => startAlongComponents(backend, matrix, columns, 'EUCLIDEAN'));
}

const javascript = new Set(['umap-js', 'embedding-atlas']);

/** Null, said aloud, where Python or the library is missing. */
async function askPeer(method: string, matrix: Matrix): Promise<{ milliseconds: number; map: Matrix } | null> {
  const folder = await mkdtemp(join(tmpdir(), 'embedding-map-peer-'));
  try {
    const [source, out] = [join(folder, 'vectors.npy'), join(folder, 'map.npy')];
    await writeNpy(source, matrix.data, matrix.columns);
    const [command = '', ...script] = javascript.has(method) ? node : python;
    const { stdout } = await promisify(execFile)(command, [...script, method, source, out], { maxBuffer: 2 ** 24 });
    const { seconds, version }: { seconds: number; version: string } = JSON.parse(stdout.split('\n')[0] ?? '');
    console.error(`  beside ${version}`);
    return { milliseconds: 1000 * seconds, map: await readNpy(out) };
  } catch (error) {
    const [line = `${error}`] =
      String(error)
        .match(/^\w*Error.*$/gm)
        ?.slice(-1) ?? [];
    console.error(`  NO PEER for ${method}: ${line}`);
    return null;
  } finally {
    await rm(folder, { recursive: true });
  }
}

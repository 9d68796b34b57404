/** Time of HDBSCAN and k-means, against R's dbscan and scikit-learn where these are installed (Debian: r-cran-dbscan, python3-sklearn). */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { CpuBackend } from '#kernels/cpu/backend.ts';
import { hdbscan } from '#kernels/hdbscan/hdbscan.ts';
import { clustersOf, initializeKmeans, runKmeans } from '#kernels/kmeans/kmeans.ts';
import { createMatrix, type Matrix } from '#kernels/matrix.ts';
import { createRandom } from '#kernels/random.ts';
import { libraryThreads } from '../helpers/threads.ts';
import type { Figure } from './figures.ts';
import { DIMENSION, readVectors } from './vectors.ts';

const MANY_POINTS = 100_000;
/** R's dbscan keeps a distance for every pair: 400 MB of them for these. */
const PEER_POINTS = 10_000;
const PEER_SIZE = 20;
const ROWS = 20_000;
const CLUSTERS = 20;
/** How much larger the sum of squares may be that other first centres have led to. */
const INERTIA_SLACK = 1.03;
const ROUNDS = 3;

export async function clustersBench(report: (figure: Figure) => void): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'embedding-map-bench-'));
  const backend = await CpuBackend.create(libraryThreads());
  try {
    const many = makeMap(MANY_POINTS);
    const alone = await median(() => timed(() => hdbscan(backend, many, { minClusterSize: 100 })));
    report({
      ...{ bench: 'clusters', engine: null, what: `HDBSCAN of ${MANY_POINTS} x 2`, unit: 'ms' },
      ...{ value: alone, raw: null, target: { atMost: 4000 } },
    });

    const few = makeMap(PEER_POINTS);
    const fewFile = await write(join(folder, 'few'), few);
    const options = { minClusterSize: PEER_SIZE, minSamples: PEER_SIZE };
    report({
      ...{ bench: 'clusters', engine: null, what: `HDBSCAN of ${PEER_POINTS} x 2; raw: R dbscan`, unit: 'ms' },
      value: await median(() => timed(() => hdbscan(backend, few, options))),
      raw: (await peer('Rscript', 'hdbscan.R', fewFile, 2, PEER_SIZE))?.milliseconds ?? null,
      target: null,
    });

    const vectors = createMatrix(ROWS, DIMENSION, new Float32Array((await readVectors(ROWS)).values));
    let inertia = 0;
    const ours = await median(() =>
      timed(async () => {
        const kmeans = await initializeKmeans(backend, vectors, { clusters: CLUSTERS });
        await runKmeans(backend, kmeans);
        ({ inertia } = await clustersOf(backend, kmeans));
      }),
    );
    const theirs = await peer(
      '/usr/bin/python3',
      'kmeans.py',
      await write(join(folder, 'rows'), vectors),
      DIMENSION,
      CLUSTERS,
    );
    if (theirs?.inertia !== undefined && inertia > INERTIA_SLACK * theirs.inertia) {
      throw new Error(`The sum of squares is ${inertia}, that of scikit-learn ${theirs.inertia}.`);
    }
    const what = `k-means of ${ROWS} x ${DIMENSION}, ${CLUSTERS} clusters; raw: scikit-learn`;
    report({
      ...{ bench: 'clusters', engine: null, what, unit: 'ms' },
      ...{ value: ours, raw: theirs?.milliseconds ?? null, target: null },
    });
  } finally {
    backend.close();
    await rm(folder, { recursive: true });
  }
}

/** Fifty clouds of many sizes, and a tenth anywhere: a map as UMAP makes them. */
function makeMap(n: number): Matrix {
  const random = createRandom(1);
  const clouds = Array.from({ length: 50 }, () => ({
    center: [20 * random.normal(), 20 * random.normal()],
    spread: 0.3 + random.uniform(),
  }));
  const matrix = createMatrix(n, 2);
  for (let i = 0; i < n; i++) {
    const cloud = clouds[random.below(clouds.length)];
    for (let c = 0; c < 2; c++) {
      matrix.data[2 * i + c] =
        i % 10 === 0 ? 30 * random.normal() : (cloud?.center[c] ?? 0) + (cloud?.spread ?? 0) * random.normal();
    }
  }
  return matrix;
}

async function write(file: string, { data }: Matrix): Promise<string> {
  await writeFile(file, new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  return file;
}

interface PeerAnswer {
  readonly milliseconds: number;
  readonly inertia?: number;
}

/** What another implementation answers; null where it is not installed, which is said. */
async function peer(
  command: string,
  script: string,
  file: string,
  columns: number,
  size: number,
): Promise<PeerAnswer | null> {
  const path = fileURLToPath(new URL(`peers/${script}`, import.meta.url));
  try {
    const { stdout } = await promisify(execFile)(command, [path, file, String(columns), String(size)]);
    return JSON.parse(stdout);
  } catch (error) {
    const [reason = ''] = String(error instanceof Error ? error.message : error).split('\n');
    console.error(`Without a peer: ${reason}`);
    return null;
  }
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

async function median(measure: () => Promise<number>): Promise<number> {
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round++) times.push(await measure());
  return times.sort((a, b) => a - b)[ROUNDS >> 1] ?? 0;
}

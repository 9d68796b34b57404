/**
 * What JavaScript libraries take for a map of the vectors in a .npy file, and the map they come to: as projections.py does for Python's.
 *
 *     node --import ../../../server/typescript.mjs projections.process.ts umap-js|embedding-atlas vectors.npy map.npy
 *
 * The first line on stdout is a JSON object: seconds, and the version. Compiling is not counted: a small map is made first.
 */
import { readFile } from 'node:fs/promises';

import { createMatrix, type Matrix, rowOf } from '#kernels/matrix.ts';
import { createRandom } from '#kernels/random.ts';
import { readNpy, writeNpy } from '../vectors.ts';

const NEIGHBORS = 15;

/** (n, 2) */
type Project = (matrix: Matrix) => Promise<Matrix>;

/** The library of Google's Embedding Projector: arrays of arrays, one thread. */
async function umapJs(): Promise<Project> {
  const { UMAP } = await import('umap-js');
  return async (matrix) => {
    const random = createRandom(1);
    const rows = Array.from({ length: matrix.rows }, (_, i) => Array.from(rowOf(matrix, i)));
    const map = new UMAP({ nNeighbors: NEIGHBORS, random: random.uniform }).fit(rows);
    return createMatrix(matrix.rows, 2, Float32Array.from(map.flat()));
  };
}

interface Atlas {
  createUMAP(
    count: number,
    inputDim: number,
    outputDim: number,
    data: Float32Array,
    options: { readonly metric: 'euclidean'; readonly nNeighbors: number },
  ): Promise<{ readonly embedding: Float32Array; run(): unknown }>;
}

/** Apple's, in WebAssembly, one thread. Its entry point wants a page; the file with UMAP alone does not. */
async function embeddingAtlas(): Promise<Project> {
  const { createUMAP }: Atlas = await import(`${modules}embedding-atlas/dist/umap.js`);
  return async ({ rows, columns, data }) => {
    const umap = await createUMAP(rows, columns, 2, data, { metric: 'euclidean', nNeighbors: NEIGHBORS });
    await umap.run();
    return createMatrix(rows, 2, umap.embedding.slice());
  };
}

const modules = new URL('../../../node_modules/', import.meta.url).href;
const [name = '', source = '', out = ''] = process.argv.slice(2);
const { version }: { version: string } = JSON.parse(await readFile(new URL(`${modules}${name}/package.json`), 'utf8'));
const project = await (name === 'umap-js' ? umapJs() : embeddingAtlas());
const matrix = await readNpy(source);
const few = Math.min(500, matrix.rows);
await project(createMatrix(few, matrix.columns, matrix.data.slice(0, few * matrix.columns)));
const begun = performance.now();
const map = await project(matrix);
const seconds = (performance.now() - begun) / 1000;
await writeNpy(out, map.data, map.columns);
console.log(JSON.stringify({ seconds, version: `${name} ${version}` }));
process.exit(0);

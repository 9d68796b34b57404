/**
 * How well vectors of words answer a file of tests: analogies by 3CosAdd and 3CosMul among all words, the asked ones left out; or
 * the similarity of pairs, by the correlation of its order with that of people's judgement.
 */
import { type Matrix, normalizeRows, rowOf } from '#kernels/matrix.ts';
import { spearman } from '#kernels/spearman.ts';
import { buffersOf, runKernel } from '../compute.ts';
import { fileSource } from '../datasets/formats/source.ts';
import { findItemsById } from '../datasets/items.ts';
import { requireUploads, uploadPath } from '../datasets/uploads.ts';
import { findEmbeddingsById } from '../embeddings/embeddings.ts';
import { readMatrix } from '../embeddings/vectors.ts';
import { UserError } from '../errors.ts';
import type { TaskContext } from '../jobs/task.ts';
import { type EvaluatedSection, replaceEvaluation } from './evaluations.ts';
import { type Analogy, readWordTests, type SimilarPair } from './wordTests.ts';

export interface EvaluateWordVectorsInput {
  readonly embeddingId: number;
  /** Id of the upload with the tests. */
  readonly uploads: readonly [string];
  /** Answers are looked for among so many words, those imported first; null: all. */
  readonly among: number | null;
}

const READ_END = 0.2;
const EVALUATE_END = 0.95;
const KEYS_AT_ONCE = 10_000;

/** @throws UserError where the file has no tests, or no word of them has a vector */
export async function evaluateWordVectors(
  context: TaskContext,
  { embeddingId, uploads, among }: EvaluateWordVectorsInput,
): Promise<{ dataset: number; embedding: number; evaluation: number }> {
  const { database, signal } = context;
  const [embedding] = await findEmbeddingsById(database, [embeddingId]);
  if (!embedding) throw new UserError('CANCELLED', 'The data set was removed meanwhile.');
  await context.worksOn(embedding.datasetId);
  const [upload] = await requireUploads(database, uploads);
  if (upload === undefined) throw new Error('no upload was named');
  const tests = await readWordTests(await fileSource(uploadPath(context.dataDir, upload.id), upload.name), signal);

  const stage = (words: string, from: number, to: number) => (done: number) =>
    context.progress(words, from + (to - from) * done);
  const {
    ids,
    matrix: all,
    version,
  } = await readMatrix(database, embedding, {
    signal,
    onProgress: stage('Reading vectors', 0, READ_END),
  });
  const count = Math.min(ids.length, among ?? ids.length);
  const matrix = { ...all, rows: count, data: all.data.slice(0, count * all.columns) };
  const rows = await rowsByWord(context, embedding.datasetId, ids.subarray(0, count));

  const onProgress = stage('Asking', READ_END, EVALUATE_END);
  const sections =
    tests.kind === 'ANALOGIES'
      ? await evaluateAnalogies(tests.analogies, rows, matrix, { signal, onProgress })
      : [evaluateSimilarity(tests.pairs, rows, normalizeRows(matrix))];
  if (sections.every(({ known }) => known === 0)) {
    throw new UserError(
      'BAD_USER_INPUT',
      `Not one question of ${upload.name} has all its words among the ${count} of the embedding "${embedding.name}". Are its keys words, and of the same language?`,
      { file: upload.name },
    );
  }
  const evaluation = await database.transaction(async (transaction) => {
    const found = { name: upload.name, kind: tests.kind, words: count, embeddingVersion: version, sections };
    const id = await replaceEvaluation(transaction, embedding, found);
    await context.guard(transaction);
    return id;
  });
  return { dataset: embedding.datasetId, embedding: embedding.id, evaluation };
}

/** Row of each word, by its key; and by its lower-case form, where no other word is written so. */
async function rowsByWord(
  { database, signal }: TaskContext,
  datasetId: number,
  ids: Float64Array,
): Promise<ReadonlyMap<string, number>> {
  const rows = new Map<string, number>();
  const lower = new Map<string, number>();
  for (let from = 0; from < ids.length; from += KEYS_AT_ONCE) {
    signal.throwIfAborted();
    const items = await findItemsById(database, datasetId, [...ids.subarray(from, from + KEYS_AT_ONCE)]);
    for (const [i, item] of items.entries()) {
      if (item === null) continue;
      rows.set(item.key, from + i);
      const plain = item.key.toLowerCase();
      if (!lower.has(plain)) lower.set(plain, from + i);
    }
  }
  for (const [word, row] of lower) if (!rows.has(word)) rows.set(word, row);
  return rows;
}

/** As it is written, otherwise in lower case. */
function rowOfWord(rows: ReadonlyMap<string, number>, word: string): number | undefined {
  return rows.get(word) ?? rows.get(word.toLowerCase());
}

async function evaluateAnalogies(
  analogies: readonly Analogy[],
  rows: ReadonlyMap<string, number>,
  matrix: Matrix,
  { signal, onProgress }: { readonly signal: AbortSignal; readonly onProgress: (done: number) => void },
): Promise<EvaluatedSection[]> {
  const known: { readonly section: string; readonly asked: readonly number[]; readonly answer: number }[] = [];
  for (const { section, words } of analogies) {
    const [a, b, c, d] = words.map((word) => rowOfWord(rows, word));
    if (a === undefined || b === undefined || c === undefined || d === undefined) continue;
    known.push({ section, asked: [a, b, c], answer: d });
  }
  const questions = Uint32Array.from(known.flatMap(({ asked }) => asked));
  const answers = await runKernel(
    'analogies',
    { matrix, questions },
    { signal, onProgress, transfer: buffersOf(matrix) },
  );
  return [...new Set(analogies.map(({ section }) => section))].map((name) => {
    const of = [...known.entries()].filter(([, { section }]) => section === name);
    const right = (found: Uint32Array) => of.filter(([i, { answer }]) => found[i] === answer).length;
    return {
      name,
      questions: analogies.filter(({ section }) => section === name).length,
      known: of.length,
      right: { add: right(answers.ADD), multiply: right(answers.MULTIPLY) },
      correlation: null,
    };
  });
}

function evaluateSimilarity(
  pairs: readonly SimilarPair[],
  rows: ReadonlyMap<string, number>,
  unit: Matrix,
): EvaluatedSection {
  const scores: number[] = [];
  const cosines: number[] = [];
  for (const { words, score } of pairs) {
    const [a, b] = words.map((word) => rowOfWord(rows, word));
    if (a === undefined || b === undefined) continue;
    const y = rowOf(unit, b);
    scores.push(score);
    cosines.push(rowOf(unit, a).reduce((sum, value, i) => sum + value * (y[i] ?? 0), 0));
  }
  const correlation = spearman(scores, cosines);
  return {
    name: 'all',
    questions: pairs.length,
    known: scores.length,
    right: null,
    correlation: Number.isNaN(correlation) ? null : correlation,
  };
}

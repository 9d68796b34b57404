/** Texts as sentences of words: the items of a data set, an item a sentence; or uploads of plain text, a line a sentence. */
import { wordsOf } from '#kernels/word2vec/corpus.ts';
import { requireDataset } from '../datasets/datasets.ts';
import type { Source } from '../datasets/formats/format.ts';
import { gunzipSource, isGzip } from '../datasets/formats/gzip.ts';
import { firstLineNotUtf8, lineBlocks, linesOf, notUtf8, utf8Bytes } from '../datasets/formats/lines.ts';
import { fileSource, readRange } from '../datasets/formats/source.ts';
import { countItems, listItems } from '../datasets/items.ts';
import { requireUploads, uploadPath } from '../datasets/uploads.ts';
import { didYouMean, UserError } from '../errors.ts';
import type { TaskContext } from '../jobs/task.ts';

/** Where the texts are: one of them. */
export interface TextsInput {
  /** Slug of a data set. */
  readonly dataset?: string | null | undefined;
  /** The field of its items that is read. Default: `text`, `sentence` or `content`, otherwise the label. */
  readonly field?: string | null | undefined;
  /** Ids of uploads. */
  readonly uploads?: readonly string[] | null | undefined;
  /** Absolute paths of files on this machine: from the command line only, never from a client. */
  readonly paths?: readonly string[] | null | undefined;
}

const TEXT_FIELDS = ['text', 'sentence', 'content'];
const PAGE_ITEMS = 1000;

type Reader = Pick<TaskContext, 'database' | 'dataDir' | 'signal'> & {
  /** Takes the share read, 0 to 1. */
  readonly onProgress: (fraction: number) => void;
};

/** @throws UserError for texts that are not there or are no text */
export async function* readSentences(
  reader: Reader,
  { dataset, field, uploads, paths }: TextsInput,
  words: { readonly lowerCase: boolean },
): AsyncGenerator<string[]> {
  if (typeof dataset === 'string') {
    yield* readItems(reader, dataset, field ?? null, words);
    return;
  }
  const found = await requireUploads(reader.database, uploads ?? []);
  const sources = await Promise.all([
    ...found.map(({ id, name }) => fileSource(uploadPath(reader.dataDir, id), name)),
    ...(paths ?? []).map((path) => fileSource(path)),
  ]);
  for (const [i, source] of sources.entries()) {
    yield* readFile(source, reader.signal, words);
    reader.onProgress((i + 1) / sources.length);
  }
}

async function* readItems(
  { database, signal, onProgress }: Reader,
  slug: string,
  given: string | null,
  words: { readonly lowerCase: boolean },
): AsyncGenerator<string[]> {
  const dataset = await requireDataset(database, slug);
  const names = dataset.fields.map(({ name }) => name);
  if (given !== null && !names.includes(given)) {
    const near = didYouMean(given, names) || (names.length > 0 ? ` There is ${names.join(', ')}.` : '');
    throw new UserError('BAD_USER_INPUT', `The data set "${slug}" has no field "${given}".${near}`);
  }
  const field = given ?? TEXT_FIELDS.find((name) => names.includes(name)) ?? null;
  const count = await countItems(database, dataset);
  let after = 0;
  let read = 0;
  for (;;) {
    signal.throwIfAborted();
    const { items, hasNextPage } = await listItems(database, dataset, { first: PAGE_ITEMS, after });
    for (const { label, fields } of items) {
      const text = field === null ? label : fields[field];
      if (typeof text === 'string') yield wordsOf(text, words);
    }
    read += items.length;
    onProgress(count === 0 ? 1 : read / count);
    after = items.at(-1)?.id ?? after;
    if (!hasNextPage) return;
  }
}

/** @throws UserError naming the line that is not UTF-8 */
export async function* readFile(
  source: Source,
  signal: AbortSignal,
  words: { readonly lowerCase: boolean },
): AsyncGenerator<string[]> {
  for await (const { text } of readTextLines(source, signal)) yield wordsOf(text, words);
}

/** The lines of a text, unpacked where it is packed. @throws UserError naming the line that is not UTF-8 */
export async function* readTextLines(
  source: Source,
  signal: AbortSignal,
): AsyncGenerator<{ readonly line: number; readonly text: string }> {
  const plain = isGzip(await readRange(source, 0, 4)) ? gunzipSource(source) : source;
  for await (const block of lineBlocks(utf8Bytes(plain, signal), source.name)) {
    const wrong = firstLineNotUtf8(block);
    if (wrong !== null) throw notUtf8(source.name, wrong);
    for (const { line, start, end } of linesOf(block)) yield { line, text: block.bytes.toString('utf8', start, end) };
  }
}

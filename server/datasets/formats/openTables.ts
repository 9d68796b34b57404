/** From files of any kind to tables: what each is is told from its content, then from its name. */
import { UserError } from '../../errors.ts';
import { isTar, isZip, tarMembers, zipMembers } from './archive.ts';
import { arrowTable, isArrow } from './arrow.ts';
import { csvTable } from './csv.ts';
import type { OpenOptions, Source, Table } from './format.ts';
import { fvecsKind, fvecsTable } from './fvecs.ts';
import { gloveDimension, gloveTable } from './glove.ts';
import { gunzipSource, isGzip } from './gzip.ts';
import { idxTable, readIdxHeader } from './idx.ts';
import { imageTable, isImage } from './images.ts';
import { jsonTable } from './jsonLines.ts';
import { decodeHead } from './lines.ts';
import { isNpy, npyTable } from './npy.ts';
import { isNpz, npzTables } from './npz.ts';
import { isParquet, parquetTable } from './parquet.ts';
import { isRawTensor, projectorTables, rawTensorTable, readProjectorConfig } from './projector.ts';
import { extensionOf, readRange } from './source.ts';
import { readWordHeader, word2vecBinaryTable, word2vecTextTable } from './word2vec.ts';

const HEAD_BYTES = 64 << 10;
const SAMPLE_BYTES = 1 << 20;
/** Archives within archives: a data set in a ZIP in a TAR is plausible, more is not. */
const DEPTH_LIMIT = 3;

const UNDERSTOOD =
  'CSV, TSV, JSON Lines, Parquet, Arrow, .npy and .npz, word2vec, GloVe and fastText, .fvecs, IDX, the files of the Embedding Projector, images, RDF, and ZIP, TAR and gzip of these';

/** Names of what is never text: such a file with text in it is a cut or an error page. */
const NEVER_TEXT = new Set('npy npz parquet arrow feather fvecs ivecs bvecs bin zip tar tgz'.split(' '));

/** A file that is no archive, with its beginning. */
export interface Leaf {
  readonly source: Source;
  readonly head: Buffer;
}

interface Found {
  readonly leaves: Leaf[];
  readonly images: Source[];
  readonly tables: Table[];
}

/**
 * The tables in files. Archives and an Embedding Projector's config are opened, images become one table with the
 * metadata that names them, and nothing else is joined. Only beginnings are read, and what cannot be read otherwise
 * (compressed TARs, footers, the number of rows beside a raw tensor).
 * @throws UserError naming the file that is empty, cut off, or of no known format
 */
export async function openTables(sources: readonly Source[], options: OpenOptions): Promise<Table[]> {
  if (sources.length === 0) throw new UserError('BAD_USER_INPUT', 'There is no file to import.');
  const found: Found = { leaves: [], images: [], tables: [] };
  for (const source of sources) await sort(source, options, 0, sources.length > 1, found);

  const { tables, used } = await openProjectors(found, options);
  const raw: Source[] = [];
  for (const { source, head } of found.leaves) {
    options.signal?.throwIfAborted();
    if (used.has(source)) continue;
    if (isRawTensor(source)) raw.push(source);
    else tables.push(await openTable(source, head, options));
  }
  tables.push(...found.tables);
  for (const source of raw) tables.push(await rawTensorTable(source, tables, options));
  const images = found.images.filter((source) => !used.has(source));
  const all = images.length > 0 ? await imageTable(images, tables, options) : tables;
  if (all.length === 0) {
    throw new UserError('BAD_USER_INPUT', `${sources[0]?.name} holds no file to import.`, {
      file: sources[0]?.name ?? '',
    });
  }
  return all;
}

/** The files that are no archives and no images, those in archives among them, with their beginnings. */
export async function openLeaves(sources: readonly Source[], options: OpenOptions): Promise<Leaf[]> {
  const found: Found = { leaves: [], images: [], tables: [] };
  for (const source of sources) await sort(source, options, 0, sources.length > 1, found);
  return found.leaves;
}

/** Files that come with data and are none. */
function isNotice(name: string): boolean {
  return /(?:^|\/)(?:readme|licen[cs]e|copying|notice|citation|changelog|sha\d*sums?)\b[^/]*$/i.test(name);
}

/** Opens archives until only other files are left. */
async function sort(
  source: Source,
  options: OpenOptions,
  depth: number,
  hasOthers: boolean,
  found: Found,
): Promise<void> {
  options.signal?.throwIfAborted();
  if (hasOthers && isNotice(source.name)) return;
  // A folder may hold a million images: whether they are any is seen when they are read.
  if (hasOthers && isImage(source.name, null)) {
    found.images.push(source);
    return;
  }
  const head = await readRange(source, 0, HEAD_BYTES);
  if (head.length === 0) throw wrong(source, 'is empty');
  const compressed = isGzip(head);
  const packed = compressed || isZip(head) || isTar(head);
  if (packed && depth >= DEPTH_LIMIT) {
    throw wrong(source, `is an archive within ${DEPTH_LIMIT} others. Unpack it first`);
  }
  if (compressed) await sort(gunzipSource(source), options, depth + 1, hasOthers, found);
  else if (isZip(head) || isTar(head)) {
    const members = await (isZip(head) ? zipMembers : tarMembers)(source, options);
    refusePackage(source, members);
    if (isNpz(members)) found.tables.push(...(await npzTables(source, members, options)));
    else for (const member of members) await sort(member, options, depth + 1, members.length > 1, found);
  } else if (isImage(source.name, head)) found.images.push(source);
  else found.leaves.push({ source, head });
}

/** Programs' own files that are archives inside. @throws UserError that says what to save instead */
function refusePackage(source: Source, members: readonly Source[]): void {
  const has = (pattern: RegExp) => members.some(({ name }) => pattern.test(name));
  if (has(/^xl\/workbook\.xml$/)) throw wrong(source, 'is an Excel workbook. Save the sheet as CSV (UTF-8)');
  if (has(/^word\/document\.xml$/)) throw wrong(source, 'is a Word document. Save its text');
  if (has(/^[^/]+\/data\.pkl$/) || has(/^data\.pkl$/)) {
    throw wrong(
      source,
      'is a file of PyTorch, in which a Python pickle lies that is never opened. Save the tensor by numpy.save',
    );
  }
  if (has(/^mimetype$/) && has(/^content\.xml$/)) throw wrong(source, 'is an OpenDocument file. Save the sheet as CSV');
}

async function openProjectors(found: Found, options: OpenOptions): Promise<{ tables: Table[]; used: Set<Source> }> {
  const tables: Table[] = [];
  const used = new Set<Source>();
  const sources = [...found.leaves.map(({ source }) => source), ...found.images];
  for (const { source } of found.leaves) {
    const config = await readProjectorConfig(source);
    if (config === null) continue;
    used.add(source);
    const opened = await projectorTables(source, config, sources, options);
    tables.push(...opened.tables);
    for (const part of opened.used) used.add(part);
  }
  return { tables, used };
}

async function openTable(source: Source, head: Buffer, options: OpenOptions): Promise<Table> {
  if (isNpy(head)) return npyTable(source, options);
  if (isParquet(head)) return parquetTable(source, options);
  if (isArrow(head)) return arrowTable(source, options);
  const idx = readIdxHeader(head);
  if (idx !== null) return idxTable(source, idx);
  const word = readWordHeader(head);
  if (word !== null) {
    return isTextOfWords(head, word)
      ? word2vecTextTable(source, word.words, word.dimension)
      : word2vecBinaryTable(source, word.words, word.dimension, word.bytes);
  }
  const vecs = isText(head) ? null : fvecsKind(source.name, head, source.size);
  if (vecs !== null) return fvecsTable(source, head, vecs);
  if (!isText(head)) throw unknown(source, head);
  const extension = extensionOf(source.name);
  if (NEVER_TEXT.has(extension))
    throw wrong(source, `is named .${extension}, but its content is another. Get it again`);
  const begin = decodeHead(head).toString('utf8').trimStart();
  if (begin === '') throw wrong(source, 'holds nothing but blanks');
  if (begin.startsWith('{') || begin.startsWith('[')) return jsonTable(source, options.signal);
  if (begin.startsWith('<')) throw unknown(source, head);
  const sample = head.length < HEAD_BYTES ? head : await readRange(source, 0, SAMPLE_BYTES); // long vectors, long lines
  const dimension = isTabular(source.name) ? null : gloveDimension(sample, sample.length < SAMPLE_BYTES);
  return dimension === null ? csvTable(source) : gloveTable(source, dimension);
}

/** Whether the vectors behind word2vec's first line are written out: the second line is as long as it says. */
function isTextOfWords(head: Buffer, { dimension, bytes }: { dimension: number; bytes: number }): boolean {
  const end = head.indexOf(10, bytes);
  const line = head.toString('latin1', bytes, end === -1 ? head.length : end).trimEnd();
  const numbers = line.split(' ').slice(1);
  if (end === -1) numbers.pop(); // it may be cut in two
  if (end !== -1 && numbers.length < dimension) return isText(head);
  return numbers.slice(-dimension).every((text) => text !== '' && Number.isFinite(Number(text)));
}

/** Whether the name says that columns are divided by commas or tabs. */
function isTabular(name: string): boolean {
  return ['csv', 'tsv', 'tab'].includes(extensionOf(name));
}

/** Text of one byte per character or UTF-16 with its mark: no control characters but tab, newlines and form feed. */
function isText(head: Buffer): boolean {
  const utf16 = (head[0] === 0xff && head[1] === 0xfe) || (head[0] === 0xfe && head[1] === 0xff);
  return utf16 || !head.some((byte) => byte < 9 || (byte > 13 && byte < 32 && byte !== 27));
}

function wrong(source: Source, what: string): UserError {
  return new UserError('BAD_USER_INPUT', `${source.name} ${what}.`, { file: source.name });
}

/** What comes often and is not read, by its beginning, with how to save it instead. */
const foreign: readonly { readonly begin: string; readonly at?: number; readonly what: string }[] = [
  ...['\x02', '\x03', '\x04', '\x05'].map((protocol) => ({
    begin: `\x80${protocol}`,
    what: 'is a Python pickle, which is never opened. Save arrays by numpy.save, tables as Parquet',
  })),
  { begin: '\x89HDF\r\n', what: 'is HDF5. Save arrays as .npy, tables as Parquet' },
  { begin: 'SQLite format 3\0', what: 'is an SQLite database. Export its table as CSV' },
  { begin: '%PDF-', what: 'is a PDF. Save its text' },
  { begin: '\0\0{"', at: 6, what: 'looks like safetensors. Save the tensor as .npy' },
  { begin: '\xd0\xcf\x11\xe0', what: 'is an old Office file. Save the sheet as CSV' },
  { begin: 'ORC', what: 'is ORC. Save the table as Parquet' },
  { begin: 'Obj\x01', what: 'is Avro. Save the table as Parquet' },
];

function unknown(source: Source, head: Buffer): UserError {
  const known = foreign.find(({ begin, at = 0 }) => head.toString('latin1', at, at + begin.length) === begin);
  if (known !== undefined) return wrong(source, known.what);
  const hex = head.subarray(0, 8).toString('hex').replace(/../g, '$& ').trim();
  const text = head
    .subarray(0, 24)
    .toString('latin1')
    .replace(/[^ -~]/g, '.');
  return wrong(
    source,
    `is of no format that is understood: it begins with ${hex} ("${text}"). Understood are ${UNDERSTOOD}`,
  );
}

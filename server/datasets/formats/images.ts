/**
 * Images, in a folder or an archive or alone, with or without a table that names them. A row is an image: its key is
 * the path without extension, its folder a field (class per folder is how image sets come). The content decides what
 * is an image; nothing is trusted to its name.
 */
import sharp from 'sharp';

import { UserError } from '../../errors.ts';
import type { Cell, Column, OpenOptions, ReadOptions, Rejected, Row, Source, Table } from './format.ts';
import { extensionOf } from './source.ts';

const EXTENSIONS = new Set(['png', 'jpg', 'jpeg', 'webp', 'gif', 'avif', 'svg']);
/** More pixels than any camera makes; 100 million take 400 MB when decoded. */
export const IMAGE_LIMIT_PIXELS = 100_000_000;
/** Files beyond are no pictures of things but scans and raw data. */
export const IMAGE_LIMIT_BYTES = 64 << 20;
/** Each may take 64 MiB while it is looked at. */
const IMAGES_AT_ONCE = 4;
const SVG_HEAD_BYTES = 1024; // an XML declaration, a comment of a drawing program, then <svg
const METADATA_SAMPLE_ROWS = 200;

const FORMATS = new Set(['png', 'jpeg', 'webp', 'gif', 'heif', 'svg']); // sharp calls AVIF heif

/** Whether a file is an image: by its content, or, where that is not at hand (null), by its name. */
export function isImage(name: string, head: Uint8Array | null): boolean {
  if (head === null) return EXTENSIONS.has(extensionOf(name));
  const text = Buffer.from(head.buffer, head.byteOffset, Math.min(head.length, SVG_HEAD_BYTES)).toString('latin1');
  return (
    text.startsWith('\x89PNG\r\n') ||
    text.startsWith('\xff\xd8\xff') ||
    text.startsWith('GIF8') ||
    (text.startsWith('RIFF') && text.startsWith('WEBP', 8)) ||
    text.startsWith('ftypavif', 4) ||
    text.startsWith('ftypavis', 4) ||
    isSvg(text)
  );
}

function isSvg(text: string): boolean {
  const start = text.replace(/^(?:\xef\xbb\xbf)?\s*/, '');
  return /^(?:<\?xml[^>]*>\s*|<!--[\s\S]*?-->\s*|<!DOCTYPE svg[^>[]*>\s*)*<svg[\s>]/i.test(start);
}

// What makes an SVG more than a drawing: scripts, handlers, foreign documents, and references to anything but itself.
const SVG_DANGERS: readonly (readonly [RegExp, string])[] = [
  [/<!ENTITY|<!DOCTYPE[^>]*\[/i, 'declares entities'],
  [/<script[\s>/]/i, 'holds a script'],
  [/<(?:foreignObject|iframe|embed|object|audio|video)[\s>/]/i, 'holds a foreign document'],
  [/\son[a-z]+\s*=/i, 'holds an event handler'],
  [/(?:href|src)\s*=\s*["']?\s*(?!["'#]|data:image\/(?:png|jpeg|gif|webp))[^"'#\s]/i, 'refers to another file'],
  [/url\(\s*["']?\s*(?!["'#]|data:image\/)[^"'#\s)]/i, 'refers to another file'],
  [/@import/i, 'imports a style sheet'],
  [/javascript:/i, 'holds a script'],
];

/**
 * Why bytes are not kept as an image, or null. Decodes no more than the header.
 * @returns one sentence: what came and what was wanted
 */
export async function imageReason(bytes: Uint8Array): Promise<string | null> {
  if (bytes.length === 0) return 'the image is empty';
  if (!isImage('', bytes)) {
    const begin = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(24, bytes.length)).toString('latin1');
    const shown = begin.replace(/[^ -~]/g, '.');
    return `it is no image: it begins with "${shown}"; wanted: PNG, JPEG, WebP, GIF, AVIF or SVG`;
  }
  const whole = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const svg = isSvg(whole.toString('latin1', 0, SVG_HEAD_BYTES)) ? whole.toString('utf8') : null;
  const danger = svg === null ? undefined : SVG_DANGERS.find(([pattern]) => pattern.test(svg));
  if (danger !== undefined) return `the SVG ${danger[1]}; wanted: a drawing alone`;
  const metadata = await sharp(bytes, { limitInputPixels: IMAGE_LIMIT_PIXELS })
    .metadata()
    .catch(() => null);
  if (metadata === null) return 'the image cannot be decoded; it is damaged, or larger than 100 million pixels';
  const { format, width, height } = metadata;
  if (width * height > IMAGE_LIMIT_PIXELS)
    return `the image has ${width} x ${height} pixels; wanted: at most 100 million`;
  return FORMATS.has(format) ? null : `the image is ${format}; wanted: PNG, JPEG, WebP, GIF, AVIF or SVG`;
}

/**
 * One table of all images, with the columns of the table that names them. That table is taken out of `tables`; the
 * others are given on as they are.
 */
export async function imageTable(
  images: readonly Source[],
  tables: readonly Table[],
  options: OpenOptions,
): Promise<Table[]> {
  const paths = commonFolderRemoved(images.map(({ name }) => name));
  const found = await findMetadata(paths, tables, options);
  const folders = paths.map(folderOf);
  const hasFolders = folders.some((folder) => folder !== null);
  const taken = new Set(['key', 'image', ...(hasFolders ? ['folder'] : [])]);
  const extra = found === null ? [] : found.table.columns.map((column) => freeName(column, taken));
  const columns: Column[] = [
    { name: 'key', type: 'text', role: 'key' },
    { name: 'image', type: 'image' },
    ...(hasFolders ? [{ name: 'folder', type: 'text', role: 'folder' } as const] : []),
    ...extra,
  ];
  const table: Table = {
    name: 'images',
    file: found?.table.file ?? 'images',
    group: null,
    format: 'images',
    columns,
    rowCount: images.length + (found?.strays.length ?? 0),
    rows: (read) => imageRows(images, paths, hasFolders, found, read),
  };
  return [table, ...tables.filter((other) => other !== found?.table)];
}

interface Metadata {
  readonly table: Table;
  /** Cells of the row that names an image, by the image's place. */
  readonly rows: ReadonlyMap<number, readonly Cell[]>;
  /** Rows that name no image, or one that another row names. */
  readonly strays: readonly Omit<Rejected, 'index'>[];
}

/** The table with a column most of whose texts name images, read whole. */
async function findMetadata(
  paths: readonly string[],
  tables: readonly Table[],
  { signal }: OpenOptions,
): Promise<Metadata | null> {
  const places = new Map<string, number>();
  // Weaker names first, so that a whole path wins over another image's base name.
  for (const shorten of [(path: string) => stemPath(baseOf(path)), baseOf, stemPath, (path: string) => path]) {
    for (const [place, path] of paths.entries()) places.set(shorten(path), place);
  }
  for (const table of tables) {
    const column = await namingColumn(table, places, signal);
    if (column !== null) return readMetadata(table, column, places, signal);
  }
  return null;
}

async function namingColumn(
  table: Table,
  places: ReadonlyMap<string, number>,
  signal?: AbortSignal,
): Promise<number | null> {
  const sample: (readonly Cell[])[] = [];
  for await (const block of table.rows({ ...(signal && { signal }) })) {
    for (const record of block) if ('cells' in record) sample.push(record.cells);
    if (sample.length >= METADATA_SAMPLE_ROWS) break;
  }
  const naming = table.columns.map((_, i) => sample.filter((cells) => placeOf(cells[i], places) !== undefined).length);
  const most = Math.max(0, ...naming);
  return most * 2 > sample.length ? naming.indexOf(most) : null;
}

function placeOf(cell: Cell | undefined, places: ReadonlyMap<string, number>): number | undefined {
  if (typeof cell !== 'string' && typeof cell !== 'number') return undefined;
  const name = String(cell).replace(/^(?:\.\/)+/, '');
  return places.get(name) ?? places.get(baseOf(name));
}

async function readMetadata(
  table: Table,
  column: number,
  places: ReadonlyMap<string, number>,
  signal?: AbortSignal,
): Promise<Metadata> {
  const rows = new Map<number, readonly Cell[]>();
  const strays: Omit<Rejected, 'index'>[] = [];
  for await (const block of table.rows({ ...(signal && { signal }) })) {
    for (const record of block) {
      if ('reason' in record) {
        strays.push({ line: record.line, reason: record.reason, file: table.file });
        continue;
      }
      const place = placeOf(record.cells[column], places);
      if (place !== undefined && !rows.has(place)) {
        rows.set(place, record.cells);
        continue;
      }
      const name = JSON.stringify(record.cells[column] ?? null).slice(0, 200);
      const reason =
        place === undefined ? `${name} is not among the images` : `${name} is named by another row already`;
      strays.push({ line: record.line, reason, file: table.file });
    }
  }
  return { table, rows, strays };
}

function freeName(column: Column, taken: Set<string>): Column {
  const name = taken.has(column.name) ? `${column.name}_2` : column.name;
  taken.add(name);
  return { ...column, name };
}

async function* imageRows(
  images: readonly Source[],
  paths: readonly string[],
  hasFolders: boolean,
  found: Metadata | null,
  { signal, skip = 0 }: ReadOptions = {},
): AsyncGenerator<(Row | Rejected)[]> {
  const keys = uniqueKeys(paths);
  const width = found?.table.columns.length ?? 0;
  const nothing = new Array<Cell>(width).fill(null);
  for (let first = skip; first < images.length; first += IMAGES_AT_ONCE) {
    signal?.throwIfAborted();
    const block = images.slice(first, first + IMAGES_AT_ONCE).map(async (image, i): Promise<Row | Rejected> => {
      const index = first + i;
      const read = await readImage(image);
      if (typeof read === 'string') return { index, line: null, reason: read, file: image.name };
      const folder = hasFolders ? [folderOf(paths[index] ?? '')] : [];
      return {
        index,
        line: index + 1,
        cells: [keys[index] ?? null, read, ...folder, ...(found?.rows.get(index) ?? nothing)],
      };
    });
    yield await Promise.all(block);
  }
  const strays = (found?.strays ?? []).map((stray, i) => ({ ...stray, index: images.length + i }));
  const left = strays.filter(({ index }) => index >= skip);
  if (left.length > 0) yield left;
}

/** The bytes of an image, or why it is kept out. */
async function readImage(image: Source): Promise<Uint8Array | string> {
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  try {
    for await (const piece of image.open()) {
      pieces.push(piece);
      bytes += piece.length;
      if (bytes > IMAGE_LIMIT_BYTES) return `the image is larger than ${IMAGE_LIMIT_BYTES} bytes`;
    }
  } catch (error) {
    if (error instanceof UserError) return error.message;
    throw error;
  }
  const whole = Buffer.concat(pieces);
  return (await imageReason(whole)) ?? whole;
}

/** Paths without the folder that all of them lie in. */
function commonFolderRemoved(paths: readonly string[]): string[] {
  const [first = '', ...rest] = paths.map((path) => path.split('/').slice(0, -1));
  let common = first.length;
  for (const folders of rest) {
    let same = 0;
    while (same < common && folders[same] === first[same]) same++;
    common = same;
  }
  return paths.map((path) => path.split('/').slice(common).join('/'));
}

/** Paths without extension; with it where two images differ in nothing else. */
function uniqueKeys(paths: readonly string[]): string[] {
  const counts = new Map<string, number>();
  for (const path of paths) counts.set(stemPath(path), (counts.get(stemPath(path)) ?? 0) + 1);
  return paths.map((path) => (counts.get(stemPath(path)) === 1 ? stemPath(path) : path));
}

function folderOf(path: string): string | null {
  const end = path.lastIndexOf('/');
  return end === -1 ? null : path.slice(0, end);
}

function baseOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

function stemPath(path: string): string {
  return path.replace(/\.[A-Za-z0-9]{1,5}$/, '');
}

/**
 * The files of the Embedding Projector (https://projector.tensorflow.org): tensors as text (a line per vector, tabs
 * between numbers, read as TSV) or as raw little-endian float32 without a header (`.bytes`), metadata as TSV, a config
 * that names them, and a sprite with a picture per vector, row by row.
 */
import { join } from 'node:path';
import sharp from 'sharp';

import { UserError } from '../../errors.ts';
import { csvTable } from './csv.ts';
import type { MatrixBlock, MatrixTable, OpenOptions, ReadOptions, Row, Source, Table } from './format.ts';
import { finiteBlocks, matrixTable, recordBlocks } from './matrix.ts';
import { extensionOf, readRange, stemOf } from './source.ts';

const CONFIG_LIMIT_BYTES = 16 << 20;
/** The projector's own sprites have 8192 x 8192 at most; this leaves room for larger, and none for bombs. */
const SPRITE_LIMIT_PIXELS = 512 << 20;

interface Tensor {
  readonly name: string;
  readonly path: string;
  readonly shape: readonly [number, number] | null;
  readonly metadataPath: string | null;
  readonly sprite: { readonly path: string; readonly width: number; readonly height: number } | null;
}

/** The tensors that a projector_config.json names, or null where the file is no such config. */
export async function readProjectorConfig(source: Source): Promise<readonly Tensor[] | null> {
  if (extensionOf(source.name) !== 'json' || (source.size ?? 0) > CONFIG_LIMIT_BYTES) return null;
  let config: unknown;
  try {
    config = JSON.parse((await readRange(source, 0, CONFIG_LIMIT_BYTES)).toString('utf8'));
  } catch {
    return null;
  }
  if (!isRecord(config) || !Array.isArray(config['embeddings'])) return null;
  const tensors = config['embeddings'].filter(isRecord).map((entry, i) => readTensor(entry, i));
  const whole = tensors.filter((tensor) => tensor !== null);
  return whole.length > 0 ? whole : null;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function readTensor(entry: Record<string, unknown>, i: number): Tensor | null {
  const { tensorName, tensorPath, tensorShape, metadataPath, sprite } = entry;
  if (typeof tensorPath !== 'string') return null;
  const shape = Array.isArray(tensorShape) ? tensorShape.map(Number) : [];
  const [rows = Number.NaN, dimension = Number.NaN] = shape;
  const whole = Number.isSafeInteger(rows) && Number.isSafeInteger(dimension) && rows > 0 && dimension > 0;
  return {
    name: typeof tensorName === 'string' ? tensorName : `tensor ${i + 1}`,
    path: tensorPath,
    shape: whole ? [rows, dimension] : null,
    metadataPath: typeof metadataPath === 'string' ? metadataPath : null,
    sprite: isRecord(sprite) ? readSprite(sprite) : null,
  };
}

function readSprite({ imagePath, singleImageDim }: Record<string, unknown>): Tensor['sprite'] {
  const [width = 0, height = 0] = Array.isArray(singleImageDim) ? singleImageDim.map(Number) : [];
  return typeof imagePath === 'string' && width > 0 && height > 0 ? { path: imagePath, width, height } : null;
}

/**
 * The tables that a config names: per tensor its vectors, its metadata and its pictures, in one group.
 * @throws UserError when a file that the config names is not among the sources
 */
export async function projectorTables(
  config: Source,
  tensors: readonly Tensor[],
  sources: readonly Source[],
  options: OpenOptions,
): Promise<{ readonly tables: Table[]; readonly used: readonly Source[] }> {
  const tables: Table[] = [];
  const used: Source[] = [];
  const find = (path: string): Source => {
    const found = findSource(path, config, sources);
    if (found === null) {
      throw new UserError('BAD_USER_INPUT', `${config.name} names ${path}, which is not among the files. Add it.`, {
        file: config.name,
      });
    }
    used.push(found);
    return found;
  };
  for (const tensor of tensors) {
    const group = tensor.name;
    const vectors = await tensorTable(find(tensor.path), tensor, tensors.length === 1);
    tables.push({ ...vectors, name: tensor.name, group });
    if (tensor.metadataPath !== null) tables.push({ ...(await csvTable(find(tensor.metadataPath))), group });
    const count = tensor.shape?.[0] ?? vectors.rowCount;
    if (tensor.sprite !== null)
      tables.push(await spriteTable(find(tensor.sprite.path), tensor.sprite, group, count, options));
  }
  return { tables, used };
}

/** A path of the config: from the config's own folder, or else any file of that name. */
function findSource(path: string, config: Source, sources: readonly Source[]): Source | null {
  const folder = config.name.slice(0, config.name.lastIndexOf('/') + 1);
  const base = path.slice(path.lastIndexOf('/') + 1);
  const plain = (source: Source) => source.name.replace(/\.gz$/i, '');
  return (
    sources.find((source) => plain(source) === folder + path.replace(/^(?:\.\/)+/, '')) ??
    sources.find((source) => plain(source).split('/').at(-1) === base) ??
    null
  );
}

async function tensorTable(source: Source, { shape }: Tensor, alone: boolean): Promise<Table> {
  if (!isRawTensor(source)) return csvTable(source);
  if (shape !== null) return rawMatrix(source, shape[0], shape[1]);
  throw new UserError(
    'BAD_USER_INPUT',
    `${source.name} has no header: its rows and columns must stand in the config as "tensorShape": [rows, columns]${alone ? '' : ' of its tensor'}.`,
    { file: source.name },
  );
}

/** Whether a file is named as the projector names tensors of bytes. */
export function isRawTensor({ name }: Source): boolean {
  return ['bytes', 'tensors', 'tensor'].includes(extensionOf(name));
}

/**
 * A raw tensor without a config: it has as many rows as the table beside it.
 * @throws UserError when no table is beside it, or none that its size is a multiple of
 */
export async function rawTensorTable(
  source: Source,
  tables: readonly Table[],
  { signal }: OpenOptions,
): Promise<MatrixTable> {
  const { size } = source;
  const counts: number[] = [];
  for (const table of size === null ? [] : tables) {
    const rows = table.rowCount ?? (await countRows(table, signal));
    counts.push(rows);
    if (size !== null && rows > 0 && size % (4 * rows) === 0) return rawMatrix(source, rows, size / (4 * rows));
  }
  const seen =
    counts.length === 0 ? '' : ` Its ${size} bytes are no float32 vectors of ${counts.join(' or of ')} rows.`;
  throw new UserError(
    'BAD_USER_INPUT',
    `${source.name} is a tensor without a header.${seen} Import it with its metadata, a row per vector, or with a projector_config.json that holds its shape.`,
    { file: source.name },
  );
}

async function countRows(table: Table, signal?: AbortSignal): Promise<number> {
  let rows = 0;
  for await (const block of table.rows({ ...(signal && { signal }) })) rows += block.length;
  return rows;
}

function rawMatrix(source: Source, rowCount: number, dimension: number): MatrixTable {
  const expected = rowCount * dimension * 4;
  if (source.size !== null && source.size !== expected) {
    throw new UserError(
      'BAD_USER_INPUT',
      `${source.name} has ${source.size} bytes; ${rowCount} x ${dimension} float32 are ${expected}. Is the shape right?`,
      { file: source.name },
    );
  }
  return matrixTable({
    name: stemOf(source.name),
    file: source.name,
    group: null,
    format: 'tensor',
    matrix: {
      rowCount,
      dimension,
      blocks: (options) => finiteBlocks(rawBlocks(source, rowCount, dimension, options), dimension),
    },
  });
}

async function* rawBlocks(
  source: Source,
  recordCount: number,
  dimension: number,
  options?: ReadOptions,
): AsyncGenerator<MatrixBlock> {
  const layout = { source, start: 0, recordBytes: 4 * dimension, recordCount };
  for await (const { firstIndex, count, bytes } of recordBlocks(layout, options)) {
    yield { firstIndex, count, values: new Float32Array(bytes.buffer) };
  }
}

/** The pictures of a sprite, cut out in rows from its top left. */
async function spriteTable(
  source: Source,
  tile: { readonly width: number; readonly height: number },
  group: string,
  count: number | null,
  options: OpenOptions,
): Promise<Table> {
  const bytes = await readRange(source, 0, source.size ?? Number.MAX_SAFE_INTEGER);
  // Laid uncompressed on disk once: cutting each row of pictures out of a PNG would decode it as often.
  const path = join(options.scratchDir, `sprite-${sprites++}.tiff`);
  const image = sharp(bytes, { limitInputPixels: SPRITE_LIMIT_PIXELS }).toColourspace('srgb');
  const info = await image
    .tiff({ compression: 'none' })
    .toFile(path)
    .catch(() => {
      throw new UserError('BAD_USER_INPUT', `${source.name} is no image that can be read as a sprite.`, {
        file: source.name,
      });
    });
  const across = Math.floor(info.width / tile.width);
  const available = across * Math.floor(info.height / tile.height);
  if (available < (count ?? 1)) {
    throw new UserError(
      'BAD_USER_INPUT',
      `${source.name} has ${info.width} x ${info.height} pixels: room for ${available} pictures of ${tile.width} x ${tile.height}, not for ${count ?? 1}.`,
      { file: source.name },
    );
  }
  const rowCount = count ?? available;
  return {
    name: 'sprite',
    file: source.name,
    group,
    format: 'sprite',
    columns: [{ name: 'image', type: 'image' }],
    rowCount,
    rows: (read) => spriteRows(path, info.width, tile, across, rowCount, read),
  };
}

let sprites = 0;

async function* spriteRows(
  path: string,
  spriteWidth: number,
  { width, height }: { readonly width: number; readonly height: number },
  across: number,
  rowCount: number,
  { signal, skip = 0 }: ReadOptions = {},
): AsyncGenerator<Row[]> {
  for (let strip = Math.floor(skip / across); strip * across < rowCount; strip++) {
    signal?.throwIfAborted();
    const { data, info } = await sharp(path, { limitInputPixels: SPRITE_LIMIT_PIXELS })
      .extract({ left: 0, top: strip * height, width: spriteWidth, height })
      .raw()
      .toBuffer({ resolveWithObject: true });
    const { channels } = info;
    const picture = (left: number) =>
      sharp(data, { raw: { width: spriteWidth, height, channels } })
        .extract({ left, top: 0, width, height })
        .png()
        .toBuffer();
    const first = Math.max(skip, strip * across);
    const end = Math.min(rowCount, (strip + 1) * across);
    yield await Promise.all(
      Array.from({ length: end - first }, async (_, i) => ({
        index: first + i,
        line: first + i + 1,
        cells: [await picture(((first + i) % across) * width)],
      })),
    );
  }
}

/**
 * Pictures as browsers show them, made once and kept under DATA_DIR/cache/thumbnails/<data set>/<version>/. The version
 * is the data set's, so that a kept file never has to be checked against the database.
 */
import { randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import sharp, { type Sharp } from 'sharp';

import type { Queryable } from '../database/database.ts';
import { UserError } from '../errors.ts';
import { findDatasetsById } from './datasets.ts';
import { type Image, PIXELS, readImage } from './images.ts';

export interface Picture {
  readonly mediaType: string;
  readonly bytes: Uint8Array;
  /** Whether these bytes will always be those of the address: the version asked for is the data set's own. */
  readonly lasting: boolean;
}

export interface PictureOf {
  readonly datasetId: number;
  /** Version of the data set. */
  readonly version: number;
  readonly itemId: number;
  /** Longest edge in pixels; null: as imported. */
  readonly size: number | null;
}

/** Largest picture that is unpacked, in pixels: 400 MB as RGBA. A small file can claim to be much larger. */
const MOST_PIXELS = 100_000_000;
/** Pictures made at once: each occupies a thread of the pool of four that also reads files. */
const AT_ONCE = 2;

/**
 * The picture of an item, or null where it has none: as imported, bare samples as PNG, or scaled down (bare samples also
 * up, by whole factors and without smoothing).
 */
export async function readPicture(database: Queryable, dataDir: string, wanted: PictureOf): Promise<Picture | null> {
  const folder = join(dataDir, 'cache', 'thumbnails', String(wanted.datasetId), String(wanted.version));
  const kept = await readKept(folder, wanted);
  if (kept !== null) return { ...kept, lasting: true };

  const [dataset] = await findDatasetsById(database, [wanted.datasetId]);
  if (dataset === null || dataset === undefined) return null;
  const lasting = dataset.version === wanted.version;
  const image = await readImage(database, wanted.datasetId, wanted.itemId);
  if (image === null) return null;
  if (wanted.size === null && image.mediaType !== PIXELS) {
    return { mediaType: image.mediaType, bytes: image.bytes, lasting };
  }
  const make = async (): Promise<Made> => {
    const made = await inTurn(() => makePicture(image, wanted.size));
    if (lasting) {
      await keep(folder, wanted, made);
      await forgetOlder(dataDir, wanted);
    }
    return made;
  };
  return { ...(await once(`${folder}/${wanted.itemId}-${wanted.size}`, make)), lasting };
}

const underWay = new Map<string, Promise<Made>>();

/** What is asked for several times at once is made once. */
function once(name: string, make: () => Promise<Made>): Promise<Made> {
  const known = underWay.get(name);
  if (known !== undefined) return known;
  const making = make().finally(() => underWay.delete(name));
  underWay.set(name, making);
  return making;
}

/** Removes what is kept for a data set that is no more. */
export async function forgetThumbnails(dataDir: string, datasetId: number): Promise<void> {
  await rm(join(dataDir, 'cache', 'thumbnails', String(datasetId)), { recursive: true, force: true });
}

interface Made {
  readonly mediaType: 'image/png' | 'image/webp';
  readonly bytes: Uint8Array;
}

const extensions = { 'image/png': 'png', 'image/webp': 'webp' } as const;

function fileName({ itemId, size }: PictureOf, mediaType: Made['mediaType']): string {
  return `${itemId}-${size ?? 'original'}.${extensions[mediaType]}`;
}

async function readKept(folder: string, wanted: PictureOf): Promise<Made | null> {
  for (const mediaType of ['image/webp', 'image/png'] as const) {
    const bytes = await readFile(join(folder, fileName(wanted, mediaType))).catch(absent);
    if (bytes !== null) return { mediaType, bytes };
  }
  return null;
}

/** Written aside and renamed, so that nobody reads half a file. */
async function keep(folder: string, wanted: PictureOf, { mediaType, bytes }: Made): Promise<void> {
  await mkdir(folder, { recursive: true });
  const partial = join(folder, `${randomUUID()}.part`);
  await writeFile(partial, bytes);
  await rename(partial, join(folder, fileName(wanted, mediaType)));
}

async function forgetOlder(dataDir: string, { datasetId, version }: PictureOf): Promise<void> {
  const parent = join(dataDir, 'cache', 'thumbnails', String(datasetId));
  const older = (await readdir(parent)).filter((name) => Number(name) < version);
  await Promise.all(older.map((name) => rm(join(parent, name), { recursive: true, force: true })));
}

function absent(error: NodeJS.ErrnoException): null {
  if (error.code === 'ENOENT') return null;
  throw error;
}

async function makePicture(image: Image, size: number | null): Promise<Made> {
  try {
    return image.mediaType === PIXELS ? await fromPixels(image, size) : await scaledDown(image, size);
  } catch (error) {
    throw new UserError('NOT_FOUND', `The picture cannot be shown: ${reasonOf(error)}.`);
  }
}

async function fromPixels({ bytes, width, height, channels }: Image, size: number | null): Promise<Made> {
  if (width === null || height === null || (channels !== 1 && channels !== 3 && channels !== 4)) {
    throw new Error('its size is not known');
  }
  let picture = sharp(bytes, { raw: { width, height, channels } });
  const longest = Math.max(width, height);
  if (size !== null && size < longest) picture = within(picture, size);
  else if (size !== null) {
    const factor = Math.floor(size / longest);
    picture = picture.resize(width * factor, height * factor, { kernel: 'nearest' });
  }
  return { mediaType: 'image/png', bytes: await picture.png({ compressionLevel: 9 }).toBuffer() };
}

async function scaledDown({ bytes, mediaType, width, height }: Image, size: number | null): Promise<Made> {
  const longest = Math.max(width ?? 0, height ?? 0);
  // A drawing is drawn at the size it is shown at; its own size is in points at 72 to the inch.
  const density = mediaType === 'image/svg+xml' && size !== null && longest > 0 ? (72 * size) / longest : 72;
  const picture = sharp(bytes, { limitInputPixels: MOST_PIXELS, density: Math.min(Math.max(density, 1), 2400) });
  const scaled = size === null ? picture : within(picture.autoOrient(), size);
  return { mediaType: 'image/webp', bytes: await scaled.webp({ quality: 85 }).toBuffer() };
}

function within(picture: Sharp, size: number): Sharp {
  return picture.resize(size, size, { fit: 'inside', withoutEnlargement: true });
}

function reasonOf(error: unknown): string {
  return error instanceof Error && error.message.includes('pixel limit')
    ? 'it has too many pixels'
    : 'its bytes are not those of a picture';
}

let making = 0;
const waiting: (() => void)[] = [];

/** Runs `make` when fewer than `AT_ONCE` others run. */
async function inTurn<T>(make: () => Promise<T>): Promise<T> {
  if (making >= AT_ONCE) await new Promise<void>((resolve) => waiting.push(resolve));
  making++;
  try {
    return await make();
  } finally {
    making--;
    waiting.shift()?.();
  }
}

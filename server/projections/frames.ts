/**
 * Where the points of a map in the making are now. Whoever makes it and whoever shows it may be different processes, which
 * share `DATA_DIR`: who watches says so by touching `cache/frames/JOB.watched`, and while that is fresh the newest frame
 * lies in `JOB.frame`, and in `JOB.items` what its points are. So a map that nobody watches costs a look at a file twice a second, and nothing else.
 */
import { mkdir, open, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import {
  FRAME_HEADER_BYTES,
  type FrameHeader,
  frameHeaderFromBytes,
  frameToBytes,
  type Frame as MapFrame,
} from '#kernels/frame.ts';
import { createMatrix } from '#kernels/matrix.ts';
import { UserError } from '../errors.ts';
import { orderOfPoints } from './projections.ts';

export const FRAME_MEDIA_TYPE = 'application/octet-stream';

/** At most ten frames a second. */
const FRAME_MS = 100;
/** So often the maker looks whether somebody watches. */
const LOOK_MS = 500;
/** So often who watches says so, and so long that holds. */
const TOUCH_MS = 1000;
const WATCHED_MS = 5000;

/** The map that a job makes. */
export interface InTheMaking {
  readonly dataDir: string;
  readonly jobId: string;
}

/** What the points are. */
export interface PointItems {
  readonly datasetId: number;
  /** Null where the embedding is only made with the map. */
  readonly embeddingId: number | null;
  /** Of each row of the matrix. */
  readonly itemIds: Float64Array;
}

/** As in the schema. */
export interface Frame extends FrameHeader {
  readonly url: string;
}

/** The maker's side. */
export class FrameWriter {
  readonly #map: InTheMaking;
  readonly #points: PointItems;
  readonly #order: Uint32Array;
  readonly #wish: () => void;
  readonly #timer: NodeJS.Timeout;
  #sequence: number | null = null;
  #watched = false;
  #lookedAt = Number.NEGATIVE_INFINITY;
  #writing: Promise<void> | null = null;

  /**
   * @param wish asks for a frame, to be given to `write`; not called while nobody watches
   */
  constructor(map: InTheMaking, points: PointItems, wish: () => void) {
    this.#map = map;
    this.#points = points;
    this.#order = orderOfPoints(points.itemIds.length);
    this.#wish = wish;
    this.#timer = setInterval(() => void this.#tick(), FRAME_MS).unref();
  }

  /** Shows these coordinates (rows of the matrix, c). A frame that comes while another is being written is left out. */
  async write(frame: Omit<MapFrame, 'sequence'>): Promise<void> {
    if (this.#writing !== null) return;
    this.#writing = this.#put(frame).finally(() => {
      this.#writing = null;
    });
    await this.#writing;
  }

  /**
   * The map is made, or will not be.
   * @param keep whether the last frame stays: of a job that may be gone on with, such as one that is paused
   */
  async close({ keep }: { readonly keep: boolean }): Promise<void> {
    clearInterval(this.#timer);
    await this.#writing?.catch(() => {});
    if (keep) return; // `sweepFrames` removes it when the job has ended
    for (const kind of ['frame', 'items'] as const) await rm(pathOf(this.#map, kind), { force: true });
  }

  async #tick(): Promise<void> {
    const now = performance.now();
    if (now - this.#lookedAt >= LOOK_MS) {
      this.#lookedAt = now;
      const touched = await stat(pathOf(this.#map, 'watched')).catch(() => null);
      this.#watched = touched !== null && Date.now() - touched.mtimeMs < WATCHED_MS;
    }
    if (this.#watched && this.#writing === null) this.#wish();
  }

  async #put(frame: Omit<MapFrame, 'sequence'>): Promise<void> {
    const { rows, columns, data } = frame.coordinates;
    const coordinates = createMatrix(rows, columns);
    this.#order.forEach((from, to) => {
      for (let c = 0; c < columns; c++) coordinates.data[to * columns + c] = data[from * columns + c] ?? 0;
    });
    if (this.#sequence === null) {
      await this.#putItems();
      // A job that is gone on with goes on counting.
      this.#sequence = (await readHeader(this.#map))?.sequence ?? 0;
    }
    this.#sequence++;
    await replaceFile(pathOf(this.#map, 'frame'), frameToBytes({ ...frame, sequence: this.#sequence, coordinates }));
  }

  /** Before the first frame: where there is a frame, it is known what its points are. */
  async #putItems(): Promise<void> {
    const { datasetId, embeddingId, itemIds } = this.#points;
    const numbers = new Float64Array(2 + itemIds.length);
    numbers.set([datasetId, embeddingId ?? 0]);
    this.#order.forEach((from, to) => {
      numbers[2 + to] = itemIds[from] ?? 0;
    });
    await replaceFile(pathOf(this.#map, 'items'), new Uint8Array(numbers.buffer));
  }
}

async function replaceFile(path: string, bytes: Uint8Array): Promise<void> {
  await writeFile(`${path}.part`, bytes);
  await rename(`${path}.part`, path);
}

/** Says that somebody watches, for some seconds. */
export async function sayWatched(map: InTheMaking): Promise<void> {
  await mkdir(folderOf(map), { recursive: true });
  await writeFile(pathOf(map, 'watched'), '');
}

/** What the points of a map in the making are, in their order; null while it has no frame. */
export async function readItems(map: InTheMaking): Promise<PointItems | null> {
  const bytes = (await readHeader(map)) === null ? null : await readFile(pathOf(map, 'items')).catch(() => null);
  if (bytes === null) return null;
  const numbers = new Float64Array(Uint8Array.from(bytes).buffer);
  const [datasetId = 0, embeddingId = 0] = numbers;
  return { datasetId, embeddingId: embeddingId === 0 ? null : embeddingId, itemIds: numbers.subarray(2) };
}

/** The frames of a map as they are made, ten a second at most, until `signal` is aborted. One that is overtaken is left out. */
export async function* watchFrames(map: InTheMaking, signal: AbortSignal): AsyncGenerator<Frame, void> {
  let touchedAt = Number.NEGATIVE_INFINITY;
  let seen = 0;
  try {
    while (!signal.aborted) {
      if (performance.now() - touchedAt >= TOUCH_MS) {
        touchedAt = performance.now();
        await sayWatched(map);
      }
      const header = await readHeader(map);
      if (header !== null && header.sequence !== seen) {
        seen = header.sequence;
        yield { ...header, url: `/frames/${map.jobId}/${header.sequence}` };
      }
      await sleep(FRAME_MS, undefined, { signal }).catch(() => {});
    }
  } finally {
    // Others who watch say so again within a second.
    await rm(pathOf(map, 'watched'), { force: true });
  }
}

/** The newest frame, of that sequence or a later one. @throws UserError NOT_FOUND where there is none (any more) */
export async function readFrame(map: InTheMaking, sequence: number): Promise<Uint8Array> {
  const bytes = await readFile(pathOf(map, 'frame')).catch(() => null);
  if (bytes === null || frameHeaderFromBytes(bytes).sequence < sequence) {
    throw new UserError('NOT_FOUND', 'There is no such frame: the map is made, or its job has ended. Ask for the map.');
  }
  return bytes;
}

/** Removes what maps have left that are no longer in the making. @param open ids of the jobs that have not ended */
export async function sweepFrames(dataDir: string, open: readonly string[]): Promise<void> {
  const folder = folderOf({ dataDir });
  for (const name of await readdir(folder).catch(() => [])) {
    if (!open.includes(name.split('.', 1)[0] ?? '')) await rm(join(folder, name), { force: true });
  }
}

async function readHeader(map: InTheMaking): Promise<FrameHeader | null> {
  const file = await open(pathOf(map, 'frame')).catch(() => null);
  if (file === null) return null;
  try {
    const { buffer, bytesRead } = await file.read(new Uint8Array(FRAME_HEADER_BYTES), 0, FRAME_HEADER_BYTES, 0);
    return bytesRead === FRAME_HEADER_BYTES ? frameHeaderFromBytes(buffer) : null;
  } finally {
    await file.close();
  }
}

function folderOf({ dataDir }: Pick<InTheMaking, 'dataDir'>): string {
  return join(dataDir, 'cache', 'frames');
}

function pathOf(map: InTheMaking, kind: 'frame' | 'items' | 'watched'): string {
  return join(folderOf(map), `${map.jobId}.${kind}`);
}

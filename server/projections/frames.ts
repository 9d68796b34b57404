/**
 * Where the points of a map in the making are now. Whoever makes it and whoever shows it may be different processes, which
 * share `DATA_DIR`: who watches says so by touching `cache/frames/JOB.watched`, and while that is fresh the newest frame
 * lies in `JOB.frame`. So a map that nobody watches costs a look at a file twice a second, and nothing else.
 */
import { mkdir, open, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { FRAME_HEADER_BYTES, type FrameHeader, frameHeaderFromBytes, frameToBytes } from '#kernels/frame.ts';
import { createMatrix, type Matrix } from '#kernels/matrix.ts';
import { UserError } from '../errors.ts';

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

/** As in the schema. */
export interface Frame extends FrameHeader {
  readonly url: string;
}

/** The maker's side. */
export class FrameWriter {
  readonly #map: InTheMaking;
  readonly #order: Uint32Array;
  readonly #wish: () => void;
  readonly #timer: NodeJS.Timeout;
  #sequence: number | null = null;
  #watched = false;
  #lookedAt = Number.NEGATIVE_INFINITY;
  #writing: Promise<void> | null = null;

  /**
   * @param order row of the matrix of each point, in the order of the map's points
   * @param wish asks for a frame, to be given to `write`; not called while nobody watches
   */
  constructor(map: InTheMaking, order: Uint32Array, wish: () => void) {
    this.#map = map;
    this.#order = order;
    this.#wish = wish;
    this.#timer = setInterval(() => void this.#tick(), FRAME_MS).unref();
  }

  /** Shows these coordinates (rows of the matrix, c). A frame that comes while another is being written is left out. */
  async write(coordinates: Matrix, progress: number): Promise<void> {
    if (this.#writing !== null) return;
    this.#writing = this.#put(coordinates, progress).finally(() => {
      this.#writing = null;
    });
    await this.#writing;
  }

  /** The map is made, or will not be. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#writing?.catch(() => {});
    await rm(pathOf(this.#map, 'frame'), { force: true });
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

  async #put({ rows, columns, data }: Matrix, progress: number): Promise<void> {
    const coordinates = createMatrix(rows, columns);
    this.#order.forEach((from, to) => {
      for (let c = 0; c < columns; c++) coordinates.data[to * columns + c] = data[from * columns + c] ?? 0;
    });
    // A job that is gone on with goes on counting.
    this.#sequence ??= (await readHeader(this.#map))?.sequence ?? 0;
    this.#sequence++;
    const path = pathOf(this.#map, 'frame');
    await writeFile(`${path}.part`, frameToBytes({ sequence: this.#sequence, progress, coordinates }));
    await rename(`${path}.part`, path);
  }
}

/** The frames of a map as they are made, ten a second at most, until `signal` is aborted. One that is overtaken is left out. */
export async function* watchFrames(map: InTheMaking, signal: AbortSignal): AsyncGenerator<Frame, void> {
  const watched = pathOf(map, 'watched');
  await mkdir(folderOf(map), { recursive: true });
  let touchedAt = Number.NEGATIVE_INFINITY;
  let seen = 0;
  try {
    while (!signal.aborted) {
      if (performance.now() - touchedAt >= TOUCH_MS) {
        touchedAt = performance.now();
        await writeFile(watched, '');
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
    await rm(watched, { force: true });
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

function pathOf(map: InTheMaking, kind: 'frame' | 'watched'): string {
  return join(folderOf(map), `${map.jobId}.${kind}`);
}

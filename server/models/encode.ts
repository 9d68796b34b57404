/** Texts and pictures become vectors, in threads of their own: one runs models, another prepares the pictures it runs on next. */
import { kernelThreads, type RunKernelOptions } from '../compute.ts';
import type { ModelSettings } from '../config.ts';
import { fromErrorRecord, UserError } from '../errors.ts';
import { BatchSizer } from './batchSizer.ts';
import type { ImageTower, ModelDescription, TextTower } from './describeModel.ts';
import type { InferenceKernels, Layer } from './inference.worker.ts';
import type { EncodedPicture } from './pictures/decodePicture.ts';
import type { PictureKernels } from './pictures/pictures.worker.ts';
import type { LayerPooling } from './pooling.ts';
import type { Provision } from './sessions.ts';

/** A model stays loaded so long after its last use. */
const IDLE_MS = 5 * 60_000;

const inference = kernelThreads<InferenceKernels>(new URL('./inference.worker.ts', import.meta.url), IDLE_MS);
const pictureThread = kernelThreads<PictureKernels>(new URL('./pictures/pictures.worker.ts', import.meta.url), IDLE_MS);

let turn: Promise<unknown> = Promise.resolve();

/** One call after the other, so that there is one thread, in which each model is loaded once. */
const runInference: typeof inference = (name, input, options) => {
  const mine = turn.then(() => inference(name, input, options));
  turn = mine.catch(() => {});
  return mine;
};

/** Where models run, found out at the first call. */
export async function whereModelsRun(settings: ModelSettings): Promise<Provision> {
  return await runInference('provide', plain(settings));
}

/** Frees what models occupy, at once. */
export async function releaseModels(): Promise<void> {
  await runInference('release', null);
}

export interface EncodeOptions extends Pick<RunKernelOptions, 'signal' | 'onProgress'> {}

/** Vectors of things, some of which may have none. */
export interface Encoded {
  readonly dimension: number;
  /** Place of each vector's thing among those that were given. */
  readonly places: readonly number[];
  /** (places.length, dimension) */
  readonly vectors: Float32Array;
  /** Things without a vector, and why. */
  readonly refused: readonly { readonly index: number; readonly error: UserError }[];
}

export interface EncodedTexts extends Encoded {
  /** Texts that were longer than the model takes. */
  readonly cut: readonly { readonly index: number; readonly tokens: number }[];
}

/**
 * @param purpose whether the texts ask or are looked for, which some models tell apart by what stands before them
 * @throws UserError where the model takes no texts, or cannot be loaded
 */
export async function encodeTexts(
  settings: ModelSettings,
  model: ModelDescription,
  texts: readonly string[],
  purpose: 'query' | 'passage',
  options: EncodeOptions = {},
): Promise<EncodedTexts> {
  const tower = textTowerOf(model);
  const refused: { index: number; error: UserError }[] = [];
  const good: number[] = [];
  for (const [index, text] of texts.entries()) {
    const reason = textReason(text);
    if (reason === null) good.push(index);
    else refused.push({ index, error: new UserError('BAD_USER_INPUT', reason) });
  }
  const found =
    good.length === 0
      ? { vectors: new Float32Array(0), dimension: tower.dimension ?? 0, cut: new Int32Array(0) }
      : await runInference(
          'texts',
          {
            tower,
            texts: good.map((index) => texts[index] ?? ''),
            prompt: tower.prompts[purpose],
            settings: plain(settings),
          },
          options,
        );
  const { dimension } = found;
  const places: number[] = [];
  const rows: Float32Array[] = [];
  for (const [i, index] of good.entries()) {
    const row = found.vectors.subarray(i * dimension, (i + 1) * dimension);
    const reason = vectorReason(row, 'the model knows none of the words');
    if (reason === null) {
      places.push(index);
      rows.push(row);
    } else
      refused.push({
        index,
        error: new UserError('BAD_USER_INPUT', `The text "${shortened(texts[index] ?? '')}" has no vector: ${reason}.`),
      });
  }
  return {
    dimension,
    places,
    vectors: joined(rows, dimension),
    refused,
    cut: good.flatMap((index, i) => ((found.cut[i] ?? 0) > 0 ? [{ index, tokens: found.cut[i] ?? 0 }] : [])),
  };
}

export interface PictureOptions extends EncodeOptions {
  /** The tensor that is read; null: the model's own output. */
  readonly layer?: string | null;
  /** How a layer becomes one vector. Default: its average. */
  readonly pooling?: LayerPooling | null;
}

const sizers = new Map<string, BatchSizer>();
const FIRST_PICTURES = 4;
/** 40 pictures of 224 x 224: beyond, no network is faster, and each takes some 14 MB of memory while it runs. */
const MOST_BATCH_BYTES = 24 << 20;

/**
 * While the model runs on one batch, the next is decoded.
 * @throws UserError where the model takes no pictures, or cannot be loaded
 */
export async function encodePictures(
  settings: ModelSettings,
  model: ModelDescription,
  pictures: readonly EncodedPicture[],
  { layer = null, pooling = null, signal, onProgress }: PictureOptions = {},
): Promise<Encoded> {
  const tower = imageTowerOf(model);
  const stop = signal === undefined ? {} : { signal };
  const sizer = sizerOf(tower, layer);
  const prepare = (from: number) => {
    const chunk = pictures.slice(from, from + sizer.size);
    const { preprocessing, layout, channels } = tower;
    const prepared = pictureThread(
      'prepare',
      { tower: { preprocessing, layout, channels }, pictures: chunk.map(withoutPadding) },
      stop,
    );
    prepared.catch(() => {}); // told where it is awaited
    return { from, count: chunk.length, prepared };
  };
  const refused: { index: number; error: UserError }[] = [];
  const places: number[] = [];
  const blocks: Float32Array[] = [];
  let dimension = tower.dimension ?? 0;
  let next = pictures.length > 0 ? prepare(0) : null;
  while (next !== null) {
    const { from, count, prepared } = next;
    const { batch, ready, refused: unfit } = await prepared;
    next = from + count < pictures.length ? prepare(from + count) : null;
    for (const { index, error } of unfit) refused.push({ index: from + index, error: fromErrorRecord(error) });
    if (ready.length > 0) {
      const transfer = batch.buffer instanceof ArrayBuffer ? [batch.buffer] : [];
      const found = await runInference(
        'images',
        { tower, layer, pooling, batch, settings: plain(settings) },
        { ...stop, transfer },
      );
      sizer.record(ready.length, found.milliseconds);
      dimension = found.dimension;
      for (const [i, index] of ready.entries()) {
        const row = found.vectors.subarray(i * dimension, (i + 1) * dimension);
        const reason = vectorReason(row, 'every number of the layer is 0');
        if (reason === null) {
          places.push(from + index);
          blocks.push(row);
        } else
          refused.push({
            index: from + index,
            error: new UserError('BAD_USER_INPUT', `The picture has no vector: ${reason}.`),
          });
      }
    }
    onProgress?.((from + count) / pictures.length);
  }
  return { dimension, places, vectors: joined(blocks, dimension), refused };
}

/** The layers of a model for pictures, with their shapes. @throws UserError where it takes no pictures, or cannot be loaded */
export async function listLayers(settings: ModelSettings, model: ModelDescription): Promise<Layer[]> {
  const tower = imageTowerOf(model);
  const key = `${tower.file}:${tower.version}`;
  const found = layers.get(key) ?? runInference('layers', { tower, settings: plain(settings) });
  layers.set(key, found);
  found.catch(() => layers.delete(key));
  return await found;
}

const layers = new Map<string, Promise<Layer[]>>();

export function textTowerOf({ name, text }: ModelDescription): TextTower {
  if (text === null)
    throw new UserError('BAD_USER_INPUT', `The model "${name}" makes vectors of pictures and of no texts.`);
  return text;
}

export function imageTowerOf({ name, image }: ModelDescription): ImageTower {
  if (image === null)
    throw new UserError('BAD_USER_INPUT', `The model "${name}" makes vectors of texts and of no pictures.`);
  return image;
}

/** Why a text becomes no vector: a sentence; null where it may. */
export function textReason(text: string): string | null {
  if (text.trim() === '') return 'The text is empty.';
  return text.isWellFormed() ? null : 'The text holds half of a character (a lone surrogate). Write it in UTF-8 anew.';
}

function vectorReason(row: Float32Array, zero: string): string | null {
  if (!row.every(Number.isFinite)) return 'the model gives out numbers that are not finite';
  return row.every((value) => value === 0) ? zero : null;
}

function sizerOf(tower: ImageTower, layer: string | null): BatchSizer {
  const key = JSON.stringify([tower.file, layer]);
  const bytes = 4 * tower.channels * tower.width * tower.height;
  const sizer = sizers.get(key) ?? new BatchSizer(FIRST_PICTURES, Math.max(1, Math.floor(MOST_BATCH_BYTES / bytes)));
  sizers.set(key, sizer);
  return sizer;
}

/** What of the settings the thread needs. */
function plain({ device, modelMemoryBytes }: ModelSettings): Pick<ModelSettings, 'device' | 'modelMemoryBytes'> {
  return { device, modelMemoryBytes };
}

/** A small view into a large buffer would take the whole buffer along to the other thread. */
function withoutPadding(picture: EncodedPicture): EncodedPicture {
  const { bytes } = picture;
  return bytes.byteLength === bytes.buffer.byteLength ? picture : { ...picture, bytes: Uint8Array.from(bytes) };
}

function joined(rows: readonly Float32Array[], dimension: number): Float32Array {
  const all = new Float32Array(rows.length * dimension);
  for (const [i, row] of rows.entries()) all.set(row, i * dimension);
  return all;
}

function shortened(text: string): string {
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}

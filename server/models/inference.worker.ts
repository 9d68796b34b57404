/**
 * The thread in which models run: onnxruntime's `run` blocks. Texts come in and vectors go out; pictures come in prepared.
 */
import { type InferenceSession, Tensor } from 'onnxruntime-node';

import { UserError } from '../errors.ts';
import { type KernelOptions, serveKernels } from '../serveKernels.ts';
import { BatchSizer } from './batchSizer.ts';
import type { ImageTower, TextTower } from './describeModel.ts';
import { fromHalves, toHalves } from './halfPrecision.ts';
import { readGraph, type TensorInfo } from './onnx/graph.ts';
import { type LayerInfo, layersOf } from './onnx/layers.ts';
import { withFile } from './onnx/protobuf.ts';
import { type LayerPooling, normalizeRows, poolLayer, poolTokens } from './pooling.ts';
import {
  firstLine,
  type InferenceSettings,
  loadedBytes,
  makeRoom,
  openSession,
  type Provision,
  provide,
  runSession,
} from './sessions.ts';
import { type ModelTokenizer, openTokenizer, type Tokens } from './tokenize.ts';

/** What a layer is, and of which shape for one picture. */
export interface Layer extends LayerInfo {
  readonly dimensions: readonly number[];
}

/** Tokens at once, filling included: the first guess, and what the activations of a large model leave room for. */
const FIRST_TOKENS = 512;
const MOST_TOKENS = 32_768;

const tokenizers = new Map<string, ModelTokenizer>();
const sizers = new Map<string, BatchSizer>();

const kernels = {
  /** Where models run. */
  provide: ({ device }: InferenceSettings): Promise<Provision> => provide(device),

  /** Forgets all sessions and tokenizers. @returns bytes of weights that are still loaded: 0 */
  async release(_input: null): Promise<number> {
    tokenizers.clear();
    await makeRoom(0);
    return loadedBytes();
  },

  /**
   * @returns vectors (texts.length, dimension), and per text the tokens that were cut off. The vector of a text of unknown
   *   words alone is zeros.
   */
  async texts(
    {
      tower,
      texts,
      prompt,
      settings,
    }: {
      readonly tower: TextTower;
      readonly texts: readonly string[];
      readonly prompt: string;
      readonly settings: InferenceSettings;
    },
    { onProgress }: KernelOptions,
  ): Promise<{ vectors: Float32Array; dimension: number; cut: Int32Array }> {
    const tokenizer = tokenizerOf(tower);
    const session = await openSession(tower, [tower.output], settings);
    const encoded = texts.map((text) => tokenizer.encode(prompt + text));
    // Of like length together, so that little is filled up; the longest first, so that memory is asked for once.
    const order = encoded
      .map((_, i) => i)
      .sort((a, b) => (encoded[b]?.ids.length ?? 0) - (encoded[a]?.ids.length ?? 0) || a - b);
    const sizer = sizerOf(`${tower.file}:text`, FIRST_TOKENS, MOST_TOKENS);
    let vectors = new Float32Array(0);
    let dimension = tower.dimension ?? 0;
    for (let from = 0; from < order.length; ) {
      const longest = Math.max(1, encoded[order[from] ?? 0]?.ids.length ?? 1);
      const places = order.slice(from, from + Math.max(1, Math.floor(sizer.size / longest)));
      const batch = places.map((place) => encoded[place] ?? { ids: [], cut: 0 });
      const started = performance.now();
      const rows = await runTexts(session, tower, batch, tokenizer.padId);
      sizer.record(places.length * longest, performance.now() - started);
      if (from === 0) {
        dimension = rows.length / places.length;
        vectors = new Float32Array(texts.length * dimension);
      }
      for (const [i, place] of places.entries())
        vectors.set(rows.subarray(i * dimension, (i + 1) * dimension), place * dimension);
      from += places.length;
      onProgress(from / order.length);
    }
    return { vectors, dimension, cut: Int32Array.from(encoded, ({ cut }) => cut) };
  },

  /**
   * @param batch pictures as `tower` wants them
   * @param layer the tensor that is read, and how it is pooled; null: the model's own output
   * @returns vectors (pictures, dimension), and how long the model ran
   */
  async images({
    tower,
    layer,
    pooling,
    batch,
    settings,
  }: {
    readonly tower: ImageTower;
    readonly layer: string | null;
    readonly pooling: LayerPooling | null;
    readonly batch: Float32Array;
    readonly settings: InferenceSettings;
  }): Promise<{ vectors: Float32Array; dimension: number; milliseconds: number }> {
    const output = layer ?? tower.output;
    const session = await openSession(tower, [output], settings);
    const size = tower.channels * tower.width * tower.height;
    const count = batch.length / size;
    const started = performance.now();
    const parts: Float32Array[] = [];
    let dimension = 0;
    const atOnce = tower.batch ?? Math.max(1, count);
    for (let from = 0; from < count; from += atOnce) {
      const { values, dimensions } = await runImages(
        session,
        tower,
        output,
        batch.subarray(from * size, (from + atOnce) * size),
        atOnce,
      );
      const pooled = poolLayer(values, dimensions, pooling);
      dimension = pooled.dimension;
      parts.push(pooled.vectors.subarray(0, Math.min(atOnce, count - from) * dimension));
    }
    const vectors = new Float32Array(count * dimension);
    for (let i = 0, at = 0; i < parts.length; at += parts[i]?.length ?? 0, i++) vectors.set(parts[i] ?? [], at);
    if (tower.normalize && layer === null) normalizeRows(vectors, dimension);
    return { vectors, dimension, milliseconds: performance.now() - started };
  },

  /** The tensors between input and output, and their shapes as a run on a black picture has them. */
  async layers({
    tower,
    settings,
  }: {
    readonly tower: ImageTower;
    readonly settings: InferenceSettings;
  }): Promise<Layer[]> {
    const layers = layersOf(withFile(tower.file, readGraph));
    const names = layers.map(({ name }) => name);
    const session = await openSession(tower, names, settings);
    const size = tower.channels * tower.width * tower.height;
    const count = tower.batch ?? 1;
    const outputs = await run(
      session,
      { [tower.input]: pixels(tower, new Float32Array(count * size), count) },
      tower.file,
    );
    return layers.flatMap((layer) => {
      const found = outputs[layer.name];
      const isActivation =
        found !== undefined && (found.type === 'float32' || found.type === 'float16') && found.dims.length >= 2;
      return isActivation ? [{ ...layer, dimensions: found.dims.slice(1) }] : [];
    });
  },
};

export type InferenceKernels = typeof kernels;

function tokenizerOf(tower: TextTower): ModelTokenizer {
  const key = `${tower.tokenizer}:${tower.version}`;
  let tokenizer = tokenizers.get(key);
  if (tokenizer === undefined) {
    try {
      tokenizer = openTokenizer(tower.tokenizer, tower);
    } catch (error) {
      throw new UserError(
        'BAD_USER_INPUT',
        `The tokenizer of the model cannot be used: ${firstLine(error)}. Get tokenizer.json again from its source.`,
        { file: 'tokenizer.json' },
      );
    }
    tokenizers.set(key, tokenizer);
  }
  return tokenizer;
}

function sizerOf(key: string, first: number, most: number): BatchSizer {
  const sizer = sizers.get(key) ?? new BatchSizer(first, most);
  sizers.set(key, sizer);
  return sizer;
}

async function run(
  session: InferenceSession,
  feeds: InferenceSession.FeedsType,
  file: string,
): Promise<InferenceSession.ReturnType> {
  try {
    return await runSession(session, feeds);
  } catch (error) {
    throw new UserError(
      'BAD_USER_INPUT',
      `The model ${file.split('/').at(-1)} failed on its input: ${firstLine(error)}`,
    );
  }
}

/** The vectors of a batch of texts, (batch.length, dimension). */
async function runTexts(
  session: InferenceSession,
  tower: TextTower,
  batch: readonly Tokens[],
  padId: number,
): Promise<Float32Array> {
  const n = batch.length;
  // A text without a single known word goes in as filling, and comes out as zeros.
  const s = tower.padTo ?? Math.max(1, ...batch.map(({ ids }) => ids.length));
  const mask = new Uint8Array(n * s);
  const ids = new Int32Array(n * s).fill(padId);
  for (const [i, tokens] of batch.entries()) {
    ids.set(tokens.ids, i * s);
    mask.fill(1, i * s, i * s + tokens.ids.length);
  }
  const joined = tower.inputs.some(({ name }) => name === 'offsets');
  const feeds = joined
    ? joinedFeeds(tower.inputs, batch, padId)
    : Object.fromEntries(
        tower.inputs.map((input) => [input.name, integers(input, tokenInput(input.name, ids, mask, s), [n, s])]),
      );
  const outputs = await run(session, feeds, tower.file);
  const output = outputs[tower.output];
  if (output === undefined) throw new Error(`no output ${tower.output}`);
  const values = floats(output);
  const rows = tower.pooling === 'NONE' || output.dims.length < 3 ? values : poolTokens(values, mask, n, tower.pooling);
  const dimension = rows.length / n;
  for (const [i, tokens] of batch.entries()) {
    if (tokens.ids.length === 0) rows.fill(0, i * dimension, (i + 1) * dimension);
  }
  return tower.normalize ? normalizeRows(rows, dimension) : rows;
}

function tokenInput(name: string, ids: Int32Array, mask: Uint8Array, s: number): ArrayLike<number> {
  switch (name) {
    case 'input_ids':
      return ids;
    case 'attention_mask':
      return mask;
    case 'position_ids':
      return Int32Array.from(ids, (_, i) => i % s);
    default:
      return new Int32Array(ids.length); // token_type_ids: one text, all of the first kind
  }
}

/** All tokens in one row, and where each text begins: as Model2Vec exports its tables. */
function joinedFeeds(
  inputs: readonly TensorInfo[],
  batch: readonly Tokens[],
  padId: number,
): InferenceSession.FeedsType {
  const ids: number[] = [];
  const offsets: number[] = [];
  for (const tokens of batch) {
    offsets.push(ids.length);
    ids.push(...(tokens.ids.length === 0 ? [padId] : tokens.ids));
  }
  return Object.fromEntries(
    inputs.map((input) => {
      const values = input.name === 'offsets' ? offsets : ids;
      return [input.name, integers(input, values, [values.length])];
    }),
  );
}

function integers({ type }: TensorInfo, values: ArrayLike<number>, dimensions: readonly number[]): Tensor {
  if (type === 'int32') return new Tensor('int32', Int32Array.from(values), dimensions);
  return new Tensor(
    'int64',
    BigInt64Array.from({ length: values.length }, (_, i) => BigInt(values[i] ?? 0)),
    dimensions,
  );
}

function floats(tensor: Tensor): Float32Array {
  const { data } = tensor;
  if (data instanceof Float32Array) return Float32Array.from(data);
  // Where the platform has a Float16Array, onnxruntime gives one: its bits are the same.
  if (tensor.type === 'float16' && ArrayBuffer.isView(data)) {
    return fromHalves(new Uint16Array(data.buffer, data.byteOffset, data.byteLength / 2));
  }
  if (data instanceof Float64Array || data instanceof Int8Array || data instanceof Uint8Array)
    return Float32Array.from(data);
  throw new UserError('BAD_USER_INPUT', `The model gives out ${tensor.type}, and no numbers that a vector is made of.`);
}

async function runImages(
  session: InferenceSession,
  tower: ImageTower,
  output: string,
  batch: Float32Array,
  count: number,
): Promise<{ values: Float32Array; dimensions: readonly number[] }> {
  const size = tower.channels * tower.width * tower.height;
  let filled = batch;
  if (batch.length < count * size) {
    filled = new Float32Array(count * size); // a graph that takes so many pictures and no other number
    filled.set(batch);
  }
  const outputs = await run(session, { [tower.input]: pixels(tower, filled, count) }, tower.file);
  const found = outputs[output];
  if (found === undefined) throw new Error(`no output ${output}`);
  return { values: floats(found), dimensions: found.dims };
}

function pixels({ type, layout, channels, width, height }: ImageTower, batch: Float32Array, count: number): Tensor {
  const dimensions = layout === 'NCHW' ? [count, channels, height, width] : [count, height, width, channels];
  switch (type) {
    case 'float32':
      return new Tensor('float32', batch, dimensions);
    case 'float16':
      return halfTensor(toHalves(batch), dimensions);
    case 'uint8':
      return new Tensor(
        'uint8',
        Uint8Array.from(batch, (value) => Math.min(255, Math.max(0, Math.round(value)))),
        dimensions,
      );
  }
}

/**
 * A tensor of float16. From Node 24 on, which has a Float16Array, onnxruntime's own constructor makes one of the bits, and its native part
 * (1.30) does not know that kind of array and reads nothing of it.
 */
function halfTensor(halves: Uint16Array, dimensions: readonly number[]): Tensor {
  return Object.defineProperty(new Tensor('uint16', halves, dimensions), 'type', { value: 'float16' });
}

serveKernels(kernels);

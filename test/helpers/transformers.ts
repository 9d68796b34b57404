/**
 * Small transformers with weights by chance, in the layout and with the tensors' names that exports for ONNX have: an encoder of
 * sentences (Devlin et al. 2019) and a pair of towers (Radford et al. 2021). Beside each graph, the same in plain TypeScript
 * and double precision, one text or picture at a time, without filling: what onnxruntime's answers are compared with.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { createRandom } from '#kernels/random.ts';
import { type ConstantDefinition, type NodeDefinition, onnxModel } from './models.ts';

/** Numbers per token. */
const WIDTH = 8;
/** Numbers of the hidden layer of the network that each token passes. */
const HIDDEN = 16;
/** Places that have a vector of their own: the longest text. */
const PLACES = 16;
const EPSILON = 1e-5;

type Rows = readonly (readonly number[])[];

/** Named weights, each drawn once. */
class Weights {
  readonly #random;
  readonly constants: ConstantDefinition[] = [];
  readonly #rows = new Map<string, number[][]>();

  constructor(seed: number) {
    this.#random = createRandom(seed);
  }

  /** A matrix of normal numbers, which are those of float32. */
  draw(name: string, rows: number, columns: number, spread = 0.5): string {
    const values = Float32Array.from({ length: rows * columns }, () => spread * this.#random.normal());
    this.constants.push({ name, dimensions: [rows, columns], values });
    this.#rows.set(
      name,
      Array.from({ length: rows }, (_, i) => [...values.subarray(i * columns, (i + 1) * columns)]),
    );
    return name;
  }

  fixed(name: string, dimensions: readonly number[], values: Float32Array | BigInt64Array): string {
    this.constants.push({ name, dimensions, values });
    return name;
  }

  matrix(name: string): Rows {
    const rows = this.#rows.get(name);
    if (rows === undefined) throw new Error(`no weights "${name}"`);
    return rows;
  }
}

/** One layer: attention of one head, then a network for each token, both with what came in added and brought to norm. */
function layer(weights: Weights, input: string, output: string, mask: string | null): NodeDefinition[] {
  for (const name of ['query', 'key', 'value', 'attended']) weights.draw(name, WIDTH, WIDTH);
  weights.draw('up', WIDTH, HIDDEN);
  weights.draw('down', HIDDEN, WIDTH);
  weights.fixed('scale', [1], Float32Array.of(1 / Math.sqrt(WIDTH)));
  const norm = (from: string, to: string): NodeDefinition => ({
    ...{ operator: 'LayerNormalization', inputs: [from, 'ones', 'zeros'], output: to },
    attributes: { axis: -1, epsilon: { float: EPSILON } },
  });
  weights.fixed('ones', [WIDTH], new Float32Array(WIDTH).fill(1));
  weights.fixed('zeros', [WIDTH], new Float32Array(WIDTH));
  return [
    { operator: 'MatMul', inputs: [input, 'query'], output: 'q' },
    { operator: 'MatMul', inputs: [input, 'key'], output: 'k' },
    { operator: 'MatMul', inputs: [input, 'value'], output: 'v' },
    { operator: 'Transpose', inputs: ['k'], output: 'k_turned', attributes: { perm: [0, 2, 1] } },
    { operator: 'MatMul', inputs: ['q', 'k_turned'], output: 'raw' },
    { operator: 'Mul', inputs: ['raw', 'scale'], output: 'scaled' },
    ...(mask === null ? [] : [{ operator: 'Add', inputs: ['scaled', mask], output: 'masked' }]),
    { operator: 'Softmax', inputs: [mask === null ? 'scaled' : 'masked'], output: 'weights', attributes: { axis: -1 } },
    { operator: 'MatMul', inputs: ['weights', 'v'], output: 'mixed' },
    { operator: 'MatMul', inputs: ['mixed', 'attended'], output: 'turned' },
    { operator: 'Add', inputs: [input, 'turned'], output: 'with_attention' },
    norm('with_attention', 'middle'),
    { operator: 'MatMul', inputs: ['middle', 'up'], output: 'wide' },
    { operator: 'Tanh', inputs: ['wide'], output: 'bent' },
    { operator: 'MatMul', inputs: ['bent', 'down'], output: 'narrow' },
    { operator: 'Add', inputs: ['middle', 'narrow'], output: 'with_network' },
    norm('with_network', output),
  ];
}

/** The same, for the tokens of one text or picture. @param sees whether token i looks at token j */
function layerPlain(weights: Weights, tokens: Rows, sees: (i: number, j: number) => boolean): Rows {
  const [q, k, v] = ['query', 'key', 'value'].map((name) => times(tokens, weights.matrix(name)));
  const mixed = tokens.map((_, i) => {
    const scores = tokens.map((_, j) =>
      sees(i, j) ? dot(q?.[i] ?? [], k?.[j] ?? []) / Math.sqrt(WIDTH) : Number.NEGATIVE_INFINITY,
    );
    const most = Math.max(...scores);
    const shares = scores.map((score) => Math.exp(score - most));
    const sum = shares.reduce((a, b) => a + b, 0);
    return Array.from({ length: WIDTH }, (_, c) =>
      shares.reduce((total, share, j) => total + (share / sum) * (v?.[j]?.[c] ?? 0), 0),
    );
  });
  const middle = added(tokens, times(mixed, weights.matrix('attended'))).map(normalized);
  const bent = times(middle, weights.matrix('up')).map((row) => row.map(Math.tanh));
  return added(middle, times(bent, weights.matrix('down'))).map(normalized);
}

function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, value, i) => sum + value * (b[i] ?? 0), 0);
}

export function times(rows: Rows, matrix: Rows): number[][] {
  const columns = matrix[0]?.length ?? 0;
  return rows.map((row) =>
    Array.from({ length: columns }, (_, c) => row.reduce((sum, value, i) => sum + value * (matrix[i]?.[c] ?? 0), 0)),
  );
}

function added(a: Rows, b: Rows): number[][] {
  return a.map((row, i) => row.map((value, c) => value + (b[i]?.[c] ?? 0)));
}

function normalized(row: readonly number[]): number[] {
  const mean = row.reduce((a, b) => a + b, 0) / row.length;
  const variance = row.reduce((sum, value) => sum + (value - mean) ** 2, 0) / row.length;
  return row.map((value) => (value - mean) / Math.sqrt(variance + EPSILON));
}

/** At length 1. */
export function unit(row: readonly number[]): number[] {
  const length = Math.hypot(...row);
  return row.map((value) => value / length);
}

/** The place of each token, 0, 1, 2 …, as a row of int64. */
const places: readonly NodeDefinition[] = [
  { operator: 'Shape', inputs: ['input_ids'], output: 'shape' },
  { operator: 'Gather', inputs: ['shape', 'one'], output: 'length' },
  { operator: 'Range', inputs: ['zero', 'length', 'one'], output: 'places' },
];

function numbers(weights: Weights): void {
  weights.fixed('zero', [], BigInt64Array.of(0n));
  weights.fixed('one', [], BigInt64Array.of(1n));
  weights.fixed('axis_one', [1], BigInt64Array.of(1n));
  weights.fixed('axis_two', [1], BigInt64Array.of(2n));
}

// Sentences ---------------------------------------------------------------------------------------------------------

/** WordPieces that the encoder knows. */
export const pieces = [
  ...[
    '[PAD]',
    '[UNK]',
    '[CLS]',
    '[SEP]',
    'the',
    'cat',
    'sat',
    'on',
    'mat',
    'dog',
    'ran',
    '##s',
    '##ning',
    'far',
    'away',
  ],
];

export interface SentenceEncoder {
  /** The state of each token of one text, special tokens included. */
  states(ids: readonly number[]): Rows;
  idsOf(...tokens: string[]): number[];
}

/**
 * Writes model.onnx (input_ids, attention_mask and token_type_ids of int64; last_hidden_state) and its tokenizer.
 * @param more further files, by their path, as JSON
 */
export async function writeSentenceEncoder(
  folder: string,
  more: Readonly<Record<string, object>> = {},
): Promise<SentenceEncoder> {
  const weights = new Weights(11);
  weights.draw('words', pieces.length, WIDTH, 1);
  weights.draw('kinds', 2, WIDTH, 1);
  weights.draw('positions', PLACES, WIDTH, 1);
  numbers(weights);
  weights.fixed('whole', [1], Float32Array.of(1));
  weights.fixed('far_below', [1], Float32Array.of(-1e4));
  const row = ['batch', 'sequence'];
  const model = onnxModel({
    inputs: ['input_ids', 'attention_mask', 'token_type_ids'].map((name) => ({ name, type: 7, dimensions: row })),
    outputs: [{ name: 'last_hidden_state', type: 1, dimensions: [...row, WIDTH] }],
    nodes: [
      ...places,
      { operator: 'Gather', inputs: ['words', 'input_ids'], output: 'word' },
      { operator: 'Gather', inputs: ['kinds', 'token_type_ids'], output: 'kind' },
      { operator: 'Gather', inputs: ['positions', 'places'], output: 'place' },
      { operator: 'Add', inputs: ['word', 'kind'], output: 'word_kind' },
      { operator: 'Add', inputs: ['word_kind', 'place'], output: 'embedded' },
      { operator: 'Cast', inputs: ['attention_mask'], output: 'present', attributes: { to: 1 } },
      { operator: 'Sub', inputs: ['whole', 'present'], output: 'absent' },
      { operator: 'Mul', inputs: ['absent', 'far_below'], output: 'lowered' },
      { operator: 'Unsqueeze', inputs: ['lowered', 'axis_one'], output: 'mask' },
      ...layer(weights, 'embedded', 'last_hidden_state', 'mask'),
    ],
    constants: weights.constants,
  });
  await mkdir(join(folder, 'onnx'), { recursive: true });
  await mkdir(join(folder, '1_Pooling'), { recursive: true });
  await writeFile(join(folder, 'onnx', 'model.onnx'), model);
  const vocab = Object.fromEntries(pieces.map((piece, i) => [piece, i]));
  const special = (token: string) => ({ SpecialToken: { id: token, type_id: 0 } });
  const files: Readonly<Record<string, object>> = {
    'config.json': { model_type: 'bert', hidden_size: WIDTH, max_position_embeddings: PLACES },
    'tokenizer_config.json': { model_max_length: PLACES, pad_token: '[PAD]', unk_token: '[UNK]' },
    'tokenizer.json': {
      version: '1.0',
      added_tokens: ['[PAD]', '[UNK]', '[CLS]', '[SEP]'].map((content, id) => ({
        ...{ id, content, single_word: false, lstrip: false, rstrip: false, normalized: false, special: true },
      })),
      normalizer: { type: 'BertNormalizer', clean_text: true, handle_chinese_chars: true, lowercase: true },
      pre_tokenizer: { type: 'BertPreTokenizer' },
      post_processor: {
        type: 'TemplateProcessing',
        single: [special('[CLS]'), { Sequence: { id: 'A', type_id: 0 } }, special('[SEP]')],
        pair: [special('[CLS]'), { Sequence: { id: 'A', type_id: 0 } }, special('[SEP]')],
        special_tokens: {
          '[CLS]': { id: '[CLS]', ids: [2], tokens: ['[CLS]'] },
          '[SEP]': { id: '[SEP]', ids: [3], tokens: ['[SEP]'] },
        },
      },
      decoder: null,
      model: {
        type: 'WordPiece',
        vocab,
        unk_token: '[UNK]',
        continuing_subword_prefix: '##',
        max_input_chars_per_word: 100,
      },
    },
    ...more,
  };
  for (const [path, content] of Object.entries(files)) await writeFile(join(folder, path), JSON.stringify(content));
  return {
    states(ids) {
      const kind = weights.matrix('kinds')[0] ?? [];
      const embedded = ids.map((id, i) =>
        (weights.matrix('words')[id] ?? []).map(
          (value, c) => value + (kind[c] ?? 0) + (weights.matrix('positions')[i]?.[c] ?? 0),
        ),
      );
      return layerPlain(weights, embedded, () => true);
    },
    idsOf: (...tokens) => tokens.map((token) => pieces.indexOf(token)),
  };
}

// A pair of towers --------------------------------------------------------------------------------------------------

/** Pixels of a picture's side, and of a patch's. */
export const SIDE = 8;
const PATCH = 4;
const PATCHES = (SIDE / PATCH) ** 2;
/** Numbers per vector of the space that both towers share. */
export const SHARED = 5;

/** Words of the text tower; the last ends each text, as CLIP's does, and fills up. */
export const captions = ['<unk>', '<start>', 'a', 'photo', 'of', 'red', 'green', 'blue', 'square', '<end>'];

export interface TowerPair {
  /** Not brought to length 1. `ids`: start and end included. */
  text(ids: readonly number[]): number[];
  /** `pixels`: (3, SIDE, SIDE), as the model takes them. */
  image(pixels: readonly number[]): number[];
}

/** Writes onnx/text_model.onnx (input_ids; text_embeds) and onnx/vision_model.onnx (pixel_values; image_embeds). */
export async function writeTowerPair(folder: string, config: object = {}): Promise<TowerPair> {
  await mkdir(join(folder, 'onnx'), { recursive: true });
  const text = new Weights(21);
  text.draw('words', captions.length, WIDTH, 1);
  text.draw('positions', PLACES, WIDTH, 1);
  text.draw('projection', WIDTH, SHARED);
  numbers(text);
  text.fixed('far_below', [1], Float32Array.of(-1e4));
  await writeFile(
    join(folder, 'onnx', 'text_model.onnx'),
    onnxModel({
      inputs: [{ name: 'input_ids', type: 7, dimensions: ['batch', 'sequence'] }],
      outputs: [{ name: 'text_embeds', type: 1, dimensions: ['batch', SHARED] }],
      nodes: [
        ...places,
        { operator: 'Gather', inputs: ['words', 'input_ids'], output: 'word' },
        { operator: 'Gather', inputs: ['positions', 'places'], output: 'place' },
        { operator: 'Add', inputs: ['word', 'place'], output: 'embedded' },
        // No token looks at a later one.
        { operator: 'Unsqueeze', inputs: ['places', 'axis_one'], output: 'column' },
        { operator: 'Greater', inputs: ['places', 'column'], output: 'later' },
        { operator: 'Cast', inputs: ['later'], output: 'is_later', attributes: { to: 1 } },
        { operator: 'Mul', inputs: ['is_later', 'far_below'], output: 'mask' },
        ...layer(text, 'embedded', 'states', 'mask'),
        // The first place of the largest id, which is the end of the text: the filling has the same id.
        { operator: 'ArgMax', inputs: ['input_ids'], output: 'end', attributes: { axis: 1, keepdims: 1 } },
        { operator: 'Equal', inputs: ['places', 'end'], output: 'at_end' },
        { operator: 'Cast', inputs: ['at_end'], output: 'is_end', attributes: { to: 1 } },
        { operator: 'Unsqueeze', inputs: ['is_end', 'axis_two'], output: 'chosen' },
        { operator: 'Mul', inputs: ['states', 'chosen'], output: 'alone' },
        { operator: 'ReduceSum', inputs: ['alone', 'axis_one'], output: 'pooled', attributes: { keepdims: 0 } },
        { operator: 'MatMul', inputs: ['pooled', 'projection'], output: 'text_embeds' },
      ],
      constants: text.constants,
    }),
  );

  const image = new Weights(22);
  image.draw('patch_rows', WIDTH, 3 * PATCH * PATCH);
  const kernel = image.constants.at(-1);
  if (kernel === undefined) throw new Error('a kernel was drawn');
  image.fixed('patches', [WIDTH, 3, PATCH, PATCH], kernel.values);
  image.draw('first', 1, WIDTH, 1);
  image.draw('positions', PATCHES + 1, WIDTH, 1);
  image.draw('projection', WIDTH, SHARED);
  numbers(image);
  image.fixed('flat', [3], BigInt64Array.of(0n, BigInt(WIDTH), -1n));
  image.fixed('nothing', [1, 1, WIDTH], new Float32Array(WIDTH));
  await writeFile(
    join(folder, 'onnx', 'vision_model.onnx'),
    onnxModel({
      inputs: [{ name: 'pixel_values', type: 1, dimensions: ['batch', 3, SIDE, SIDE] }],
      outputs: [{ name: 'image_embeds', type: 1, dimensions: ['batch', SHARED] }],
      nodes: [
        {
          ...{ operator: 'Conv', inputs: ['pixel_values', 'patches'], output: 'grid' },
          attributes: { kernel_shape: [PATCH, PATCH], strides: [PATCH, PATCH] },
        },
        { operator: 'Reshape', inputs: ['grid', 'flat'], output: 'columns' },
        { operator: 'Transpose', inputs: ['columns'], output: 'tokens', attributes: { perm: [0, 2, 1] } },
        // One row of the first token for each picture: zeros of the batch's shape, and the token added.
        { operator: 'ReduceSum', inputs: ['tokens', 'axis_one'], output: 'summed', attributes: { keepdims: 1 } },
        { operator: 'Mul', inputs: ['summed', 'nothing'], output: 'emptied' },
        { operator: 'Add', inputs: ['emptied', 'first'], output: 'firsts' },
        { operator: 'Concat', inputs: ['firsts', 'tokens'], output: 'all', attributes: { axis: 1 } },
        { operator: 'Add', inputs: ['all', 'positions'], output: 'embedded' },
        ...layer(image, 'embedded', 'states', null),
        { operator: 'Gather', inputs: ['states', 'zero'], output: 'pooled', attributes: { axis: 1 } },
        { operator: 'MatMul', inputs: ['pooled', 'projection'], output: 'image_embeds' },
      ],
      constants: image.constants,
    }),
  );

  const vocab = Object.fromEntries(captions.map((word, i) => [word, i]));
  const special = (token: string) => ({ SpecialToken: { id: token, type_id: 0 } });
  const last = captions.length - 1;
  const files: Readonly<Record<string, object>> = {
    'config.json': { model_type: 'clip', projection_dim: SHARED, logit_scale_init_value: 2.6592, ...config },
    'preprocessor_config.json': {
      ...{
        do_resize: true,
        size: { height: SIDE, width: SIDE },
        resample: 3,
        do_rescale: true,
        rescale_factor: 1 / 255,
      },
      ...{ do_normalize: true, image_mean: [0.5, 0.4, 0.3], image_std: [0.2, 0.3, 0.4] },
    },
    'tokenizer_config.json': { model_max_length: PLACES, pad_token: '<end>', unk_token: '<unk>' },
    'tokenizer.json': {
      ...{ version: '1.0', added_tokens: [], normalizer: { type: 'Lowercase' }, pre_tokenizer: { type: 'Whitespace' } },
      post_processor: {
        type: 'TemplateProcessing',
        single: [special('<start>'), { Sequence: { id: 'A', type_id: 0 } }, special('<end>')],
        pair: [special('<start>'), { Sequence: { id: 'A', type_id: 0 } }, special('<end>')],
        special_tokens: {
          '<start>': { id: '<start>', ids: [1], tokens: ['<start>'] },
          '<end>': { id: '<end>', ids: [last], tokens: ['<end>'] },
        },
      },
      ...{ decoder: null, model: { type: 'WordLevel', vocab, unk_token: '<unk>' } },
    },
  };
  for (const [path, content] of Object.entries(files)) await writeFile(join(folder, path), JSON.stringify(content));

  return {
    text(ids) {
      const embedded = ids.map((id, i) =>
        (text.matrix('words')[id] ?? []).map((value, c) => value + (text.matrix('positions')[i]?.[c] ?? 0)),
      );
      const states = layerPlain(text, embedded, (i, j) => j <= i);
      return times([states[ids.indexOf(Math.max(...ids))] ?? []], text.matrix('projection'))[0] ?? [];
    },
    image(pixels) {
      const tokens = Array.from({ length: PATCHES }, (_, patch) => {
        const [top, left] = [Math.floor(patch / (SIDE / PATCH)) * PATCH, (patch % (SIDE / PATCH)) * PATCH];
        const seen = Array.from({ length: 3 * PATCH * PATCH }, (_, i) => {
          const [channel, y, x] = [Math.floor(i / PATCH ** 2), Math.floor(i / PATCH) % PATCH, i % PATCH];
          return pixels[(channel * SIDE + top + y) * SIDE + left + x] ?? 0;
        });
        return image.matrix('patch_rows').map((row) => dot(row, seen));
      });
      const embedded = added([...image.matrix('first'), ...tokens], image.matrix('positions'));
      const [first = []] = layerPlain(image, embedded, () => true);
      return times([first], image.matrix('projection'))[0] ?? [];
    },
  };
}

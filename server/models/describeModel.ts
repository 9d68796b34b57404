/**
 * What a folder in the layout of Hugging Face is, told by reading it: the graphs of its ONNX files, `config.json`,
 * `preprocessor_config.json`, the tokenizer, and the files of sentence-transformers where there are any. Nothing is assumed
 * of the names of inputs, of the order of channels or of sizes; what cannot be used says why in one sentence.
 */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

import { isFilledUp, knownPooling, knownPrompts } from './knownModels.ts';
import { type OnnxGraph, readGraph, type TensorInfo } from './onnx/graph.ts';
import { layersOf, penultimate } from './onnx/layers.ts';
import { withFile } from './onnx/protobuf.ts';
import { type Preprocessing, readPreprocessing } from './pictures/preprocessing.ts';

/** Types of what goes into a graph that can be fed. */
const pixelTypes = ['float32', 'float16', 'uint8'] as const;
export type PixelType = (typeof pixelTypes)[number];

/** How the vectors of tokens become one: mean over the mask, the first, the last, the largest of each; or it is one already. */
export type TextPooling = 'MEAN' | 'CLS' | 'LAST' | 'MAX' | 'NONE';

/** What every tower has. */
interface Tower {
  /** Absolute path of the ONNX file. */
  readonly file: string;
  /** Of the file and what it refers to. */
  readonly bytes: number;
  /** Changes with the file. */
  readonly version: string;
  /** Name of the tensor that is read. */
  readonly output: string;
  /** Numbers per vector; null where the file does not say. */
  readonly dimension: number | null;
  /** Whether vectors are brought to length 1. */
  readonly normalize: boolean;
}

export interface TextTower extends Tower {
  /** Inputs that the graph wants, of those that a tokenizer can serve. */
  readonly inputs: readonly TensorInfo[];
  /** Absolute path of the folder with tokenizer.json. */
  readonly tokenizer: string;
  /** Longer texts are cut. */
  readonly maxTokens: number;
  /** Tokens per text where the graph takes no other number. */
  readonly padTo: number | null;
  readonly pooling: TextPooling;
  /** A table of vectors without a network: texts have no special tokens, and unknown words are left out. */
  readonly isStatic: boolean;
  /** What is put before a text that asks, and before one that is looked for. */
  readonly prompts: { readonly query: string; readonly passage: string };
}

export interface ImageTower extends Tower {
  readonly input: string;
  readonly type: PixelType;
  readonly layout: 'NCHW' | 'NHWC';
  readonly channels: 1 | 3;
  readonly width: number;
  readonly height: number;
  /** Pictures at a time where the graph takes no other number. */
  readonly batch: number | null;
  readonly preprocessing: Preprocessing;
  /** Whether `output` is a tensor that the file does not give out by itself. */
  readonly exposed: boolean;
}

export interface ModelDescription {
  /** Path below the folder of models, or the id on the hub. */
  readonly name: string;
  /** Absolute path. */
  readonly folder: string;
  readonly licence: string | null;
  /** The commit that was downloaded; null where it is not known. */
  readonly revision: string | null;
  /** Of the files that are used. */
  readonly bytes: number;
  readonly text: TextTower | null;
  readonly image: ImageTower | null;
  /** What both towers' cosines are multiplied by before the softmax; null unless they share a space. */
  readonly logitScale: number | null;
  /** Why it cannot be used; null where it can. */
  readonly problem: string | null;
}

/** Why a folder or a file is of no use: a sentence. */
class Unusable extends Error {}

/** exp of CLIP's learnt temperature, which its authors clip at 100 (Radford et al. 2021, 2.5). */
const CLIP_LOGIT_SCALE = 100;

/** One file of a folder, or all of it. Reads some kilobytes; the weights are stepped over. */
export function describeModel(name: string, folder: string, file: string | null = null): ModelDescription {
  const about = { name, folder, licence: licenceOf(folder), revision: revisionOf(folder) };
  try {
    const config = readJson(join(folder, 'config.json'));
    const files = file === null ? chooseFiles(folder) : { text: null, image: null, single: file };
    const towers = towersOf(folder, files, config);
    const both = towers.text !== null && towers.image !== null;
    return {
      ...about,
      ...towers,
      bytes: (towers.text?.bytes ?? 0) + (towers.image?.bytes ?? 0),
      logitScale: both ? logitScaleOf(config) : null,
      problem: null,
    };
  } catch (error) {
    if (!(error instanceof Unusable)) throw error;
    return { ...about, text: null, image: null, bytes: 0, logitScale: null, problem: error.message };
  }
}

/** Absolute paths. Either the towers of a pair, or one file that is told by its inputs. */
interface ModelFiles {
  readonly text: string | null;
  readonly image: string | null;
  readonly single: string | null;
}

/** In order of preference: whole numbers of 32 bits first, then half, then quantised weights. */
const variants = ['', '_fp16', '_int8', '_quantized', '_uint8', '_q4f16', '_q4', '_bnb4'];

function chooseFiles(folder: string): ModelFiles {
  const inner = existsSync(join(folder, 'onnx')) ? join(folder, 'onnx') : folder;
  const choose = (stem: string): string | null => {
    const found = variants.map((variant) => join(inner, `${stem}${variant}.onnx`)).find((path) => existsSync(path));
    return found ?? null;
  };
  const text = choose('text_model');
  const image = choose('vision_model');
  if (text !== null || image !== null) return { text, image, single: null };
  const single = choose('model') ?? choose(basename(folder));
  if (single !== null) return { text: null, image: null, single };
  const [only] = onnxFiles(inner);
  if (only !== undefined) return { text: null, image: null, single: join(inner, only) };
  if (readdirSync(folder).some((each) => /\.(safetensors|bin|pt|pth|h5|msgpack|tflite|gguf)$/.test(each))) {
    throw new Unusable(
      'Its weights are not in the form of ONNX. Export it, for example by `optimum-cli export onnx`, or take a folder that has onnx/model.onnx.',
    );
  }
  throw new Unusable(
    'It holds no ONNX file. Wanted: onnx/model.onnx, or onnx/text_model.onnx and onnx/vision_model.onnx.',
  );
}

/** Names of the ONNX files in a folder. */
export function onnxFiles(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.onnx'))
    .sort();
}

function towersOf(
  folder: string,
  files: ModelFiles,
  config: Json | null,
): { readonly text: TextTower | null; readonly image: ImageTower | null } {
  if (files.single !== null) {
    const graph = openGraph(files.single);
    if (takesTokens(graph)) return { text: textTower(folder, files.single, graph, config), image: null };
    return { text: null, image: imageTower(folder, files.single, graph, false) };
  }
  const pair = files.text !== null && files.image !== null;
  return {
    text: files.text === null ? null : textTower(folder, files.text, openGraph(files.text), config),
    image: files.image === null ? null : imageTower(folder, files.image, openGraph(files.image), pair),
  };
}

/** @throws Unusable where the file is broken, or data that belong to it are missing */
function openGraph(file: string): OnnxGraph {
  const name = basename(file);
  let graph: OnnxGraph;
  try {
    if (statSync(file).size < 1024 && readFileSync(file, 'latin1').startsWith('version https://git-lfs')) {
      throw new Unusable(
        `${name} is a pointer of Git LFS and not the model. Get the file itself, for example by \`git lfs pull\`.`,
      );
    }
    graph = withFile(file, readGraph);
  } catch (error) {
    if (error instanceof RangeError)
      throw new Unusable(`${name} is no ONNX model, or a damaged one: ${error.message}. Get it again from its source.`);
    throw error;
  }
  for (const location of externalFiles(graph)) {
    if (location.includes('..') || location.startsWith('/'))
      throw new Unusable(`${name} refers to data outside of its folder.`);
    if (!existsSync(join(dirname(file), location))) {
      throw new Unusable(`${name} keeps its weights in the file ${location}, which is missing. Put it beside ${name}.`);
    }
  }
  const foreign = graph.domains.filter((domain) => !knownDomains.has(domain));
  const used = graph.nodes.find(({ domain }) => foreign.includes(domain));
  if (used !== undefined) {
    throw new Unusable(
      `${name} needs the operator ${used.operator} of "${used.domain}", which onnxruntime does not have.`,
    );
  }
  return graph;
}

/** Domains of operators that onnxruntime brings along. */
const knownDomains = new Set([
  '',
  'ai.onnx',
  'ai.onnx.ml',
  'com.microsoft',
  'com.microsoft.nchwc',
  'com.ms.internal.nhwc',
  'ai.onnx.preview.training',
  'ai.onnx.training',
]);

function externalFiles(graph: OnnxGraph): string[] {
  return [
    ...new Set([...graph.initializers.values()].flatMap(({ external }) => (external === null ? [] : [external]))),
  ];
}

/** Bytes of a file and of the data that lie beside it, and what changes when one of them does. */
function sizeOf(file: string, graph: OnnxGraph): { bytes: number; version: string } {
  const found = [file, ...externalFiles(graph).map((location) => join(dirname(file), location))].map((path) =>
    statSync(path),
  );
  return {
    bytes: found.reduce((sum, { size }) => sum + size, 0),
    version: found.map(({ size, mtimeMs }) => `${size}-${Math.trunc(mtimeMs)}`).join(','),
  };
}

// Text --------------------------------------------------------------------------------------------------------------

/** What a tokenizer can serve. `offsets`: where each text begins in one row of tokens, as Model2Vec exports have it. */
const tokenInputs = new Set(['input_ids', 'attention_mask', 'token_type_ids', 'position_ids', 'offsets']);

function takesTokens(graph: OnnxGraph): boolean {
  return graph.inputs.some(({ name }) => name === 'input_ids');
}

/** Outputs that are a vector per text, and those that are one per token. */
const sentenceOutputs = ['sentence_embedding', 'text_embeds', 'embeddings', 'pooler_output'];
const tokenOutputs = ['last_hidden_state', 'token_embeddings', 'hidden_states'];

function textTower(folder: string, file: string, graph: OnnxGraph, config: Json | null): TextTower {
  const name = basename(file);
  const strange = graph.inputs.find((input) => !tokenInputs.has(input.name));
  if (strange !== undefined) {
    throw new Unusable(
      `${name} wants the input "${strange.name}", which no tokenizer gives: it is no encoder of texts.`,
    );
  }
  if (!existsSync(join(folder, 'tokenizer.json'))) {
    throw new Unusable(
      'tokenizer.json is missing: without it no text becomes numbers. Get it from the source of the model.',
    );
  }
  const tokenizer = readJson(join(folder, 'tokenizer_config.json')) ?? {};
  const sentence = readJson(join(folder, 'sentence_bert_config.json'));
  const pool = readJson(join(folder, '1_Pooling', 'config.json'));
  const modelType = textAt(config, 'model_type') ?? '';
  const isStatic = modelType === 'model2vec' || graph.inputs.some((input) => input.name === 'offsets');

  const pooled = outputNamed(graph, sentenceOutputs.slice(0, 3));
  const perToken = outputNamed(graph, tokenOutputs);
  const output = pooled ?? perToken ?? outputNamed(graph, sentenceOutputs) ?? onlyOutput(graph);
  if (output === null)
    throw new Unusable(
      `${name} gives out ${listed(graph.outputs)}; none of these is known to be the vector of a text.`,
    );
  if (/^(logits|present|past_key)/.test(output.name)) {
    throw new Unusable(`${name} gives out "${output.name}": it predicts and does not encode.`);
  }
  const rank = output.dimensions?.length ?? 3;
  const longest = smallest([
    numberAt(sentence, 'max_seq_length'),
    numberAt(tokenizer, 'model_max_length'),
    numberAt(config, 'max_position_embeddings'),
    numberAt(objectAt(config, 'text_config'), 'max_position_embeddings'),
  ]);
  const fixed = graph.inputs.find((input) => input.name === 'input_ids')?.dimensions?.[1];
  const maxTokens = Math.min(typeof fixed === 'number' ? fixed : Number.POSITIVE_INFINITY, longest ?? DEFAULT_TOKENS);
  const padTo = typeof fixed === 'number' ? fixed : isFilledUp(basename(folder)) ? maxTokens : null;
  return {
    file,
    ...sizeOf(file, graph),
    inputs: graph.inputs,
    output: output.name,
    dimension:
      lastSize(output) ??
      numberAt(config, 'projection_dim') ??
      numberAt(config, 'hidden_size') ??
      numberAt(config, 'dim'),
    normalize:
      !existsSync(join(folder, 'modules.json')) || /Normalize/.test(readFileSync(join(folder, 'modules.json'), 'utf8')),
    tokenizer: folder,
    maxTokens,
    padTo,
    pooling: rank < 3 ? 'NONE' : (poolingOf(pool) ?? knownPooling(basename(folder))),
    isStatic,
    prompts: promptsOf(folder),
  };
}

const DEFAULT_TOKENS = 512;
/** transformers writes 1e30 for a tokenizer that sets no limit. */
const TOKENS_LIMIT = 131_072;

function smallest(given: readonly (number | null)[]): number | null {
  const limits = given.filter((limit) => limit !== null && limit >= 1 && limit <= TOKENS_LIMIT);
  return limits.length === 0 ? null : Math.min(...limits.map(Number));
}

/** As sentence-transformers keeps it. */
function poolingOf(config: Json | null): TextPooling | null {
  if (config === null) return null;
  if (config['pooling_mode_cls_token'] === true) return 'CLS';
  if (config['pooling_mode_lasttoken'] === true) return 'LAST';
  if (config['pooling_mode_max_tokens'] === true) return 'MAX';
  return config['pooling_mode_mean_tokens'] === true ? 'MEAN' : null;
}

function promptsOf(folder: string): { query: string; passage: string } {
  const prompts = objectAt(readJson(join(folder, 'config_sentence_transformers.json')), 'prompts');
  const query = textAt(prompts, 'query');
  const passage = textAt(prompts, 'passage') ?? textAt(prompts, 'document');
  return query || passage ? { query: query ?? '', passage: passage ?? '' } : knownPrompts(basename(folder));
}

// Images ------------------------------------------------------------------------------------------------------------

const imageOutputs = ['image_embeds', 'features', 'pooler_output', 'last_hidden_state', 'embeddings'];

function imageTower(folder: string, file: string, graph: OnnxGraph, pair: boolean): ImageTower {
  const name = basename(file);
  const [input, ...others] = graph.inputs;
  if (input === undefined || others.length > 0) {
    throw new Unusable(
      `${name} wants the inputs ${listed(graph.inputs)}; wanted is either tokens of a text or one picture.`,
    );
  }
  const type = pixelTypes.find((each) => each === input.type);
  const shape = shapeOf(input);
  if (type === undefined || shape === null) {
    throw new Unusable(
      `${name} wants the input ${listed([input])}, which is no picture: wanted is a tensor of four dimensions with 1 or 3 channels.`,
    );
  }
  const given = readJson(join(folder, 'preprocessor_config.json'));
  if (given === null) {
    throw new Unusable(
      'preprocessor_config.json is missing: whether pixels go from 0 to 1 or to 255, red or blue first, is not known without it. Write one with "size", "rescale_factor", "image_mean", "image_std" and, for blue first, "do_flip_channel_order".',
    );
  }
  const preprocessing = readPreprocessing(given, shape);
  if (typeof preprocessing === 'string') throw new Unusable(`preprocessor_config.json ${preprocessing}`);
  const output = outputNamed(graph, imageOutputs) ?? onlyOutput(graph) ?? outputNamed(graph, ['logits']);
  if (output === null)
    throw new Unusable(
      `${name} gives out ${listed(graph.outputs)}; none of these is known to be the vector of a picture.`,
    );
  const before = imageOutputs.includes(output.name) ? null : penultimate(graph, output.name);
  return {
    file,
    ...sizeOf(file, graph),
    input: input.name,
    type,
    ...shape,
    width: preprocessing.width,
    height: preprocessing.height,
    preprocessing,
    output: before ?? output.name,
    exposed: before !== null && !graph.outputs.some((each) => each.name === before),
    dimension: before === null ? lastSize(output) : sizeBetween(graph, before),
    normalize: pair,
  };
}

/** What the channels of a vector are after pooling, where the file says it. */
function sizeBetween(graph: OnnxGraph, tensor: string): number | null {
  const dimensions = graph.between.get(tensor)?.dimensions;
  const size = dimensions?.length === 4 ? dimensions[1] : dimensions?.at(-1);
  return typeof size === 'number' ? size : null;
}

export interface InputShape {
  readonly layout: 'NCHW' | 'NHWC';
  readonly channels: 1 | 3;
  readonly batch: number | null;
  /** Null where the graph takes any. */
  readonly fixedWidth: number | null;
  readonly fixedHeight: number | null;
}

/** Channels stand where there are 1 or 3 of them; where that is not said, first, as most exports have it. */
function shapeOf({ dimensions }: TensorInfo): InputShape | null {
  if (dimensions?.length !== 4) return null;
  const [batch, second, third, fourth] = dimensions;
  const isChannels = (size: unknown): size is 1 | 3 => size === 1 || size === 3;
  const last = isChannels(fourth) && !isChannels(second);
  const channels = last ? fourth : isChannels(second) ? second : typeof second === 'number' ? null : 3;
  if (channels === null) return null;
  const number = (size: unknown) => (typeof size === 'number' ? size : null);
  return {
    layout: last ? 'NHWC' : 'NCHW',
    channels,
    batch: number(batch),
    fixedHeight: number(last ? second : third),
    fixedWidth: number(last ? third : fourth),
  };
}

/** The names of the tensors that an embedding can be made of, in the order of computation. */
export function layerNames({ file }: Pick<ImageTower, 'file'>): string[] {
  return layersOf(withFile(file, readGraph)).map(({ name }) => name);
}

/** Steps from the input to a tensor of the model; null where there is none of that name. */
export function depthOfLayer(tower: ImageTower, layer: string): number | null {
  return layersOf(withFile(tower.file, readGraph)).find(({ name }) => name === layer)?.depth ?? null;
}

// Reading -----------------------------------------------------------------------------------------------------------

function outputNamed(graph: OnnxGraph, names: readonly string[]): TensorInfo | null {
  for (const name of names) {
    const found = graph.outputs.find((output) => output.name === name);
    if (found !== undefined) return found;
  }
  return null;
}

function onlyOutput({ outputs }: OnnxGraph): TensorInfo | null {
  return outputs.length === 1 ? (outputs[0] ?? null) : null;
}

function lastSize({ dimensions }: TensorInfo): number | null {
  const trimmed = dimensions === null ? [] : dimensions.slice(1);
  while (trimmed.length > 1 && trimmed.at(-1) === 1) trimmed.pop(); // (n, classes, 1, 1)
  const size = trimmed.length === 3 ? trimmed[0] : trimmed.at(-1);
  return typeof size === 'number' ? size : null;
}

function listed(tensors: readonly TensorInfo[]): string {
  if (tensors.length === 0) return 'nothing';
  return tensors
    .slice(0, 6)
    .map(
      ({ name, type, dimensions }) =>
        `"${name}" (${type ?? 'no tensor'}${dimensions === null ? '' : ` of ${dimensions.map((size) => size ?? '?').join(' x ')}`})`,
    )
    .join(', ');
}

export type Json = Readonly<Record<string, unknown>>;

/** The object in a file; null where there is no file. @throws Unusable where it holds something else */
function readJson(path: string): Json | null {
  if (!existsSync(path)) return null;
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    throw new Unusable(`${basename(path)} is no JSON. Get it again from its source.`);
  }
  if (!isObject(value)) throw new Unusable(`${basename(path)} holds no object. Get it again from its source.`);
  return value;
}

export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function objectAt(from: Json | null, key: string): Json | null {
  const value = from?.[key];
  return isObject(value) ? value : null;
}

function textAt(from: Json | null, key: string): string | null {
  const value = from?.[key];
  return typeof value === 'string' ? value : null;
}

function numberAt(from: Json | null, key: string): number | null {
  const value = from?.[key];
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}

/** `logit_scale` is what multiplies; `logit_scale_init_value` its logarithm before training. */
function logitScaleOf(config: Json | null): number {
  const given = numberAt(config, 'logit_scale');
  return given !== null && given > 0 ? given : CLIP_LOGIT_SCALE;
}

/** What a download leaves beside its files: see fetchModel.ts. */
export const RECORD = '.embedding-map.json';

function revisionOf(folder: string): string | null {
  try {
    return textAt(readJson(join(folder, RECORD)), 'revision');
  } catch {
    return null;
  }
}

/** From the record of the download, or the head of the model's card. */
function licenceOf(folder: string): string | null {
  try {
    const kept = textAt(readJson(join(folder, RECORD)), 'licence');
    if (kept !== null) return kept;
  } catch {
    // a record that was broken off tells nothing
  }
  const card = join(folder, 'README.md');
  if (!existsSync(card)) return null;
  const [head = ''] = /^---\n[\s\S]*?\n---/.exec(readFileSync(card, 'utf8')) ?? [];
  return /^license:\s*["']?([\w.+-]+)/m.exec(head)?.[1] ?? null;
}

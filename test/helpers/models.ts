/**
 * Small models, written here byte by byte: what they make of a text or a picture can be said in one line. And the real ones of
 * ../shared/models, where they are.
 */
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import type { ModelSettings } from '../../server/config.ts';
import { bytesField, integerField, join as joinBytes, textField, varint } from '../../server/models/onnx/protobuf.ts';

/** Where the real models and data are. */
export const sharedDir = fileURLToPath(new URL('../../../shared/', import.meta.url));
export const sharedModels = join(sharedDir, 'models');

/** A test that needs files of ../shared; skipped aloud where they are not there, and failed where CI=true. */
export function withShared(name: string, paths: readonly string[], run: () => Promise<void> | void): void {
  const missing = paths.find((path) => !existsSync(join(sharedDir, path)));
  if (missing === undefined) {
    test(name, async () => {
      await run();
    });
    return;
  }
  test(name, (context) => {
    if (process.env['CI'] === 'true') throw new Error(`../shared/${missing} is not there.`);
    context.skip(`../shared/${missing} is not there`);
  });
}

export function settingsFor(modelsDir: string, more: Partial<ModelSettings> = {}): ModelSettings {
  return { modelsDir, dataDir: join(modelsDir, '.data'), device: 'cpu', modelMemoryBytes: 2 ** 30, ...more };
}

export interface NodeDefinition {
  readonly operator: string;
  readonly inputs: readonly string[];
  readonly output: string;
  readonly domain?: string;
  readonly attributes?: Readonly<Record<string, AttributeValue>>;
}

/** An integer, integers, or a number with a fraction. */
export type AttributeValue = number | readonly number[] | { readonly float: number };

export interface TensorDefinition {
  readonly name: string;
  /** Number in ONNX: 1 float, 7 int64, 10 float16. */
  readonly type: number;
  readonly dimensions: readonly (number | string)[];
}

export interface ConstantDefinition {
  readonly name: string;
  readonly dimensions: readonly number[];
  readonly values: Float32Array | BigInt64Array;
  /** A file that holds the values instead. */
  readonly external?: string;
}

/** The bytes of an ONNX file. */
export function onnxModel({
  inputs,
  outputs,
  nodes,
  constants = [],
}: {
  readonly inputs: readonly TensorDefinition[];
  readonly outputs: readonly TensorDefinition[];
  readonly nodes: readonly NodeDefinition[];
  readonly constants?: readonly ConstantDefinition[];
}): Uint8Array {
  const value = ({ name, type, dimensions }: TensorDefinition) => {
    const shape = dimensions.flatMap((size) =>
      bytesField(1, typeof size === 'number' ? integerField(1, size) : textField(2, size)),
    );
    return [
      ...textField(1, name),
      ...bytesField(2, bytesField(1, [...integerField(1, type), ...bytesField(2, shape)])),
    ];
  };
  const graph = [
    ...nodes.flatMap(({ operator, inputs: from, output, domain, attributes = {} }) =>
      bytesField(1, [
        ...from.flatMap((name) => textField(1, name)),
        ...textField(2, output),
        ...textField(4, operator),
        ...Object.entries(attributes).flatMap(([name, given]) => bytesField(5, attribute(name, given))),
        ...(domain === undefined ? [] : textField(7, domain)),
      ]),
    ),
    ...textField(2, 'small'),
    ...constants.flatMap(({ name, dimensions, values, external }) =>
      bytesField(5, [
        ...dimensions.flatMap((size) => integerField(1, size)),
        ...integerField(2, values instanceof Float32Array ? 1 : 7),
        ...textField(8, name),
        ...(external === undefined
          ? bytesField(9, [new Uint8Array(values.buffer)])
          : [...bytesField(13, [...textField(1, 'location'), ...textField(2, external)]), ...integerField(14, 1)]),
      ]),
    ),
    ...inputs.flatMap((input) => bytesField(11, value(input))),
    ...outputs.flatMap((output) => bytesField(12, value(output))),
  ];
  const domains = [...new Set(nodes.flatMap(({ domain }) => domain ?? []))];
  return joinBytes([
    ...integerField(1, 8),
    ...bytesField(8, integerField(2, 17)),
    ...domains.flatMap((domain) => bytesField(8, [...textField(1, domain), ...integerField(2, 1)])),
    ...bytesField(7, graph),
  ]);
}

const [INTEGER, INTEGERS, FLOAT] = [2, 7, 1];

function attribute(name: string, given: AttributeValue): Uint8Array[] {
  const called = textField(1, name);
  if (typeof given === 'number') return [...called, ...signedField(3, given), ...integerField(20, INTEGER)];
  if ('float' in given) {
    const value = new Uint8Array(Float32Array.of(given.float).buffer);
    return [...called, varint(2 * 8 + 5), value, ...integerField(20, FLOAT)]; // field 2 of four bytes
  }
  return [...called, ...given.flatMap((each) => signedField(8, each)), ...integerField(20, INTEGERS)];
}

/** A negative number has all of its 64 bits, seven a byte. */
function signedField(number: number, value: number): Uint8Array[] {
  if (value >= 0) return integerField(number, value);
  const bits = BigInt.asUintN(64, BigInt(value));
  const bytes = Array.from({ length: 10 }, (_, i) => Number((bits >> BigInt(7 * i)) & 0x7fn) + (i < 9 ? 128 : 0));
  return [varint(number * 8), Uint8Array.from(bytes)];
}

/** Words that the small model of texts knows, each with a direction of its own. */
export const words = ['[UNK]', '[PAD]', 'red', 'green', 'blue', 'dark', 'bright'] as const;

/** Its table: red, green and blue along the axes; dark and bright along the diagonal, there and back; the rest zeros. */
const table = [
  [0, 0, 0],
  [0, 0, 0],
  [1, 0, 0],
  [0, 1, 0],
  [0, 0, 1],
  [-0.1, -0.1, -0.1],
  [0.1, 0.1, 0.1],
];

/** A sentence encoder: the mean of its words' vectors, brought to length 1. */
export async function writeTextModel(folder: string, file = 'model.onnx', output = 'last_hidden_state'): Promise<void> {
  await mkdir(join(folder, 'onnx'), { recursive: true });
  const pair = file === 'text_model.onnx';
  const model = onnxModel({
    inputs: [{ name: 'input_ids', type: 7, dimensions: ['batch', 'sequence'] }],
    outputs: [{ name: output, type: 1, dimensions: pair ? ['batch', 3] : ['batch', 'sequence', 3] }],
    nodes: pair
      ? [
          { operator: 'Gather', inputs: ['table', 'input_ids'], output: 'rows' },
          { operator: 'ReduceSum', inputs: ['rows', 'axis'], output: 'summed' },
          { operator: 'Squeeze', inputs: ['summed', 'axis'], output },
        ]
      : [{ operator: 'Gather', inputs: ['table', 'input_ids'], output }],
    constants: [
      { name: 'table', dimensions: [table.length, 3], values: Float32Array.from(table.flat()) },
      { name: 'axis', dimensions: [1], values: BigInt64Array.of(1n) },
    ],
  });
  await writeFile(join(folder, 'onnx', file), model);
  const vocab = Object.fromEntries(words.map((word, i) => [word, i]));
  await writeFile(
    join(folder, 'tokenizer.json'),
    JSON.stringify({
      version: '1.0',
      added_tokens: [],
      normalizer: { type: 'Lowercase' },
      pre_tokenizer: { type: 'Whitespace' },
      post_processor: null,
      decoder: null,
      model: { type: 'WordLevel', vocab, unk_token: '[UNK]' },
    }),
  );
  await writeFile(
    join(folder, 'tokenizer_config.json'),
    JSON.stringify({ model_max_length: 16, pad_token: '[PAD]', unk_token: '[UNK]' }),
  );
}

/** An encoder of pictures: the mean of each colour, from 0 to 1. Its layer `twice` has twice the pixels' values. */
export async function writeImageModel(folder: string, file = 'model.onnx', output = 'features'): Promise<void> {
  await mkdir(join(folder, 'onnx'), { recursive: true });
  const model = onnxModel({
    inputs: [{ name: 'pixel_values', type: 1, dimensions: ['batch', 3, 4, 4] }],
    outputs: [{ name: output, type: 1, dimensions: ['batch', 3] }],
    nodes: [
      { operator: 'Add', inputs: ['pixel_values', 'pixel_values'], output: 'twice' },
      { operator: 'Mul', inputs: ['twice', 'half'], output: 'once' },
      { operator: 'GlobalAveragePool', inputs: ['once'], output: 'pooled' },
      { operator: 'Flatten', inputs: ['pooled'], output },
    ],
    constants: [{ name: 'half', dimensions: [1], values: Float32Array.of(0.5) }],
  });
  await writeFile(join(folder, 'onnx', file), model);
  await writeFile(
    join(folder, 'preprocessor_config.json'),
    JSON.stringify({
      do_resize: true,
      size: { height: 4, width: 4 },
      resample: 2,
      do_rescale: true,
      rescale_factor: 1 / 255,
    }),
  );
}

/** Both in one space: the words for colours and the colours. */
export async function writePairModel(folder: string): Promise<void> {
  await writeTextModel(folder, 'text_model.onnx', 'text_embeds');
  await writeImageModel(folder, 'vision_model.onnx', 'image_embeds');
  await writeFile(
    join(folder, 'config.json'),
    JSON.stringify({ model_type: 'clip', projection_dim: 3, logit_scale: 10 }),
  );
}

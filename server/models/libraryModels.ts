/** Models of a few operators, for onnxruntime to be called as a library of matrices: what kernels/cpu/library.ts defines. */
import { LEAST_EXPONENT, type LibraryGraph, libraryGraphs } from '#kernels/cpu/library.ts';
import { bytesField, integerField, join, textField } from './onnx/protobuf.ts';

const FLOAT = 1;
const INT64 = 7;
/** Kinds of attribute. */
const INTEGER = 2;
const INTEGERS = 7;
const IR_VERSION = 8;
const OPSET = 17;

/** An ONNX file for each graph. Inputs and outputs are matrices of any sizes. */
export function libraryModels(): Map<LibraryGraph, Uint8Array> {
  const models = new Map<LibraryGraph, Uint8Array>([
    ['softmax sums', softmaxSums()],
    ['softmax gradients', softmaxGradients()],
  ]);
  for (const name of libraryGraphs) {
    const [, transposeA, transposeB, accumulate] = /^gemm ([NT])([NT])( \+ C)?$/.exec(name) ?? [];
    if (transposeA === undefined) continue;
    const product = node('Gemm', ['a', 'b', ...(accumulate === undefined ? [] : ['d'])], 'c', {
      transA: Number(transposeA === 'T'),
      transB: Number(transposeB === 'T'),
    });
    models.set(name, model(['a', 'b', ...(accumulate === undefined ? [] : ['d'])], ['c'], [product]));
  }
  return models;
}

const scores = node('Gemm', ['q', 'v'], 'scores', { transB: 1 });

function softmaxSums(): Uint8Array {
  return model(
    ['q', 'v'],
    ['most', 'sums'],
    [
      scores,
      node('ReduceMax', ['scores'], 'most', { axes: [1], keepdims: 1 }),
      ...powers('most'),
      node('ReduceSum', ['weights', 'axis'], 'sums', { keepdims: 1 }),
    ],
  );
}

function softmaxGradients(): Uint8Array {
  return model(
    ['q', 'v', 'levels', 'dq', 'dv'],
    ['byQueries', 'byCandidates'],
    [
      scores,
      ...powers('levels'),
      node('Gemm', ['weights', 'v', 'dq'], 'byQueries', {}),
      node('Gemm', ['weights', 'q', 'dv'], 'byCandidates', { transA: 1 }),
    ],
  );
}

/** weights = exp(scores - below) */
function powers(below: string): Uint8Array[][] {
  return [
    node('Sub', ['scores', below], 'differences', {}),
    node('Clip', ['differences', 'least'], 'exponents', {}),
    node('Exp', ['exponents'], 'weights', {}),
  ];
}

function node(
  operator: string,
  inputs: readonly string[],
  output: string,
  attributes: Readonly<Record<string, number | readonly number[]>>,
): Uint8Array[] {
  return [
    ...inputs.flatMap((name) => textField(1, name)),
    ...textField(2, output),
    ...textField(4, operator),
    ...Object.entries(attributes).flatMap(([name, value]) =>
      bytesField(5, [
        ...textField(1, name),
        ...(typeof value === 'number'
          ? [...integerField(3, value), ...integerField(20, INTEGER)]
          : [...value.flatMap((each) => integerField(8, each)), ...integerField(20, INTEGERS)]),
      ]),
    ),
  ];
}

function model(
  inputs: readonly string[],
  outputs: readonly string[],
  nodes: readonly (readonly Uint8Array[])[],
): Uint8Array {
  // Sizes are named after their place, so that no two must be the same.
  const matrix = (name: string) => {
    const size = (place: string) => bytesField(1, textField(2, `${name} ${place}`));
    const shape = bytesField(2, [...size('rows'), ...size('columns')]);
    return [...textField(1, name), ...bytesField(2, bytesField(1, [...integerField(1, FLOAT), ...shape]))];
  };
  const constant = (name: string, type: number, dimensions: readonly number[], values: ArrayBuffer) => [
    ...dimensions.flatMap((size) => integerField(1, size)),
    ...integerField(2, type),
    ...textField(8, name),
    ...bytesField(9, [new Uint8Array(values)]),
  ];
  const graph = [
    ...nodes.flatMap((each) => bytesField(1, each)),
    ...textField(2, 'library'),
    ...bytesField(5, constant('axis', INT64, [1], BigInt64Array.of(1n).buffer)),
    ...bytesField(5, constant('least', FLOAT, [], Float32Array.of(LEAST_EXPONENT).buffer)),
    ...inputs.flatMap((name) => bytesField(11, matrix(name))),
    ...outputs.flatMap((name) => bytesField(12, matrix(name))),
  ];
  return join([...integerField(1, IR_VERSION), ...bytesField(8, integerField(2, OPSET)), ...bytesField(7, graph)]);
}

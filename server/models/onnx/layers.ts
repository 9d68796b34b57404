/** The tensors between input and output of a network: what an embedding can be made of beside the output. */
import type { OnnxGraph, OnnxNode } from './graph.ts';

export interface LayerInfo {
  /** The name of the tensor. */
  readonly name: string;
  /** The operator that computes it: `Conv`, `Relu`, `Concat` … */
  readonly operator: string;
  /** Steps from the input, along the longest way. */
  readonly depth: number;
  /** Whether the file gives it out by itself. */
  readonly output: boolean;
}

/** Operators whose results are sizes, places or numbers to be computed with, and no activations. */
const bookkeeping = new Set([
  'Shape',
  'Size',
  'Constant',
  'ConstantOfShape',
  'Range',
  'NonZero',
  'ArgMax',
  'ArgMin',
  'Cast',
  'QuantizeLinear',
  'DynamicQuantizeLinear',
]);

/**
 * The tensors that depend on the input, in the order of computation. Left out are results that are only looked up
 * (constants, sizes) and copies under another name.
 */
export function layersOf(graph: OnnxGraph): LayerInfo[] {
  const depths = new Map<string, number>(graph.inputs.map(({ name }) => [name, 0]));
  const given = new Set(graph.outputs.map(({ name }) => name));
  const renamed = new Set(
    graph.nodes
      .filter(({ operator, outputs }) => operator === 'Identity' && given.has(outputs[0] ?? ''))
      .map(({ inputs }) => inputs[0]),
  );
  const layers: LayerInfo[] = [];
  for (const node of graph.nodes) {
    const depth = depthOf(node, depths);
    if (depth === null) continue; // computed from constants alone
    for (const name of node.outputs) if (name !== '') depths.set(name, depth);
    const [name] = node.outputs;
    if (name === undefined || name === '') continue;
    if (bookkeeping.has(node.operator) || (node.operator === 'Identity' && !given.has(name))) continue;
    if (renamed.has(name)) continue; // stands in the list by the name under which it is given out
    layers.push({ name, operator: operatorOf(graph, node), depth, output: given.has(name) });
  }
  return layers;
}

/** The operator that computes; of a copy, that of what is copied. */
function operatorOf(graph: OnnxGraph, node: OnnxNode): string {
  if (node.operator !== 'Identity') return node.operator;
  return graph.nodes.find(({ outputs }) => outputs.includes(node.inputs[0] ?? ''))?.operator ?? node.operator;
}

/** Operators between the last activations and the scores of the classes. */
const scoring = new Set([
  'Softmax',
  'LogSoftmax',
  'Identity',
  'Add',
  'Flatten',
  'Reshape',
  'Squeeze',
  'Cast',
  'Relu',
  'Clip',
  'GlobalAveragePool',
  'AveragePool',
  'ReduceMean',
  'Dropout',
]);
const weighing = new Set(['Gemm', 'MatMul', 'Conv']);

/**
 * What the last layer of a classifier weighs: the activations that tell more of a picture than the scores of the classes.
 * Null where the output is not made by weights that stand in the file.
 */
export function penultimate(graph: OnnxGraph, output: string): string | null {
  const makers = new Map(graph.nodes.flatMap((node) => node.outputs.map((name) => [name, node] as const)));
  let name = output;
  for (let steps = 0; steps < 20; steps++) {
    const node = makers.get(name);
    if (node === undefined) return null;
    const moving = node.inputs.filter((input) => makers.has(input) && dependsOnInput(graph, makers, input));
    const [from] = moving;
    if (from === undefined || moving.length !== 1) return null;
    if (weighing.has(node.operator)) return from;
    if (!scoring.has(node.operator)) return null;
    name = from;
  }
  return null;
}

function dependsOnInput(graph: OnnxGraph, makers: ReadonlyMap<string, OnnxNode>, tensor: string): boolean {
  const inputs = new Set(graph.inputs.map(({ name }) => name));
  const seen = new Set<string>();
  const open = [tensor];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    if (inputs.has(name)) return true;
    if (seen.has(name)) continue;
    seen.add(name);
    open.push(...(makers.get(name)?.inputs ?? []));
  }
  return false;
}

function depthOf(node: OnnxNode, depths: ReadonlyMap<string, number>): number | null {
  let deepest: number | null = null;
  for (const name of [...node.inputs, ...node.captured]) {
    const depth = depths.get(name);
    if (depth !== undefined) deepest = Math.max(deepest ?? 0, depth);
  }
  return deepest === null ? null : deepest + 1;
}

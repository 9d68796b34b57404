/**
 * Any layer of a network as its output: the graph is rewritten in memory, so that tensors which the file keeps to itself
 * are given out, and cut to the nodes that these tensors need. Weights are copied as they are.
 *
 * onnxruntime computes the whole graph whatever outputs are asked for: a cut model is as fast as one that ends there.
 */
import { GRAPH, MODEL, type OnnxGraph, readGraph } from './graph.ts';
import { bytesField, fieldsOf, join, memoryBytes, textField } from './protobuf.ts';

/**
 * The model with these tensors for its outputs.
 * @param model bytes of an ONNX file
 * @param tensors names of tensors that nodes of the graph compute
 * @throws RangeError where there is no tensor of that name
 */
export function exposeTensors(model: Uint8Array, tensors: readonly string[]): Uint8Array {
  const bytes = memoryBytes(model);
  const graph = readGraph(bytes);
  const needed = neededFor(graph, tensors);
  const kept = new Set(graph.nodes.filter((node) => needed.nodes.has(node)).map(({ start }) => start));
  const parts: Uint8Array[] = [];
  for (const field of fieldsOf(bytes)) {
    if (field.number !== MODEL.graph) {
      parts.push(model.subarray(field.start, field.to));
      continue;
    }
    const inner: Uint8Array[] = [];
    for (const part of fieldsOf(bytes, field.from, field.to)) {
      if (part.number === GRAPH.output) continue;
      if (part.number === GRAPH.node && !kept.has(part.start)) continue;
      if (part.number === GRAPH.initializer && !needed.tensors.has(nameAt(graph, part.start))) continue;
      // What the file says of tensors that are gone would be refused; of the others onnxruntime finds it out by itself.
      if (part.number === GRAPH.valueInfo) continue;
      inner.push(model.subarray(part.start, part.to));
    }
    // A name is enough: the type of an output follows from the node that computes it.
    for (const tensor of tensors) inner.push(...bytesField(GRAPH.output, textField(1, tensor)));
    parts.push(...bytesField(MODEL.graph, inner));
  }
  return join(parts);
}

/** The nodes and tensors without which these tensors cannot be computed. */
export function neededFor(
  graph: OnnxGraph,
  tensors: readonly string[],
): { readonly nodes: ReadonlySet<OnnxGraph['nodes'][number]>; readonly tensors: ReadonlySet<string> } {
  const makers = new Map(graph.nodes.flatMap((node) => node.outputs.map((output) => [output, node] as const)));
  const nodes = new Set<OnnxGraph['nodes'][number]>();
  const names = new Set<string>();
  for (const tensor of tensors) {
    if (!makers.has(tensor)) throw new RangeError(`no node computes a tensor "${tensor}"`);
  }
  const open = [...tensors];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    if (names.has(name)) continue;
    names.add(name);
    const maker = makers.get(name);
    if (maker === undefined || nodes.has(maker)) continue;
    nodes.add(maker);
    open.push(...maker.inputs, ...maker.captured);
  }
  return { nodes, tensors: names };
}

const starts = new WeakMap<OnnxGraph, ReadonlyMap<number, string>>();

/** The name of the constant that begins there. */
function nameAt(graph: OnnxGraph, start: number): string {
  let names = starts.get(graph);
  if (names === undefined) {
    names = new Map([...graph.initializers.values()].map((each) => [each.start, each.name]));
    starts.set(graph, names);
  }
  return names.get(start) ?? '';
}

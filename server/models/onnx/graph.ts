/**
 * What an ONNX file holds, without its weights: inputs, outputs, nodes, and the names of what they pass on
 * (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto; the numbers of fields are from there).
 */
import { type Bytes, type Field, fieldsOf, integersOf, textOf } from './protobuf.ts';

/** The types of tensors, by their number in the file. */
const elementTypes: Readonly<Record<number, string>> = {
  1: 'float32',
  2: 'uint8',
  3: 'int8',
  4: 'uint16',
  5: 'int16',
  6: 'int32',
  7: 'int64',
  8: 'string',
  9: 'bool',
  10: 'float16',
  11: 'float64',
  12: 'uint32',
  13: 'uint64',
  16: 'bfloat16',
};

/** A tensor that goes in or out. */
export interface TensorInfo {
  readonly name: string;
  /** `float32` and the like; null where the file does not say. */
  readonly type: string | null;
  /** A number where it is fixed, a name or null where it is not; null where not even their count is said. */
  readonly dimensions: readonly (number | string | null)[] | null;
}

/** One operation. */
export interface OnnxNode {
  readonly operator: string;
  /** Empty: the standard's own operators. */
  readonly domain: string;
  readonly name: string;
  /** Names of tensors; empty where an optional one is left out. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** Names that graphs within the node's attributes use; some of them come from outside. */
  readonly captured: readonly string[];
  /** Where the node stands in the file, its tag included. */
  readonly start: number;
  readonly to: number;
}

/** A constant: weights. */
export interface Initializer {
  readonly name: string;
  readonly type: string | null;
  readonly dimensions: readonly number[];
  /** The file that holds its data, relative to the model's; null: the model's own. */
  readonly external: string | null;
  readonly start: number;
  readonly to: number;
}

export interface OnnxGraph {
  /** What has to be given; constants are not among them. */
  readonly inputs: readonly TensorInfo[];
  readonly outputs: readonly TensorInfo[];
  /** In an order in which each comes after those whose results it needs. */
  readonly nodes: readonly OnnxNode[];
  readonly initializers: ReadonlyMap<string, Initializer>;
  /** What the file says of the tensors between. */
  readonly between: ReadonlyMap<string, TensorInfo>;
  /** Domains of operators beside the standard's own. */
  readonly domains: readonly string[];
}

/** Numbers of the fields of ModelProto, GraphProto, NodeProto … that are read. */
export const MODEL = { opset: 8, graph: 7 } as const;
export const GRAPH = { node: 1, initializer: 5, input: 11, output: 12, valueInfo: 13, sparseInitializer: 15 } as const;
const NODE = { input: 1, output: 2, name: 3, operator: 4, attribute: 5, domain: 7 } as const;
const ATTRIBUTE = { graph: 6, graphs: 11 } as const;
const TENSOR = { dimensions: 1, type: 2, name: 8, externalData: 13, dataLocation: 14 } as const;

/** @throws RangeError where the bytes are no ONNX model: one sentence without a capital and a full stop */
export function readGraph(bytes: Bytes): OnnxGraph {
  const domains: string[] = [];
  let graph: Field | null = null;
  for (const field of fieldsOf(bytes)) {
    if (field.number === MODEL.graph) graph = field;
    if (field.number === MODEL.opset) {
      const domain = [...fieldsOf(bytes, field.from, field.to)].find(({ number }) => number === 1);
      domains.push(domain === undefined ? '' : textOf(bytes, domain));
    }
  }
  if (graph === null) throw new RangeError('it has no graph');

  const inputs: TensorInfo[] = [];
  const outputs: TensorInfo[] = [];
  const nodes: OnnxNode[] = [];
  const initializers = new Map<string, Initializer>();
  const between = new Map<string, TensorInfo>();
  for (const field of fieldsOf(bytes, graph.from, graph.to)) {
    switch (field.number) {
      case GRAPH.node:
        nodes.push(readNode(bytes, field));
        break;
      case GRAPH.initializer: {
        const initializer = readInitializer(bytes, field);
        initializers.set(initializer.name, initializer);
        break;
      }
      case GRAPH.input:
        inputs.push(readTensorInfo(bytes, field));
        break;
      case GRAPH.output:
        outputs.push(readTensorInfo(bytes, field));
        break;
      case GRAPH.valueInfo: {
        const info = readTensorInfo(bytes, field);
        between.set(info.name, info);
        break;
      }
    }
  }
  if (nodes.length === 0 || outputs.length === 0) throw new RangeError('its graph is empty');
  return {
    inputs: inputs.filter(({ name }) => !initializers.has(name)),
    outputs,
    nodes,
    initializers,
    between,
    domains: domains.filter((domain) => domain !== '' && domain !== 'ai.onnx'),
  };
}

function readNode(bytes: Bytes, { start, from, to }: Field): OnnxNode {
  const node = { operator: '', domain: '', name: '' };
  const inputs: string[] = [];
  const outputs: string[] = [];
  const captured: string[] = [];
  for (const field of fieldsOf(bytes, from, to)) {
    if (field.number === NODE.input) inputs.push(textOf(bytes, field));
    else if (field.number === NODE.output) outputs.push(textOf(bytes, field));
    else if (field.number === NODE.name) node.name = textOf(bytes, field);
    else if (field.number === NODE.operator) node.operator = textOf(bytes, field);
    else if (field.number === NODE.domain) node.domain = textOf(bytes, field);
    else if (field.number === NODE.attribute) captured.push(...namesWithin(bytes, field));
  }
  return { ...node, inputs, outputs, captured, start, to };
}

/** The names that the nodes of the graphs in an attribute take in. */
function namesWithin(bytes: Bytes, attribute: Field): string[] {
  const names: string[] = [];
  for (const graph of fieldsOf(bytes, attribute.from, attribute.to)) {
    if (graph.number !== ATTRIBUTE.graph && graph.number !== ATTRIBUTE.graphs) continue;
    for (const part of fieldsOf(bytes, graph.from, graph.to)) {
      if (part.number === GRAPH.node) {
        const { inputs, captured } = readNode(bytes, part);
        names.push(...inputs, ...captured);
      } else if (part.number === GRAPH.output) names.push(readTensorInfo(bytes, part).name);
    }
  }
  return names;
}

function readInitializer(bytes: Bytes, { start, from, to }: Field): Initializer {
  let name = '';
  let type: string | null = null;
  let external: string | null = null;
  const dimensions: number[] = [];
  for (const field of fieldsOf(bytes, from, to)) {
    if (field.number === TENSOR.name) name = textOf(bytes, field);
    else if (field.number === TENSOR.type) type = elementTypes[field.value] ?? null;
    else if (field.number === TENSOR.dimensions) dimensions.push(...integersOf(bytes, field));
    else if (field.number === TENSOR.externalData) {
      const [key, value] = [...fieldsOf(bytes, field.from, field.to)].map((part) => textOf(bytes, part));
      if (key === 'location') external = value ?? null;
    }
  }
  return { name, type, dimensions, external, start, to };
}

function readTensorInfo(bytes: Bytes, { from, to }: Field): TensorInfo {
  let name = '';
  let type: string | null = null;
  let dimensions: (number | string | null)[] | null = null;
  for (const field of fieldsOf(bytes, from, to)) {
    if (field.number === 1) name = textOf(bytes, field);
    if (field.number !== 2) continue;
    for (const tensorType of fieldsOf(bytes, field.from, field.to)) {
      if (tensorType.number !== 1) continue; // a sequence or a map
      for (const part of fieldsOf(bytes, tensorType.from, tensorType.to)) {
        if (part.number === 1) type = elementTypes[part.value] ?? null;
        if (part.number === 2)
          dimensions = [...fieldsOf(bytes, part.from, part.to)].map((each) => readSize(bytes, each));
      }
    }
  }
  return { name, type, dimensions };
}

function readSize(bytes: Bytes, { from, to }: Field): number | string | null {
  for (const field of fieldsOf(bytes, from, to)) {
    if (field.number === 1) return field.value > 0 ? field.value : null;
    if (field.number === 2) return textOf(bytes, field);
  }
  return null;
}

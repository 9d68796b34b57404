/** A training, and the parameters of a model, as bytes: what lies in a checkpoint and in the database. */
import { modelNames } from './model.ts';
import { graphModels } from './models.ts';
import type { Parameters } from './parameters.ts';
import type { Training } from './training.ts';

// Little-endian: magic uint32 | version uint32 | bytes of JSON uint32 | bytes up to the arrays uint32 | JSON | zeros up to 16 | arrays.
// The JSON holds what is no array, and how many numbers each array has.
const PARAMETERS_MAGIC = 0x70_67_6d_65; // "emgp"
const TRAINING_MAGIC = 0x74_67_6d_65; // "emgt"
const VERSION = 1;
const HEADER_BYTES = 16;

type Arrays = { readonly [name: string]: Float32Array };

function pack(magic: number, json: object, arrays: Arrays): ArrayBuffer {
  const lengths = Object.fromEntries(Object.entries(arrays).map(([name, { length }]) => [name, length]));
  const text = new TextEncoder().encode(JSON.stringify({ ...json, lengths }));
  const start = Math.ceil((HEADER_BYTES + text.length) / 16) * 16;
  const total = Object.values(arrays).reduce((sum, { length }) => sum + length, 0);
  const bytes = new ArrayBuffer(start + 4 * total);
  const header = new DataView(bytes);
  [magic, VERSION, text.length, start].forEach((value, at) => {
    header.setUint32(4 * at, value, true);
  });
  new Uint8Array(bytes, HEADER_BYTES).set(text);
  let at = start;
  for (const array of Object.values(arrays)) {
    new Float32Array(bytes, at, array.length).set(array);
    at += 4 * array.length;
  }
  return bytes;
}

/** @throws RangeError that says what is wrong with the bytes */
function unpack(magic: number, what: string, bytes: ArrayBufferLike): { json: unknown; arrays: Arrays } {
  const header = new DataView(bytes);
  if (bytes.byteLength < HEADER_BYTES || header.getUint32(0, true) !== magic) {
    throw new RangeError(`These are not the bytes of ${what}.`);
  }
  const version = header.getUint32(4, true);
  if (version !== VERSION) throw new RangeError(`Got ${what} of version ${version}, expected version ${VERSION}.`);
  const textBytes = header.getUint32(8, true);
  let at = header.getUint32(12, true);
  const text = new TextDecoder().decode(new Uint8Array(bytes, HEADER_BYTES, textBytes).slice());
  const json: { readonly lengths: { readonly [name: string]: number } } = JSON.parse(text);
  const wanted = at + 4 * Object.values(json.lengths).reduce((sum, length) => sum + length, 0);
  if (bytes.byteLength !== wanted) {
    throw new RangeError(`The bytes of ${what} should be ${wanted}, got ${bytes.byteLength}.`);
  }
  const arrays: { [name: string]: Float32Array } = {};
  for (const [name, length] of Object.entries(json.lengths)) {
    arrays[name] = new Float32Array(bytes, at, length).slice();
    at += 4 * length;
  }
  return { json, arrays };
}

type ParametersJson = Omit<Parameters, 'entities' | 'biases' | 'relations' | 'shared'>;

function jsonOf({ entities: _e, biases: _b, relations: _r, shared: _s, ...json }: Parameters): ParametersJson {
  return json;
}

function arraysOf({ entities, biases, relations, shared }: Parameters, prefix = ''): Arrays {
  return {
    [`${prefix}entities`]: entities,
    [`${prefix}biases`]: biases,
    [`${prefix}relations`]: relations,
    [`${prefix}shared`]: shared,
  };
}

function parametersOf(json: ParametersJson, arrays: Arrays, prefix = ''): Parameters {
  const array = (name: string) => arrays[`${prefix}${name}`] ?? new Float32Array(0);
  const parameters = {
    ...json,
    entities: array('entities'),
    biases: array('biases'),
    relations: array('relations'),
    shared: array('shared'),
  };
  if (!modelNames.includes(json.model)) throw new RangeError(`There is no model ${json.model}.`);
  const rows = json.relationCount * (json.reciprocal ? 2 : 1);
  const isWhole =
    parameters.entities.length === json.entityCount * json.dimension &&
    parameters.relations.length === rows * graphModels[json.model].relationWidth(json);
  if (!isWhole) throw new RangeError(`The arrays of ${json.model} have other lengths than its shape says.`);
  return parameters;
}

/** The parameters as bytes, but for the entities' vectors: these are an embedding, and lie with all others. */
export function parametersToBytes(parameters: Parameters): ArrayBuffer {
  const { entities: _elsewhere, ...arrays } = arraysOf(parameters);
  return pack(PARAMETERS_MAGIC, { parameters: jsonOf(parameters) }, arrays);
}

/**
 * @param entities (E, d); null: they are left out, and the parameters have none
 * @throws RangeError that says what is wrong with the bytes, or that they are another graph's
 */
export function parametersFromBytes(bytes: ArrayBufferLike, entities: Float32Array | null): Parameters {
  const { json, arrays } = unpack(PARAMETERS_MAGIC, 'a graph model', bytes);
  const { parameters } = json as { readonly parameters: ParametersJson };
  if (entities !== null) return parametersOf(parameters, { ...arrays, entities });
  return { ...parametersOf({ ...parameters, entityCount: 0 }, arrays), entityCount: parameters.entityCount };
}

interface TrainingJson
  extends Omit<Training, 'parameters' | 'best' | 'entityMoments' | 'relationMoments' | 'sharedMoments'> {
  readonly parameters: ParametersJson;
  readonly best: { readonly epoch: number; readonly mrr: number } | null;
}

/** The training as bytes; going on from them is going on from where it stood. */
export function trainingToBytes(training: Training): ArrayBuffer {
  const { parameters, best, entityMoments, relationMoments, sharedMoments, ...state } = training;
  const json: TrainingJson = {
    ...state,
    parameters: jsonOf(parameters),
    best: best === null ? null : { epoch: best.epoch, mrr: best.mrr },
  };
  return pack(TRAINING_MAGIC, json, {
    ...arraysOf(parameters),
    ...(best === null ? {} : arraysOf(best.parameters, 'best.')),
    'entities.first': entityMoments.first,
    'entities.second': entityMoments.second,
    'relations.first': relationMoments.first,
    'relations.second': relationMoments.second,
    'shared.first': sharedMoments.first,
    'shared.second': sharedMoments.second,
  });
}

/** @throws RangeError that says what is wrong with the bytes */
export function trainingFromBytes(bytes: ArrayBufferLike): Training {
  const { json, arrays } = unpack(TRAINING_MAGIC, 'a training', bytes);
  const { parameters, best, ...state } = json as TrainingJson & { readonly lengths: unknown };
  const { lengths: _lengths, ...rest } = state;
  const moments = (name: string) => ({
    first: arrays[`${name}.first`] ?? new Float32Array(0),
    second: arrays[`${name}.second`] ?? new Float32Array(0),
  });
  return {
    ...rest,
    library: rest.library ?? null, // states of before there was one have none
    parameters: parametersOf(parameters, arrays),
    best: best === null ? null : { ...best, parameters: parametersOf(parameters, arrays, 'best.') },
    entityMoments: moments('entities'),
    relationMoments: moments('relations'),
    sharedMoments: moments('shared'),
  };
}

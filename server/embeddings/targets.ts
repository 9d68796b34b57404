/**
 * What a search is near to: an item, a literal vector, a text, a picture, or a weighted sum of these, becomes one vector.
 *
 * Under COSINE the length of a vector means nothing, so each term of a sum is first brought to length 1, as is usual for
 * analogies (3CosAdd: Mikolov, Yih, Zweig 2013; Levy, Goldberg 2014).
 */
import type { ModelSettings } from '../config.ts';
import { decodeVector } from '../database/copyBinary.ts';
import type { Queryable } from '../database/database.ts';
import type { Dataset } from '../datasets/datasets.ts';
import { didYouMean, UserError } from '../errors.ts';
import type { Embedding } from './embeddings.ts';
import { encodeQueryPictures, encodeQueryTexts } from './encodeTargets.ts';

/** As the input `Target` of schema.graphql: exactly one of them. */
export interface TargetInput {
  readonly item?: string | null | undefined;
  /** Numbers, or base64 of little-endian float32. */
  readonly vector?: VectorInput | null | undefined;
  readonly sum?: readonly WeightedTargetInput[] | null | undefined;
  readonly text?: string | null | undefined;
  readonly image?: { readonly url: string } | null | undefined;
}

export interface WeightedTargetInput {
  readonly to: TargetInput;
  /** Default: 1. */
  readonly weight?: number | null | undefined;
}

export type VectorInput = readonly number[] | Float32Array | string;

export interface ResolvedTarget {
  /** Of the embedding's dimension, finite, and not zero under COSINE. */
  readonly vector: Float32Array;
  /** Ids of the items in the target. */
  readonly exclude: readonly number[];
}

const DEPTH_LIMIT = 8; // sums within sums
const TERM_LIMIT = 100; // targets in all sums together

/** Outside of these lengths, the squares that pgvector adds in float32 vanish or overflow. */
const LEAST_LENGTH = 1e-15;
const LARGEST_LENGTH = 1e15;
const FLOAT32_EPSILON = 2 ** -23;

/** Texts and pictures of one target: each costs a run of a model. */
const ENCODED_LIMIT = 16;

type Space = Pick<Embedding, 'id' | 'name' | 'dimension' | 'metric' | 'model' | 'recipe'>;

/**
 * The vector of a target in the space of an embedding.
 * @param models where the embedding's model is found, for texts and pictures
 * @throws UserError NOT_FOUND for an unknown item, LIMIT_EXCEEDED for a sum too deep or long, BAD_USER_INPUT for the rest
 */
export async function resolveTarget(
  database: Queryable,
  dataset: Pick<Dataset, 'id' | 'slug'>,
  embedding: Space,
  target: TargetInput,
  models?: ModelSettings,
): Promise<ResolvedTarget> {
  const named: Named = { items: new Set(), texts: new Set(), pictures: new Set() };
  collectNamed(target, named, { terms: 0 }, 0);
  const items = await findItems(database, dataset, embedding, [...named.items]);
  const encoded = await encodeNamed(embedding, named, models);
  return {
    vector: toFloat32(vectorOf(target, embedding, { items, ...encoded }), embedding),
    exclude: [...items.values()].map(({ id }) => id),
  };
}

/** What a target names: keys of items, texts, addresses of pictures. */
interface Named {
  readonly items: Set<string>;
  readonly texts: Set<string>;
  readonly pictures: Set<string>;
}

/** The vectors of what a target names. */
interface Known {
  readonly items: ReadonlyMap<string, FoundItem>;
  readonly texts: ReadonlyMap<string, Float32Array>;
  readonly pictures: ReadonlyMap<string, Float32Array>;
}

/** Runs the embedding's model on texts and pictures, all at once. */
async function encodeNamed(
  embedding: Space,
  { texts, pictures }: Named,
  models: ModelSettings | undefined,
): Promise<Omit<Known, 'items'>> {
  if (texts.size + pictures.size === 0) return { texts: new Map(), pictures: new Map() };
  if (models === undefined) throw wrong('Texts and pictures are no targets here. Ask with an item or a vector.');
  if (texts.size + pictures.size > ENCODED_LIMIT) {
    throw new UserError(
      'LIMIT_EXCEEDED',
      `The target has more than ${ENCODED_LIMIT} texts and pictures. Ask for less at once.`,
    );
  }
  const vectorsOf = async (
    names: ReadonlySet<string>,
    encode: (names: readonly string[]) => Promise<Float32Array[]>,
  ): Promise<Map<string, Float32Array>> => {
    const vectors = names.size === 0 ? [] : await encode([...names]);
    return new Map([...names].map((name, i) => [name, vectors[i] ?? new Float32Array(0)]));
  };
  return {
    texts: await vectorsOf(texts, (all) => encodeQueryTexts(models, embedding, all)),
    pictures: await vectorsOf(pictures, (all) => encodeQueryPictures(models, embedding, all)),
  };
}

const kinds = ['item', 'vector', 'sum', 'text', 'image'] as const;

/** Checks the shape of a target, and gathers what it names so that all is read at once. */
function collectNamed(target: TargetInput, named: Named, counted: { terms: number }, depth: number): void {
  const given = kinds.filter((kind) => target[kind] !== undefined && target[kind] !== null);
  if (given.length !== 1) {
    const list = kinds.map((kind) => `\`${kind}\``).join(', ');
    throw wrong(`A target is one of ${list}; got ${given.length === 0 ? 'none' : given.join(' and ')}.`);
  }
  if (typeof target.text === 'string') named.texts.add(target.text);
  if (target.image) named.pictures.add(target.image.url);
  if (typeof target.item === 'string') {
    if (target.item.includes('\u0000')) throw wrong('A key contains the character U+0000, which no item can have.');
    named.items.add(target.item);
  }
  if (!target.sum) return;
  if (target.sum.length === 0) throw wrong('A `sum` is empty. Give it one target at least.');
  if (depth === DEPTH_LIMIT) {
    throw new UserError('LIMIT_EXCEEDED', `Sums are nested more than ${DEPTH_LIMIT} deep. Write the target flatter.`);
  }
  counted.terms += target.sum.length;
  if (counted.terms > TERM_LIMIT) {
    throw new UserError('LIMIT_EXCEEDED', `The target has more than ${TERM_LIMIT} terms. Ask for less at once.`);
  }
  for (const { to, weight } of target.sum) {
    if (weight != null && !Number.isFinite(weight)) throw wrong(`A \`weight\` is ${weight}. Give a finite number.`);
    collectNamed(to, named, counted, depth + 1);
  }
}

interface FoundItem {
  readonly id: number;
  readonly vector: Float32Array;
}

/** The items of these keys with their vectors, in one statement. @throws UserError where one is missing or has no vector */
async function findItems(
  database: Queryable,
  dataset: Pick<Dataset, 'id' | 'slug'>,
  embedding: Space,
  keys: readonly string[],
): Promise<ReadonlyMap<string, FoundItem>> {
  if (keys.length === 0) return new Map();
  const rows = await database.query<{ id: number; key: string; bytes: Uint8Array | null }>(
    `select items.id, items.key, vector_send(vectors.vector) as bytes
       from items left join vectors on vectors.embedding_id = $2::int and vectors.item_id = items.id
      where items.dataset_id = $1::int and items.key = any ($3::text[])`,
    [dataset.id, embedding.id, keys],
  );
  const found = new Map<string, FoundItem>();
  for (const { id, key, bytes } of rows) {
    if (bytes === null) throw wrong(`The item "${key}" has no vector in the embedding "${embedding.name}".`);
    found.set(key, { id, vector: decodeVector(bytes) });
  }
  const missing = keys.find((key) => !found.has(key));
  if (missing !== undefined) throw await unknownItem(database, dataset, missing);
  return found;
}

/** Says that there is no such item, and which keys are spelled alike or have that label. */
async function unknownItem(
  database: Queryable,
  dataset: Pick<Dataset, 'id' | 'slug'>,
  key: string,
): Promise<UserError> {
  const shown = key.slice(0, 100);
  const rows = await database.query<{ key: string; labelled: boolean }>(
    // Fifty to either side in the order of the index, the usual ways to write a word, and what has it for its label;
    // the full-text condition is only there to be found by its index.
    `(select key, false as labelled from items where dataset_id = $1::int and key >= $2::text order by key limit 50)
     union all
     (select key, false from items where dataset_id = $1::int and key < $2::text order by key desc limit 50)
     union all
     (select key, false from items where dataset_id = $1::int and key in (lower($2::text), upper($2::text), initcap($2::text)))
     union all
     (select key, true from items
       where dataset_id = $1::int and label = $2::text
         and (to_tsvector('english', label) || jsonb_to_tsvector('english', fields, '["string"]'))
             @@ plainto_tsquery('english', $2::text)
       limit 1)`,
    [dataset.id, shown],
  );
  const labelled = rows.find((row) => row.labelled);
  const hint =
    labelled === undefined
      ? didYouMean(shown, [...new Set(rows.map((row) => row.key))])
      : ` The item labelled so has the key "${labelled.key}".`;
  return new UserError('NOT_FOUND', `The data set "${dataset.slug}" has no item "${shown}".${hint}`);
}

/** The vector of an item, a text or a picture as it is, a literal one, or a sum in double precision. */
function vectorOf(target: TargetInput, space: Space, known: Known): ArrayLike<number> {
  if (typeof target.text === 'string') return known.texts.get(target.text) ?? new Float32Array(space.dimension);
  if (target.image) return known.pictures.get(target.image.url) ?? new Float32Array(space.dimension);
  if (typeof target.item === 'string') {
    const found = known.items.get(target.item);
    if (found === undefined) throw new Error(`the item ${target.item} was not read`);
    return found.vector;
  }
  if (!target.sum) return parseVector(target.vector ?? '', space);
  const sum = new Float64Array(space.dimension);
  let weights = 0;
  for (const { to, weight } of target.sum) {
    const factor = weight ?? 1;
    const term = vectorOf(to, space, known);
    const scale = space.metric === 'COSINE' ? factor / lengthOf(term) : factor;
    for (let i = 0; i < sum.length; i++) sum[i] = (sum[i] ?? 0) + scale * (term[i] ?? 0);
    weights += Math.abs(factor);
  }
  // What float32 leaves of the difference between a vector and itself at another length is no direction.
  if (space.metric === 'COSINE' && norm(sum) <= weights * FLOAT32_EPSILON) {
    throw wrong('The terms of the sum cancel out: what is left has no direction, and COSINE compares directions.');
  }
  return sum;
}

/** The numbers of a literal vector. @throws UserError that says what is wrong with them */
function parseVector(given: VectorInput, { dimension }: Space): Float32Array {
  const values = typeof given === 'string' ? parseBase64(given, dimension) : given;
  if (values.length !== dimension) throw wrongDimension(values.length, dimension);
  for (let i = 0; i < dimension; i++) {
    const value: unknown = values[i];
    if (typeof value !== 'number' || !Number.isFinite(Math.fround(value))) {
      throw wrong(`Number ${i + 1} of the vector is ${value}; wanted: a finite number within float32.`);
    }
  }
  return Float32Array.from(values);
}

function parseBase64(given: string, dimension: number): Float32Array {
  if (given.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(given)) {
    throw wrong('The vector is a text and not base64. Give a list of numbers, or base64 of little-endian float32.');
  }
  const bytes = Buffer.from(given, 'base64');
  if (bytes.length % 4 !== 0) {
    throw wrong(`The vector has ${bytes.length} bytes in base64, which are no whole float32 numbers of 4 bytes.`);
  }
  if (bytes.length !== 4 * dimension) throw wrongDimension(bytes.length / 4, dimension);
  return Float32Array.from({ length: dimension }, (_, i) => bytes.readFloatLE(4 * i));
}

function wrongDimension(got: number, wanted: number): UserError {
  return wrong(`The vector has ${got} numbers; the vectors of this embedding have ${wanted}.`);
}

/** @throws UserError where a number is beyond float32, or COSINE has no direction to go by */
function toFloat32(values: ArrayLike<number>, { metric }: Space): Float32Array {
  const vector = Float32Array.from(values);
  if (!vector.every(Number.isFinite)) {
    throw wrong('The numbers of the target exceed what float32 holds. Take smaller weights.');
  }
  if (metric !== 'COSINE') return vector;
  const length = lengthOf(values);
  return length >= LEAST_LENGTH && length <= LARGEST_LENGTH ? vector : vector.map((_, i) => (values[i] ?? 0) / length);
}

/** The length of a vector that COSINE compares. @throws UserError where it is 0 */
function lengthOf(values: ArrayLike<number>): number {
  const length = norm(values);
  if (length === 0) {
    throw wrong('Every number of the vector is 0: it has no direction, and COSINE compares directions.');
  }
  return length;
}

/** Euclidean length. Numbers within float32 neither vanish nor overflow when they are squared in double precision. */
function norm(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += (values[i] ?? 0) ** 2;
  return Math.sqrt(sum);
}

function wrong(message: string): UserError {
  return new UserError('BAD_USER_INPUT', message);
}

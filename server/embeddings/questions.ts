/**
 * Questions to the vectors of an embedding beside "what is near": how alike two of them are, which one does not fit, what lies at
 * the ends of a direction, and analogies by products of cosines.
 */
import { distance, innerProduct } from '#kernels/distance.ts';
import { ANALOGY_EPSILON } from '#kernels/word2vec/analogies.ts';
import type { Parameter, Queryable, QueryOptions } from '../database/database.ts';
import { type Condition, throwConditionError } from '../datasets/conditions.ts';
import { UserError } from '../errors.ts';
import type { Embedding, Metric } from './embeddings.ts';
import { type Hit, type NearestAnswer, similarityOf } from './nearest.ts';
import { vectorText } from './vectors.ts';

/** How alike two vectors are. */
export function compareVectors(
  a: Float32Array,
  b: Float32Array,
  metric: Metric,
): { readonly distance: number; readonly similarity: number } {
  const apart = distance(a, b, metric) + 0; // no -0
  return { distance: apart, similarity: similarityOf(apart, metric) };
}

/** Each vector against the mean of the others, by COSINE each at length 1. @returns its similarity, in the order of the vectors */
export function fitAmongOthers(vectors: readonly Float32Array[], metric: Metric): number[] {
  const terms = vectors.map((vector) => {
    const length = metric === 'COSINE' ? Math.sqrt(innerProduct(vector, vector)) : 1;
    return vector.map((value) => value / length);
  });
  return terms.map((term, i) => {
    const others = terms.filter((_, j) => j !== i);
    const mean = term.map((_, c) => others.reduce((sum, other) => sum + (other[c] ?? 0), 0) / others.length);
    return compareVectors(term, mean, metric).similarity;
  });
}

/** Which items are looked at, and how long. */
export interface Among {
  readonly first: number;
  /** Ids of items that are not wanted. */
  readonly exclude?: readonly number[];
  /** Compiled with `firstParameter` 1. */
  readonly condition?: Condition | undefined;
  readonly options: QueryOptions;
}

type Asked = Pick<Embedding, 'id' | 'datasetId' | 'metric'>;

/** A vector whose cosine with an item counts to the power of `weight`. */
export interface Factor {
  readonly vector: Float32Array;
  readonly weight: number;
}

/**
 * The items of the largest product over the factors of ((1 + cosine) / 2) ^ weight, where negative weights have 0.001 added to
 * the base: 3CosMul (Levy and Goldberg 2014, equation 4) for any number of terms. The distance is the negated logarithm.
 * @throws UserError BAD_USER_INPUT where the metric is not COSINE
 */
export async function nearestByProduct(
  database: Queryable,
  embedding: Asked,
  factors: readonly Factor[],
  { first, exclude = [], condition, options }: Among,
): Promise<NearestAnswer> {
  if (embedding.metric !== 'COSINE') {
    throw new UserError(
      'BAD_USER_INPUT',
      `The terms of a sum are multiplied by their cosines, and this embedding is compared by ${embedding.metric}. Ask with combine: ADD.`,
    );
  }
  const { values, bind } = binder(condition);
  const powers = factors.map(({ vector, weight }) => {
    const base = `greatest(0, 1 - (vector <=> ${bind(vectorText(vector), 'vector')}) / 2)`;
    // What has a cosine of -1 with what is wanted stands last, and is no error of the logarithm.
    const floor = weight < 0 ? `${base} + ${ANALOGY_EPSILON}` : `greatest(${base}, 1e-300)`;
    return `${bind(weight, 'float8')} * ln(${floor})`;
  });
  const started = performance.now();
  const hits = await database
    .query<{ itemId: number; distance: number }>(
      `select item_id as "itemId", -(${powers.join(' + ')}) as distance from vectors
        where embedding_id = ${bind(embedding.id, 'int')} and item_id <> all (${bind(exclude, 'bigint[]')})
              ${matching(embedding, condition, bind)}
        order by distance, item_id limit ${bind(first, 'int')}`,
      values,
      options,
    )
    .catch(throwConditionError);
  return {
    hits: hits.map(
      ({ itemId, distance }): Hit => ({ itemId, distance: distance + 0, similarity: Math.exp(-distance) }),
    ),
    search: {
      ...{ method: 'EXACT', exact: true, metric: 'COSINE', complete: true, device: 'CPU', resident: false },
      milliseconds: performance.now() - started,
    },
  };
}

export interface Extreme {
  readonly itemId: number;
  readonly value: number;
}

/** The items whose vectors, less `origin`, have the largest and the smallest inner product with a direction. */
export async function extremesAlong(
  database: Queryable,
  embedding: Asked,
  direction: Float32Array,
  { first, condition, options }: Among,
  origin = 0,
): Promise<{ readonly highest: readonly Extreme[]; readonly lowest: readonly Extreme[] }> {
  const end = async (order: 'asc' | 'desc'): Promise<Extreme[]> => {
    const { values, bind } = binder(condition);
    return await database
      .query<{ itemId: number; value: number }>(
        `select item_id as "itemId", -(vector <#> ${bind(vectorText(direction), 'vector')}) - ${bind(origin, 'float8')} as value
           from vectors
          where embedding_id = ${bind(embedding.id, 'int')} ${matching(embedding, condition, bind)}
          order by value ${order}, item_id limit ${bind(first, 'int')}`,
        values,
        options,
      )
      .catch(throwConditionError);
  };
  return { highest: await end('desc'), lowest: await end('asc') };
}

type Bind = (value: Parameter, type: string) => string;

/** Values of a statement: those of the condition first, as it was compiled, then ours. */
function binder(condition: Condition | undefined): { values: Parameter[]; bind: Bind } {
  const values: Parameter[] = [...(condition?.parameters ?? [])];
  return { values, bind: (value, type) => `$${values.push(value)}::${type}` };
}

function matching({ datasetId }: Asked, condition: Condition | undefined, bind: Bind): string {
  if (condition === undefined) return '';
  return `and exists (select from items where items.dataset_id = ${bind(datasetId, 'int')}
                         and items.id = vectors.item_id and (${condition.sql}))`;
}

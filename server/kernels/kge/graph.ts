/** A knowledge graph as arrays, and what is known of it by query. */

// Triples: Int32Array (n, 3), rows of head, relation, tail by index. E entities, R relations.

export interface KnowledgeGraph {
  /** E */
  readonly entityCount: number;
  /** R */
  readonly relationCount: number;
  readonly train: Int32Array;
  readonly validation: Int32Array;
  readonly test: Int32Array;
}

/**
 * The answers that are known, by query. A query is an entity and a relation: relation r asks for tails, R + r for heads. Queries stand
 * in ascending order of entity * 2R + relation, and so do their answers.
 */
export interface QueryIndex {
  readonly entityCount: number;
  readonly relationCount: number;
  /** Of each query: the known entity, and the relation, R + r where the head is asked for. */
  readonly entities: Int32Array;
  readonly relations: Int32Array;
  /** Answers of query i: answers[starts[i]] … answers[starts[i + 1] - 1]. */
  readonly starts: Int32Array;
  readonly answers: Int32Array;
  /** How often each answer was given, 1 unless triples are repeated. */
  readonly counts: Float32Array;
  /** First query of each entity (E + 1). */
  readonly byEntity: Int32Array;
}

/** The queries that these triples answer, both sides of each. */
export function indexQueries(
  { entityCount, relationCount }: Pick<KnowledgeGraph, 'entityCount' | 'relationCount'>,
  triples: readonly Int32Array[],
): QueryIndex {
  const keys = new Float64Array(2 * triples.reduce((sum, list) => sum + list.length / 3, 0));
  let at = 0;
  for (const list of triples) {
    for (let i = 0; i < list.length; i += 3) {
      const head = list[i] ?? 0;
      const relation = list[i + 1] ?? 0;
      const tail = list[i + 2] ?? 0;
      // Below 2^53 for 4 million entities and 250 relations.
      keys[at++] = (head * 2 * relationCount + relation) * entityCount + tail;
      keys[at++] = (tail * 2 * relationCount + relationCount + relation) * entityCount + head;
    }
  }
  keys.sort();
  const answers = new Int32Array(keys.length);
  const counts = new Float32Array(keys.length);
  const queries: number[] = [];
  const starts: number[] = [];
  let count = 0;
  let previous = -1;
  let query = -1;
  for (const key of keys) {
    if (key === previous) {
      counts[count - 1] = (counts[count - 1] ?? 0) + 1;
      continue;
    }
    previous = key;
    const asked = Math.floor(key / entityCount);
    if (asked !== query) {
      query = asked;
      queries.push(asked);
      starts.push(count);
    }
    answers[count] = key - asked * entityCount;
    counts[count++] = 1;
  }
  starts.push(count);
  const entities = Int32Array.from(queries, (asked) => Math.floor(asked / (2 * relationCount)));
  const byEntity = new Int32Array(entityCount + 1);
  for (const entity of entities) byEntity[entity + 1] = (byEntity[entity + 1] ?? 0) + 1;
  for (let entity = 0; entity < entityCount; entity++) {
    byEntity[entity + 1] = (byEntity[entity + 1] ?? 0) + (byEntity[entity] ?? 0);
  }
  return {
    entityCount,
    relationCount,
    entities,
    relations: Int32Array.from(queries, (asked) => asked % (2 * relationCount)),
    starts: Int32Array.from(starts),
    answers: answers.slice(0, count),
    counts: counts.slice(0, count),
    byEntity,
  };
}

/** The known answers of (entity, relation, ?), ascending, where relation R + r asks for heads of r. A view. */
export function knownAnswers(index: QueryIndex, entity: number, relation: number): Int32Array {
  const last = index.byEntity[entity + 1] ?? 0;
  for (let query = index.byEntity[entity] ?? 0; query < last; query++) {
    if (index.relations[query] === relation) {
      return index.answers.subarray(index.starts[query] ?? 0, index.starts[query + 1] ?? 0);
    }
  }
  return index.answers.subarray(0, 0);
}

/** How many answers a query has on average, by what it asks for: of relation r the tails, of R + r the heads; 0 where nothing is asked. (2R) */
export function answersPerQuery({ relationCount, relations, starts }: QueryIndex): Float64Array {
  const queries = new Float64Array(2 * relationCount);
  const answers = new Float64Array(2 * relationCount);
  relations.forEach((relation, query) => {
    queries[relation] = (queries[relation] ?? 0) + 1;
    answers[relation] = (answers[relation] ?? 0) + (starts[query + 1] ?? 0) - (starts[query] ?? 0);
  });
  return answers.map((count, relation) => count / Math.max(1, queries[relation] ?? 0));
}

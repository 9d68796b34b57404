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
  // What is asked of each entity, one after the other: relation * E + answer, which stays below 2^53 for all graphs that fit into memory.
  const places = new Uint32Array(entityCount + 1);
  eachEnd(triples, relationCount, (entity) => {
    places[entity + 1] = (places[entity + 1] ?? 0) + 1;
  });
  for (let entity = 0; entity < entityCount; entity++) {
    places[entity + 1] = (places[entity + 1] ?? 0) + (places[entity] ?? 0);
  }
  const keys = new Float64Array(places[entityCount] ?? 0);
  const next = places.slice();
  eachEnd(triples, relationCount, (entity, relation, answer) => {
    const at = next[entity] ?? 0;
    next[entity] = at + 1;
    keys[at] = relation * entityCount + answer;
  });

  const answers = new Int32Array(keys.length);
  const counts = new Float32Array(keys.length);
  const entities: number[] = [];
  const relations: number[] = [];
  const starts: number[] = [];
  const byEntity = new Int32Array(entityCount + 1);
  let count = 0;
  for (let entity = 0; entity < entityCount; entity++) {
    const own = keys.subarray(places[entity] ?? 0, places[entity + 1] ?? 0).sort();
    let previous = -1;
    let asked = -1;
    for (const key of own) {
      if (key === previous) {
        counts[count - 1] = (counts[count - 1] ?? 0) + 1;
        continue;
      }
      previous = key;
      const relation = Math.floor(key / entityCount);
      if (relation !== asked) {
        asked = relation;
        entities.push(entity);
        relations.push(relation);
        starts.push(count);
      }
      answers[count] = key - relation * entityCount;
      counts[count++] = 1;
    }
    byEntity[entity + 1] = entities.length;
  }
  starts.push(count);
  return {
    entityCount,
    relationCount,
    entities: Int32Array.from(entities),
    relations: Int32Array.from(relations),
    starts: Int32Array.from(starts),
    answers: answers.slice(0, count),
    counts: counts.slice(0, count),
    byEntity,
  };
}

/** Both queries that each triple answers: of its head by relation r, of its tail by R + r. */
function eachEnd(
  triples: readonly Int32Array[],
  relationCount: number,
  take: (entity: number, relation: number, answer: number) => void,
): void {
  for (const list of triples) {
    for (let i = 0; i < list.length; i += 3) {
      const head = list[i] ?? 0;
      const relation = list[i + 1] ?? 0;
      const tail = list[i + 2] ?? 0;
      take(head, relation, tail);
      take(tail, relationCount + relation, head);
    }
  }
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

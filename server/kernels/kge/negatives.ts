/**
 * Negatives: entities by chance in the place of an answer. All queries of a group share theirs, so that scores are a matrix
 * product (group 1: each query has its own); answers that are known in training are left out where `filtered`.
 */
import type { Random } from '../random.ts';
import { answersPerQuery, knownAnswers, type QueryIndex } from './graph.ts';
import type { Negatives } from './table.ts';

/** What is drawn for `count` queries (entities, relations as in QueryIndex); `index` null: nothing is left out. */
export function drawNegatives(
  { group, count: k }: Pick<Negatives, 'group' | 'count'>,
  entities: Int32Array,
  relations: Int32Array,
  count: number,
  entityCount: number,
  index: QueryIndex | null,
  random: Random,
): Negatives {
  const groups = Math.ceil(count / group);
  const ids = Int32Array.from({ length: groups * k }, () => random.below(entityCount));
  const known: Int32Array[] = [];
  const first = new Int32Array(index === null ? 0 : entityCount); // number of the first negative with this entity, from 1
  const next = new Int32Array(k); // the next with the same, from 1
  for (let g = 0; g < groups; g++) {
    if (index === null) {
      known.push(new Int32Array(0));
      continue;
    }
    const drawn = ids.subarray(g * k, (g + 1) * k);
    for (let j = 0; j < k; j++) {
      const entity = drawn[j] ?? 0;
      next[j] = first[entity] ?? 0;
      first[entity] = j + 1;
    }
    const pairs: number[] = [];
    for (let i = g * group; i < Math.min(count, (g + 1) * group); i++) {
      for (const answer of knownAnswers(index, entities[i] ?? 0, relations[i] ?? 0)) {
        for (let j = first[answer] ?? 0; j > 0; j = next[j - 1] ?? 0) pairs.push(i - g * group, j - 1);
      }
    }
    known.push(Int32Array.from(pairs));
    for (const entity of drawn) first[entity] = 0;
  }
  return { group, count: k, ids, known };
}

/**
 * The share of a relation's triples whose head is to be replaced (Wang, Zhang, Feng and Chen, "Knowledge Graph Embedding by
 * Translating on Hyperplanes", AAAI 2014, section 3.3): tails per head / (tails per head + heads per tail), so that the side with
 * more right answers, among which a negative by chance may be, is replaced less often. float64 (R); 0 for a relation without triples.
 */
export function bernoulliShares(index: QueryIndex): Float64Array {
  const { relationCount: r } = index;
  const answers = answersPerQuery(index);
  return Float64Array.from({ length: r }, (_, relation) => {
    const tailsPerHead = answers[relation] ?? 0;
    const headsPerTail = answers[r + relation] ?? 0;
    return tailsPerHead / Math.max(Number.MIN_VALUE, tailsPerHead + headsPerTail);
  });
}

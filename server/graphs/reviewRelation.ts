/** A relation looked through: which of its triples a model finds surprising, and which it misses. */
import { setImmediate } from 'node:timers/promises';

import { largest } from '#kernels/graph/largest.ts';
import { scoreTriple } from '#kernels/kge/score.ts';
import { createRandom, sample } from '#kernels/random.ts';
import type { Queryable } from '../database/database.ts';
import { findTriplesOfRelation, type Relation, type Split } from './graphs.ts';
import {
  placeOfEntity,
  placeOfRelation,
  probabilityOf,
  probabilityOfAnswer,
  type ResidentModel,
  scoresOf,
} from './residentModels.ts';

/** A triple as a model sees it. */
export interface ReviewedTriple {
  readonly datasetId: number;
  readonly headId: number;
  readonly relationId: number;
  readonly tailId: number;
  readonly score: number;
  readonly probability: number | null;
  readonly known: Split | null;
}

export interface Review {
  readonly triples: readonly ReviewedTriple[];
  /** Whether all were looked at, and not a sample. */
  readonly complete: boolean;
}

/** Triples of one relation that are looked through: the largest of WN18RR has 34,796. */
const MOST_TRIPLES = 100_000;
/** Triples between two pauses for other questions. */
const TRIPLES_AT_ONCE = 500;

/** The known triples of a relation that are least plausible, least first: slips, and what the model cannot know. */
export async function surprisingTriples(
  database: Queryable,
  model: ResidentModel,
  relation: Relation,
  first: number,
  signal: AbortSignal,
): Promise<Review> {
  const row = placeOfRelation(model, relation);
  const triples = await findTriplesOfRelation(database, model.datasetId, relation.id, MOST_TRIPLES);
  const scores = new Float64Array(triples.length);
  for (const [i, { headId, tailId }] of triples.entries()) {
    const [head, tail] = [placeOfEntity(model, headId), placeOfEntity(model, tailId)];
    scores[i] = head === -1 || tail === -1 ? Number.NaN : -scoreTriple(model.parameters, head, row, tail);
    if (i % TRIPLES_AT_ONCE === TRIPLES_AT_ONCE - 1) await pause(signal);
  }
  const reviewed = largest(scores, first).flatMap((place): ReviewedTriple[] => {
    const triple = triples[place];
    if (triple === undefined) return [];
    const score = -(scores[place] ?? 0);
    const { headId, tailId, split } = triple;
    const ends = { datasetId: model.datasetId, headId, relationId: relation.id, tailId };
    return [{ ...ends, score, probability: probabilityOf(model, score), known: split }];
  });
  return { triples: reviewed, complete: triples.length < MOST_TRIPLES };
}

/** Heads that are asked for their tails: each takes some milliseconds among 41,000 entities. */
const MOST_HEADS = 200;

/**
 * The triples of a relation that are most plausible and not known, most plausible first. Heads are those that the
 * relation has, a sample by seed where they are many; tails are those that it has, or all entities.
 */
export async function missingTriples(
  database: Queryable,
  model: ResidentModel,
  relation: Relation,
  { first, anyTail, seed }: { readonly first: number; readonly anyTail: boolean; readonly seed: number },
  signal: AbortSignal,
): Promise<Review> {
  const row = placeOfRelation(model, relation);
  const triples = await findTriplesOfRelation(database, model.datasetId, relation.id, MOST_TRIPLES);
  const known = new Map<number, Set<number>>();
  const isTail = new Uint8Array(model.entityIds.length);
  for (const { headId, tailId } of triples) {
    const [head, tail] = [placeOfEntity(model, headId), placeOfEntity(model, tailId)];
    if (tail !== -1) isTail[tail] = 1;
    if (head === -1) continue;
    const tails = known.get(head) ?? new Set();
    known.set(head, tails.add(tail));
  }
  const heads = [...known.keys()].sort((a, b) => a - b);
  const asked = Array.from(sample(heads.length, MOST_HEADS, createRandom(seed)), (place) => heads[place] ?? 0);
  const found: ReviewedTriple[] = [];
  for (const head of asked) {
    const scores = await scoresOf(model, 'TAIL', head, row);
    const tails = known.get(head);
    const best = largest(
      scores,
      first,
      (tail) => tail === head || (!anyTail && isTail[tail] !== 1) || tails?.has(tail) === true,
    );
    for (const tail of best) {
      const score = scores[tail] ?? 0;
      found.push({
        ...{ datasetId: model.datasetId, relationId: relation.id, known: null, score },
        ...{ headId: model.entityIds[head] ?? 0, tailId: model.entityIds[tail] ?? 0 },
        probability: probabilityOfAnswer(model, 'TAIL', row, score),
      });
    }
    await pause(signal);
  }
  const best = largest(
    found.map(({ score }) => score),
    first,
  );
  return {
    triples: best.flatMap((place) => found[place] ?? []),
    complete: asked.length === heads.length && triples.length < MOST_TRIPLES,
  };
}

/** Lets other questions have their turn, and ends where nobody waits for the answer any more. */
export async function pause(signal: AbortSignal): Promise<void> {
  await setImmediate();
  signal.throwIfAborted();
}

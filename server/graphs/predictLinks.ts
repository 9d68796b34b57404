/** Questions to a graph model: what is missing at one end of a triple, and which relation is between two entities. */
import { largest } from '#kernels/graph/largest.ts';
import { scoreRelations, scoreTriple } from '#kernels/kge/score.ts';
import { type NewTriple, poseNewEntity } from '#kernels/kge/solveEntity.ts';
import type { Queryable } from '../database/database.ts';
import type { Condition } from '../datasets/conditions.ts';
import { listItemIds } from '../datasets/items.ts';
import { UserError } from '../errors.ts';
import { runGraphKernel } from './graphKernels.ts';
import { findKnownEnds, findRelationsBetween, findTriplesOf, type Relation, type Split } from './graphs.ts';
import {
  type Known,
  placeOfEntity,
  placeOfRelation,
  probabilityOf,
  probabilityOfAnswer,
  type ResidentModel,
  scoresOf,
} from './residentModels.ts';

/** Which end of a triple is asked for. */
export type Side = 'HEAD' | 'TAIL';

/** An answer: an entity that may stand at the end that was asked for. */
export interface LinkPrediction {
  readonly datasetId: number;
  readonly headId: number;
  readonly relationId: number;
  readonly tailId: number;
  readonly side: Side;
  /** Among the candidates, from 1; of equal scores the mean. */
  readonly rank: number;
  readonly score: number;
  /** As calibrated on the first answers to other questions; null where the model has no calibration. */
  readonly probability: number | null;
  /** What the triple is for, where it is known already. */
  readonly known: Split | null;
}

export interface LinkQuestion {
  readonly side: Side;
  /** Item of the known end. */
  readonly itemId: number;
  readonly relation: Relation;
  readonly first: number;
  /** Whether known triples are among the answers, marked; otherwise they are left out. */
  readonly withKnown: boolean;
  /** Which entities may answer; compiled with `firstParameter` 2. Null: all. */
  readonly condition: Condition | null;
}

/** The entities that are most plausible at an end of a triple, most plausible first. */
export async function predictLinks(
  database: Queryable,
  model: ResidentModel,
  { side, itemId, relation, first, withKnown, condition }: LinkQuestion,
): Promise<LinkPrediction[]> {
  const row = placeOfRelation(model, relation);
  const from = await placeOrSolve(database, model, itemId);
  const known = await findKnownEnds(database, model.datasetId, side, itemId, relation.id);
  const allowed = condition === null ? null : await allowedPlaces(database, model, condition);
  const scores = await scoresOf(model, side, from, row);
  const isLeftOut = (candidate: number): boolean => {
    if (allowed !== null && allowed[candidate] !== 1) return true;
    const isKnown = known.has(model.entityIds[candidate] ?? 0);
    // Where models compare by distance, what is asked for is often nearest to itself.
    return isKnown ? !withKnown : candidate === from && !model.reflexive.has(relation.id);
  };
  const places = largest(scores, first, isLeftOut);
  const ranks = ranksOf(places, scores, isLeftOut);
  return places.map((candidate, i) => {
    const score = scores[candidate] ?? 0;
    const other = model.entityIds[candidate] ?? 0;
    return {
      datasetId: model.datasetId,
      headId: side === 'TAIL' ? itemId : other,
      relationId: relation.id,
      tailId: side === 'TAIL' ? other : itemId,
      side,
      rank: ranks[i] ?? 0,
      score,
      probability: probabilityOfAnswer(model, side, row, score),
      known: known.get(other) ?? null,
    };
  });
}

/** The realistic ranks of the largest: all that is greater than one of them is among them, and only of the last are there equals that are not. */
function ranksOf(places: readonly number[], scores: Float32Array, isLeftOut: (place: number) => boolean): number[] {
  const sorted = Float32Array.from(places, (place) => scores[place] ?? 0);
  const last = sorted.at(-1);
  let equal = 0;
  for (let place = 0; place < scores.length; place++) if (scores[place] === last && !isLeftOut(place)) equal++;
  return Array.from(sorted, (score) => {
    const above = sorted.indexOf(score);
    return above + ((score === last ? equal : sorted.lastIndexOf(score) - above + 1) + 1) / 2;
  });
}

/** The realistic rank: the mean of the best and the worst among equal scores. */
function rankOf(scores: Float32Array, score: number, isLeftOut: (place: number) => boolean): number {
  let [above, equal] = [0, 0];
  for (let place = 0; place < scores.length; place++) {
    const other = scores[place] ?? 0;
    if (other < score || isLeftOut(place)) continue;
    if (other > score) above++;
    else equal++;
  }
  return above + (equal + 1) / 2;
}

/** For each place 1 where the filter leaves the entity. */
async function allowedPlaces(database: Queryable, model: ResidentModel, condition: Condition): Promise<Uint8Array> {
  const allowed = new Uint8Array(model.entityIds.length);
  for (const id of await listItemIds(database, model.datasetId, condition)) {
    const place = placeOfEntity(model, id);
    if (place !== -1) allowed[place] = 1;
  }
  return allowed;
}

/** Where an entity stands in the model; one that came after the training is placed by the triples that the graph has of it. */
async function placeOrSolve(database: Queryable, model: ResidentModel, itemId: number): Promise<Known> {
  const place = placeOfEntity(model, itemId);
  if (place !== -1) return place;
  const triples: NewTriple[] = [];
  for (const { headId, relationId, tailId } of await findTriplesOf(database, model.datasetId, itemId, MOST_TRIPLES)) {
    const is = headId === itemId ? 'HEAD' : 'TAIL';
    const other = placeOfEntity(model, is === 'HEAD' ? tailId : headId);
    const relation = model.relationIds.indexOf(relationId);
    if (other !== -1 && relation !== -1) triples.push({ is, relation, other });
  }
  if (triples.length === 0) {
    throw new UserError(
      'BAD_USER_INPUT',
      `The entity came after the model "${model.name}" was trained, and no triple ties it to an entity that the model knows. Add one, or train anew.`,
    );
  }
  const problem = poseNewEntity(model.parameters, triples, SOLVING);
  return await runGraphKernel('solveNewEntity', { problem, options: SOLVING });
}

/** Triples by which an entity is placed. */
const MOST_TRIPLES = 50;
/** Fewer steps than the kernel's own: a question waits for them. */
const SOLVING = { steps: 100, sample: 200, seed: 1 } as const;

/** A relation that may be between two entities. */
export interface RelationPrediction {
  readonly relationId: number;
  readonly rank: number;
  readonly score: number;
  readonly probability: number | null;
  readonly known: Split | null;
}

/** The relations that are most plausible between two entities, most plausible first; known ones are marked. */
export async function predictRelations(
  database: Queryable,
  model: ResidentModel,
  headId: number,
  tailId: number,
  first: number,
): Promise<RelationPrediction[]> {
  const scores = scoreRelations(model.parameters, requirePlace(model, headId), requirePlace(model, tailId));
  const known = await findRelationsBetween(database, model.datasetId, headId, tailId);
  return largest(scores, first).map((row, i) => {
    const score = scores[row] ?? 0;
    const relationId = model.relationIds[row] ?? 0;
    return {
      relationId,
      rank: i + 1,
      score,
      probability: probabilityOf(model, score),
      known: known.get(relationId) ?? null,
    };
  });
}

/** @throws UserError BAD_USER_INPUT where an entity came after the training */
export function requirePlace(model: ResidentModel, itemId: number): number {
  const place = placeOfEntity(model, itemId);
  if (place !== -1) return place;
  throw new UserError(
    'BAD_USER_INPUT',
    `An entity came after the model "${model.name}" was trained. Ask for links from it by predictLinks, or train anew.`,
  );
}

/** What a model thinks of a triple. */
export interface TripleScore {
  readonly datasetId: number;
  readonly headId: number;
  readonly relationId: number;
  readonly tailId: number;
  readonly score: number;
  readonly probability: number | null;
  readonly known: Split | null;
  /** Filtered, of all entities: those known to answer are left out, this one apart. */
  readonly tailRank: number;
  readonly headRank: number;
}

/** The score of a triple, known or not, with its filtered ranks at either end. */
export async function scoreLink(
  database: Queryable,
  model: ResidentModel,
  headId: number,
  relation: Relation,
  tailId: number,
): Promise<TripleScore> {
  const [head, tail, row] = [
    requirePlace(model, headId),
    requirePlace(model, tailId),
    placeOfRelation(model, relation),
  ];
  const ranks: Record<Side, number> = { HEAD: 0, TAIL: 0 };
  let known: Split | null = null;
  for (const side of ['TAIL', 'HEAD'] as const) {
    const [from, asked, askedId] = side === 'TAIL' ? [head, tail, tailId] : [tail, head, headId];
    const scores = await scoresOf(model, side, from, row);
    const others = await findKnownEnds(database, model.datasetId, side, side === 'TAIL' ? headId : tailId, relation.id);
    known = others.get(askedId) ?? null;
    const isLeftOut = (place: number) => place !== asked && others.has(model.entityIds[place] ?? 0);
    ranks[side] = rankOf(scores, scores[asked] ?? 0, isLeftOut);
  }
  const score = scoreTriple(model.parameters, head, row, tail);
  const { datasetId } = model;
  return {
    ...{ datasetId, headId, relationId: relation.id, tailId, score, probability: probabilityOf(model, score), known },
    ...{ tailRank: ranks.TAIL, headRank: ranks.HEAD },
  };
}

/** An entity that no training has seen: placed by a few triples with all else held fixed, or among those described alike, and asked about at once. */

import { distance } from '#kernels/distance.ts';
import { largest } from '#kernels/graph/largest.ts';
import { graphModels } from '#kernels/kge/models.ts';
import { entityOf } from '#kernels/kge/parameters.ts';
import { poseNewEntity } from '#kernels/kge/solveEntity.ts';
import { UserError } from '../errors.ts';
import { runGraphKernel } from './graphKernels.ts';
import type { Relation } from './graphs.ts';
import type { Guess } from './meaning.ts';
import { requirePlace, type Side } from './predictLinks.ts';
import { placeOfRelation, probabilityOfAnswer, type ResidentModel, scoresOf } from './residentModels.ts';

/** What is said of the new entity: it is one end of a triple, `otherId` is the item at the other. */
export interface GivenTriple {
  readonly is: Side;
  readonly relation: Relation;
  readonly otherId: number;
}

/** A new entity in a model. It is nowhere kept. */
export interface NewEntity {
  readonly model: ResidentModel;
  /** The triples that it was given, with places. */
  readonly given: readonly { readonly is: Side; readonly relation: number; readonly other: number }[];
  readonly vector: Float32Array;
  readonly bias: number;
  /** Mean loss of its triples: near 0 where they agree with what the model knows; null where it has none. */
  readonly loss: number | null;
  /** The entities described alike, where it was given a description. */
  readonly among: Guess['among'];
}

const MOST_TRIPLES = 100;

/**
 * @param guess what a description has told: where there are triples these decide, from there on
 * @throws UserError BAD_USER_INPUT with neither, or with more triples than can be waited for
 */
export async function placeNewEntity(
  model: ResidentModel,
  triples: readonly GivenTriple[],
  seed: number,
  guess: Guess | null,
  signal: AbortSignal,
): Promise<NewEntity> {
  if ((triples.length < 1 && guess === null) || triples.length > MOST_TRIPLES) {
    throw new UserError(
      'BAD_USER_INPUT',
      `A new entity is placed by its triples, 1 to ${MOST_TRIPLES}, or by a description; there are ${triples.length}${guess === null ? ' and no description' : ''}.`,
    );
  }
  const given = triples.map(({ is, relation, otherId }) => ({
    is,
    relation: placeOfRelation(model, relation),
    other: requirePlace(model, otherId),
  }));
  const among = guess?.among ?? [];
  if (given.length === 0 && guess !== null) {
    return { model, given, vector: guess.vector, bias: guess.bias, loss: null, among };
  }
  const problem = poseNewEntity(model.parameters, given, { seed });
  const options = guess === null ? {} : { start: { vector: guess.vector, bias: guess.bias } };
  return { model, given, ...(await runGraphKernel('solveNewEntity', { problem, options }, { signal })), among };
}

/** An entity that is near, or that answers. */
export interface NewEntityAnswer {
  readonly datasetId: number;
  readonly itemId: number;
  readonly rank: number;
  readonly score: number;
  readonly probability: number | null;
}

/** What the new entity is related to: the entities most plausible at the other end, those it was given left out. */
export async function predictForNew(
  { model, given, vector, bias }: NewEntity,
  side: Side,
  relation: Relation,
  first: number,
): Promise<NewEntityAnswer[]> {
  const row = placeOfRelation(model, relation);
  const scores = await scoresOf(model, side, { vector, bias }, row);
  // An answer at the tail means that the new one is the head.
  const is = side === 'TAIL' ? 'HEAD' : 'TAIL';
  const known = new Set(
    given.filter((triple) => triple.is === is && triple.relation === row).map(({ other }) => other),
  );
  return largest(scores, first, (place) => known.has(place)).map((place, i) => {
    const score = scores[place] ?? 0;
    const itemId = model.entityIds[place] ?? 0;
    return {
      datasetId: model.datasetId,
      itemId,
      rank: i + 1,
      score,
      probability: probabilityOfAnswer(model, side, row, score),
    };
  });
}

/** The entities nearest to the new one, nearest first; `score` is the distance, negated. */
export function nearestToNew({ model, vector }: NewEntity, first: number): NewEntityAnswer[] {
  const { parameters, entityIds } = model;
  // As the embedding of the model is compared: see graphModels.ts.
  const metric = graphModels[parameters.model].measure === 'INNER_PRODUCT' ? 'COSINE' : 'EUCLIDEAN';
  const nearness = Float64Array.from(entityIds, (_, place) => -distance(vector, entityOf(parameters, place), metric));
  return largest(nearness, first).map((place, i) => ({
    ...{ datasetId: model.datasetId, itemId: entityIds[place] ?? 0, rank: i + 1 },
    ...{ score: nearness[place] ?? 0, probability: null },
  }));
}

/**
 * Graph models in memory, so that a question is answered in milliseconds: the vectors of 41,000 entities at 200 numbers
 * take 33 MB, and reading them from the database takes a hundred times as long as comparing with all of them.
 */

import { type AnswerCalibration, answerProbability } from '#kernels/kge/answerCalibration.ts';
import { type Answerer, createAnswerer } from '#kernels/kge/answerer.ts';
import { type Calibration, probabilityOf as tripleProbability } from '#kernels/kge/calibrate.ts';
import { type Parameters, entityOf as vectorOf } from '#kernels/kge/parameters.ts';
import { makeQuery, queryWidth } from '#kernels/kge/score.ts';
import type { Queryable } from '../database/database.ts';
import { UserError } from '../errors.ts';
import { type GraphModel, loadGraphModel } from './graphModels.ts';
import { findReflexiveRelations, findRelationsById, type Relation } from './graphs.ts';

/** A model to ask. Entities and relations go by their places in it. */
export interface ResidentModel {
  readonly datasetId: number;
  readonly name: string;
  readonly parameters: Parameters;
  /** Compares a question with all entities. */
  readonly answerer: Answerer;
  /** Item of each entity, ascending. */
  readonly entityIds: Float64Array;
  /** Relation of each row. */
  readonly relationIds: readonly number[];
  /** Those that are still there, with their names as they were when the model was read. */
  readonly relations: readonly Relation[];
  /** Ids of those that lead from some entity to itself. To questions of the others nothing answers itself. */
  readonly reflexive: ReadonlySet<number>;
  /** How scores become probabilities; null where there was nothing to fit that on. */
  readonly calibration: Calibration | null;
  /** The same for answers to questions. */
  readonly answers: AnswerCalibration | null;
}

/** What all models in memory may take, beside the last one. */
const MOST_BYTES = 512 * 2 ** 20;

const remembered = new Map<string, Promise<ResidentModel>>();

/** The model with all its vectors, read at the first question. @throws UserError NOT_FOUND when it is removed meanwhile */
export async function residentModel(database: Queryable, model: GraphModel): Promise<ResidentModel> {
  const key = `${model.id} ${model.embeddingId} ${model.createdAt.getTime()}`;
  const known = remembered.get(key);
  const reading = known ?? readModel(database, model);
  remembered.delete(key);
  remembered.set(key, reading); // last asked, last to go
  try {
    const found = await reading;
    await forgetOldest();
    return found;
  } catch (error) {
    remembered.delete(key);
    throw error;
  }
}

async function readModel(database: Queryable, model: GraphModel): Promise<ResidentModel> {
  const { parameters: read, entityIds, relationIds } = await loadGraphModel(database, model);
  const { datasetId, name, judgement } = model;
  const answerer = await createAnswerer(read);
  const { parameters } = answerer;
  const relations = (await findRelationsById(database, relationIds)).filter((relation) => relation !== null);
  return {
    datasetId,
    name,
    parameters,
    answerer,
    relations,
    entityIds,
    relationIds,
    reflexive: await findReflexiveRelations(database, datasetId),
    calibration: judgement?.calibration ?? null,
    answers: judgement?.answers ?? null,
  };
}

async function forgetOldest(): Promise<void> {
  let bytes = 0;
  for (const key of [...remembered.keys()].reverse()) {
    const model = await remembered.get(key)?.catch(() => null);
    bytes += model?.parameters.entities.byteLength ?? 0;
    if (bytes > MOST_BYTES && remembered.size > 1) remembered.delete(key);
  }
}

/** Where an entity stands in the model, or -1 where it came after the training. */
export function placeOfEntity({ entityIds }: Pick<ResidentModel, 'entityIds'>, itemId: number): number {
  let [low, high] = [0, entityIds.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((entityIds[middle] ?? 0) < itemId) low = middle + 1;
    else high = middle;
  }
  return entityIds[low] === itemId ? low : -1;
}

/** Where a relation stands in the model. @throws UserError BAD_USER_INPUT where it came after the training */
export function placeOfRelation(model: ResidentModel, relation: { readonly id: number; readonly key: string }): number {
  const place = model.relationIds.indexOf(relation.id);
  if (place !== -1) return place;
  throw new UserError(
    'BAD_USER_INPUT',
    `The relation "${relation.key}" came after the model "${model.name}" was trained, or has no triple to learn from. Train it anew.`,
  );
}

/** The probability of a triple that somebody names, and that is as likely true as false before; null where nothing was calibrated. */
export function probabilityOf({ calibration }: Pick<ResidentModel, 'calibration'>, score: number): number | null {
  return calibration === null ? null : tripleProbability(calibration, score);
}

/** The probability of an answer to a question, one of the first that are not known. @param relation place of the relation */
export function probabilityOfAnswer(
  { answers, relationIds }: Pick<ResidentModel, 'answers' | 'relationIds'>,
  side: 'HEAD' | 'TAIL',
  relation: number,
  score: number,
): number | null {
  if (answers === null) return null;
  return answerProbability(answers, score, side === 'TAIL' ? relation : relationIds.length + relation);
}

/** What a question starts from: an entity of the model by its place, or the vector of one that is not in it. */
export type Known = number | { readonly vector: Float32Array; readonly bias: number };

/** float32 (E): the score of each entity as the missing end of a triple. @param relation place of the relation */
export async function scoresOf(
  { answerer: { parameters, answer } }: ResidentModel,
  side: 'HEAD' | 'TAIL',
  known: Known,
  relation: number,
): Promise<Float32Array> {
  const { vector: from, bias } =
    typeof known === 'number' ? { vector: vectorOf(parameters, known), bias: parameters.biases[known] ?? 0 } : known;
  const vector = new Float32Array(queryWidth(parameters));
  if (!makeQuery(parameters, side, from, relation, vector)) {
    throw new UserError('BAD_USER_INPUT', `${parameters.model} without inverse relations does not answer for heads.`);
  }
  return answer({ vector, bias });
}

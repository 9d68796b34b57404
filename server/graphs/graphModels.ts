/**
 * Tables `graph_models` and `graph_evaluations`: what was learnt of a graph. The vectors of the entities are an embedding like any
 * other; relations, biases and the calibration lie with the model.
 */
import type { Evaluation, FullJudgement, FullJudgementMetrics } from '#kernels/kge/evaluate.ts';
import type { ModelName } from '#kernels/kge/model.ts';
import { graphModels } from '#kernels/kge/models.ts';
import type { Parameters } from '#kernels/kge/parameters.ts';
import type { Ranks } from '#kernels/kge/rank.ts';
import type { CurvePoint } from '#kernels/kge/training.ts';
import { parametersFromBytes, parametersToBytes } from '#kernels/kge/trainingBytes.ts';
import type { Queryable, Row } from '../database/database.ts';
import {
  analyzeVectors,
  appendVectors,
  countEmbedding,
  createEmbedding,
  dropEmbedding,
  type Embedding,
  findEmbedding,
  findEmbeddingsById,
  PARTITION_ITEMS,
} from '../embeddings/embeddings.ts';
import { type ReadOptions, readMatrix } from '../embeddings/vectors.ts';
import { didYouMean, UserError } from '../errors.ts';
import type { Settings } from './settings.ts';

export interface GraphModel {
  readonly id: number;
  readonly datasetId: number;
  readonly embeddingId: number;
  /** Unique in the data set; its embedding has the same. */
  readonly name: string;
  readonly kind: ModelName;
  readonly preset: string | null;
  readonly settings: Settings;
  readonly seed: number;
  /** The relation of each row of relations. */
  readonly relationIds: readonly number[];
  readonly judgement: StoredJudgement | null;
  readonly curve: readonly CurvePoint[];
  readonly best: { readonly epoch: number; readonly mrr: number } | null;
  readonly trials: readonly Trial[];
  /** Where it was trained to its end; null for models older than this column. */
  readonly device: 'GPU' | 'CPU' | null;
  /** What multiplied matrices on the processor beside WebAssembly, with its version; null: nothing. */
  readonly matrixLibrary: string | null;
  readonly milliseconds: number;
  /** Of the data set when it was trained. */
  readonly datasetVersion: number;
  readonly createdAt: Date;
}

/** As JSON has it: a threshold that is not there is null. */
export interface StoredJudgement extends Omit<FullJudgement, 'thresholds' | 'answers'> {
  /** Not there in models older than it. */
  readonly answers?: FullJudgement['answers'];
  readonly thresholds: { readonly byRelation: readonly (number | null)[]; readonly fallback: number };
}

/** Settings that were tried. */
export interface Trial {
  readonly settings: Settings;
  readonly epochs: number;
  /** On the validation triples; null where there are none. */
  readonly mrr: number | null;
  readonly device: 'GPU' | 'CPU';
  readonly milliseconds: number;
}

interface GraphModelRow extends GraphModel, Row {}

const columns = `id, dataset_id as "datasetId", embedding_id as "embeddingId", name, kind, preset, settings, seed,
  relation_ids as "relationIds", judgement, curve, best, trials, device, matrix_library as "matrixLibrary", milliseconds,
  dataset_version as "datasetVersion",
  created_at as "createdAt"`;

/** The models of a data set, by name. */
export async function listGraphModels(database: Queryable, datasetId: number): Promise<GraphModel[]> {
  return await database.query<GraphModelRow>(
    `select ${columns} from graph_models where dataset_id = $1::int order by name`,
    [datasetId],
  );
}

/** The model of that name, or null. */
export async function findGraphModel(database: Queryable, datasetId: number, name: string): Promise<GraphModel | null> {
  const [found] = await database.query<GraphModelRow>(
    `select ${columns} from graph_models where dataset_id = $1::int and name = $2::text`,
    [datasetId, name],
  );
  return found ?? null;
}

/** The model of that name. @throws UserError NOT_FOUND with the names that there are */
export async function requireGraphModel(database: Queryable, datasetId: number, name: string): Promise<GraphModel> {
  const found = await findGraphModel(database, datasetId, name);
  if (found !== null) return found;
  const names = (await listGraphModels(database, datasetId)).map((model) => model.name);
  const near = didYouMean(name, names) || (names.length > 0 ? ` There is ${names.join(', ')}.` : ' Train one first.');
  throw new UserError('NOT_FOUND', `The data set has no graph model "${name}".${near}`);
}

/** The model whose entities an embedding has the vectors of, or null. */
export async function findModelOfEmbedding(database: Queryable, embeddingId: number): Promise<GraphModel | null> {
  const [found] = await database.query<GraphModelRow>(
    `select ${columns} from graph_models where embedding_id = $1::int`,
    [embeddingId],
  );
  return found ?? null;
}

/** The models of these ids, in their order, null where there is none. */
export async function findGraphModelsById(database: Queryable, ids: readonly number[]): Promise<(GraphModel | null)[]> {
  const rows = await database.query<GraphModelRow>(`select ${columns} from graph_models where id = any ($1::int[])`, [
    ids,
  ]);
  const byId = new Map(rows.map((row) => [row.id, row]));
  return ids.map((id) => byId.get(id) ?? null);
}

export interface NewGraphModel extends Omit<GraphModel, 'id' | 'embeddingId' | 'createdAt' | 'judgement'> {
  readonly parameters: Parameters;
  /** Item of each entity, ascending. */
  readonly entityIds: Float64Array;
  readonly judgement: FullJudgement | null;
}

/**
 * Writes a model and its embedding, in place of the ones of that name.
 * @throws UserError CONFLICT where an embedding of that name is no graph model's
 */
export async function replaceGraphModel(transaction: Queryable, model: NewGraphModel): Promise<GraphModel> {
  const { datasetId, name, parameters, entityIds } = model;
  await checkGraphModelName(transaction, datasetId, name);
  const there = await findEmbedding(transaction, datasetId, name);
  if (there !== null) await dropEmbedding(transaction, there);
  const { measure } = graphModels[parameters.model];
  const embedding = await createEmbedding(transaction, {
    ...{ datasetId, name, model: parameters.model, dimension: parameters.dimension },
    // Of products only directions are comparable; differences are distances.
    metric: measure === 'INNER_PRODUCT' ? 'COSINE' : 'EUCLIDEAN',
    partitioned: entityIds.length >= PARTITION_ITEMS,
  });
  await appendVectors(transaction, embedding, entityIds, parameters.entities);
  await analyzeVectors(transaction, embedding);
  await countEmbedding(transaction, embedding.id, entityIds.length);
  const [created] = await transaction.query<GraphModelRow>(
    `insert into graph_models (dataset_id, embedding_id, name, kind, preset, settings, seed, relation_ids, parameters,
       judgement, curve, best, trials, device, milliseconds, dataset_version, matrix_library)
     values ($1::int, $2::int, $3::text, $4::text, $5::text, $6::jsonb, $7::int, $8::int[], $9::bytea, $10::jsonb,
       $11::jsonb, $12::jsonb, $13::jsonb, $14::text, $15::float8, $16::bigint, $17::text)
     returning ${columns}`,
    [
      datasetId,
      embedding.id,
      name,
      model.kind,
      model.preset,
      JSON.stringify(model.settings),
      model.seed,
      [...model.relationIds],
      new Uint8Array(parametersToBytes(parameters)),
      model.judgement === null ? null : JSON.stringify(storable(model.judgement)),
      JSON.stringify(model.curve),
      model.best === null ? null : JSON.stringify(model.best),
      JSON.stringify(model.trials),
      model.device,
      model.milliseconds,
      model.datasetVersion,
      model.matrixLibrary,
    ],
  );
  if (created === undefined) throw new Error('insert … returning gave no row');
  return created;
}

/** @throws UserError BAD_USER_INPUT, or CONFLICT where an embedding of that name is no graph model's */
export async function checkGraphModelName(database: Queryable, datasetId: number, name: string): Promise<void> {
  if (name.trim() === '' || name.length > 200 || name.includes('\0')) {
    throw new UserError('BAD_USER_INPUT', 'The name of a graph model has 1 to 200 characters.');
  }
  if ((await findGraphModel(database, datasetId, name)) !== null) return;
  if ((await findEmbedding(database, datasetId, name)) === null) return;
  throw new UserError(
    'CONFLICT',
    `The data set has an embedding "${name}" that is not of a graph model. Give the model another name.`,
  );
}

/** Removes a model with its embedding and the maps of it. */
export async function removeGraphModel(transaction: Queryable, { embeddingId }: GraphModel): Promise<void> {
  const [embedding] = await findEmbeddingsById(transaction, [embeddingId]);
  if (embedding) await dropEmbedding(transaction, embedding);
}

function storable({ thresholds, ...rest }: FullJudgement): StoredJudgement {
  const { byRelation, fallback } = thresholds;
  return {
    ...rest,
    thresholds: {
      byRelation: Array.from(byRelation, (threshold) => (Number.isFinite(threshold) ? threshold : null)),
      // JSON has no infinity: where nothing or everything was taken to be true.
      fallback: Math.min(Number.MAX_VALUE, Math.max(-Number.MAX_VALUE, fallback)),
    },
  };
}

/** A judgement as the kernels know it. */
export function toJudgement({ thresholds, answers = null, ...rest }: StoredJudgement): FullJudgement {
  const { byRelation, fallback } = thresholds;
  return {
    ...{ ...rest, answers },
    thresholds: { byRelation: Float64Array.from(byRelation, (value) => value ?? Number.NaN), fallback },
  };
}

/** A model to compute with. */
export interface LoadedGraphModel {
  readonly parameters: Parameters;
  /** Item of each entity, ascending. */
  readonly entityIds: Float64Array;
  readonly relationIds: readonly number[];
  readonly embedding: Embedding;
}

/**
 * The biases of the entities, in the order of their items, or null where the model has none or its embedding has other rows by now.
 * They belong to the vectors: without them nobody gets the model's scores.
 */
export async function readBiases(
  database: Queryable,
  model: Pick<GraphModel, 'id' | 'kind'>,
  { itemCount }: Pick<Embedding, 'itemCount'>,
): Promise<Float32Array | null> {
  if (!graphModels[model.kind].biased) return null;
  const { biases } = await readRelations(database, model);
  return biases.length === itemCount ? biases : null;
}

/** What a model knows beside its entities: relations, biases and what is shared. @throws UserError NOT_FOUND when it is removed meanwhile */
export async function readRelations(database: Queryable, model: Pick<GraphModel, 'id'>): Promise<Parameters> {
  const [row] = await database.query<{ parameters: Uint8Array }>(
    'select parameters from graph_models where id = $1::int',
    [model.id],
  );
  if (row === undefined) throw new UserError('NOT_FOUND', 'The graph model was removed meanwhile.');
  return parametersFromBytes(row.parameters.slice().buffer, null);
}

/** Reads a model with all vectors. @throws UserError NOT_FOUND when it is removed meanwhile */
export async function loadGraphModel(
  database: Queryable,
  model: Pick<GraphModel, 'id' | 'embeddingId' | 'relationIds'>,
  options: ReadOptions = {},
): Promise<LoadedGraphModel> {
  const [embedding] = await findEmbeddingsById(database, [model.embeddingId]);
  const [row] = await database.query<{ parameters: Uint8Array }>(
    'select parameters from graph_models where id = $1::int',
    [model.id],
  );
  if (!embedding || row === undefined) throw new UserError('NOT_FOUND', 'The graph model was removed meanwhile.');
  const { ids, matrix } = await readMatrix(database, embedding, options);
  const parameters = parametersFromBytes(row.parameters.slice().buffer, matrix.data);
  return { parameters, entityIds: ids, relationIds: model.relationIds, embedding };
}

// Evaluations -------------------------------------------------------------------------------------------------------

export type EvaluatedSplit = 'VALIDATION' | 'TEST';

export interface GraphEvaluation {
  readonly graphModelId: number;
  readonly split: EvaluatedSplit;
  readonly summary: Evaluation;
  readonly judgement: (Omit<FullJudgementMetrics, 'answers'> & Partial<Pick<FullJudgementMetrics, 'answers'>>) | null;
  /** Null for evaluations older than this column. */
  readonly device: 'GPU' | 'CPU' | null;
  readonly milliseconds: number;
  readonly datasetVersion: number;
  readonly createdAt: Date;
}

interface GraphEvaluationRow extends GraphEvaluation, Row {}

const evaluationColumns = `graph_model_id as "graphModelId", split, summary, judgement, device, milliseconds,
  dataset_version as "datasetVersion", created_at as "createdAt"`;

/** The evaluations of a model, at most one on each split. */
export async function listEvaluations(database: Queryable, graphModelId: number): Promise<GraphEvaluation[]> {
  return await database.query<GraphEvaluationRow>(
    `select ${evaluationColumns} from graph_evaluations where graph_model_id = $1::int order by split`,
    [graphModelId],
  );
}

/** Keeps an evaluation in place of the one on the same split. @throws UserError NOT_FOUND when the model is gone */
export async function replaceEvaluation(
  transaction: Queryable,
  evaluation: Omit<GraphEvaluation, 'createdAt'>,
  ranks: Ranks,
): Promise<void> {
  const { graphModelId, split, summary, judgement, device, milliseconds, datasetVersion } = evaluation;
  const [model] = await transaction.query('select from graph_models where id = $1::int for key share', [graphModelId]);
  if (model === undefined) throw new UserError('NOT_FOUND', 'The graph model was removed meanwhile.');
  const bytes = ({ buffer, byteOffset, byteLength }: Int32Array | Float32Array) =>
    new Uint8Array(buffer, byteOffset, byteLength);
  await transaction.query(
    `insert into graph_evaluations (graph_model_id, split, summary, judgement, optimistic, pessimistic, candidates, scores,
       milliseconds, dataset_version, device)
     values ($1::int, $2::text, $3::jsonb, $4::jsonb, $5::bytea, $6::bytea, $7::bytea, $8::bytea, $9::float8, $10::bigint,
       $11::text)
     on conflict (graph_model_id, split) do update set summary = excluded.summary, judgement = excluded.judgement,
       optimistic = excluded.optimistic, pessimistic = excluded.pessimistic, candidates = excluded.candidates,
       scores = excluded.scores, milliseconds = excluded.milliseconds, dataset_version = excluded.dataset_version,
       device = excluded.device, created_at = now()`,
    [
      graphModelId,
      split,
      JSON.stringify(summary),
      judgement === null ? null : JSON.stringify(judgement),
      bytes(ranks.optimistic),
      bytes(ranks.pessimistic),
      bytes(ranks.candidates),
      bytes(ranks.scores),
      milliseconds,
      datasetVersion,
      device,
    ],
  );
}

/** The ranks that an evaluation found, or null where there is none. */
export async function readRanks(
  database: Queryable,
  graphModelId: number,
  split: EvaluatedSplit,
): Promise<{ readonly ranks: Ranks; readonly datasetVersion: number } | null> {
  const [row] = await database.query<{
    optimistic: Uint8Array;
    pessimistic: Uint8Array;
    candidates: Uint8Array;
    scores: Uint8Array;
    datasetVersion: number;
  }>(
    `select optimistic, pessimistic, candidates, scores, dataset_version as "datasetVersion" from graph_evaluations
      where graph_model_id = $1::int and split = $2::text`,
    [graphModelId, split],
  );
  if (row === undefined) return null;
  const ranks = {
    optimistic: new Int32Array(row.optimistic.slice().buffer),
    pessimistic: new Int32Array(row.pessimistic.slice().buffer),
    candidates: new Int32Array(row.candidates.slice().buffer),
    scores: new Float32Array(row.scores.slice().buffer),
  };
  return { ranks, datasetVersion: row.datasetVersion };
}

/** Evaluates a graph model: ranks of all test (or validation) triples from both sides, summed up and kept with the model. */
import type { FalseTriples, FullJudgement } from '#kernels/kge/evaluate.ts';
import type { KnowledgeGraph } from '#kernels/kge/graph.ts';
import type { Parameters } from '#kernels/kge/parameters.ts';
import type { DeviceWanted } from '../backends.ts';
import { findDatasetsById } from '../datasets/datasets.ts';
import { UserError } from '../errors.ts';
import type { TaskContext } from '../jobs/task.ts';
import { runGraphKernel, toKnowledgeGraph } from './graphKernels.ts';
import {
  type EvaluatedSplit,
  findGraphModelsById,
  type GraphModel,
  type LoadedGraphModel,
  loadGraphModel,
  replaceEvaluation,
  toJudgement,
} from './graphModels.ts';
import { readTriples, type Triples } from './graphs.ts';

export interface EvaluateGraphInput {
  readonly graphModelId: number;
  readonly split: EvaluatedSplit;
  readonly device: DeviceWanted;
}

/** @throws UserError CANCELLED where the model is removed meanwhile; CONFLICT where the graph is no longer what it was trained on */
export async function evaluateGraph(
  context: TaskContext,
  { graphModelId, split, device }: EvaluateGraphInput,
): Promise<{ dataset: number; embedding: number; graphModel: number }> {
  const { database, signal } = context;
  const [model] = await findGraphModelsById(database, [graphModelId]);
  if (!model) throw new UserError('CANCELLED', 'The graph model was removed meanwhile.');
  await context.worksOn(model.datasetId);
  context.progress('Reading the graph and the model', 0);
  const triples = await readTriples(database, model.datasetId, { signal });
  const loaded = await loadGraphModel(database, model, { signal });
  checkSameGraph(triples, loaded);
  await evaluateModel(context, {
    ...{ model, split, device, parameters: loaded.parameters, graph: toKnowledgeGraph(triples) },
    falseTriples: { validation: triples.validationFalse, test: triples.testFalse },
    judgement: model.judgement === null ? null : toJudgement(model.judgement),
  });
  return { dataset: model.datasetId, embedding: model.embeddingId, graphModel: model.id };
}

/** Rows of the model are entities and relations by number: they must still be the same ones. */
function checkSameGraph(triples: Triples, { entityIds, relationIds }: LoadedGraphModel): void {
  const isSame =
    entityIds.length === triples.entityIds.length &&
    relationIds.length === triples.relationIds.length &&
    entityIds.every((id, row) => id === triples.entityIds[row]) &&
    relationIds.every((id, row) => id === triples.relationIds[row]);
  if (isSame) return;
  throw new UserError(
    'CONFLICT',
    `The model was trained on ${entityIds.length} entities and ${relationIds.length} relations; the graph now has other ones. Train it anew.`,
  );
}

export async function evaluateModel(
  context: TaskContext,
  input: {
    readonly model: GraphModel;
    readonly parameters: Parameters;
    readonly graph: KnowledgeGraph;
    readonly falseTriples: FalseTriples;
    readonly judgement: FullJudgement | null;
    readonly split: EvaluatedSplit;
    readonly device: DeviceWanted;
  },
): Promise<void> {
  const { database, signal } = context;
  const { model, parameters, graph, falseTriples, judgement, split, device } = input;
  const ranked = split === 'TEST' ? graph.test : graph.validation;
  if (ranked.length === 0) {
    throw new UserError(
      'BAD_USER_INPUT',
      `The graph has no ${split.toLowerCase()} triples: there is nothing to rank. Split it first.`,
    );
  }
  const [dataset] = await findDatasetsById(database, [model.datasetId]);
  if (!dataset) throw new UserError('CANCELLED', 'The data set was removed meanwhile.');
  const startedAt = performance.now();
  const found = await runGraphKernel(
    'evaluate',
    { graph, parameters, split, falseTriples, judgement, device, seed: model.seed },
    { signal, onProgress: (done) => context.progress('Ranking triples', done) },
  );
  const milliseconds = performance.now() - startedAt;
  for (const note of found.notes) context.warn(note);
  await database.transaction(
    async (transaction) => {
      const { summary, judgement: judged, ranks, device: where } = found;
      const kept = { graphModelId: model.id, split, summary, judgement: judged, device: where, milliseconds };
      await replaceEvaluation(transaction, { ...kept, datasetVersion: dataset.version }, ranks);
      await context.guard(transaction);
    },
    { signal },
  );
}

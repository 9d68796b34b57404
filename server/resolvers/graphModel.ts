import { requireDataset } from '../datasets/datasets.ts';
import { vectorFiles } from '../embeddings/vectorFiles.ts';
import { UserError } from '../errors.ts';
import type {
  AdjustedRankMetricsResolvers,
  GraphEvaluationResolvers,
  GraphModelResolvers,
  GraphPresetResolvers,
  GraphSettings,
  MutationResolvers,
  QueryResolvers,
  RankMetricsResolvers,
  RankSummaryResolvers,
  TrainingEpochResolvers,
  TrainingProgressResolvers,
  TrainingTrialResolvers,
} from '../generated/schema.ts';
import { checkTraining } from '../graphs/checkTraining.ts';
import type { EvaluateGraphInput } from '../graphs/evaluateGraph.ts';
import {
  type GraphEvaluation as GraphEvaluationRecord,
  type GraphModel as GraphModelRecord,
  listEvaluations,
  removeGraphModel,
  requireGraphModel,
} from '../graphs/graphModels.ts';
import { findRelationsById } from '../graphs/graphs.ts';
import { presets } from '../graphs/presets.ts';
import { ranksAddress } from '../graphs/ranksFile.ts';
import type { Settings } from '../graphs/settings.ts';
import { addJob } from '../jobs/jobs.ts';
import type { Context } from './context.ts';
import { encodeId } from './ids.ts';

/** An evaluation with the model that it is of. */
export interface EvaluationOf extends GraphEvaluationRecord {
  readonly model: GraphModelRecord;
}

export const graphModelQueries = {
  graphPresets(_root, { dataset }) {
    if (typeof dataset !== 'string') return [...presets];
    return [dataset, null].flatMap((of) => presets.filter((preset) => preset.dataset === of));
  },
} satisfies QueryResolvers;

export const GraphPreset: GraphPresetResolvers = {
  expectedMeanReciprocalRank: ({ expected }) => expected?.meanReciprocalRank ?? null,
  expectedSeconds: ({ expected }) => expected?.seconds ?? null,
  hardware: ({ expected }) => expected?.hardware ?? null,
};

export const GraphModel: GraphModelResolvers = {
  id: ({ id }) => encodeId(['GraphModel', id]),
  dataset: (model, _arguments, context) => datasetOf(model, context),
  async embedding({ embeddingId }, _arguments, { loaders }) {
    const embedding = await loaders.embeddings.load(embeddingId);
    if (embedding === null) throw removed();
    return embedding;
  },
  async relationExports(model, { name }, context) {
    const embedding = await context.loaders.embeddings.load(model.embeddingId);
    if (embedding === null) throw removed();
    const { slug } = await datasetOf(model, context);
    return vectorFiles(embedding, 'relations', `${slug}-${model.name}-relations`, name);
  },
  bestEpoch: ({ best }) => best?.epoch ?? null,
  validationMeanReciprocalRank: ({ best }) => best?.mrr ?? null,
  calibration: ({ judgement }) =>
    judgement === null ? null : { ...judgement.calibration, chosenNegatives: judgement.chosen },
  async answerCalibration({ judgement, relationIds }, _arguments, { reading }) {
    const answers = judgement?.answers ?? null;
    if (answers === null) return null;
    const { slope, offset, byQuestion } = answers;
    const relations = await findRelationsById(reading, relationIds);
    return {
      ...{ slope, offset },
      byRelation: relations.flatMap((relation, place) =>
        relation === null
          ? []
          : [
              {
                relation: relation.key,
                tails: byQuestion[place] ?? 0,
                heads: byQuestion[relationIds.length + place] ?? 0,
              },
            ],
      ),
    };
  },
  evaluations: async (model, _arguments, { reading }) =>
    (await listEvaluations(reading, model.id)).map((evaluation) => ({ ...evaluation, model })),
  stale: async (model, _arguments, context) => (await datasetOf(model, context)).version !== model.datasetVersion,
};

async function datasetOf({ datasetId }: Pick<GraphModelRecord, 'datasetId'>, { loaders }: Context) {
  const dataset = await loaders.datasets.load(datasetId);
  if (dataset === null) throw removed();
  return dataset;
}

function removed(): UserError {
  return new UserError('NOT_FOUND', 'The graph model was removed meanwhile.');
}

export const TrainingEpoch: TrainingEpochResolvers = { meanReciprocalRank: ({ mrr }) => mrr };

export const TrainingTrial: TrainingTrialResolvers = { meanReciprocalRank: ({ mrr }) => mrr };

export const TrainingProgress: TrainingProgressResolvers = { trial: ({ trial }) => trial + 1 };

export const GraphEvaluation: GraphEvaluationResolvers = {
  both: ({ summary }) => summary.both,
  tails: ({ summary }) => summary.tails,
  heads: ({ summary }) => summary.heads,
  async byRelation({ summary, model }, _arguments, { reading }) {
    const ids = summary.byRelation.map(({ relation }) => model.relationIds[relation] ?? 0);
    const relations = await findRelationsById(reading, ids);
    return summary.byRelation
      .map(({ summary: ranks }, i) => ({ relation: relations[i]?.key ?? null, ranks }))
      .flatMap(({ relation, ranks }) => (relation === null ? [] : [{ relation, ranks }]))
      .sort((a, b) => b.ranks.realistic.count - a.ranks.realistic.count);
  },
  byKind: ({ summary }) => summary.byKind.map(({ kind, summary: ranks }) => ({ kind, ranks })),
  byFrequency: ({ summary }) => summary.byFrequency.map(({ least, most, summary: ranks }) => ({ least, most, ranks })),
  classification: ({ judgement }) =>
    judgement === null ? null : { ...judgement.classification, chosenNegatives: judgement.chosen },
  calibration: ({ judgement }) => judgement?.calibration ?? null,
  answerCalibration: ({ judgement }) => judgement?.answers ?? null,
  ranks: ({ model, split, createdAt }) => ({
    url: ranksAddress(model.id, split, createdAt),
    mediaType: 'text/tab-separated-values',
  }),
  stale: async ({ model, datasetVersion }, _arguments, context) =>
    (await datasetOf(model, context)).version !== datasetVersion,
};

export const RankSummary: RankSummaryResolvers = { count: ({ realistic }) => realistic.count };

export const RankMetrics: RankMetricsResolvers = {
  hitsAt1: ({ hits }) => hits[0],
  hitsAt3: ({ hits }) => hits[1],
  hitsAt10: ({ hits }) => hits[2],
};

export const AdjustedRankMetrics: AdjustedRankMetricsResolvers = {
  hitsAt1: ({ hits }) => hits[0],
  hitsAt3: ({ hits }) => hits[1],
  hitsAt10: ({ hits }) => hits[2],
  zHitsAt10: ({ zHits }) => zHits[2],
};

export const graphModelMutations = {
  async trainGraph(_root, { input }, { database }) {
    const dataset = await requireDataset(database, input.dataset);
    const wanted = {
      ...{ datasetId: dataset.id, name: input.name, seed: input.seed, device: input.device },
      evaluate: input.evaluate,
      preset: input.preset ?? null,
      settings: toSettings(input.settings),
      search: (input.search ?? []).map(toSettings),
    };
    const job = await addJob(database, {
      kind: 'TRAIN_GRAPH',
      input: await checkTraining(database, wanted),
      datasetId: dataset.id,
      ...(typeof input.idempotencyKey === 'string' ? { idempotencyKey: input.idempotencyKey } : {}),
    });
    return { job };
  },
  async evaluateGraph(_root, { input }, { database }) {
    const dataset = await requireDataset(database, input.dataset);
    const model = await requireGraphModel(database, dataset.id, input.model);
    const wanted: EvaluateGraphInput = { graphModelId: model.id, split: input.split, device: input.device };
    return { job: await addJob(database, { kind: 'EVALUATE_GRAPH', input: wanted, datasetId: dataset.id }) };
  },
  async removeGraphModel(_root, { input }, { database }) {
    const dataset = await requireDataset(database, input.dataset);
    const model = await requireGraphModel(database, dataset.id, input.model);
    await database.transaction((transaction) => removeGraphModel(transaction, model));
    return { removedId: encodeId(['GraphModel', model.id]) };
  },
} satisfies MutationResolvers;

/** What is null was not given. */
function toSettings(given: GraphSettings | null | undefined): Settings {
  return Object.fromEntries(Object.entries(given ?? {}).filter(([, value]) => value !== null));
}

import type {
  JobResolvers,
  JobResultResolvers,
  MutationResolvers,
  QueryResolvers,
  SubscriptionResolvers,
} from '../generated/schema.ts';
import type { TrainingProgress } from '../graphs/trainGraph.ts';
import { curveOfTrial } from '../graphs/trainingCurve.ts';
import {
  cancelJob,
  findCheckpoint,
  findJob,
  listCurves,
  listJobs,
  listRejections,
  pauseJob,
  requireJob,
  resumeJob,
  watchJob,
} from '../jobs/jobs.ts';
import { toConnection } from './connection.ts';
import { decodeJobId, decodeTextCursor, encodeCursor, encodeId } from './ids.ts';
import { mapOfJob } from './mapInTheMaking.ts';
import { asValues } from './subscription.ts';

/** Where a training stands, with the curve of the settings that are tried. */
export interface TrainingOf extends TrainingProgress {
  readonly curve: ReturnType<typeof curveOfTrial>;
}

export const jobQueries = {
  job: (_root, { id }, { reading }) => findJob(reading, decodeJobId(id)),
  async jobs(_root, { first, after, state }, { reading, budget }) {
    const list = 'jobs';
    const page = await listJobs(reading, {
      first: budget.page(first),
      ...(typeof after === 'string' ? { after: decodeTextCursor(list, after) } : {}),
      ...(typeof state === 'string' ? { state } : {}),
    });
    return {
      ...toConnection(page.jobs, ({ id }) => encodeCursor(list, id), { hasNextPage: page.hasNextPage, after }),
      totalCount: page.totalCount,
    };
  },
} satisfies QueryResolvers;

export const Job: JobResolvers = {
  id: ({ id }) => encodeId(['Job', id]),
  async training({ id, kind }, _arguments, { reading }) {
    if (kind !== 'TRAIN_GRAPH') return null;
    // What the task of this kind keeps.
    const progress = (await findCheckpoint(reading, id)) as TrainingProgress | null;
    if (progress === null) return null;
    const curve = curveOfTrial(await listCurves(reading, id), progress.trial);
    return { ...progress, epoch: curve.at(-1)?.epoch ?? 0, curve };
  },
  rejections: ({ id }, { first }, { reading, budget }) => listRejections(reading, id, budget.page(first)),
  map: (job, _arguments, context) => mapOfJob(job, context),
  curves: ({ id }, _arguments, { reading }) => listCurves(reading, id),
};

export const JobResult: JobResultResolvers = {
  dataset: ({ dataset }, _arguments, { loaders }) => (dataset === undefined ? null : loaders.datasets.load(dataset)),
  embedding: ({ embedding }, _arguments, { loaders }) =>
    embedding === undefined ? null : loaders.embeddings.load(embedding),
  graphModel: ({ graphModel }, _arguments, { loaders }) =>
    graphModel === undefined ? null : loaders.graphModels.load(graphModel),
  projection: ({ projection }, _arguments, { loaders }) =>
    projection === undefined ? null : loaders.projections.load(projection),
  clustering: ({ clustering }, _arguments, { loaders }) =>
    clustering === undefined ? null : loaders.clusterings.load(clustering),
  evaluation: ({ evaluation }, _arguments, { loaders }) =>
    evaluation === undefined ? null : loaders.evaluations.load(evaluation),
};

export const jobMutations = {
  cancelJob: async (_root, { id }, { database }) => ({ job: await cancelJob(database, decodeJobId(id)) }),
  pauseJob: async (_root, { id }, { database }) => ({ job: await pauseJob(database, decodeJobId(id)) }),
  resumeJob: async (_root, { id }, { database }) => ({ job: await resumeJob(database, decodeJobId(id)) }),
} satisfies MutationResolvers;

export const jobSubscriptions = {
  job: {
    async subscribe(_root, { id }, { database, signal }) {
      const job = await requireJob(database, decodeJobId(id));
      const stopped = new AbortController();
      const changes = watchJob(database, job.id, AbortSignal.any([signal, stopped.signal]));
      return asValues(changes, stopped, (job) => ({ job }));
    },
  },
} satisfies SubscriptionResolvers;

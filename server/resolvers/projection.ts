import { join } from 'node:path';
import { requireDataset } from '../datasets/datasets.ts';
import type { FilterInput } from '../datasets/filters.ts';
import { requireEmbedding } from '../embeddings/embeddings.ts';
import { resolveTarget } from '../embeddings/targets.ts';
import { UserError } from '../errors.ts';
import type {
  ProjectEmbeddingInput as MapInput,
  MutationResolvers,
  PlacementResolvers,
  ProjectionFrameResolvers,
  ProjectionResolvers,
  SubscriptionResolvers,
} from '../generated/schema.ts';
import { addJob, hasEnded, perturbJob, requireJob, watchJob } from '../jobs/jobs.ts';
import { checkPerturbation, checkProjection, PERTURBATIONS_MOST } from '../projections/checkProjection.ts';
import { FRAME_MEDIA_TYPE, watchFrames } from '../projections/frames.ts';
import { NEIGHBORS_LIMIT, type Placement as PlacementRecord, placeOnMap } from '../projections/place.ts';
import { pointsOf, sweepPoints } from '../projections/pointsFile.ts';
import type { ProjectEmbeddingInput } from '../projections/projectEmbedding.ts';
import {
  isStale,
  measureColumns,
  metricOf,
  type Projection as ProjectionRecord,
  removeProjection,
  requireProjection,
} from '../projections/projections.ts';
import { requireTargetField } from '../projections/readTarget.ts';
import { resolveAxes } from '../projections/resolveAxes.ts';
import { filterItems, qualityFields } from '../projections/resultColumns.ts';
import type { Context } from './context.ts';
import { decodeJobId, encodeId } from './ids.ts';
import { makesMap } from './mapInTheMaking.ts';
import { asValues } from './subscription.ts';

/** A place, with the data set in which its neighbours are. */
export interface PlacementOf extends PlacementRecord {
  readonly datasetId: number;
}

export const Projection: ProjectionResolvers = {
  id: ({ id }) => encodeId(['Projection', id]),
  embedding: (projection, _arguments, context) => embeddingOf(projection, context),
  metric: async (projection, _arguments, context) => metricOf(projection, await embeddingOf(projection, context)),
  async stale(projection, _arguments, context) {
    const embedding = await embeddingOf(projection, context);
    const dataset = await context.loaders.datasets.load(embedding.datasetId);
    return dataset === null || isStale(projection, embedding, dataset);
  },
  async quality(projection, _arguments, context) {
    const { quality, measured } = projection;
    if (quality === null) return null;
    if (!measured) return { ...quality, columns: [], fields: [] };
    return {
      ...quality,
      columns: measureColumns,
      fields: qualityFields(await embeddingOf(projection, context), projection),
    };
  },
  async place(projection, { to }, context): Promise<PlacementOf> {
    const { config, database, resident, reading, statement, loaders, budget } = context;
    budget.search();
    const embedding = await embeddingOf(projection, context);
    const dataset = await loaders.datasets.load(embedding.datasetId);
    if (dataset === null) throw new UserError('NOT_FOUND', 'The data set was removed meanwhile.');
    const target = await resolveTarget(reading, dataset, embedding, to, config);
    const condition = isFilter(projection.filter)
      ? { condition: await filterItems(reading, dataset, projection.filter, { embedding }) }
      : {};
    const placement = await placeOnMap(database, embedding, projection, {
      target,
      resident,
      // Terms of a sum are directions there: see targets.ts.
      direction: embedding.metric === 'COSINE' && Boolean(to.sum),
      ...condition,
      ...statement,
    });
    return { ...placement, datasetId: dataset.id };
  },
  points: (projection, { columns }, { reading }) => pointsOf(projection, columns, { database: reading }),
};

/** What the map keeps is what was asked for, and checked then. */
function isFilter(filter: unknown): filter is FilterInput {
  return filter !== null;
}

export const Placement: PlacementResolvers = {
  x: ({ coordinates }) => coordinates[0] ?? 0,
  y: ({ coordinates }) => coordinates[1] ?? 0,
  z: ({ coordinates }) => coordinates[2] ?? null,
  coordinates: ({ coordinates }) => Array.from(coordinates),
  async neighbors({ neighbors, datasetId }, { first }, { budget }) {
    if (first > NEIGHBORS_LIMIT) {
      throw new UserError(
        'BAD_USER_INPUT',
        `\`first\` is ${first}; it can be a whole number from 1 to ${NEIGHBORS_LIMIT}.`,
      );
    }
    const hits = await neighbors(budget.page(first));
    return hits.map((hit, i) => ({ ...hit, datasetId, rank: i + 1 }));
  },
};

async function embeddingOf({ embeddingId }: ProjectionRecord, { loaders }: Context) {
  const embedding = await loaders.embeddings.load(embeddingId);
  if (embedding === null) throw new UserError('NOT_FOUND', 'The embedding was removed meanwhile.');
  return embedding;
}

/** What is asked for, without what has its default. */
function wantedMap(input: MapInput): Omit<ProjectEmbeddingInput, 'embeddingId' | 'axes'> {
  const { name, method, components, seed, device, metric, spherize, filter, startFrom } = input;
  const { pca, umap, tsne, pacmap } = input;
  const { learningRate, target: ofTsne, ...restOfTsne } = tsne ?? {};
  const { neighbors, phases, reach, ...restOfPacmap } = pacmap ?? {};
  const { target: ofUmap, initialization, density, ...restOfUmap } = umap ?? {};
  return {
    ...{ name, method, components, seed, device },
    metric: metric ?? undefined,
    ...(spherize ? { spherize } : {}),
    filter: filter ?? undefined,
    startFrom: startFrom ?? undefined,
    pca: pca ?? undefined,
    umap: umap
      ? { ...restOfUmap, ...(initialization == null ? {} : { initialization }), ...(density ? { density } : {}) }
      : undefined,
    target: ofUmap ?? ofTsne ?? undefined,
    tsne: tsne ? { ...restOfTsne, ...(learningRate == null ? {} : { learningRate }) } : undefined,
    pacmap: pacmap
      ? {
          ...restOfPacmap,
          ...(method === 'LOCALMAP' && reach !== undefined ? { reach } : {}),
          ...(neighbors == null ? {} : { neighbors }),
          ...(phases ? { phases: threeOf(phases) } : {}),
        }
      : undefined,
  };
}

function threeOf(phases: readonly number[]): readonly [number, number, number] {
  const [first, second, third] = phases;
  if (phases.length !== 3 || first === undefined || second === undefined || third === undefined) {
    throw new UserError('BAD_USER_INPUT', `pacmap.phases are ${phases.length} numbers; wanted: three.`);
  }
  return [first, second, third];
}

export const projectionMutations = {
  async perturbProjection(_root, { job: jobId, share }, { database }) {
    const job = await requireJob(database, decodeJobId(jobId));
    if (job.kind !== 'PROJECT_EMBEDDING') {
      throw new UserError(
        'BAD_USER_INPUT',
        `The job is a ${job.kind}, whose points lie where its vectors are; wanted: a PROJECT_EMBEDDING.`,
      );
    }
    // What the job was given was checked when it was added.
    checkPerturbation((job.input as ProjectEmbeddingInput).method, share);
    return { job: await perturbJob(database, job.id, share, PERTURBATIONS_MOST) };
  },
  async projectEmbedding(_root, { input }, { config, database }) {
    const dataset = await requireDataset(database, input.dataset);
    const embedding = await requireEmbedding(database, dataset.id, input.embedding);
    const { axes, startFrom, filter } = input;
    const wanted = wantedMap(input);
    // Whatever else is wrong is told before targets are looked for.
    const places = axes ? { axes: axes.map(() => ({ label: '', from: '', to: '' })) } : {};
    checkProjection({ ...wanted, ...places }, embedding.metric);
    if (filter) await filterItems(database, dataset, filter, { embedding });
    if (startFrom) await requireProjection(database, embedding.id, startFrom);
    if (wanted.target) requireTargetField(dataset, wanted.target, wanted.method);
    const resolved = axes ? { axes: await resolveAxes(database, dataset, embedding, axes, config) } : {};
    const job = await addJob(database, {
      kind: 'PROJECT_EMBEDDING',
      input: { embeddingId: embedding.id, ...wanted, ...resolved } satisfies ProjectEmbeddingInput,
      datasetId: dataset.id,
    });
    return { job };
  },
  async removeProjection(_root, { input }, { config, database }) {
    const dataset = await requireDataset(database, input.dataset);
    const embedding = await requireEmbedding(database, dataset.id, input.embedding);
    const projection = await requireProjection(database, embedding.id, input.projection);
    await removeProjection(database, projection);
    await sweepPoints(database, join(config.dataDir, 'cache'));
    return { removedId: encodeId(['Projection', projection.id]) };
  },
} satisfies MutationResolvers;

export const ProjectionFrame: ProjectionFrameResolvers = {
  mediaType: () => FRAME_MEDIA_TYPE,
};

export const projectionSubscriptions = {
  projectionFrames: {
    async subscribe(_root, { job: id }, { config, database, signal }) {
      const job = await requireJob(database, decodeJobId(id));
      if (!makesMap(job)) {
        throw new UserError('BAD_USER_INPUT', `The job "${id}" makes no map: its kind is ${job.kind}.`);
      }
      const stopped = new AbortController();
      const ended = new AbortController();
      const over = AbortSignal.any([signal, stopped.signal, ended.signal]);
      void (async () => {
        for await (const { state } of watchJob(database, job.id, over)) if (hasEnded(state)) break;
      })()
        .catch(() => {}) // the job is gone, and with it what there is to see
        .finally(() => ended.abort());
      const frames = watchFrames({ dataDir: config.dataDir, jobId: job.id }, over);
      return asValues(frames, stopped, (projectionFrames) => ({ projectionFrames }));
    },
  },
} satisfies SubscriptionResolvers;

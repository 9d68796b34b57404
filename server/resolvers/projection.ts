import { join } from 'node:path';

import { requireDataset } from '../datasets/datasets.ts';
import { requireEmbedding } from '../embeddings/embeddings.ts';
import { UserError } from '../errors.ts';
import type { MutationResolvers, ProjectionResolvers } from '../generated/schema.ts';
import { addJob } from '../jobs/jobs.ts';
import { checkProjection } from '../projections/checkProjection.ts';
import { pointsOf, sweepPoints } from '../projections/pointsFile.ts';
import {
  isStale,
  type Projection as ProjectionRecord,
  removeProjection,
  requireProjection,
} from '../projections/projections.ts';
import type { Context } from './context.ts';
import { encodeId } from './ids.ts';

export const Projection: ProjectionResolvers = {
  id: ({ id }) => encodeId(['Projection', id]),
  embedding: (projection, _arguments, context) => embeddingOf(projection, context),
  async stale(projection, _arguments, context) {
    const embedding = await embeddingOf(projection, context);
    const dataset = await context.loaders.datasets.load(embedding.datasetId);
    return dataset === null || isStale(projection, embedding, dataset);
  },
  points: (projection, { columns }, { reading }) => pointsOf(projection, columns, { database: reading }),
};

async function embeddingOf({ embeddingId }: ProjectionRecord, { loaders }: Context) {
  const embedding = await loaders.embeddings.load(embeddingId);
  if (embedding === null) throw new UserError('NOT_FOUND', 'The embedding was removed meanwhile.');
  return embedding;
}

export const projectionMutations = {
  async projectEmbedding(_root, { input }, { database }) {
    const dataset = await requireDataset(database, input.dataset);
    const embedding = await requireEmbedding(database, dataset.id, input.embedding);
    const { name, method, components, seed, device } = input;
    const wanted = { name, method, components, seed, device, umap: input.umap ?? undefined };
    checkProjection(wanted);
    const job = await addJob(database, {
      kind: 'PROJECT_EMBEDDING',
      input: { embeddingId: embedding.id, ...wanted },
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

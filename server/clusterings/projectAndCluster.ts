/** A map, and the groups on it where they are asked for as well: one job, since the second needs the first. */
import type { TaskContext } from '../jobs/task.ts';
import { type ProjectEmbeddingInput, projectEmbedding } from '../projections/projectEmbedding.ts';
import { clusterEmbedding } from './clusterEmbedding.ts';

export interface ProjectAndClusterInput extends ProjectEmbeddingInput {
  /** Whether HDBSCAN looks for groups on the map, which become a clustering of the map's name. */
  readonly clusters?: boolean | null | undefined;
}

export async function projectAndCluster(context: TaskContext, { clusters, ...input }: ProjectAndClusterInput) {
  const made = await projectEmbedding(context, input);
  if (clusters !== true) return made;
  const { embeddingId, name, seed } = input;
  return await clusterEmbedding(context, { embeddingId, projectionId: made.projection, name, method: 'HDBSCAN', seed });
}

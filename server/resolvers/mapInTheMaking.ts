/** The map that a job makes. */
import type { MapInTheMakingResolvers } from '../generated/schema.ts';
import { GRAPH_MAP, type TrainGraphInput } from '../graphs/trainGraph.ts';
import { hasEnded, type Job } from '../jobs/jobs.ts';
import { pointsInTheMaking } from '../projections/pointsInTheMaking.ts';
import type { ProjectEmbeddingInput } from '../projections/projectEmbedding.ts';
import type { ProjectionMethod } from '../projections/projections.ts';
import { type TrainWordVectorsInput, WORDS_MAP } from '../words/trainWordVectors.ts';
import type { Context } from './context.ts';

export interface MapOfJob {
  readonly jobId: string;
  /** Name of the embedding. */
  readonly embedding: string;
  readonly name: string;
  readonly method: ProjectionMethod;
  readonly components: number;
}

/** Whether a job of that kind makes a map that can be watched. */
export function makesMap({ kind }: Pick<Job, 'kind'>): boolean {
  return kind === 'PROJECT_EMBEDDING' || kind === 'TRAIN_WORD_VECTORS' || kind === 'TRAIN_GRAPH';
}

/** Null where there is none to be watched. What the job was given was checked when it was added. */
export async function mapOfJob({ id: jobId, kind, input, state }: Job, { loaders }: Context): Promise<MapOfJob | null> {
  if (hasEnded(state)) return null;
  if (kind === 'PROJECT_EMBEDDING') {
    const { embeddingId, name, method, components } = input as ProjectEmbeddingInput;
    const embedding = await loaders.embeddings.load(embeddingId);
    return embedding === null ? null : { jobId, embedding: embedding.name, name, method, components };
  }
  if (kind === 'TRAIN_WORD_VECTORS') {
    const { embedding } = input as TrainWordVectorsInput;
    return { jobId, embedding, name: WORDS_MAP, method: 'PCA', components: 2 };
  }
  if (kind === 'TRAIN_GRAPH') {
    const { name } = input as TrainGraphInput;
    return { jobId, embedding: name, name: GRAPH_MAP, method: 'PCA', components: 2 };
  }
  return null;
}

export const MapInTheMaking: MapInTheMakingResolvers = {
  points: ({ jobId }, { columns }, { config, reading }) =>
    pointsInTheMaking(reading, { dataDir: config.dataDir, jobId }, columns),
};

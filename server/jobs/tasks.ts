/** Kind of job → the verb that does it. The only place where the queue and the verbs meet. */
import type { JobKind, JobResult } from './jobs.ts';
import type { Task } from './task.ts';

export const tasks: { readonly [Kind in JobKind]: Task<unknown, JobResult> } = {
  IMPORT_DATASET: task(async () => (await import('../datasets/importFiles.ts')).importFiles),
  LOAD_DATASET: task(async () => (await import('../datasets/loadManifest.ts')).loadManifest),
  PROJECT_EMBEDDING: task(async () => (await import('../clusterings/projectAndCluster.ts')).projectAndCluster),
  CLUSTER_EMBEDDING: task(async () => (await import('../clusterings/clusterEmbedding.ts')).clusterEmbedding),
  TRAIN_GRAPH: task(async () => (await import('../graphs/trainGraph.ts')).trainGraph),
  EVALUATE_GRAPH: task(async () => (await import('../graphs/evaluateGraph.ts')).evaluateGraph),
  INDEX_EMBEDDING: task(async () => (await import('../embeddings/indexEmbedding.ts')).indexEmbedding),
  SPLIT_GRAPH: task(async () => (await import('../graphs/splitGraph.ts')).splitGraph),
  TRAIN_WORD_VECTORS: task(async () => (await import('../words/trainWordVectors.ts')).trainWordVectors),
  EVALUATE_WORD_VECTORS: task(async () => (await import('../words/evaluateWordVectors.ts')).evaluateWordVectors),
  EMBED_ITEMS: task(async () => (await import('../embeddings/embedItems.ts')).embedItems),
  FETCH_MODEL: task(async () => (await import('../models/fetchModel.ts')).fetchModel),
  CLASSIFY_ITEMS: task(async () => (await import('../embeddings/classifyItems.ts')).classifyItems),
  COMPARE_EMBEDDINGS: task(async () => (await import('../embeddings/compareEmbeddings.ts')).compareEmbeddings),
};

/**
 * A verb with all that it imports is loaded when it is first needed. The input is JSON that whoever added the job has
 * checked; that it is what the verb takes is trusted here and nowhere else.
 */
function task<Input>(load: () => Promise<Task<Input, JobResult>>): Task<unknown, JobResult> {
  return async (context, input) => {
    const verb = await load();
    return await verb(context, input as Input);
  };
}

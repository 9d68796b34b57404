/** Training, evaluation and what else would hold up the thread that answers, in threads of their own. */
import type { KnowledgeGraph } from '#kernels/kge/graph.ts';
import { kernelThreads } from '../compute.ts';
import type { GraphKernels } from '../graphKernels.worker.ts';
import type { Triples } from './graphs.ts';

export const runGraphKernel = kernelThreads<GraphKernels>(new URL('../graphKernels.worker.ts', import.meta.url));

/** The arrays of a graph, as the kernels take them. */
export function toKnowledgeGraph({ entityIds, relationIds, train, validation, test }: Triples): KnowledgeGraph {
  return { entityCount: entityIds.length, relationCount: relationIds.length, train, validation, test };
}

import { findClassificationsById } from '../embeddings/classifications.ts';
import { findComparisonsById } from '../embeddings/comparisons.ts';
import type { QueryResolvers } from '../generated/schema.ts';
import { findJob } from '../jobs/jobs.ts';
import { decodeId } from './ids.ts';

export const nodeQueries = {
  async node(_root, { id }, { reading, loaders }) {
    const decoded = decodeId(id);
    switch (decoded[0]) {
      case 'Dataset':
        return typed('Dataset', await loaders.datasets.load(decoded[1]));
      case 'Item':
        return typed('Item', await loaders.items.load({ datasetId: decoded[1], itemId: decoded[2] }));
      case 'Embedding':
        return typed('Embedding', await loaders.embeddings.load(decoded[1]));
      case 'Projection':
        return typed('Projection', await loaders.projections.load(decoded[1]));
      case 'Clustering':
        return typed('Clustering', await loaders.clusterings.load(decoded[1]));
      case 'GraphModel':
        return typed('GraphModel', await loaders.graphModels.load(decoded[1]));
      case 'WordEvaluation':
        return typed('WordEvaluation', await loaders.evaluations.load(decoded[1]));
      case 'Classification':
        return typed('Classification', (await findClassificationsById(reading, [decoded[1]]))[0] ?? null);
      case 'Comparison':
        return typed('Comparison', (await findComparisonsById(reading, [decoded[1]]))[0] ?? null);
      case 'Job':
        return typed('Job', await findJob(reading, decoded[1]));
    }
  },
} satisfies QueryResolvers;

/** What graphql-js tells the types of an interface by. */
function typed<const Name extends string, T extends object>(
  name: Name,
  node: T | null,
): (T & { __typename: Name }) | null {
  return node === null ? null : { ...node, __typename: name };
}

import { join } from 'node:path';

import type { Queryable } from '../database/database.ts';
import type { Condition } from '../datasets/conditions.ts';
import { countValues, type Dataset as DatasetRecord, listDatasets, requireDataset } from '../datasets/datasets.ts';
import type { FilterInput } from '../datasets/filters.ts';
import { countItems, findItemByKey, type Item as ItemRecord, listItems } from '../datasets/items.ts';
import { pictureAddress } from '../datasets/pictureAddress.ts';
import { removeDataset } from '../datasets/removeDataset.ts';
import { removeItems } from '../datasets/removeItems.ts';
import { forgetThumbnails } from '../datasets/thumbnails.ts';
import { findDatasetWithEmbeddings, listEmbeddings, requireEmbedding } from '../embeddings/embeddings.ts';
import { readVectors } from '../embeddings/vectors.ts';
import { UserError } from '../errors.ts';
import type {
  DatasetResolvers,
  ItemConnectionResolvers,
  ItemResolvers,
  MutationResolvers,
  QueryResolvers,
} from '../generated/schema.ts';
import { findGraphModel, listGraphModels } from '../graphs/graphModels.ts';
import { cancelJobsOf, listOpenJobs } from '../jobs/jobs.ts';
import { sweepPoints } from '../projections/pointsFile.ts';
import { type FilterOptions, filterItems } from '../projections/resultColumns.ts';
import { type Connection, toConnection } from './connection.ts';
import { graphOf } from './graph.ts';
import { decodeNumberCursor, decodeTextCursor, encodeCursor, encodeId } from './ids.ts';
import { argumentsBelow } from './lookAhead.ts';

/** A page of items, and what is needed to count them all: that is done only when it is asked for. */
export interface ItemPage extends Connection<ItemRecord> {
  readonly dataset: DatasetRecord;
  readonly filter: Condition | undefined;
}

export const datasetQueries = {
  async dataset(_root, { slug }, { reading, loaders }, info) {
    // Its embeddings come along where the question names them: one trip to the database less.
    const names = argumentsBelow(info, 'embedding', 'name');
    const found = await findDatasetWithEmbeddings(reading, slug, names);
    if (found === null) return null;
    const { dataset, embeddings } = found;
    loaders.datasets.prime(dataset.id, dataset); // its embeddings ask for it again
    for (const embedding of embeddings) loaders.embeddingsByName.prime([dataset.id, embedding.name], embedding);
    return dataset;
  },
  async datasets(_root, { first, after }, { reading, loaders, budget }) {
    const list = 'datasets';
    const page = await listDatasets(reading, {
      first: budget.page(first),
      ...(typeof after === 'string' ? { after: decodeTextCursor(list, after) } : {}),
    });
    for (const dataset of page.datasets) loaders.datasets.prime(dataset.id, dataset);
    return {
      ...toConnection(page.datasets, ({ slug }) => encodeCursor(list, slug), { hasNextPage: page.hasNextPage, after }),
      totalCount: page.totalCount,
    };
  },
} satisfies QueryResolvers;

/** As the schema says. */
const OPEN_JOBS = 100;

export const Dataset: DatasetResolvers = {
  id: ({ id }) => encodeId(['Dataset', id]),
  item: (dataset, { key }, { reading }) => findItemByKey(reading, dataset.id, key),
  async items(dataset, { first, after, filter }, { reading, budget }): Promise<ItemPage> {
    const list = `items ${dataset.id}`;
    const condition = await toCondition(reading, filter, dataset);
    const page = await listItems(reading, dataset, {
      first: budget.page(first),
      ...(typeof after === 'string' ? { after: decodeNumberCursor(list, after) } : {}),
      ...(condition === undefined ? {} : { filter: condition }),
    });
    return {
      ...toConnection(page.items, ({ id }) => encodeCursor(list, id), { hasNextPage: page.hasNextPage, after }),
      dataset,
      filter: condition,
    };
  },
  async values(dataset, { field, first, filter }, { reading, budget }) {
    budget.page(first);
    return await countValues(reading, dataset, field, first, await toCondition(reading, filter, dataset));
  },
  embeddings: ({ id }, _arguments, { reading }) => listEmbeddings(reading, id),
  embedding: ({ id }, { name }, { loaders }) => loaders.embeddingsByName.load([id, name]),
  jobs: ({ id }, _arguments, { reading }) => listOpenJobs(reading, id, OPEN_JOBS),
  graph: (dataset, _arguments, { reading }) => graphOf(reading, dataset),
  graphModels: ({ id }, _arguments, { reading }) => listGraphModels(reading, id),
  graphModel: ({ id }, { name }, { reading }) => findGraphModel(reading, id, name),
};

export const ItemConnection: ItemConnectionResolvers = {
  totalCount: ({ dataset, filter }, _arguments, { reading }) => countItems(reading, dataset, filter),
};

export const Item: ItemResolvers = {
  id: ({ datasetId, id }) => encodeId(['Item', datasetId, id]),
  async image({ datasetId, id, image, fields }, { size }, { loaders }) {
    if (typeof size === 'number' && (size < 16 || size > 1024)) {
      throw new UserError('BAD_USER_INPUT', `"size" is ${size}; wanted: 16 to 1024 pixels.`);
    }
    if (image === null) {
      const url = pictureAddress(fields);
      return url === null ? null : { url, width: null, height: null };
    }
    const dataset = await loaders.datasets.load(datasetId);
    const query = typeof size === 'number' ? `?size=${size}` : '';
    return {
      url: `/images/${datasetId}/${dataset?.version ?? 0}/${id}${query}`,
      width: image.width,
      height: image.height,
    };
  },
  async vector({ datasetId, id }, { embedding: name }, { reading }) {
    const embedding = await requireEmbedding(reading, datasetId, name);
    const [vector] = await readVectors(reading, embedding, [id]);
    return vector ?? null;
  },
};

export const datasetMutations = {
  async removeDataset(_root, { input }, { config, database }) {
    const { id } = await requireDataset(database, input.dataset);
    await cancelJobsOf(database, id); // first: what they write would stand in the way
    await removeDataset(database, input.dataset);
    await forgetThumbnails(config.dataDir, id);
    await sweepPoints(database, join(config.dataDir, 'cache'));
    return { removedId: encodeId(['Dataset', id]) };
  },
  async removeItems(_root, { input }, { database }) {
    const { count, missingKeys } = await removeItems(database, input.dataset, input);
    return { removedCount: count, missingKeys };
  },
} satisfies MutationResolvers;

/** The condition of a filter, if there is one. `embedding`: that whose results come first where several have one name. */
export async function toCondition(
  database: Queryable,
  filter: FilterInput | null | undefined,
  dataset: DatasetRecord,
  options: FilterOptions = {},
): Promise<Condition | undefined> {
  return filter === null || filter === undefined ? undefined : await filterItems(database, dataset, filter, options);
}

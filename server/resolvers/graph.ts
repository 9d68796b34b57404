import type { Queryable } from '../database/database.ts';
import type { Condition } from '../datasets/conditions.ts';
import { type Dataset as DatasetRecord, requireDataset } from '../datasets/datasets.ts';
import type { Item as ItemRecord } from '../datasets/items.ts';
import { UserError } from '../errors.ts';
import type {
  EntityMatchResolvers,
  GraphPathResolvers,
  GraphResolvers,
  MutationResolvers,
  PathStepResolvers,
  RelationResolvers,
  TripleEdgeResolvers,
  TripleResolvers,
} from '../generated/schema.ts';
import { type ByMeaning, findEntities, requireEntity } from '../graphs/findEntities.ts';
import {
  findRelation,
  listRelations,
  type Relation as RelationRecord,
  relationKind,
  requireRelations,
} from '../graphs/graphs.ts';
import { embeddingOfTexts, nearestInMeaning } from '../graphs/meaning.ts';
import {
  findNeighborhood,
  listTriples,
  sampleTriples,
  type TriplePlace,
  type Triple as TripleRecord,
} from '../graphs/neighborhood.ts';
import { findPaths, type Step } from '../graphs/paths.ts';
import { checkSplit, type SplitInput } from '../graphs/splitGraph.ts';
import { addJob } from '../jobs/jobs.ts';
import { filterItems } from '../projections/resultColumns.ts';
import { type Connection, toConnection } from './connection.ts';
import type { Context } from './context.ts';
import { decodeTextCursor, encodeCursor } from './ids.ts';

/** A graph: the data set that has it, and its relations, which are few and tell the counts. */
export interface GraphOf {
  readonly dataset: DatasetRecord;
  readonly all: readonly RelationRecord[];
}

/** A triple, and in a neighbourhood the steps to it. */
export type TripleOnPage = { readonly cursor: string; readonly node: TripleRecord & { readonly hop?: number } };
export type TriplePage = Connection<TripleRecord & { readonly hop?: number }>;

export interface StepOf extends Step {
  readonly datasetId: number;
}

/** The graph of a data set, or null where it has none. */
export async function graphOf(database: Queryable, dataset: DatasetRecord): Promise<GraphOf | null> {
  if (dataset.kind !== 'GRAPH') return null;
  return { dataset, all: await listRelations(database, dataset.id) };
}

export const Graph: GraphResolvers = {
  entityCount: ({ dataset }) => dataset.itemCount,
  tripleCount: ({ all }) => sum(all, tripleCount),
  trainCount: ({ all }) => sum(all, (relation) => relation.trainCount),
  validationCount: ({ all }) => sum(all, (relation) => relation.validationCount),
  testCount: ({ all }) => sum(all, (relation) => relation.testCount),
  relationCount: ({ all }) => all.length,
  relations: ({ all }, { first }, { budget }) =>
    [...all].sort((a, b) => tripleCount(b) - tripleCount(a)).slice(0, budget.page(first)),
  relation: ({ dataset }, { key }, { reading }) => findRelation(reading, dataset.id, key),
  async entities({ dataset }, { text, first, filter }, context) {
    const { reading, budget } = context;
    budget.search();
    budget.page(first);
    const condition = filter ? await filterItems(reading, dataset, filter, { firstParameter: 4 }) : null;
    const among = filter ? await filterItems(reading, dataset, filter) : null;
    return await findEntities(reading, dataset, text, first, condition, meaningIn(dataset, context, among));
  },
  async triples({ dataset }, { first, after, head, relation, tail, split }, { reading, budget }) {
    const list = `triples ${dataset.id}`;
    const ends = await Promise.all(
      [head, tail].map(async (name) =>
        typeof name === 'string' ? (await requireEntity(reading, dataset, name)).itemId : null,
      ),
    );
    const [of] = typeof relation === 'string' ? await requireRelations(reading, dataset, [relation]) : [];
    const page = await listTriples(
      reading,
      dataset,
      { head: ends[0] ?? null, tail: ends[1] ?? null, relation: of?.id ?? null, split: split ?? null },
      { first: budget.page(first), after: typeof after === 'string' ? decodePlace(list, after) : null },
    );
    return toConnection(page.triples, (triple) => encodePlace(list, { ...triple, hop: 0 }), { ...page, after });
  },
  async sampleTriples({ dataset }, { relation, first, seed }, { reading, budget }) {
    budget.search();
    const [id = 0] = (await requireRelations(reading, dataset, [relation])).map((each) => each.id);
    return sampleTriples(reading, dataset, id, { first: budget.page(first), seed });
  },
  async neighborhood({ dataset }, { of, hops, direction, relations, first, after }, { reading, budget }) {
    budget.search();
    const list = `neighborhood ${dataset.id}`;
    const page = await findNeighborhood(reading, dataset, await requireEntities(reading, dataset, of), {
      hops,
      direction,
      relations: relations ? await requireRelations(reading, dataset, relations) : null,
      first: budget.page(first),
      after: typeof after === 'string' ? decodePlace(list, after) : null,
    });
    return toConnection(page.triples, (triple) => encodePlace(list, triple), { ...page, after });
  },
  async paths({ dataset }, { from, to, length, direction, relations, first }, { reading, budget }) {
    budget.search();
    const [start = 0, goal = 0] = await requireEntities(reading, dataset, [from, to]);
    return findPaths(reading, dataset, start, goal, {
      length,
      direction,
      relations: relations ? await requireRelations(reading, dataset, relations) : null,
      first: budget.page(first),
    });
  },
};

/** Finds entities of a data set by meaning, where it has an embedding of texts whose model is here; otherwise none. */
export function meaningIn(dataset: DatasetRecord, context: Context, condition: Condition | null = null): ByMeaning {
  return async (text, first) => {
    const embedding = await embeddingOfTexts(context, dataset);
    return embedding === null ? [] : await nearestInMeaning(context, embedding, text, first, condition);
  };
}

/** Entities asked about at once. */
const MOST_ENTITIES = 100;

async function requireEntities(
  database: Queryable,
  dataset: DatasetRecord,
  names: readonly string[],
): Promise<number[]> {
  if (names.length < 1 || names.length > MOST_ENTITIES) {
    throw new UserError('BAD_USER_INPUT', `"of" names ${names.length} entities; wanted: 1 to ${MOST_ENTITIES}.`);
  }
  const found: number[] = [];
  for (const name of names) found.push((await requireEntity(database, dataset, name)).itemId);
  return found;
}

function tripleCount({ trainCount, validationCount, testCount }: RelationRecord): number {
  return trainCount + validationCount + testCount;
}

function sum(relations: readonly RelationRecord[], count: (relation: RelationRecord) => number): number {
  return relations.reduce((total, relation) => total + count(relation), 0);
}

function encodePlace(list: string, { hop, relationId, headId, tailId }: TriplePlace): string {
  return encodeCursor(list, [hop, relationId, headId, tailId].join(' '));
}

function decodePlace(list: string, cursor: string): TriplePlace {
  const [hop = -1, relationId = -1, headId = -1, tailId = -1] = decodeTextCursor(list, cursor)
    .split(' ')
    .map((part) => (/^\d{1,15}$/.test(part) ? Number(part) : -1));
  if (Math.min(hop, relationId, headId, tailId) < 0 || Math.max(hop, relationId) >= 2 ** 31) {
    throw new UserError(
      'BAD_USER_INPUT',
      'The cursor is not one of this list. Give the "endCursor" of the page before.',
    );
  }
  return { hop, relationId, headId, tailId };
}

export const Relation: RelationResolvers = {
  kind: (relation) => relationKind(relation),
  tripleCount: (relation) => tripleCount(relation),
  tailsPerHead: ({ trainCount, headCount }) => (headCount === 0 ? null : trainCount / headCount),
  headsPerTail: ({ trainCount, tailCount }) => (tailCount === 0 ? null : trainCount / tailCount),
};

export const EntityMatch: EntityMatchResolvers = {
  node: ({ datasetId, itemId }, _arguments, context) => entityOf(datasetId, itemId, context),
};

export const Triple: TripleResolvers = {
  head: ({ datasetId, headId }, _arguments, context) => entityOf(datasetId, headId, context),
  relation: ({ relationId }, _arguments, context) => relationOf(relationId, context),
  tail: ({ datasetId, tailId }, _arguments, context) => entityOf(datasetId, tailId, context),
};

export const TripleEdge: TripleEdgeResolvers = {
  hop: ({ node }) => node.hop ?? null,
};

export const GraphPath: GraphPathResolvers = {
  from: ({ datasetId, itemId }, _arguments, context) => entityOf(datasetId, itemId, context),
  steps: ({ datasetId, steps }) => steps.map((step) => ({ ...step, datasetId })),
};

export const PathStep: PathStepResolvers = {
  relation: ({ relationId }, _arguments, context) => relationOf(relationId, context),
  to: ({ datasetId, itemId }, _arguments, context) => entityOf(datasetId, itemId, context),
};

export async function entityOf(datasetId: number, itemId: number, { loaders }: Context): Promise<ItemRecord> {
  const item = await loaders.items.load({ datasetId, itemId });
  if (item === null) throw new UserError('CONFLICT', 'An entity has been removed meanwhile. Ask again.');
  return item;
}

export async function relationOf(relationId: number, { loaders }: Context): Promise<RelationRecord> {
  const relation = await loaders.relations.load(relationId);
  if (relation === null) throw new UserError('CONFLICT', 'A relation has been removed meanwhile. Ask again.');
  return relation;
}

export const graphMutations = {
  async splitGraph(_root, { input }, { database }) {
    const dataset = await requireDataset(database, input.dataset);
    if (dataset.kind !== 'GRAPH') throw noGraph(dataset);
    checkSplit(input.split);
    const job: SplitInput = { datasetId: dataset.id, ...input.split };
    return { job: await addJob(database, { kind: 'SPLIT_GRAPH', input: job, datasetId: dataset.id }) };
  },
} satisfies MutationResolvers;

function noGraph({ slug, kind }: DatasetRecord): UserError {
  return new UserError('BAD_USER_INPUT', `The data set "${slug}" is no graph: its kind is ${kind}.`);
}

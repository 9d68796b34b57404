import { performance } from 'node:perf_hooks';

import type { Condition } from '../datasets/conditions.ts';
import type { Dataset } from '../datasets/datasets.ts';
import type { FilterInput } from '../datasets/filters.ts';
import { UserError } from '../errors.ts';
import type {
  DescribedEntityResolvers,
  DuplicatePairResolvers,
  GraphModelResolvers,
  LinkAnswerResolvers,
  LinkExplanationResolvers,
  LinkPredictionResolvers,
  NearEntityResolvers,
  NewEntityLinkResolvers,
  NewEntityResolvers,
  RelationPredictionResolvers,
  ReviewedTripleResolvers,
  SupportingTripleResolvers,
  TripleScoreResolvers,
} from '../generated/schema.ts';
import { explainLinks, type LinkExplanation as LinkExplanationRecord } from '../graphs/explainLink.ts';
import { findDuplicates } from '../graphs/findDuplicates.ts';
import { hasType, meantEntity, requireEntity } from '../graphs/findEntities.ts';
import type { GraphModel } from '../graphs/graphModels.ts';
import { type Relation, relationNamed, requireRelations } from '../graphs/graphs.ts';
import { placeByDescription } from '../graphs/meaning.ts';
import { type NewEntity as NewEntityRecord, nearestToNew, placeNewEntity, predictForNew } from '../graphs/newEntity.ts';
import {
  type LinkPrediction as LinkPredictionRecord,
  predictLinks,
  predictRelations,
  scoreLink,
  type TripleScore as TripleScoreRecord,
} from '../graphs/predictLinks.ts';
import { readQuestion } from '../graphs/readQuestion.ts';
import { type ResidentModel, residentModel } from '../graphs/residentModels.ts';
import { missingTriples, surprisingTriples } from '../graphs/reviewRelation.ts';
import { filterItems } from '../projections/resultColumns.ts';
import type { Context } from './context.ts';
import { entityOf, meaningIn, relationOf } from './graph.ts';

/** A model in memory, with the relation in question. */
interface Asked {
  readonly model: ResidentModel;
  readonly relation: Relation;
}

export interface LinkAnswerOf extends Asked {
  readonly itemId: number;
  readonly others: readonly number[];
  readonly links: readonly LinkPredictionRecord[];
  readonly milliseconds: number;
}

export interface LinkPredictionOf extends LinkPredictionRecord, Asked {
  /** Shared by the answers of a page. */
  readonly explain: Explain;
}

export interface TripleScoreOf extends TripleScoreRecord, Asked {}

/** An entity that a new one is described like. */
export interface DescribedEntityOf {
  readonly datasetId: number;
  readonly itemId: number;
  readonly similarity: number;
  readonly weight: number;
}

export interface NewEntityOf extends NewEntityRecord {
  readonly dataset: Dataset;
}

export const graphModelAnswers = {
  async predictLinks(record, { head, tail, relation: name, first, known, types, filter }, context) {
    const given = [head, tail].filter((end) => typeof end === 'string');
    if (given.length !== 1) {
      throw new UserError(
        'BAD_USER_INPUT',
        `Give the head or the tail of the triple; the other is asked for. ${given.length === 0 ? 'None' : 'Both'} came.`,
      );
    }
    const begun = performance.now();
    const { dataset, model } = await begin(record, context);
    const relation = await requireRelation(model, dataset, name, context);
    const role = { relationId: relation.id, end: typeof head === 'string' ? 'HEAD' : 'TAIL' } as const;
    const { itemId, others } = await requireEntity(context.reading, dataset, given[0] ?? '', {
      byMeaning: meaningIn(dataset, context),
      role,
    });
    const links = await predictLinks(context.reading, model, {
      side: typeof head === 'string' ? 'TAIL' : 'HEAD',
      ...{ itemId, relation, first: context.budget.page(first), withKnown: known },
      condition: await candidates(dataset, types ?? null, filter ?? null, context),
    });
    return { model, relation, itemId, others, links, milliseconds: performance.now() - begun };
  },
  async ask(record, { question, first, known }, context) {
    const begun = performance.now();
    const { dataset, model } = await begin(record, context);
    const { relation, side, name } = readQuestion(question, model.relations);
    const { itemId, others } = await meantEntity(context.reading, dataset, name, {
      byMeaning: meaningIn(dataset, context),
      role: { relationId: relation.id, end: side === 'HEAD' ? 'TAIL' : 'HEAD' },
    });
    const links = await predictLinks(context.reading, model, {
      ...{ side, itemId, relation, first: context.budget.page(first), withKnown: known, condition: null },
    });
    return { model, relation, itemId, others, links, milliseconds: performance.now() - begun };
  },
  async predictRelations(record, { head, tail, first }, context) {
    const { dataset, model } = await begin(record, context);
    const [from, to] = [
      await requireEntity(context.reading, dataset, head, { byMeaning: meaningIn(dataset, context) }),
      await requireEntity(context.reading, dataset, tail, { byMeaning: meaningIn(dataset, context) }),
    ];
    return predictRelations(context.reading, model, from.itemId, to.itemId, context.budget.page(first));
  },
  async score(record, { head, relation: name, tail }, context) {
    const { dataset, model } = await begin(record, context);
    const relation = await requireRelation(model, dataset, name, context);
    const byMeaning = meaningIn(dataset, context);
    const at = (end: 'HEAD' | 'TAIL') => ({ byMeaning, role: { relationId: relation.id, end } });
    const from = await requireEntity(context.reading, dataset, head, at('HEAD'));
    const to = await requireEntity(context.reading, dataset, tail, at('TAIL'));
    return { ...(await scoreLink(context.reading, model, from.itemId, relation, to.itemId)), model, relation };
  },
  async surprising(record, { relation: name, first }, context) {
    const { dataset, model } = await begin(record, context);
    const relation = await requireRelation(model, dataset, name, context);
    return surprisingTriples(context.reading, model, relation, context.budget.page(first), context.signal);
  },
  async missing(record, { relation: name, first, anyTail, seed }, context) {
    const { dataset, model } = await begin(record, context);
    const relation = await requireRelation(model, dataset, name, context);
    const options = { first: context.budget.page(first), anyTail, seed };
    return missingTriples(context.reading, model, relation, options, context.signal);
  },
  async newEntity(record, { triples, description, seed }, context): Promise<NewEntityOf> {
    const { dataset, model } = await begin(record, context);
    const given = [];
    for (const { is, relation, other } of triples) {
      const named = await requireRelation(model, dataset, relation, context);
      const { itemId } = await requireEntity(context.reading, dataset, other, {
        byMeaning: meaningIn(dataset, context),
        role: { relationId: named.id, end: is === 'HEAD' ? 'TAIL' : 'HEAD' },
      });
      given.push({ is, relation: named, otherId: itemId });
    }
    const guess =
      typeof description === 'string' ? await placeByDescription(context, dataset, model, description) : null;
    return { ...(await placeNewEntity(model, given, seed, guess, context.signal)), dataset };
  },
  async duplicates(record, { first, leastNames, leastVectors }, context) {
    const { model } = await begin(record, context);
    const options = { first: context.budget.page(first), leastNames, leastVectors };
    return findDuplicates(context.reading, model, options, context.signal);
  },
} satisfies GraphModelResolvers;

/** Every question is a search, for which the model must be in memory. */
async function begin(record: GraphModel, context: Context): Promise<{ dataset: Dataset; model: ResidentModel }> {
  context.budget.search();
  const dataset = await context.loaders.datasets.load(record.datasetId);
  if (dataset === null) throw new UserError('NOT_FOUND', 'The data set was removed meanwhile.');
  return { dataset, model: await residentModel(context.database, record) };
}

/** Most questions name a relation that the model knows, and cost no statement. */
async function requireRelation(
  model: ResidentModel,
  dataset: Dataset,
  name: string,
  { reading }: Context,
): Promise<Relation> {
  const known = relationNamed(model.relations, name);
  if (known !== null) return known;
  const [relation] = await requireRelations(reading, dataset, [name]);
  if (relation === undefined) throw new Error('a relation that is required is not there');
  return relation;
}

/** Which entities may answer; with `firstParameter` 2. */
async function candidates(
  dataset: Dataset,
  types: readonly string[] | null,
  filter: FilterInput | null,
  { reading }: Context,
): Promise<Condition | null> {
  if (types === null) {
    return filter === null ? null : await filterItems(reading, dataset, filter, { firstParameter: 2 });
  }
  const ofTypes = hasType(types, 2);
  if (filter === null) return ofTypes;
  const further = await filterItems(reading, dataset, filter, { firstParameter: 3 });
  return { sql: `(${ofTypes.sql}) and (${further.sql})`, parameters: [...ofTypes.parameters, ...further.parameters] };
}

export const LinkAnswer: LinkAnswerResolvers = {
  relation: ({ relation }, _arguments, context) => relationOf(relation.id, context),
  given: ({ model, itemId }, _arguments, context) => entityOf(model.datasetId, itemId, context),
  otherMeanings: ({ model, others }, _arguments, context) =>
    Promise.all(others.map((id) => entityOf(model.datasetId, id, context))),
  edges: ({ model, relation, links }, _arguments, context) => {
    const explain = explainIn(context, model);
    return links.map((link) => ({ ...link, model, relation, explain }));
  },
};

export const LinkPrediction: LinkPredictionResolvers = {
  node: ({ datasetId, side, headId, tailId }, _arguments, context) =>
    entityOf(datasetId, side === 'TAIL' ? tailId : headId, context),
  why: (link, { first }) => link.explain(link, first),
};

type Explain = (link: { headId: number; relationId: number; tailId: number }, first: number) => LinkExplanationRecord;

/** What explains any number of answers: together they are one search. */
function explainIn(context: Context, model: ResidentModel): Explain {
  const explain = explainLinks(context.reading, model);
  let isPaid = false;
  return ({ headId, relationId, tailId }, first) => {
    if (!isPaid) context.budget.search();
    isPaid = true;
    return explain({ headId, relationId, tailId, first: context.budget.page(first) });
  };
}

export const LinkExplanation: LinkExplanationResolvers = {
  paths: async (explanation) => [...(await explanation.paths())],
  triples: async (explanation) => [...(await explanation.triples())],
};

/** The ends and the relation of whatever has their ids. */
interface Ends {
  readonly datasetId: number;
  readonly headId: number;
  readonly relationId: number;
  readonly tailId: number;
}

const ends = {
  head: ({ datasetId, headId }: Ends, _arguments: unknown, context: Context) => entityOf(datasetId, headId, context),
  relation: ({ relationId }: Ends, _arguments: unknown, context: Context) => relationOf(relationId, context),
  tail: ({ datasetId, tailId }: Ends, _arguments: unknown, context: Context) => entityOf(datasetId, tailId, context),
};

export const SupportingTriple: SupportingTripleResolvers = ends;
export const ReviewedTriple: ReviewedTripleResolvers = ends;
export const TripleScore: TripleScoreResolvers = {
  ...ends,
  why: (link, { first }, context) => explainIn(context, link.model)(link, first),
};

export const RelationPrediction: RelationPredictionResolvers = {
  relation: ({ relationId }, _arguments, context) => relationOf(relationId, context),
};

export const NewEntity: NewEntityResolvers = {
  describedAlike: ({ model, among }) => among.map((each) => ({ ...each, datasetId: model.datasetId })),
  nearest: (entity, { first }, { budget }) => nearestToNew(entity, budget.page(first)),
  async predictLinks(entity, { is, relation: name, first }, context) {
    context.budget.search();
    const relation = await requireRelation(entity.model, entity.dataset, name, context);
    return predictForNew(entity, is === 'HEAD' ? 'TAIL' : 'HEAD', relation, context.budget.page(first));
  },
};

export const NearEntity: NearEntityResolvers = {
  distance: ({ score }) => -score,
  node: ({ datasetId, itemId }, _arguments, context) => entityOf(datasetId, itemId, context),
};

export const DescribedEntity: DescribedEntityResolvers = {
  node: ({ datasetId, itemId }, _arguments, context) => entityOf(datasetId, itemId, context),
};

export const NewEntityLink: NewEntityLinkResolvers = {
  node: ({ datasetId, itemId }, _arguments, context) => entityOf(datasetId, itemId, context),
};

export const DuplicatePair: DuplicatePairResolvers = {
  node: ({ datasetId, itemId }, _arguments, context) => entityOf(datasetId, itemId, context),
  other: ({ datasetId, otherId }, _arguments, context) => entityOf(datasetId, otherId, context),
};

// Written by `npm run generate` from schema.graphql.
import type { GraphQLResolveInfo, GraphQLScalarType, GraphQLScalarTypeConfig } from 'graphql';
import type { Dataset as DatasetRecord } from '../datasets/datasets.ts';
import type { Item as ItemRecord } from '../datasets/items.ts';
import type { Embedding as EmbeddingRecord } from '../embeddings/embeddings.ts';
import type { Projection as ProjectionRecord } from '../projections/projections.ts';
import type { Clustering as ClusteringRecord, Cluster as ClusterRecord } from '../clusterings/clusterings.ts';
import type { LayerOf } from '../resolvers/clustering.ts';
import type { GraphModel as GraphModelRecord, Trial } from '../graphs/graphModels.ts';
import type { EvaluationOf } from '../resolvers/graphModel.ts';
import type { Preset } from '../graphs/presets.ts';
import type { RankSummary as RankSummaryRecord } from '../kernels/kge/evaluate.ts';
import type { RankMetrics as RankMetricsRecord, AdjustedMetrics } from '../kernels/kge/metrics.ts';
import type { CurvePoint } from '../kernels/kge/training.ts';
import type { TrainingOf } from '../resolvers/job.ts';
import type { Job as JobRecord, JobResult as JobResultRecord } from '../jobs/jobs.ts';
import type { PlacementOf } from '../resolvers/projection.ts';
import type { Frame } from '../projections/frames.ts';
import type { MapOfJob } from '../resolvers/mapInTheMaking.ts';
import type { ItemPage } from '../resolvers/dataset.ts';
import type { WordEvaluation as WordEvaluationRecord, EvaluatedSection as EvaluatedSectionRecord } from '../words/evaluations.ts';
import type { AmongOthers, AlongDirection } from '../resolvers/wordQuestions.ts';
import type { NearestPage, NearestItem, HybridPage, HybridItem, IndexOf } from '../resolvers/embedding.ts';
import type { ModelRecord } from '../resolvers/model.ts';
import type { Classification as ClassificationRecord } from '../embeddings/classifications.ts';
import type { ScoredItem } from '../resolvers/classification.ts';
import type { Comparison as ComparisonRecord } from '../embeddings/comparisons.ts';
import type { ServerRecord } from '../resolvers/server.ts';
import type { LinkAnswerOf, LinkPredictionOf, TripleScoreOf, NewEntityOf, DescribedEntityOf } from '../resolvers/graphAnswers.ts';
import type { LinkExplanation as LinkExplanationOf, SupportingTriple as SupportingTripleOf } from '../graphs/explainLink.ts';
import type { RelationPrediction as RelationPredictionOf } from '../graphs/predictLinks.ts';
import type { Review, ReviewedTriple as ReviewedTripleOf } from '../graphs/reviewRelation.ts';
import type { NewEntityAnswer } from '../graphs/newEntity.ts';
import type { Duplicate } from '../graphs/findDuplicates.ts';
import type { GraphOf, TriplePage, TripleOnPage, StepOf } from '../resolvers/graph.ts';
import type { Relation as RelationRecord } from '../graphs/graphs.ts';
import type { Triple as TripleOf } from '../graphs/neighborhood.ts';
import type { EntityMatch as EntityMatchOf } from '../graphs/findEntities.ts';
import type { Path as PathOf } from '../graphs/paths.ts';
import type { Context } from '../resolvers/context.ts';
export type Maybe<T> = T | null;
export type InputMaybe<T> = T | null;
export type Omit<T, K extends keyof T> = Pick<T, Exclude<keyof T, K>>;
export type RequireFields<T, K extends keyof T> = Omit<T, K> & { [P in K]-?: NonNullable<T[P]> };
/** All built-in and custom scalars, mapped to their actual values */
export type Scalars = {
  ID: { input: string; output: string; }
  String: { input: string; output: string; }
  Boolean: { input: boolean; output: boolean; }
  Int: { input: number; output: number; }
  Float: { input: number; output: number; }
  /** An instant, ISO 8601 in UTC, for example `2026-03-01T12:00:00.000Z`. */
  DateTime: { input: Date; output: Date; }
  /** Any JSON value. */
  JSON: { input: unknown; output: unknown; }
  /** A whole number that may be larger than 32 bits: a JSON number up to 2^53 - 1, or a string of digits. */
  BigInt: { input: number; output: number | bigint | string; }
  /**
   * A vector: a list of finite numbers, or a string with the base64 of little-endian float32 values.
   * Answers give the base64 form, which is a tenth of the work of a list.
   */
  Vector: { input: Float32Array; output: Float32Array; }
};

/** A page of a connection. */
export type PageInfo = {
  /** Whether there are more edges after the last one. */
  readonly hasNextPage: Scalars['Boolean']['output'];
  /** Whether there are edges before the first one. */
  readonly hasPreviousPage: Scalars['Boolean']['output'];
  /** The cursor of the first edge, or null on an empty page. */
  readonly startCursor?: Maybe<Scalars['String']['output']>;
  /** The cursor of the last edge, to be given as `after`; null on an empty page. */
  readonly endCursor?: Maybe<Scalars['String']['output']>;
};

/** Anything that has a global id. */
export type Node = {
  /** A global id, opaque to clients. */
  readonly id: Scalars['ID']['output'];
};

/** What the items of a data set are. */
export type DatasetKind =
  /** Words, sentences or documents. */
  | 'TEXT'
  /** Pictures. */
  | 'IMAGE'
  /** Entities of a knowledge graph. */
  | 'GRAPH'
  /** Things known only by their vectors. */
  | 'VECTOR';

/** The type of a field: what can be asked of it in a filter, and how a map colours by it. */
export type FieldType =
  /** Free text; most values are distinct. */
  | 'TEXT'
  /** One of few values. */
  | 'CATEGORY'
  /** A number. */
  | 'NUMBER'
  /** True or false. */
  | 'BOOLEAN'
  /** An instant. */
  | 'DATE'
  /** Any other JSON value. */
  | 'JSON';

/** A field that the items of a data set have. */
export type Field = {
  /** The name, as in `Item.fields` and in filters. */
  readonly name: Scalars['String']['output'];
  /** The type, told from the values at import. */
  readonly type: FieldType;
};

/** How far two vectors are from each other. */
export type Metric =
  /** 1 - cosine of the angle, from 0 to 2. The length of a vector does not matter; a zero vector is refused. */
  | 'COSINE'
  /** Length of the difference, from 0. */
  | 'EUCLIDEAN'
  /** Negated inner product: smaller is nearer, and may be below zero. */
  | 'INNER_PRODUCT';

/** A named collection of items of one kind. */
export type Dataset = Node & {
  /** A global id. */
  readonly id: Scalars['ID']['output'];
  /** The name in queries and addresses: lower-case letters, digits and hyphens. */
  readonly slug: Scalars['String']['output'];
  /** The name that people read. */
  readonly title: Scalars['String']['output'];
  /** What it is and where it comes from. */
  readonly description?: Maybe<Scalars['String']['output']>;
  /** What its items are. */
  readonly kind: DatasetKind;
  /** The licence of the data, as its source states it. */
  readonly licence?: Maybe<Scalars['String']['output']>;
  /** Where the data comes from. */
  readonly source?: Maybe<Scalars['String']['output']>;
  /** How many items it has. */
  readonly itemCount: Scalars['BigInt']['output'];
  /** The fields of its items. */
  readonly fields: ReadonlyArray<Field>;
  /** Rises with every change of its items. */
  readonly version: Scalars['BigInt']['output'];
  /** When it was made. */
  readonly createdAt: Scalars['DateTime']['output'];
  /** When its items last changed. */
  readonly updatedAt: Scalars['DateTime']['output'];
  /** One item by its key, or null. */
  readonly item?: Maybe<Item>;
  /** The items, in the order in which they were imported. */
  readonly items: ItemConnection;
  /** The values of one field with the number of items that have each, most frequent first. */
  readonly values: ReadonlyArray<FieldValue>;
  /** Its embeddings. */
  readonly embeddings: ReadonlyArray<Embedding>;
  /** One embedding by its name, or null. */
  readonly embedding?: Maybe<Embedding>;
  /** The groups that have been found among its items. */
  readonly clusterings: ReadonlyArray<Clustering>;
  /** One clustering by its name, or null. */
  readonly clustering?: Maybe<Clustering>;
  /** The graph of its items, or null where they are no entities of one. */
  readonly graph?: Maybe<Graph>;
  /** What was learnt of it as a knowledge graph: its graph models. */
  readonly graphModels: ReadonlyArray<GraphModel>;
  /** One graph model by its name, or null. */
  readonly graphModel?: Maybe<GraphModel>;
  /** The jobs that work on it or wait to, newest first; the first hundred. */
  readonly jobs: ReadonlyArray<Job>;
};


/** A named collection of items of one kind. */
export type DatasetItemArgs = {
  key: Scalars['String']['input'];
};


/** A named collection of items of one kind. */
export type DatasetItemsArgs = {
  first: Scalars['Int']['input'];
  after?: InputMaybe<Scalars['String']['input']>;
  filter?: InputMaybe<Filter>;
};


/** A named collection of items of one kind. */
export type DatasetValuesArgs = {
  field: Scalars['String']['input'];
  first: Scalars['Int']['input'];
  filter?: InputMaybe<Filter>;
};


/** A named collection of items of one kind. */
export type DatasetEmbeddingArgs = {
  name: Scalars['String']['input'];
};


/** A named collection of items of one kind. */
export type DatasetClusteringArgs = {
  name: Scalars['String']['input'];
};


/** A named collection of items of one kind. */
export type DatasetGraphModelArgs = {
  name: Scalars['String']['input'];
};

/** A value of a field, and how many items have it. */
export type FieldValue = {
  /** The value; null for the items that have none. */
  readonly value?: Maybe<Scalars['JSON']['output']>;
  /** How many items have it. */
  readonly count: Scalars['BigInt']['output'];
};

/** A page of data sets. */
export type DatasetConnection = {
  /** The data sets with their cursors. */
  readonly edges: ReadonlyArray<DatasetEdge>;
  /** The data sets. */
  readonly nodes: ReadonlyArray<Dataset>;
  /** Where the page lies. */
  readonly pageInfo: PageInfo;
  /** How many there are on all pages. */
  readonly totalCount: Scalars['BigInt']['output'];
};

/** A data set on a page. */
export type DatasetEdge = {
  /** Where it is. */
  readonly cursor: Scalars['String']['output'];
  /** The data set. */
  readonly node: Dataset;
};

/** One thing: a word, a sentence, an image, an entity. */
export type Item = Node & {
  /** A global id. */
  readonly id: Scalars['ID']['output'];
  /** Its name within the data set, unique. */
  readonly key: Scalars['String']['output'];
  /** What people read; the key where nothing better was given. */
  readonly label: Scalars['String']['output'];
  /** Its fields, as one JSON object. */
  readonly fields: Scalars['JSON']['output'];
  /**
   * Its picture, or null where it has none: as it was imported, or else where it lies, by the first field with an https address that is
   * called like a picture (`image`, `photo_url`, …) or whose address ends like one (`.jpg`, …). Nothing is fetched from there.
   */
  readonly image?: Maybe<Image>;
  /** Its vector in one embedding, or null where it has none. */
  readonly vector?: Maybe<Scalars['Vector']['output']>;
};


/** One thing: a word, a sentence, an image, an entity. */
export type ItemImageArgs = {
  size?: InputMaybe<Scalars['Int']['input']>;
};


/** One thing: a word, a sentence, an image, an entity. */
export type ItemVectorArgs = {
  embedding: Scalars['String']['input'];
};

/** A picture that can be fetched. */
export type Image = {
  /** Address, relative to the server; absolute where the picture lies elsewhere. */
  readonly url: Scalars['String']['output'];
  /** Width in pixels as imported, where it is known. */
  readonly width?: Maybe<Scalars['Int']['output']>;
  /** Height in pixels as imported, where it is known. */
  readonly height?: Maybe<Scalars['Int']['output']>;
};

/** A page of items. */
export type ItemConnection = {
  /** The items with their cursors. */
  readonly edges: ReadonlyArray<ItemEdge>;
  /** The items. */
  readonly nodes: ReadonlyArray<Item>;
  /** Where the page lies. */
  readonly pageInfo: PageInfo;
  /** How many items match on all pages. */
  readonly totalCount: Scalars['BigInt']['output'];
};

/** An item on a page. */
export type ItemEdge = {
  /** Where it is. */
  readonly cursor: Scalars['String']['output'];
  /** The item. */
  readonly node: Item;
};

/**
 * Which items. Give either `and`, `or` or `not`, or a `field` with one or more operators, all of which must hold.
 * `field` is `key`, `label`, a name in `Dataset.fields`, `clusters.NAME` (the label of the item's cluster in the clustering of that
 * name; `clusters.NAME#2` in its second layer), `probability.NAME` (how firmly it belongs there), or what was found out otherwise:
 * `Classification.column`, one of `Classification.probabilityColumns`, `Comparison.column`, or one of `ProjectionQuality.fields`. An
 * item without the field matches only `isNull: true` and `ne`.
 */
export type Filter = {
  /** All of these hold. */
  readonly and?: InputMaybe<ReadonlyArray<Filter>>;
  /** At least one of these holds. */
  readonly or?: InputMaybe<ReadonlyArray<Filter>>;
  /** This does not hold. */
  readonly not?: InputMaybe<Filter>;
  /** The field that the operators beside it speak of. */
  readonly field?: InputMaybe<Scalars['String']['input']>;
  /** Equal to. */
  readonly eq?: InputMaybe<Scalars['JSON']['input']>;
  /** Not equal to. */
  readonly ne?: InputMaybe<Scalars['JSON']['input']>;
  /** Equal to one of. */
  readonly in?: InputMaybe<ReadonlyArray<Scalars['JSON']['input']>>;
  /** Less than; numbers, dates and texts. */
  readonly lt?: InputMaybe<Scalars['JSON']['input']>;
  /** Less than or equal to. */
  readonly lte?: InputMaybe<Scalars['JSON']['input']>;
  /** Greater than. */
  readonly gt?: InputMaybe<Scalars['JSON']['input']>;
  /** Greater than or equal to. */
  readonly gte?: InputMaybe<Scalars['JSON']['input']>;
  /** Contains this text, upper and lower case alike. */
  readonly contains?: InputMaybe<Scalars['String']['input']>;
  /** Starts with this text, upper and lower case alike. */
  readonly startsWith?: InputMaybe<Scalars['String']['input']>;
  /** Matches this regular expression (Postgres syntax), upper and lower case alike. */
  readonly matches?: InputMaybe<Scalars['String']['input']>;
  /** Has no value (true) or has one (false). */
  readonly isNull?: InputMaybe<Scalars['Boolean']['input']>;
  /** Full-text search over the label and all texts of the item, in the syntax of web search: words, `a phrase`, or, -without. Takes no `field`. */
  readonly search?: InputMaybe<Scalars['String']['input']>;
};

/** What a model can make vectors of. */
export type Modality =
  /** Texts. */
  | 'TEXT'
  /** Pictures. */
  | 'IMAGE';

/** Whether a model can be used. */
export type ModelState =
  /** It is here and can be used. */
  | 'READY'
  /** It is here and cannot be used: see `problem`. */
  | 'UNUSABLE'
  /** It is not here; the mutation `fetchModel` gets it. */
  | 'FETCHABLE'
  /** Nothing but its name is known: the vectors were made elsewhere. */
  | 'NAMED';

/** A model: what makes, or made, the vectors of an embedding. */
export type Model = {
  /** Its name: that of its folder, or its id on the Hugging Face hub. */
  readonly name: Scalars['String']['output'];
  /** What it does. */
  readonly description?: Maybe<Scalars['String']['output']>;
  /** Whether it can be used. */
  readonly state: ModelState;
  /** Why it cannot be used, and what would help; null where it can. */
  readonly problem?: Maybe<Scalars['String']['output']>;
  /** What it makes vectors of. With both, texts and pictures have one space, and one finds the other. */
  readonly modalities: ReadonlyArray<Modality>;
  /** Numbers per vector; null where that is not known before it has run. */
  readonly dimension?: Maybe<Scalars['Int']['output']>;
  /** Tokens of a text that are read at most, those that the model adds included; longer texts are cut. Null for a model of pictures. */
  readonly maxTokens?: Maybe<Scalars['Int']['output']>;
  /** Size of its files in bytes; roughly, where they are not here. */
  readonly bytes?: Maybe<Scalars['BigInt']['output']>;
  /** The licence of the weights, as their source states it. */
  readonly licence?: Maybe<Scalars['String']['output']>;
  /** The commit that was downloaded, where that is known; of a recommended model that is not here, the one that is fetched. */
  readonly revision?: Maybe<Scalars['String']['output']>;
  /** Whether it is one of the models that are known to be good for a start. */
  readonly recommended: Scalars['Boolean']['output'];
  /** The tensors between input and output of a model of pictures, in the order of computation: an embedding can be made of each. */
  readonly layers: ReadonlyArray<ModelLayer>;
};

/** A tensor between input and output of a model of pictures. */
export type ModelLayer = {
  /** Its name, as `embedItems` takes it. */
  readonly name: Scalars['String']['output'];
  /** The operator that computes it: `Conv`, `Relu`, `Add` … */
  readonly operator: Scalars['String']['output'];
  /** Steps from the input, along the longest way. */
  readonly depth: Scalars['Int']['output'];
  /** Its shape for one picture: channels, height, width; or the count of numbers. */
  readonly shape: ReadonlyArray<Scalars['Int']['output']>;
  /** Whether the file gives it out by itself. */
  readonly output: Scalars['Boolean']['output'];
};

/** One vector per item, from one model. */
export type Embedding = Node & {
  /** A global id. */
  readonly id: Scalars['ID']['output'];
  /** Its name within the data set. */
  readonly name: Scalars['String']['output'];
  /** The data set whose items it has vectors of. */
  readonly dataset: Dataset;
  /** What made the vectors, where it is known. */
  readonly model?: Maybe<Model>;
  /** The tensor that the vectors were read from; null where it is the model's own output, or where the vectors were imported. */
  readonly layer?: Maybe<Scalars['String']['output']>;
  /** Steps from the model's input to that tensor, along the longest way; null where there is none, or where the model is not here. */
  readonly layerDepth?: Maybe<Scalars['Int']['output']>;
  /** How that tensor became one vector; null where it is the model's own output. */
  readonly pooling?: Maybe<LayerPooling>;
  /** What a `Target` may be beside items and vectors: what the model of this embedding can be asked with on this server, now. */
  readonly accepts: ReadonlyArray<Modality>;
  /** Numbers per vector. */
  readonly dimension: Scalars['Int']['output'];
  /** How distance is measured. */
  readonly metric: Metric;
  /** How many items have a vector. */
  readonly itemCount: Scalars['BigInt']['output'];
  /** Rises with every change of its vectors. */
  readonly version: Scalars['BigInt']['output'];
  /** The index for approximate search, or null where every search is exact. */
  readonly index?: Maybe<VectorIndex>;
  /** Its projections. */
  readonly projections: ReadonlyArray<Projection>;
  /** One projection by its name, or null. */
  readonly projection?: Maybe<Projection>;
  /** The items nearest to a target, nearest first. */
  readonly nearest: NearestConnection;
  /** How alike the two targets of each pair are. */
  readonly similarities: ReadonlyArray<PairSimilarity>;
  /** The items by how well they fit the others, the odd one out first: each against the mean of the others. */
  readonly oddOneOut: ReadonlyArray<OddItem>;
  /** The items that lie farthest to either end of a direction: what the direction is about. */
  readonly extremes: Extremes;
  /** How well it has answered files of tests for words. */
  readonly evaluations: ReadonlyArray<WordEvaluation>;
  /**
   * Search by words and by vectors at once: full text over label and texts of the items, and nearness in this embedding. The two lists are
   * joined by reciprocal rank fusion (Cormack, Clarke and Büttcher 2009): an item's score is the sum of 1 / (k + rank) over the lists that it is in.
   */
  readonly hybrid: HybridConnection;
  /** How probable each label is for a target, by the similarity of its vector to the labels' prompts: zero-shot classification. The embedding has to accept texts. */
  readonly classify: ReadonlyArray<LabelProbability>;
  /** What was told of its items by prompts. */
  readonly classifications: ReadonlyArray<Classification>;
  /** One classification by its name, or null. */
  readonly classification?: Maybe<Classification>;
  /** Its comparisons with other embeddings of the data set. */
  readonly comparisons: ReadonlyArray<Comparison>;
  /** All vectors as an Arrow IPC stream with the columns `key: utf8` and `vector: fixed_size_list<float32>`. */
  readonly vectors: BinaryContent;
  /** All vectors with the names of their items, as the files that other programs read. Entities of a graph model with biases (ROTE, ROTH) have theirs in the column `bias` of ARROW and of METADATA: the model's scores want them. */
  readonly exports: ReadonlyArray<VectorFile>;
};


/** One vector per item, from one model. */
export type EmbeddingProjectionArgs = {
  name: Scalars['String']['input'];
};


/** One vector per item, from one model. */
export type EmbeddingNearestArgs = {
  to: Target;
  first: Scalars['Int']['input'];
  filter?: InputMaybe<Filter>;
  search?: InputMaybe<SearchOptions>;
};


/** One vector per item, from one model. */
export type EmbeddingSimilaritiesArgs = {
  pairs: ReadonlyArray<TargetPair>;
};


/** One vector per item, from one model. */
export type EmbeddingOddOneOutArgs = {
  items: ReadonlyArray<Scalars['String']['input']>;
};


/** One vector per item, from one model. */
export type EmbeddingExtremesArgs = {
  direction: VectorDirection;
  first: Scalars['Int']['input'];
  filter?: InputMaybe<Filter>;
};


/** One vector per item, from one model. */
export type EmbeddingHybridArgs = {
  text: Scalars['String']['input'];
  to?: InputMaybe<Target>;
  first: Scalars['Int']['input'];
  filter?: InputMaybe<Filter>;
  k: Scalars['Int']['input'];
  candidates?: InputMaybe<Scalars['Int']['input']>;
};


/** One vector per item, from one model. */
export type EmbeddingClassifyArgs = {
  target: Target;
  labels: ReadonlyArray<Scalars['String']['input']>;
  templates: ReadonlyArray<Scalars['String']['input']>;
  logitScale?: InputMaybe<Scalars['Float']['input']>;
};


/** One vector per item, from one model. */
export type EmbeddingClassificationArgs = {
  name: Scalars['String']['input'];
};


/** One vector per item, from one model. */
export type EmbeddingExportsArgs = {
  name: RowName;
};

/** How a tensor with a value for each place of a picture becomes one vector. */
export type LayerPooling =
  /** The mean over all places: what there is, wherever it is. */
  | 'AVERAGE'
  /** The largest over all places: what there is anywhere. */
  | 'MAX'
  /** All values one after the other, so that places count; 16,000 at most. */
  | 'FLATTEN';

/** The items that are found by words, by vectors, or by both. */
export type HybridConnection = {
  /** The items with their ranks, best first. */
  readonly edges: ReadonlyArray<HybridEdge>;
  /** The items. */
  readonly nodes: ReadonlyArray<Item>;
  /** How the search by vectors was done. */
  readonly search: SearchInfo;
};

/** An item that was found. */
export type HybridEdge = {
  /** 1 for the best. */
  readonly rank: Scalars['Int']['output'];
  /** Sum of 1 / (k + rank) over both lists. */
  readonly score: Scalars['Float']['output'];
  /** Place among those that the words find; null where it is not among the candidates. */
  readonly textRank?: Maybe<Scalars['Int']['output']>;
  /** Place among the nearest; null where it is not among the candidates. */
  readonly vectorRank?: Maybe<Scalars['Int']['output']>;
  /** Distance in the embedding's metric; null where it is not among the nearest candidates. */
  readonly distance?: Maybe<Scalars['Float']['output']>;
  /** The item. */
  readonly node: Item;
};

/** A label, and how probable it is. */
export type LabelProbability = {
  /** The label. */
  readonly label: Scalars['String']['output'];
  /** From 0 to 1; all labels together make 1. */
  readonly probability: Scalars['Float']['output'];
  /** Cosine of the vector and the label's prompts, -1 to 1. */
  readonly similarity: Scalars['Float']['output'];
};

/** How probable each of some labels is for every item of an embedding. */
export type Classification = Node & {
  /** A global id. */
  readonly id: Scalars['ID']['output'];
  /** Its name within the embedding. */
  readonly name: Scalars['String']['output'];
  /** The embedding whose vectors were compared with prompts. */
  readonly embedding: Embedding;
  /** The labels. */
  readonly labels: ReadonlyArray<Scalars['String']['output']>;
  /** The sentences into which the labels were put. */
  readonly templates: ReadonlyArray<Scalars['String']['output']>;
  /** What cosines were multiplied by before the softmax. */
  readonly logitScale: Scalars['Float']['output'];
  /** How many items were classified. */
  readonly itemCount: Scalars['BigInt']['output'];
  /** How many items each label is the most probable of, in the order of `labels`. */
  readonly counts: ReadonlyArray<Scalars['BigInt']['output']>;
  /** Whether vectors have changed since. */
  readonly stale: Scalars['Boolean']['output'];
  /** Name of the column of `Projection.points`, and of the field in filters, with the most probable label of each item, for any embedding of the data set that has none of that name itself. */
  readonly column: Scalars['String']['output'];
  /** Names of the columns of `Projection.points`, and of the fields in filters, with the probability of each label, in the order of `labels`. */
  readonly probabilityColumns: ReadonlyArray<Scalars['String']['output']>;
  /** The items of which a label is most probable, most probable first. */
  readonly items: ReadonlyArray<ClassifiedItem>;
};


/** How probable each of some labels is for every item of an embedding. */
export type ClassificationItemsArgs = {
  label: Scalars['String']['input'];
  first: Scalars['Int']['input'];
};

/** An item, and how probable a label is for it. */
export type ClassifiedItem = {
  /** The item. */
  readonly node: Item;
  /** From 0 to 1. */
  readonly probability: Scalars['Float']['output'];
};

/** How alike the neighbours of each item are in two embeddings of one data set. */
export type Comparison = Node & {
  /** A global id. */
  readonly id: Scalars['ID']['output'];
  /** One of them. */
  readonly embedding: Embedding;
  /** The other. */
  readonly other: Embedding;
  /** Neighbours looked at per item (k). */
  readonly neighbors: Scalars['Int']['output'];
  /** How many items have a vector in both. */
  readonly itemCount: Scalars['BigInt']['output'];
  /** Mean share of neighbours that are the same in both, 0 to 1. */
  readonly meanOverlap: Scalars['Float']['output'];
  /** Whether vectors have changed since. */
  readonly stale: Scalars['Boolean']['output'];
  /** Name of the column of `Projection.points`, and of the field in filters, with the overlap of each item, for any embedding of the data set. */
  readonly column: Scalars['String']['output'];
  /** The items whose company differs most, least overlap first. */
  readonly changed: ReadonlyArray<ChangedItem>;
};


/** How alike the neighbours of each item are in two embeddings of one data set. */
export type ComparisonChangedArgs = {
  first: Scalars['Int']['input'];
};

/** An item, and how alike its company is in two embeddings. */
export type ChangedItem = {
  /** The item. */
  readonly node: Item;
  /** Share of its neighbours that are the same in both, 0 to 1. */
  readonly overlap: Scalars['Float']['output'];
};

/** Two targets to be compared. */
export type TargetPair = {
  /** One of them. */
  readonly a: Target;
  /** The other. */
  readonly b: Target;
};

/** How alike two targets are. */
export type PairSimilarity = {
  /** Distance in the embedding's metric. Smaller is nearer. */
  readonly distance: Scalars['Float']['output'];
  /** The same as a similarity, as in `NearestEdge`. Larger is nearer. */
  readonly similarity: Scalars['Float']['output'];
};

/** An item among others. */
export type OddItem = {
  /** Similarity to the mean of the others, as in `NearestEdge`; by COSINE each counts with length 1. The smallest is the odd one. */
  readonly similarity: Scalars['Float']['output'];
  /** The item. */
  readonly node: Item;
};

/** A direction in the space of an embedding. */
export type VectorDirection =
  /** One of the numbers of a vector, from 1. */
  { readonly dimension: Scalars['Int']['input']; readonly component?: never; readonly axis?: never; }
  |  /** A principal component, from 1: the directions along which the vectors differ most. Its sign means nothing. */
  { readonly dimension?: never; readonly component: Scalars['Int']['input']; readonly axis?: never; }
  |  /** From one target to another: for example from `man` to `woman`. */
  { readonly dimension?: never; readonly component?: never; readonly axis: VectorDirectionAxis; };

/** From one target to another. */
export type VectorDirectionAxis = {
  /** Where the direction begins. */
  readonly from: Target;
  /** Where it leads. */
  readonly to: Target;
};

/** The items at both ends of a direction. */
export type Extremes = {
  /** Those with the largest values, largest first. */
  readonly highest: ReadonlyArray<ExtremeItem>;
  /** Those with the smallest values, smallest first. */
  readonly lowest: ReadonlyArray<ExtremeItem>;
};

/** An item, and how far along a direction it lies. */
export type ExtremeItem = {
  /** The number itself of a `dimension`; otherwise the inner product with the direction at length 1, of a `component` less the mean. */
  readonly value: Scalars['Float']['output'];
  /** The item. */
  readonly node: Item;
};

/** What a file of tests for words asks. */
export type WordTestKind =
  /** a is to b as c is to which word? */
  | 'ANALOGIES'
  /** How alike are two words, by people's judgement? */
  | 'SIMILARITY';

/** How well an embedding of words has answered a file of tests. An evaluation by a file of the same name takes its place. */
export type WordEvaluation = Node & {
  /** A global id. */
  readonly id: Scalars['ID']['output'];
  /** The embedding. */
  readonly embedding: Embedding;
  /** The name of the file. */
  readonly name: Scalars['String']['output'];
  /** What it asks. */
  readonly kind: WordTestKind;
  /** Words among which answers were looked for. */
  readonly words: Scalars['Int']['output'];
  /** All sections together. */
  readonly total: EvaluatedSection;
  /** Its sections; one, `all`, where the file has none. */
  readonly sections: ReadonlyArray<EvaluatedSection>;
  /** Whether vectors have changed since. */
  readonly stale: Scalars['Boolean']['output'];
  /** When it was made. */
  readonly createdAt: Scalars['DateTime']['output'];
};

/** How well a section of a file of tests was answered. */
export type EvaluatedSection = {
  /** Its name. */
  readonly name: Scalars['String']['output'];
  /** How many questions it has. */
  readonly questions: Scalars['Int']['output'];
  /** How many of them have only words with a vector. The others count for nothing. */
  readonly known: Scalars['Int']['output'];
  /** Share of the known analogies whose answer is right by ADD (3CosAdd), 0 to 1; null for similarity, and where none is known. */
  readonly accuracy?: Maybe<Scalars['Float']['output']>;
  /** The same by MULTIPLY (3CosMul). */
  readonly accuracyMultiply?: Maybe<Scalars['Float']['output']>;
  /** Spearman's rank correlation of cosines with people's scores, -1 to 1; null for analogies, and for fewer than two known pairs. */
  readonly correlation?: Maybe<Scalars['Float']['output']>;
};

/** A form in which vectors leave. Every number comes back as it was, from text as well. */
export type VectorFormat =
  /** An Arrow IPC stream: `key: utf8`, `label: utf8`, `vector: fixed_size_list<float32>`. */
  | 'ARROW'
  /** NumPy's array of float32, a row a vector. The names are in METADATA, in the same order. */
  | 'NPY'
  /** The names as a table with tabs and a header, `key`, `label` and, of items, their fields: for NPY, and for the Embedding Projector. */
  | 'METADATA'
  /** word2vec's text, as gensim and fastText read it. White space in names becomes `_`. */
  | 'WORD2VEC'
  /** The Embedding Projector's text: tabs between numbers, no header. */
  | 'PROJECTOR_TENSORS'
  /** The Embedding Projector's float32, without a header. */
  | 'PROJECTOR_BYTES'
  /** The Embedding Projector's config, which names PROJECTOR_BYTES and METADATA: `https://projector.tensorflow.org/?config=ADDRESS` opens it, where CORS_ORIGINS has that page. */
  | 'PROJECTOR_CONFIG';

/** Which of its names a row goes by. */
export type RowName =
  /** Its key, which is unique. */
  | 'KEY'
  /** What people read; several rows may bear the same. */
  | 'LABEL';

/** Vectors as a file. */
export type VectorFile = {
  /** Its form. */
  readonly format: VectorFormat;
  /** A name to keep it under. */
  readonly name: Scalars['String']['output'];
  /** Address, relative to the server; another one once the vectors have changed. */
  readonly url: Scalars['String']['output'];
  /** Media type. */
  readonly mediaType: Scalars['String']['output'];
};

/** How the vectors are kept in the index. */
export type IndexPrecision =
  /** 32 bits a number; up to 2000 dimensions. */
  | 'FULL'
  /** 16 bits a number: half the size, hardly less recall; up to 4000 dimensions. */
  | 'HALF'
  /** 1 bit a number: a thirty-second of the size. Answers are re-ranked with the full vectors. */
  | 'BINARY';

/** A graph index (HNSW) for approximate search. */
export type VectorIndex = {
  /** How the vectors are kept. */
  readonly precision: IndexPrecision;
  /** Links per node (m). */
  readonly links: Scalars['Int']['output'];
  /** Candidates looked at while building (ef_construction). */
  readonly efConstruction: Scalars['Int']['output'];
  /** Size in bytes. */
  readonly bytes: Scalars['BigInt']['output'];
  /** How often the index finds what an exact search finds, measured on a sample; null until measured. */
  readonly recall?: Maybe<IndexRecall>;
};

/** Recall of an index, measured against exact search. */
export type IndexRecall = {
  /** Mean share of the true nearest items that the index found, 0 to 1. */
  readonly recall: Scalars['Float']['output'];
  /** Neighbours asked for per query (k). */
  readonly neighbors: Scalars['Int']['output'];
  /** Queries, each from an item chosen at random. */
  readonly sample: Scalars['Int']['output'];
  /** Candidates kept during the search (ef_search). */
  readonly efSearch: Scalars['Int']['output'];
  /** Milliseconds per query by the index, median. */
  readonly millisecondsIndex: Scalars['Float']['output'];
  /** Milliseconds per query by exact search, median. */
  readonly millisecondsExact: Scalars['Float']['output'];
};

/** Anything that can be turned into a vector of the embedding's space. */
export type Target =
  /** An item by its key. The item itself is not among the answers. */
  { readonly item: Scalars['String']['input']; readonly vector?: never; readonly sum?: never; readonly text?: never; readonly image?: never; }
  |  /** A literal vector. */
  { readonly item?: never; readonly vector: Scalars['Vector']['input']; readonly sum?: never; readonly text?: never; readonly image?: never; }
  |  /** A weighted sum of targets, for analogies. The items in it are not among the answers. */
  { readonly item?: never; readonly vector?: never; readonly sum: ReadonlyArray<WeightedTarget>; readonly text?: never; readonly image?: never; }
  |  /** A text, where `Embedding.accepts` has TEXT. */
  { readonly item?: never; readonly vector?: never; readonly sum?: never; readonly text: Scalars['String']['input']; readonly image?: never; }
  |  /** A picture, where `Embedding.accepts` has IMAGE. */
  { readonly item?: never; readonly vector?: never; readonly sum?: never; readonly text?: never; readonly image: ImageInput; };

/** A picture that is given. */
export type ImageInput = {
  /** A data URL with base64, or an http(s) address on the public network, which answers with the picture itself and no redirect. PNG, JPEG, WebP, AVIF, GIF or SVG. */
  readonly url: Scalars['String']['input'];
};

/** A target with its weight in a sum. */
export type WeightedTarget = {
  /** The target. */
  readonly to: Target;
  /** Its weight; negative to subtract. */
  readonly weight: Scalars['Float']['input'];
};

/** How to search. */
export type SearchMethod =
  /** By the index where there is one, the filter leaves many items and the vectors are not in memory, otherwise exactly. */
  | 'AUTO'
  /** Every vector is compared. */
  | 'EXACT'
  /** By the index; an error where there is none. */
  | 'INDEX';

/** How the terms of a `sum` are put together. */
export type SumMethod =
  /** Added, each at length 1 where the metric is COSINE: 3CosAdd (Mikolov, Yih and Zweig 2013). */
  | 'ADD'
  /**
   * Multiplied, where the metric is COSINE: 3CosMul (Levy and Goldberg 2014). The similarity of an item is the product over the terms of
   * ((1 + cosine) / 2) to the power of the weight, with 0.001 added where the weight is below 0, so that no term outweighs the others;
   * its distance is the negated logarithm of that. Every vector is compared, and the target is a `sum`.
   */
  | 'MULTIPLY';

/** How to search. */
export type SearchOptions = {
  /** Which method. */
  readonly method: SearchMethod;
  /** Candidates kept while the index is walked, 1 to 1000. Larger finds more of the true neighbours and takes longer. Ignored by exact search. Default: 100, or `first` when that is more. */
  readonly efSearch?: InputMaybe<Scalars['Int']['input']>;
  /** How the terms of a target that is a `sum` are put together. */
  readonly combine: SumMethod;
  /** What is near. By another metric than the embedding's own every vector is compared, because an index has the order of one. Default: the embedding's. */
  readonly metric?: InputMaybe<Metric>;
};

/** The items nearest to a target. */
export type NearestConnection = {
  /** The items with rank and distance, nearest first. */
  readonly edges: ReadonlyArray<NearestEdge>;
  /** The items. */
  readonly nodes: ReadonlyArray<Item>;
  /** How the search was done. */
  readonly search: SearchInfo;
};

/** An item that is near. */
export type NearestEdge = {
  /** 1 for the nearest. */
  readonly rank: Scalars['Int']['output'];
  /** Distance in the metric of the search. Smaller is nearer. */
  readonly distance: Scalars['Float']['output'];
  /** The same as a similarity: the cosine, 1 / (1 + distance) for EUCLIDEAN, or the inner product. Larger is nearer. */
  readonly similarity: Scalars['Float']['output'];
  /** The item. */
  readonly node: Item;
};

/** How a search was done. */
export type SearchInfo = {
  /** The method that was used: EXACT or INDEX. */
  readonly method: SearchMethod;
  /** Whether the answer is the true one, every vector having been compared. */
  readonly exact: Scalars['Boolean']['output'];
  /** By what the vectors were compared. */
  readonly metric: Metric;
  /** False when fewer items than asked for were found although more may match. */
  readonly complete: Scalars['Boolean']['output'];
  /** Where the distances were computed. */
  readonly device: Device;
  /** Whether the vectors were in the server's memory. After a start or a change the first answers come from the database. */
  readonly resident: Scalars['Boolean']['output'];
  /** How long the search took, in milliseconds. */
  readonly milliseconds: Scalars['Float']['output'];
};

/** Where something is, or was, computed. */
export type Device =
  /** A graphics card where there is one and the work is worth it, otherwise the processor. */
  | 'AUTO'
  /** A graphics card, also one in software, which is slower than the processor. Where there is none, or it fails, the processor does the work, and the job says so in a warning. */
  | 'GPU'
  /** The processor. */
  | 'CPU';

/** What a triple is for. */
export type Split =
  /** To learn from. */
  | 'TRAIN'
  /** To choose settings by. */
  | 'VALIDATION'
  /** To measure the result by. */
  | 'TEST';

/** Which way relations are followed. */
export type Direction =
  /** From head to tail. */
  | 'OUT'
  /** From tail to head. */
  | 'IN'
  /** Both ways. */
  | 'BOTH';

/** How many tails a head of the relation has, and how many heads a tail, on average over the triples to learn from; more than 1.5 is many. */
export type RelationKind =
  /** One tail for a head, one head for a tail. */
  | 'ONE_TO_ONE'
  /** Many tails for a head, one head for a tail. */
  | 'ONE_TO_MANY'
  /** One tail for a head, many heads for a tail. */
  | 'MANY_TO_ONE'
  /** Many tails for a head, many heads for a tail. */
  | 'MANY_TO_MANY';

/**
 * A knowledge graph: triples of a head, a relation and a tail. Its entities are the items of the data set.
 * Entities go by key or label; of several with one label the one that stands most often where the question has it, otherwise the most connected is meant. Relations go by key or label.
 */
export type Graph = {
  /** How many entities it has. */
  readonly entityCount: Scalars['BigInt']['output'];
  /** How many triples it has. */
  readonly tripleCount: Scalars['BigInt']['output'];
  /** How many of them are to learn from. */
  readonly trainCount: Scalars['BigInt']['output'];
  /** How many of them are to choose settings by. */
  readonly validationCount: Scalars['BigInt']['output'];
  /** How many of them are to measure by. */
  readonly testCount: Scalars['BigInt']['output'];
  /** How many relations it has. */
  readonly relationCount: Scalars['Int']['output'];
  /** The relations, those with most triples first. */
  readonly relations: ReadonlyArray<Relation>;
  /** One relation, or null. */
  readonly relation?: Maybe<Relation>;
  /** Entities that a text may mean, best first: by key, by label, by the words of label and fields, by spelling, and by meaning where the data set has an embedding of texts whose model is on this server; a text of three words or more by meaning before spelling, but for slips. */
  readonly entities: ReadonlyArray<EntityMatch>;
  /** The triples, by relation, head and tail. */
  readonly triples: TripleConnection;
  /** Triples of a relation, by head and tail: all, or so many of them by chance, each as likely as any other. For a picture of what has too many to be drawn. */
  readonly sampleTriples: ReadonlyArray<Triple>;
  /** The triples around entities, those that are met first in front; then by relation, head and tail. A triple is met once. */
  readonly neighborhood: TripleConnection;
  /** Paths from one entity to another that pass no entity twice, shortest first. */
  readonly paths: ReadonlyArray<GraphPath>;
};


/**
 * A knowledge graph: triples of a head, a relation and a tail. Its entities are the items of the data set.
 * Entities go by key or label; of several with one label the one that stands most often where the question has it, otherwise the most connected is meant. Relations go by key or label.
 */
export type GraphRelationsArgs = {
  first: Scalars['Int']['input'];
};


/**
 * A knowledge graph: triples of a head, a relation and a tail. Its entities are the items of the data set.
 * Entities go by key or label; of several with one label the one that stands most often where the question has it, otherwise the most connected is meant. Relations go by key or label.
 */
export type GraphRelationArgs = {
  key: Scalars['String']['input'];
};


/**
 * A knowledge graph: triples of a head, a relation and a tail. Its entities are the items of the data set.
 * Entities go by key or label; of several with one label the one that stands most often where the question has it, otherwise the most connected is meant. Relations go by key or label.
 */
export type GraphEntitiesArgs = {
  text: Scalars['String']['input'];
  first: Scalars['Int']['input'];
  filter?: InputMaybe<Filter>;
};


/**
 * A knowledge graph: triples of a head, a relation and a tail. Its entities are the items of the data set.
 * Entities go by key or label; of several with one label the one that stands most often where the question has it, otherwise the most connected is meant. Relations go by key or label.
 */
export type GraphTriplesArgs = {
  first: Scalars['Int']['input'];
  after?: InputMaybe<Scalars['String']['input']>;
  head?: InputMaybe<Scalars['String']['input']>;
  relation?: InputMaybe<Scalars['String']['input']>;
  tail?: InputMaybe<Scalars['String']['input']>;
  split?: InputMaybe<Split>;
};


/**
 * A knowledge graph: triples of a head, a relation and a tail. Its entities are the items of the data set.
 * Entities go by key or label; of several with one label the one that stands most often where the question has it, otherwise the most connected is meant. Relations go by key or label.
 */
export type GraphSampleTriplesArgs = {
  relation: Scalars['String']['input'];
  first: Scalars['Int']['input'];
  seed: Scalars['Int']['input'];
};


/**
 * A knowledge graph: triples of a head, a relation and a tail. Its entities are the items of the data set.
 * Entities go by key or label; of several with one label the one that stands most often where the question has it, otherwise the most connected is meant. Relations go by key or label.
 */
export type GraphNeighborhoodArgs = {
  of: ReadonlyArray<Scalars['String']['input']>;
  hops: Scalars['Int']['input'];
  direction: Direction;
  relations?: InputMaybe<ReadonlyArray<Scalars['String']['input']>>;
  first: Scalars['Int']['input'];
  after?: InputMaybe<Scalars['String']['input']>;
};


/**
 * A knowledge graph: triples of a head, a relation and a tail. Its entities are the items of the data set.
 * Entities go by key or label; of several with one label the one that stands most often where the question has it, otherwise the most connected is meant. Relations go by key or label.
 */
export type GraphPathsArgs = {
  from: Scalars['String']['input'];
  to: Scalars['String']['input'];
  length: Scalars['Int']['input'];
  direction: Direction;
  relations?: InputMaybe<ReadonlyArray<Scalars['String']['input']>>;
  first: Scalars['Int']['input'];
};

/** A relation of a graph. */
export type Relation = {
  /** Its name within the data set, unique. */
  readonly key: Scalars['String']['output'];
  /** What people read; the key where nothing better was given. */
  readonly label: Scalars['String']['output'];
  /** What it means, where that is known. */
  readonly description?: Maybe<Scalars['String']['output']>;
  /** How many tails a head has and how many heads a tail; null while it has no triple to learn from. */
  readonly kind?: Maybe<RelationKind>;
  /** How many triples it has. */
  readonly tripleCount: Scalars['BigInt']['output'];
  /** How many of them are to learn from. */
  readonly trainCount: Scalars['BigInt']['output'];
  /** Tails of a head, on average over the triples to learn from; null while there are none. */
  readonly tailsPerHead?: Maybe<Scalars['Float']['output']>;
  /** Heads of a tail, on average over the triples to learn from; null while there are none. */
  readonly headsPerTail?: Maybe<Scalars['Float']['output']>;
};

/** An entity that a text may mean. */
export type EntityMatch = {
  /** The entity. */
  readonly node: Item;
  /** What it was found by. */
  readonly by: EntityMatchKind;
  /** 1 for the same key or label, less for what is only alike. */
  readonly similarity: Scalars['Float']['output'];
};

/** What of an entity a text was found by. */
export type EntityMatchKind =
  /** The key is the text. */
  | 'KEY'
  /** The label is the text, upper and lower case alike. */
  | 'LABEL'
  /** The label or the fields have its words. */
  | 'TEXT'
  /** Its text means something near, by an embedding of texts whose model is on this server. */
  | 'MEANING'
  /** The label is spelled alike. */
  | 'SPELLING';

/** Two entities and the relation between them. */
export type Triple = {
  /** Where the relation leads from. */
  readonly head: Item;
  /** The relation. */
  readonly relation: Relation;
  /** Where the relation leads to. */
  readonly tail: Item;
  /** What it is for. */
  readonly split: Split;
};

/** A page of triples. */
export type TripleConnection = {
  /** The triples with their cursors. */
  readonly edges: ReadonlyArray<TripleEdge>;
  /** The triples. */
  readonly nodes: ReadonlyArray<Triple>;
  /** Where the page lies. */
  readonly pageInfo: PageInfo;
};

/** A triple on a page. */
export type TripleEdge = {
  /** Where it is. */
  readonly cursor: Scalars['String']['output'];
  /** In a neighbourhood, the number of steps after which it is met, from 1; null elsewhere. */
  readonly hop?: Maybe<Scalars['Int']['output']>;
  /** The triple. */
  readonly node: Triple;
};

/** What leads from one entity to another. */
export type GraphPath = {
  /** Where it begins. */
  readonly from: Item;
  /** Its steps, one at least. */
  readonly steps: ReadonlyArray<PathStep>;
};

/** A step of a path. */
export type PathStep = {
  /** The relation that is followed. */
  readonly relation: Relation;
  /** True from head to tail, false from tail to head. */
  readonly forward: Scalars['Boolean']['output'];
  /** Where it leads. */
  readonly to: Item;
};

/** How a map is made. */
export type ProjectionMethod =
  /** Principal component analysis: the directions along which the vectors differ most. Shows the large, says little of who is near whom. */
  | 'PCA'
  /** Uniform manifold approximation and projection (McInnes, Healy and Melville 2018): neighbours stay neighbours, groups part. Distances between groups mean little. */
  | 'UMAP'
  /** t-distributed stochastic neighbour embedding (van der Maaten and Hinton 2008): keeps more of the nearest neighbours than any other. Distances between groups, and their sizes, mean little. */
  | 'TSNE'
  /** Pairwise controlled manifold approximation (Wang et al. 2021): near and far pairs together, so that more of the whole is kept than by UMAP. */
  | 'PACMAP'
  /** PaCMAP with locally adjusted graphs (Wang et al. 2024): groups that run into each other are set apart. */
  | 'LOCALMAP'
  /** Axes of one's own: each from one target, or group of targets, to another. See `axes`. */
  | 'CUSTOM'
  /** Coordinates that came with the data. */
  | 'GIVEN';

/** A map: two or three coordinates per item of an embedding; by UMAP also up to ten, which are there to find groups in. */
export type Projection = Node & {
  /** A global id. */
  readonly id: Scalars['ID']['output'];
  /** Its name within the embedding. */
  readonly name: Scalars['String']['output'];
  /** The embedding that it shows. */
  readonly embedding: Embedding;
  /** How it was made. */
  readonly method: ProjectionMethod;
  /** Coordinates per item, 2 to 10. The element `<embedding-map>` shows maps of 2 and 3. */
  readonly components: Scalars['Int']['output'];
  /** The seed of every choice by chance. */
  readonly seed?: Maybe<Scalars['Int']['output']>;
  /** The options of the method as they were used. */
  readonly parameters: Scalars['JSON']['output'];
  /** By which items were taken to be near: the embedding's, or another one that was asked for. `quality` is measured in it, and `place` looks for neighbours by it. */
  readonly metric: Metric;
  /** Where it was computed; null for given coordinates. */
  readonly device?: Maybe<Device>;
  /** How long it took to compute, in milliseconds; null for given coordinates. */
  readonly milliseconds?: Maybe<Scalars['Float']['output']>;
  /** For PCA: the share of the variance along each direction, 0 to 1, of those shown and some more: `PcaInput.directions`. */
  readonly explainedVariance?: Maybe<ReadonlyArray<Scalars['Float']['output']>>;
  /** Which items it shows, as it was asked for; null where it shows all. */
  readonly filter?: Maybe<Scalars['JSON']['output']>;
  /** How far the map can be trusted; null where it could not be measured. */
  readonly quality?: Maybe<ProjectionQuality>;
  /** Whether the vectors have changed since the map was made; and where a filter or a field had a part in it, whether the items have. */
  readonly stale: Scalars['Boolean']['output'];
  /** Rises each time it is computed anew. */
  readonly version: Scalars['BigInt']['output'];
  /** When it was made. */
  readonly createdAt: Scalars['DateTime']['output'];
  /** Where a new target would lie on it: exactly by PCA and along axes; by UMAP and t-SNE as the method itself moves a point among its neighbours; otherwise in the middle of them. */
  readonly place: Placement;
  /** Where its points can be fetched. */
  readonly points: Points;
};


/** A map: two or three coordinates per item of an embedding; by UMAP also up to ten, which are there to find groups in. */
export type ProjectionPlaceArgs = {
  to: Target;
};


/** A map: two or three coordinates per item of an embedding; by UMAP also up to ten, which are there to find groups in. */
export type ProjectionPointsArgs = {
  columns: ReadonlyArray<Scalars['String']['input']>;
};

/**
 * How far a map can be trusted, measured on a sample of its items: the neighbours there are in the embedding against those on the map.
 * Each from 0 to 1, larger is better.
 */
export type ProjectionQuality = {
  /** Whether neighbours on the map are neighbours in the embedding (Venna and Kaski, 2001). */
  readonly trustworthiness: Scalars['Float']['output'];
  /** Whether neighbours in the embedding are neighbours on the map (Venna and Kaski, 2001). */
  readonly continuity: Scalars['Float']['output'];
  /** Mean share of the nearest neighbours in the embedding that are also among the nearest on the map. */
  readonly neighborRecall: Scalars['Float']['output'];
  /** Share of random triplets of items (a, b, c) of which b is nearer to a than c in the embedding and on the map alike; a half by chance. Tells of the whole, not of what is near (Wang et al., 2021). */
  readonly tripletAccuracy: Scalars['Float']['output'];
  /** Rank correlation (Spearman) of the distances between items in the embedding and on the map, -1 to 1; null where all are equal (Kobak and Berens, 2019). */
  readonly rankCorrelation?: Maybe<Scalars['Float']['output']>;
  /** Neighbours looked at per item (k). */
  readonly neighbors: Scalars['Int']['output'];
  /** Items in the sample. */
  readonly sample: Scalars['Int']['output'];
  /** Columns for `Projection.points` with the measures of each single point, `quality.trustworthiness` and the like: to colour a map by where it lies. Empty where only the whole was measured. */
  readonly columns: ReadonlyArray<Scalars['String']['output']>;
  /** Names of the same measures in filters, and as columns of other maps of the data set, in the order of `columns`: `quality:EMBEDDING:PROJECTION:trustworthiness` and the like. */
  readonly fields: ReadonlyArray<Scalars['String']['output']>;
};

/** How groups are found. */
export type ClusteringMethod =
  /** k-means (Lloyd 1982): so many groups, each around its middle; every item is in one. With the metric COSINE, on the sphere. */
  | 'KMEANS'
  /** Hierarchical density-based clustering (Campello, Moulavi and Sander 2013): groups where items lie dense, whatever their shape and however many; what lies between them is noise. */
  | 'HDBSCAN';

/** Groups of items that belong together, found among the vectors of an embedding or among the points of one of its maps. */
export type Clustering = Node & {
  /** A global id. */
  readonly id: Scalars['ID']['output'];
  /** Its name within the data set. Points have the columns `clusters.NAME` (the label of an item's cluster; null for noise), `clusters.NAME#2` (the same in the second layer) and `probability.NAME`, and filters have fields of these names. */
  readonly name: Scalars['String']['output'];
  /** The embedding whose items it groups. */
  readonly embedding: Embedding;
  /** The map whose points were grouped, or null where the vectors were. */
  readonly projection?: Maybe<Projection>;
  /** How it was made. */
  readonly method: ClusteringMethod;
  /** The seed of every choice by chance; null where there is none. */
  readonly seed?: Maybe<Scalars['Int']['output']>;
  /** The options of the method as they were used, and what it found out on the way. */
  readonly parameters: Scalars['JSON']['output'];
  /** How long it took to compute, in milliseconds. */
  readonly milliseconds?: Maybe<Scalars['Float']['output']>;
  /** How many items. */
  readonly count: Scalars['BigInt']['output'];
  /** How many of them are in no cluster. */
  readonly noiseCount: Scalars['BigInt']['output'];
  /** Its clusters, the largest first. */
  readonly clusters: ReadonlyArray<Cluster>;
  /** The same hierarchy at several sizes, from many small clusters to few large ones; each cluster lies within one of the next layer, or within none. Empty for KMEANS. */
  readonly layers: ReadonlyArray<ClusterLayer>;
  /** Whether items, vectors or the map have changed since it was made. */
  readonly stale: Scalars['Boolean']['output'];
  /** Rises each time it is computed anew. */
  readonly version: Scalars['BigInt']['output'];
  /** When it was made. */
  readonly createdAt: Scalars['DateTime']['output'];
};


/** Groups of items that belong together, found among the vectors of an embedding or among the points of one of its maps. */
export type ClusteringClustersArgs = {
  first: Scalars['Int']['input'];
};

/** One cut through a hierarchy of clusters. */
export type ClusterLayer = {
  /** How many items its clusters have at least. */
  readonly minClusterSize: Scalars['Int']['output'];
  /** How many clusters. */
  readonly count: Scalars['Int']['output'];
  /** How many items are in none of them. */
  readonly noiseCount: Scalars['BigInt']['output'];
  /** Its clusters, the largest first. */
  readonly clusters: ReadonlyArray<Cluster>;
};


/** One cut through a hierarchy of clusters. */
export type ClusterLayerClustersArgs = {
  first: Scalars['Int']['input'];
};

/** A group of items. */
export type Cluster = {
  /** From 0, the largest first. */
  readonly number: Scalars['Int']['output'];
  /** What people read: the terms or the value that set it apart, or else its most typical items where they are words, or its number; unique in its layer. */
  readonly label: Scalars['String']['output'];
  /** How many items. */
  readonly size: Scalars['BigInt']['output'];
  /** Its most typical items: those that belong to it most firmly, and of these the ones nearest to its middle. */
  readonly representatives: ReadonlyArray<Item>;
  /** The words of labels and texts that set it apart from all others, by c-TF-IDF (Grootendorst 2022), the best first; ten at most. */
  readonly terms: ReadonlyArray<ClusterTerm>;
  /** The values of fields of type CATEGORY that set it apart from all others, the best first; five at most. */
  readonly traits: ReadonlyArray<ClusterTrait>;
  /** Where it lies on a map of the embedding; null when none of its items is on it. */
  readonly place?: Maybe<ClusterPlace>;
};


/** A group of items. */
export type ClusterRepresentativesArgs = {
  first: Scalars['Int']['input'];
};


/** A group of items. */
export type ClusterPlaceArgs = {
  projection: Scalars['String']['input'];
};

/** A word that is frequent in a cluster and rare elsewhere. */
export type ClusterTerm = {
  /** The word, in lower case. */
  readonly term: Scalars['String']['output'];
  /** Its weight: the share of the cluster's words times the logarithm of how rare it is in all. */
  readonly score: Scalars['Float']['output'];
  /** Items of the cluster that have it, of those that were read. */
  readonly count: Scalars['Int']['output'];
};

/** A value that is frequent in a cluster and rare elsewhere. */
export type ClusterTrait = {
  /** The field. */
  readonly field: Scalars['String']['output'];
  /** The value. */
  readonly value: Scalars['String']['output'];
  /** Share of the cluster's items that have it, 0 to 1. */
  readonly share: Scalars['Float']['output'];
  /** Share of all other items that have it, 0 to 1. */
  readonly shareElsewhere: Scalars['Float']['output'];
};

/** Where a cluster lies on a map, in the map's own coordinates: a number per component. */
export type ClusterPlace = {
  /** The item of the cluster that is nearest to its medians: always a place where it is. */
  readonly center: ReadonlyArray<Scalars['Float']['output']>;
  /** The lower ends of a box that has all but a few stray items. */
  readonly lower: ReadonlyArray<Scalars['Float']['output']>;
  /** The upper ends of that box. */
  readonly upper: ReadonlyArray<Scalars['Float']['output']>;
};

/** A place on a map. */
export type Placement = {
  /** Along the first axis. */
  readonly x: Scalars['Float']['output'];
  /** Along the second axis. */
  readonly y: Scalars['Float']['output'];
  /** Along the third axis; null on a map of two. */
  readonly z?: Maybe<Scalars['Float']['output']>;
  /** Along every axis: as many as the map has components. */
  readonly coordinates: ReadonlyArray<Scalars['Float']['output']>;
  /** The items on the map that are nearest in the embedding, nearest first; those in the target are left out. */
  readonly neighbors: ReadonlyArray<NearestEdge>;
};


/** A place on a map. */
export type PlacementNeighborsArgs = {
  first: Scalars['Int']['input'];
};

/** The points of a map as a file. */
export type Points = {
  /** How many points. */
  readonly count: Scalars['BigInt']['output'];
  /** Address, relative to the server. Its bytes never change: a new version has another address. */
  readonly url: Scalars['String']['output'];
  /** `application/vnd.apache.arrow.stream`: columns `key`, `x`, `y`, from three components on `z`, for more `c4` to `c10`, then those asked for. Rows come in one fixed shuffled order, so that any prefix is a fair sample. */
  readonly mediaType: Scalars['String']['output'];
  /** The version of the projection and of the data set's items that the bytes hold. */
  readonly version: Scalars['String']['output'];
};

/** How a graph model scores a triple (head, relation, tail). Larger is more plausible. */
export type GraphModelKind =
  /** -|h + r - t| in the L1 norm: a relation is a translation (Bordes et al. 2013). */
  | 'TRANSE_L1'
  /** -|h + r - t| in the L2 norm. */
  | 'TRANSE_L2'
  /** sum h r t: a relation weighs each direction (Yang et al. 2015). Every relation is symmetric. */
  | 'DISTMULT'
  /** The same over complex numbers (Trouillon et al. 2016). A good choice for most graphs. */
  | 'COMPLEX'
  /** A relation turns each complex number (Sun et al. 2019). */
  | 'ROTATE'
  /** h' M t: a relation is a full matrix (Nickel et al. 2011). */
  | 'RESCAL'
  /** A relation turns and shifts (Chami et al. 2020). Strong in few dimensions. */
  | 'ROTE'
  /** The same in hyperbolic space, with a curvature per relation (Chami et al. 2020). */
  | 'ROTH'
  /** One core tensor for all relations (Balažević et al. 2019). */
  | 'TUCKER';

/** What each question (head, relation, ?) is compared with in training. */
export type GraphObjective =
  /** A softmax over all entities for each triple. */
  | 'ONE_VS_ALL'
  /** All answers of a question at once, each question counting the same. */
  | 'K_VS_ALL'
  /** The answer against entities by chance: for graphs with very many entities, and for distances. */
  | 'NEGATIVE_SAMPLING';

/** The loss of a question. */
export type GraphLoss =
  /** All candidates against each other. */
  | 'SOFTMAX'
  /** Each candidate by itself, true or false. */
  | 'LOGISTIC'
  /** As LOGISTIC, hard negatives counting more (Sun et al. 2019). With sampled negatives. */
  | 'SELF_ADVERSARIAL'
  /** Negatives are to stay below the answer by a margin (Bordes et al. 2013). With sampled negatives. */
  | 'MARGIN';

/** Which end of a triple is replaced for a negative. */
export type CorruptedSide =
  /** Both equally often. */
  | 'UNIFORM'
  /** The one with more right answers less often (Wang et al. 2014). */
  | 'BERNOULLI';

/** How numbers are moved against their gradients. */
export type Optimizer =
  /** Adagrad: steps get shorter where gradients were large. */
  | 'ADAGRAD'
  /** Adam: steps by running means of gradients. */
  | 'ADAM';

/** What keeps numbers small. */
export type Regularizer =
  /** Sum of cubes of moduli (Lacroix et al. 2018). */
  | 'N3'
  /** Sum of squares. */
  | 'L2'
  /** Nothing. */
  | 'NONE';

/** How numbers are drawn at the start. */
export type StartDistribution =
  /** Normal, with `scale` as standard deviation. */
  | 'NORMAL'
  /** Uniform between -`scale` and `scale`. */
  | 'UNIFORM';

/** How a graph model is trained. What is not given is the preset's, or the default. */
export type GraphSettings = {
  /** How triples are scored. Default: COMPLEX. */
  readonly model?: InputMaybe<GraphModelKind>;
  /** Numbers of an entity, 1 to 4096, even for models of complex numbers (two numbers each) or turned pairs. Larger fits more and takes longer in proportion. Default: 100. */
  readonly dimension?: InputMaybe<Scalars['Int']['input']>;
  /** Numbers of a relation; TUCKER only. Default: `dimension`. */
  readonly relationDimension?: InputMaybe<Scalars['Int']['input']>;
  /** Whether each relation has an inverse that is learnt as a relation of its own. Default: true. */
  readonly reciprocal?: InputMaybe<Scalars['Boolean']['input']>;
  /** What each question is compared with. Default: ONE_VS_ALL. */
  readonly objective?: InputMaybe<GraphObjective>;
  /** Of ONE_VS_ALL: one softmax for several triples of the same question, weighted by their number, instead of one a triple. Several times faster on dense graphs. Default: true. */
  readonly unique?: InputMaybe<Scalars['Boolean']['input']>;
  /** Of ONE_VS_ALL: answers of a question in one softmax at most, 1 to 10000; a question with more is asked again with the others, so that it does not outweigh all others of its step. Default: 4. */
  readonly answers?: InputMaybe<Scalars['Int']['input']>;
  /** Of K_VS_ALL (default LOGISTIC) and NEGATIVE_SAMPLING (default SOFTMAX). */
  readonly loss?: InputMaybe<GraphLoss>;
  /** Of K_VS_ALL: share of the target that is spread over all entities, 0 to 1. Default: 0. */
  readonly smoothing?: InputMaybe<Scalars['Float']['input']>;
  /** Of NEGATIVE_SAMPLING: negatives of a question, 1 to 10000. Default: 256. */
  readonly negatives?: InputMaybe<Scalars['Int']['input']>;
  /** Of NEGATIVE_SAMPLING: questions that share their negatives, from 1 (each its own). Larger is faster. Default: 32. */
  readonly shared?: InputMaybe<Scalars['Int']['input']>;
  /** Of NEGATIVE_SAMPLING: whether known triples are left out of the negatives. Default: true. */
  readonly filtered?: InputMaybe<Scalars['Boolean']['input']>;
  /** Of NEGATIVE_SAMPLING: which end is replaced. Default: UNIFORM. */
  readonly sides?: InputMaybe<CorruptedSide>;
  /** Of SELF_ADVERSARIAL (default 9) and MARGIN (default 1). */
  readonly margin?: InputMaybe<Scalars['Float']['input']>;
  /** Of SELF_ADVERSARIAL: larger looks more at negatives that are scored high. Default: 1. */
  readonly temperature?: InputMaybe<Scalars['Float']['input']>;
  /** Of LOGISTIC and MARGIN: what a negative counts against the answer's 1. Default: 1. */
  readonly negativeWeight?: InputMaybe<Scalars['Float']['input']>;
  /** Of NEGATIVE_SAMPLING: whether frequent questions count less. Default: false. */
  readonly subsampling?: InputMaybe<Scalars['Boolean']['input']>;
  /** Times that every triple is looked at, at most, 1 to 10000. Default: 50. */
  readonly epochs?: InputMaybe<Scalars['Int']['input']>;
  /** Questions in a step, 1 to 16384. Default: 100. */
  readonly batch?: InputMaybe<Scalars['Int']['input']>;
  /** How numbers are moved. Default: ADAGRAD. */
  readonly optimizer?: InputMaybe<Optimizer>;
  /** Length of a step, above 0. Default: 0.1. */
  readonly rate?: InputMaybe<Scalars['Float']['input']>;
  /** What keeps numbers small. Default: N3. */
  readonly regularizer?: InputMaybe<Regularizer>;
  /** Its weight for entities. Larger fits less and generalises more, up to a point. Default: 0.01. */
  readonly entityPenalty?: InputMaybe<Scalars['Float']['input']>;
  /** Its weight for relations. Default: as for entities. */
  readonly relationPenalty?: InputMaybe<Scalars['Float']['input']>;
  /** Weight of an auxiliary loss: which relation holds between head and tail? (Chen et al. 2021.) Only for DISTMULT, COMPLEX and RESCAL. Default: 0. */
  readonly relationWeight?: InputMaybe<Scalars['Float']['input']>;
  /** Share of an entity's numbers that is left out of questions by chance, 0 to 0.9. Default: 0. */
  readonly entityDropout?: InputMaybe<Scalars['Float']['input']>;
  /** The same of a relation's. Default: 0. */
  readonly relationDropout?: InputMaybe<Scalars['Float']['input']>;
  /** How numbers are drawn at the start. Default: NORMAL. */
  readonly distribution?: InputMaybe<StartDistribution>;
  /** How large they are. Default: 0.001. */
  readonly scale?: InputMaybe<Scalars['Float']['input']>;
  /** Epochs between two validations; 0: none. Default: 5. */
  readonly validateEvery?: InputMaybe<Scalars['Int']['input']>;
  /** Validation triples that are looked at. Default: all. */
  readonly validationTriples?: InputMaybe<Scalars['Int']['input']>;
  /** Validations without a better MRR after which training ends; 0: never. Default: 5. */
  readonly patience?: InputMaybe<Scalars['Int']['input']>;
  /** The rate is multiplied by this on a plateau. Default: 0.5 where `plateauPatience` is given, otherwise the rate stays. */
  readonly plateauFactor?: InputMaybe<Scalars['Float']['input']>;
  /** Validations without a better MRR that are borne: one more makes a plateau. Default: 2 where `plateauFactor` is given. */
  readonly plateauPatience?: InputMaybe<Scalars['Int']['input']>;
  /** Where the rate changes whatever validation says, by rising epochs. Default: nowhere. */
  readonly rateSteps?: InputMaybe<ReadonlyArray<RateStep>>;
};

/** A step of the learning rate's schedule: the rate is multiplied once so many epochs are done. */
export type RateStep = {
  /** Epochs that go before it, 1 to 10000. */
  readonly epoch: Scalars['Int']['input'];
  /** What the rate is multiplied by: above 0, at most 10. */
  readonly factor: Scalars['Float']['input'];
};

/** Settings that were measured, by name. */
export type GraphPreset = {
  /** Its name. */
  readonly name: Scalars['String']['output'];
  /** What it is good for. */
  readonly description: Scalars['String']['output'];
  /** Slug of the data set that it was measured on, or null: a start for any graph. */
  readonly dataset?: Maybe<Scalars['String']['output']>;
  /** What it sets, as `GraphSettings`. */
  readonly settings: Scalars['JSON']['output'];
  /** Filtered mean reciprocal rank on the test triples that it reached, both sides, ties in the middle; null where none was measured. */
  readonly expectedMeanReciprocalRank?: Maybe<Scalars['Float']['output']>;
  /** How long the training took, in seconds; null where it was not measured. */
  readonly expectedSeconds?: Maybe<Scalars['Float']['output']>;
  /** The machine that this was measured on. */
  readonly hardware?: Maybe<Scalars['String']['output']>;
};

/** What was learnt of a knowledge graph: vectors of entities, which are an ordinary embedding, and of relations, and what makes scores probabilities. */
export type GraphModel = Node & {
  /** A global id. */
  readonly id: Scalars['ID']['output'];
  /** Its name within the data set; its embedding has the same. */
  readonly name: Scalars['String']['output'];
  /** The data set whose graph it was learnt of. */
  readonly dataset: Dataset;
  /** The vectors of the entities. */
  readonly embedding: Embedding;
  /** The vectors of the relations with their names, as files; those of the entities are `embedding.exports`. Where relations have inverses these follow, called by the relation's name with `_inverse` behind. */
  readonly relationExports: ReadonlyArray<VectorFile>;
  /** How it scores a triple. */
  readonly kind: GraphModelKind;
  /** The preset that it was trained by, if any. */
  readonly preset?: Maybe<Scalars['String']['output']>;
  /** The settings that it was trained with, as `GraphSettings`. */
  readonly settings: Scalars['JSON']['output'];
  /** The seed of every choice by chance. */
  readonly seed: Scalars['Int']['output'];
  /** Loss and validation, epoch by epoch. */
  readonly curve: ReadonlyArray<TrainingEpoch>;
  /** The epoch that was kept; null where there was nothing to validate on, and the last was kept. */
  readonly bestEpoch?: Maybe<Scalars['Int']['output']>;
  /** Mean reciprocal rank on the validation triples at that epoch. */
  readonly validationMeanReciprocalRank?: Maybe<Scalars['Float']['output']>;
  /** Settings that were tried, where several were; the best is the one kept. */
  readonly trials: ReadonlyArray<TrainingTrial>;
  /** How the score of a triple that somebody names becomes a probability; null where there was nothing to validate on. */
  readonly calibration?: Maybe<Calibration>;
  /** How the scores of answers become probabilities; null where there was nothing to validate on, and for models older than this field. */
  readonly answerCalibration?: Maybe<AnswerCalibration>;
  /** What ranking triples has shown; at most one on each split. */
  readonly evaluations: ReadonlyArray<GraphEvaluation>;
  /** Where it was trained to its end; null for models older than this field. */
  readonly device?: Maybe<Device>;
  /** The library that multiplied matrices beside WebAssembly while it was trained on the processor, with its version, as `onnxruntime 1.30.0`; null: none did. */
  readonly matrixLibrary?: Maybe<Scalars['String']['output']>;
  /** How long the training took, in milliseconds. */
  readonly milliseconds: Scalars['Float']['output'];
  /** Whether the graph has changed since. */
  readonly stale: Scalars['Boolean']['output'];
  /** When it was trained. */
  readonly createdAt: Scalars['DateTime']['output'];
  /** The entities that are most plausible at one end of a triple, most plausible first; the entity itself is none of them where the relation leads from no entity to itself. Give `head` or `tail`, by key or label; where the entity of that key never stands there and a namesake does, the namesake is meant. An entity that came after the training is placed by its triples. */
  readonly predictLinks: LinkAnswer;
  /**
   * The same in words: "what is a kind of dog?", "dog is a kind of what?", "what is dog a kind of?". The relation is written as its label or
   * its key. The entity may be misspelt or described: `given` says which was taken, `otherMeanings` which else were found.
   */
  readonly ask: LinkAnswer;
  /** The relations that are most plausible between two entities, most plausible first; known ones are marked. */
  readonly predictRelations: ReadonlyArray<RelationPrediction>;
  /** What the model thinks of a triple, known or not. */
  readonly score: TripleScore;
  /** The known triples of a relation that the model finds least plausible, least first: slips in the data, and what cannot be told from the rest. */
  readonly surprising: TripleReview;
  /** The triples of a relation that are most plausible and not known, most plausible first. Heads are those that the relation has. */
  readonly missing: TripleReview;
  /** An entity that is not in the graph, placed by some triples with all else held fixed, or among the entities described alike, and asked about at once. It is nowhere kept. */
  readonly newEntity: NewEntity;
  /** Entities that are alike in name and near in the model, the most alike first: perhaps one thing under two keys. */
  readonly duplicates: ReadonlyArray<DuplicatePair>;
};


/** What was learnt of a knowledge graph: vectors of entities, which are an ordinary embedding, and of relations, and what makes scores probabilities. */
export type GraphModelRelationExportsArgs = {
  name: RowName;
};


/** What was learnt of a knowledge graph: vectors of entities, which are an ordinary embedding, and of relations, and what makes scores probabilities. */
export type GraphModelPredictLinksArgs = {
  head?: InputMaybe<Scalars['String']['input']>;
  tail?: InputMaybe<Scalars['String']['input']>;
  relation: Scalars['String']['input'];
  first: Scalars['Int']['input'];
  known: Scalars['Boolean']['input'];
  types?: InputMaybe<ReadonlyArray<Scalars['String']['input']>>;
  filter?: InputMaybe<Filter>;
};


/** What was learnt of a knowledge graph: vectors of entities, which are an ordinary embedding, and of relations, and what makes scores probabilities. */
export type GraphModelAskArgs = {
  question: Scalars['String']['input'];
  first: Scalars['Int']['input'];
  known: Scalars['Boolean']['input'];
};


/** What was learnt of a knowledge graph: vectors of entities, which are an ordinary embedding, and of relations, and what makes scores probabilities. */
export type GraphModelPredictRelationsArgs = {
  head: Scalars['String']['input'];
  tail: Scalars['String']['input'];
  first: Scalars['Int']['input'];
};


/** What was learnt of a knowledge graph: vectors of entities, which are an ordinary embedding, and of relations, and what makes scores probabilities. */
export type GraphModelScoreArgs = {
  head: Scalars['String']['input'];
  relation: Scalars['String']['input'];
  tail: Scalars['String']['input'];
};


/** What was learnt of a knowledge graph: vectors of entities, which are an ordinary embedding, and of relations, and what makes scores probabilities. */
export type GraphModelSurprisingArgs = {
  relation: Scalars['String']['input'];
  first: Scalars['Int']['input'];
};


/** What was learnt of a knowledge graph: vectors of entities, which are an ordinary embedding, and of relations, and what makes scores probabilities. */
export type GraphModelMissingArgs = {
  relation: Scalars['String']['input'];
  first: Scalars['Int']['input'];
  anyTail: Scalars['Boolean']['input'];
  seed: Scalars['Int']['input'];
};


/** What was learnt of a knowledge graph: vectors of entities, which are an ordinary embedding, and of relations, and what makes scores probabilities. */
export type GraphModelNewEntityArgs = {
  triples: ReadonlyArray<NewEntityTriple>;
  description?: InputMaybe<Scalars['String']['input']>;
  seed: Scalars['Int']['input'];
};


/** What was learnt of a knowledge graph: vectors of entities, which are an ordinary embedding, and of relations, and what makes scores probabilities. */
export type GraphModelDuplicatesArgs = {
  first: Scalars['Int']['input'];
  leastNames: Scalars['Float']['input'];
  leastVectors: Scalars['Float']['input'];
};

/** Answers to a question for links. */
export type LinkAnswer = {
  /** The entity that was meant by the name given. */
  readonly given: Item;
  /** Other entities of that label; give the key to mean one of them. */
  readonly otherMeanings: ReadonlyArray<Item>;
  /** The relation that was meant. */
  readonly relation: Relation;
  /** The answers, most plausible first. */
  readonly edges: ReadonlyArray<LinkPrediction>;
  /** How long it took, in milliseconds, names and known triples looked up included. */
  readonly milliseconds: Scalars['Float']['output'];
};

/** An entity that may stand at the end that was asked for. */
export type LinkPrediction = {
  /** Among the candidates, from 1; of equal scores the mean. */
  readonly rank: Scalars['Float']['output'];
  /** What the model compares by; larger is more plausible. */
  readonly score: Scalars['Float']['output'];
  /** How probable it is that the answer is true, 0 to 1, as among the first unknown answers to questions that the model was not fitted on (see `AnswerCalibration`); null where nothing was calibrated. */
  readonly probability?: Maybe<Scalars['Float']['output']>;
  /** What the triple is for, where it is known already; otherwise null. */
  readonly known?: Maybe<Split>;
  /** The entity. */
  readonly node: Item;
  /** Why: paths between both ends, and triples to learn from that are like this one. */
  readonly why: LinkExplanation;
};


/** An entity that may stand at the end that was asked for. */
export type LinkPredictionWhyArgs = {
  first: Scalars['Int']['input'];
};

/** Why a triple is plausible. */
export type LinkExplanation = {
  /** Paths of up to three steps between its ends, the triple itself apart. */
  readonly paths: ReadonlyArray<GraphPath>;
  /** Triples to learn from with one end and the relation in common, the most alike at the other end first. */
  readonly triples: ReadonlyArray<SupportingTriple>;
};

/** A triple to learn from that is like another. */
export type SupportingTriple = {
  /** Where the relation leads from. */
  readonly head: Item;
  /** The relation. */
  readonly relation: Relation;
  /** Where the relation leads to. */
  readonly tail: Item;
  /** Cosine of the entities that differ, -1 to 1. */
  readonly similarity: Scalars['Float']['output'];
};

/** A relation that may be between two entities. */
export type RelationPrediction = {
  /** From 1. */
  readonly rank: Scalars['Int']['output'];
  /** What the model compares by; larger is more plausible. */
  readonly score: Scalars['Float']['output'];
  /** How probable the triple is, 0 to 1, where it is as likely true as false before; null where nothing was calibrated. */
  readonly probability?: Maybe<Scalars['Float']['output']>;
  /** What the triple is for, where it is known already; otherwise null. */
  readonly known?: Maybe<Split>;
  /** The relation. */
  readonly relation: Relation;
};

/** What a model thinks of a triple. */
export type TripleScore = {
  /** Where the relation leads from. */
  readonly head: Item;
  /** The relation. */
  readonly relation: Relation;
  /** Where the relation leads to. */
  readonly tail: Item;
  /** What the model compares by; larger is more plausible. */
  readonly score: Scalars['Float']['output'];
  /** How probable the triple is, 0 to 1, where it is as likely true as false before; null where nothing was calibrated. */
  readonly probability?: Maybe<Scalars['Float']['output']>;
  /** What the triple is for, where it is known already; otherwise null. */
  readonly known?: Maybe<Split>;
  /** Rank of the tail among all entities, other known tails left out. */
  readonly tailRank: Scalars['Float']['output'];
  /** Rank of the head among all entities, other known heads left out. */
  readonly headRank: Scalars['Float']['output'];
  /** Why: paths between both ends, and triples to learn from that are like this one. */
  readonly why: LinkExplanation;
};


/** What a model thinks of a triple. */
export type TripleScoreWhyArgs = {
  first: Scalars['Int']['input'];
};

/** Triples of a relation as a model sees them. */
export type TripleReview = {
  /** The triples. */
  readonly triples: ReadonlyArray<ReviewedTriple>;
  /** Whether all were looked at, and not a sample. */
  readonly complete: Scalars['Boolean']['output'];
};

/** A triple as a model sees it. */
export type ReviewedTriple = {
  /** Where the relation leads from. */
  readonly head: Item;
  /** The relation. */
  readonly relation: Relation;
  /** Where the relation leads to. */
  readonly tail: Item;
  /** What the model compares by; larger is more plausible. */
  readonly score: Scalars['Float']['output'];
  /** How probable the triple is, 0 to 1: of one that is known as `TripleScore.probability`, of one that is missing as `LinkPrediction.probability`; null where nothing was calibrated. */
  readonly probability?: Maybe<Scalars['Float']['output']>;
  /** What the triple is for, where it is known already; otherwise null. */
  readonly known?: Maybe<Split>;
};

/** An end of a triple. */
export type TripleEnd =
  /** Where the relation leads from. */
  | 'HEAD'
  /** Where the relation leads to. */
  | 'TAIL';

/** A triple that is said of a new entity. */
export type NewEntityTriple = {
  /** Which end the new entity is. */
  readonly is: TripleEnd;
  /** The relation, by key or label. */
  readonly relation: Scalars['String']['input'];
  /** The entity at the other end, by key or label. */
  readonly other: Scalars['String']['input'];
};

/** An entity that is not in the graph, as a model places it. */
export type NewEntity = {
  /** Its vector, in the space of the model's embedding. */
  readonly vector: Scalars['Vector']['output'];
  /** Mean loss of its triples, from 0: the larger, the less they agree with what the model knows. Null where it has none. */
  readonly loss?: Maybe<Scalars['Float']['output']>;
  /** The entities it was placed among by its description, the most alike first. */
  readonly describedAlike: ReadonlyArray<DescribedEntity>;
  /** The entities nearest to it. */
  readonly nearest: ReadonlyArray<NearEntity>;
  /** What is most plausible at the other end of a relation from it, or to it; what it was given is left out. */
  readonly predictLinks: ReadonlyArray<NewEntityLink>;
};


/** An entity that is not in the graph, as a model places it. */
export type NewEntityNearestArgs = {
  first: Scalars['Int']['input'];
};


/** An entity that is not in the graph, as a model places it. */
export type NewEntityPredictLinksArgs = {
  is: TripleEnd;
  relation: Scalars['String']['input'];
  first: Scalars['Int']['input'];
};

/** An entity that a new one is described like. */
export type DescribedEntity = {
  /** How alike the descriptions are, by the embedding of texts. */
  readonly similarity: Scalars['Float']['output'];
  /** Its share in the new one's vector; all shares sum to 1. */
  readonly weight: Scalars['Float']['output'];
  /** The entity. */
  readonly node: Item;
};

/** An entity near to a new one. */
export type NearEntity = {
  /** From 1. */
  readonly rank: Scalars['Int']['output'];
  /** Distance, as the model's embedding is compared. */
  readonly distance: Scalars['Float']['output'];
  /** The entity. */
  readonly node: Item;
};

/** An entity that a new one may be related to. */
export type NewEntityLink = {
  /** From 1. */
  readonly rank: Scalars['Int']['output'];
  /** What the model compares by; larger is more plausible. */
  readonly score: Scalars['Float']['output'];
  /** How probable it is that the answer is true, 0 to 1, as `LinkPrediction.probability`; null where nothing was calibrated. */
  readonly probability?: Maybe<Scalars['Float']['output']>;
  /** The entity. */
  readonly node: Item;
};

/** Two entities that are alike. */
export type DuplicatePair = {
  /** The one. */
  readonly node: Item;
  /** The other. */
  readonly other: Item;
  /** Cosine of their vectors, -1 to 1. */
  readonly vectors: Scalars['Float']['output'];
  /** Share of three-letter pieces that their labels have in common, 0 to 1. */
  readonly names: Scalars['Float']['output'];
  /** Triples that both have alike, the one in the place of the other. */
  readonly sharedTriples: Scalars['Int']['output'];
};

/** An epoch of a training. */
export type TrainingEpoch = {
  /** Its number, from 1. */
  readonly epoch: Scalars['Int']['output'];
  /** Mean loss of a question. */
  readonly loss: Scalars['Float']['output'];
  /** Mean reciprocal rank on the validation triples, where there was a validation. */
  readonly meanReciprocalRank?: Maybe<Scalars['Float']['output']>;
  /** Length of a step. */
  readonly rate: Scalars['Float']['output'];
};

/** Settings that were tried. */
export type TrainingTrial = {
  /** The settings, as `GraphSettings`. */
  readonly settings: Scalars['JSON']['output'];
  /** Epochs that were trained. */
  readonly epochs: Scalars['Int']['output'];
  /** The best mean reciprocal rank on the validation triples; null where there are none. */
  readonly meanReciprocalRank?: Maybe<Scalars['Float']['output']>;
  /** How long it took, in milliseconds. */
  readonly milliseconds: Scalars['Float']['output'];
};

/** Where a training stands. */
export type TrainingProgress = {
  /** Number of the settings that are being tried, from 1. */
  readonly trial: Scalars['Int']['output'];
  /** Epochs done. */
  readonly epoch: Scalars['Int']['output'];
  /** Epochs at most. */
  readonly epochs: Scalars['Int']['output'];
  /** Loss and validation of these settings, epoch by epoch, to the last one that is done. */
  readonly curve: ReadonlyArray<TrainingEpoch>;
  /** Settings that have been tried before. */
  readonly trials: ReadonlyArray<TrainingTrial>;
  /** How long it may still take, in milliseconds; less when validation does not get better. Null before the first epoch. */
  readonly millisecondsLeft?: Maybe<Scalars['Float']['output']>;
};

/** A probability is 1 / (1 + exp(-(slope * score + offset))) (Platt 1999). */
export type Calibration = {
  /** What a score is multiplied by. */
  readonly slope: Scalars['Float']['output'];
  /** What is added. */
  readonly offset: Scalars['Float']['output'];
  /** Whether it was fitted on false triples that came with the graph. Otherwise these were made by chance, as many as true ones, and are easier to tell. */
  readonly chosenNegatives: Scalars['Boolean']['output'];
};

/**
 * What stands at the top of a list is what the model confuses with true answers: a probability fitted on false triples by chance calls nearly
 * all of it true. So this one is fitted on the first ten unknown answers to questions of the validation: those that the validation
 * triples give are true, the others count as false.
 *
 * A probability is 1 / (1 + exp(-(slope * score + offset + tails or heads of its relation))), by logistic regression with a prior for the offsets of the relations.
 */
export type AnswerCalibration = {
  /** What a score is multiplied by; not below 0. */
  readonly slope: Scalars['Float']['output'];
  /** What is added. */
  readonly offset: Scalars['Float']['output'];
  /** What is added for a relation. */
  readonly byRelation: ReadonlyArray<RelationOffset>;
};

/** What is added for a relation before it becomes a probability. */
export type RelationOffset = {
  /** Key of the relation. */
  readonly relation: Scalars['String']['output'];
  /** Where the tail is asked for. */
  readonly tails: Scalars['Float']['output'];
  /** Where the head is asked for. */
  readonly heads: Scalars['Float']['output'];
};

/** Which triples were ranked. */
export type GraphSplit =
  /** Those to choose settings by; what only the test knows is not left out of the candidates. */
  | 'VALIDATION'
  /** Those to measure by. */
  | 'TEST';

/** Filtered ranks: for each triple, its tail among all entities that are not known to be tails of (head, relation), and its head likewise. */
export type GraphEvaluation = {
  /** What was ranked. */
  readonly split: GraphSplit;
  /** Heads and tails together: what is usually reported. */
  readonly both: RankSummary;
  /** Tails of (head, relation, ?). */
  readonly tails: RankSummary;
  /** Heads of (?, relation, tail). */
  readonly heads: RankSummary;
  /** By relation, most triples first. */
  readonly byRelation: ReadonlyArray<RelationSummary>;
  /** By kind of relation. */
  readonly byKind: ReadonlyArray<RelationKindSummary>;
  /** By how often the training names the answer. */
  readonly byFrequency: ReadonlyArray<FrequencySummary>;
  /** How well true triples are told from false ones; null on VALIDATION, and where nothing was fitted. */
  readonly classification?: Maybe<ClassificationMetrics>;
  /** How far the probabilities of triples that somebody names can be believed; null likewise. */
  readonly calibration?: Maybe<CalibrationMetrics>;
  /** How far the probabilities of answers can be believed, the first ten that are not known to each question of the test, of many questions a sample; null likewise. */
  readonly answerCalibration?: Maybe<CalibrationMetrics>;
  /** The rank of every triple from either side, as a TSV file. */
  readonly ranks: BinaryContent;
  /** Where it was computed; null for evaluations older than this field. */
  readonly device?: Maybe<Device>;
  /** How long it took, in milliseconds. */
  readonly milliseconds: Scalars['Float']['output'];
  /** Whether the graph has changed since. */
  readonly stale: Scalars['Boolean']['output'];
  /** When it was done. */
  readonly createdAt: Scalars['DateTime']['output'];
};

/** Ranks of some questions, summed up. */
export type RankSummary = {
  /** Questions. */
  readonly count: Scalars['Int']['output'];
  /** With equal scores ranked in the middle: what is to be compared. */
  readonly realistic: RankMetrics;
  /** With equal scores ranked behind the answer. */
  readonly optimistic: RankMetrics;
  /** With equal scores ranked before the answer. */
  readonly pessimistic: RankMetrics;
  /** What is above chance: comparable between graphs of different size. */
  readonly adjusted: AdjustedRankMetrics;
};

/** Means of ranks. */
export type RankMetrics = {
  /** Mean rank, from 1. */
  readonly meanRank: Scalars['Float']['output'];
  /** Mean reciprocal rank (MRR), 0 to 1. */
  readonly meanReciprocalRank: Scalars['Float']['output'];
  /** Share of ranks that are 1. */
  readonly hitsAt1: Scalars['Float']['output'];
  /** Share of ranks up to 3. */
  readonly hitsAt3: Scalars['Float']['output'];
  /** Share of ranks up to 10. */
  readonly hitsAt10: Scalars['Float']['output'];
};

/** Metrics less what chance gives: 0 for chance, 1 for perfect; z: how many standard deviations above chance. */
export type AdjustedRankMetrics = {
  /** 1 - (MR - 1) / (E[MR] - 1), from -1 to 1 (AMRI). */
  readonly meanRankIndex: Scalars['Float']['output'];
  /** Adjusted mean reciprocal rank. */
  readonly meanReciprocalRank: Scalars['Float']['output'];
  /** Adjusted hits at 1. */
  readonly hitsAt1: Scalars['Float']['output'];
  /** Adjusted hits at 3. */
  readonly hitsAt3: Scalars['Float']['output'];
  /** Adjusted hits at 10. */
  readonly hitsAt10: Scalars['Float']['output'];
  /** z of the mean rank. */
  readonly zMeanRank: Scalars['Float']['output'];
  /** z of the mean reciprocal rank. */
  readonly zMeanReciprocalRank: Scalars['Float']['output'];
  /** z of hits at 10. */
  readonly zHitsAt10: Scalars['Float']['output'];
};

/** Ranks of one relation's triples. */
export type RelationSummary = {
  /** Key of the relation. */
  readonly relation: Scalars['String']['output'];
  /** The ranks. */
  readonly ranks: RankSummary;
};

/** Ranks of the triples of some relations. */
export type RelationKindSummary = {
  /** How many tails a head has, and how many heads a tail. */
  readonly kind: RelationKind;
  /** The ranks. */
  readonly ranks: RankSummary;
};

/** Ranks of the questions whose answer so many training triples name. */
export type FrequencySummary = {
  /** Fewest training triples with the answer. */
  readonly least: Scalars['Int']['output'];
  /** Most training triples with the answer. */
  readonly most: Scalars['Int']['output'];
  /** The ranks. */
  readonly ranks: RankSummary;
};

/** How well thresholds, one for each relation, tell true triples from false ones. */
export type ClassificationMetrics = {
  /** Triples, true and false. */
  readonly count: Scalars['Int']['output'];
  /** Share that is told right. */
  readonly accuracy: Scalars['Float']['output'];
  /** Mean of the shares of true and of false ones that are told right. */
  readonly balancedAccuracy: Scalars['Float']['output'];
  /** Share of true ones among those taken to be true. */
  readonly precision: Scalars['Float']['output'];
  /** Share of true ones that are taken to be true. */
  readonly recall: Scalars['Float']['output'];
  /** Harmonic mean of precision and recall. */
  readonly f1: Scalars['Float']['output'];
  /** Matthews' correlation coefficient, -1 to 1. */
  readonly correlation: Scalars['Float']['output'];
  /** Area under the curve of precision over recall. */
  readonly averagePrecision: Scalars['Float']['output'];
  /** Whether the false triples came with the graph; otherwise they were made by chance. */
  readonly chosenNegatives: Scalars['Boolean']['output'];
};

/** How far probabilities can be believed, on triples that they were not fitted on. */
export type CalibrationMetrics = {
  /** Mean squared difference from the truth; smaller is better. */
  readonly brier: Scalars['Float']['output'];
  /** Mean negative logarithm of the probability of the truth. */
  readonly logLoss: Scalars['Float']['output'];
  /** Mean difference between probability and share of true ones, over ten equal parts of 0 to 1. */
  readonly calibrationError: Scalars['Float']['output'];
  /** Those parts that have triples. */
  readonly reliability: ReadonlyArray<ReliabilityPoint>;
};

/** Triples whose probability lies in one part of 0 to 1. */
export type ReliabilityPoint = {
  /** Their mean probability. */
  readonly probability: Scalars['Float']['output'];
  /** The share of them that is true. */
  readonly share: Scalars['Float']['output'];
  /** How many. */
  readonly count: Scalars['Int']['output'];
};

/** Bytes that can be fetched. */
export type BinaryContent = {
  /** Address, relative to the server. */
  readonly url: Scalars['String']['output'];
  /** Media type. */
  readonly mediaType: Scalars['String']['output'];
};

/** Where a job stands. */
export type JobState =
  /** Waiting for a worker. */
  | 'QUEUED'
  /** At work. */
  | 'RUNNING'
  /** At rest, until `resumeJob` lets it go on. */
  | 'PAUSED'
  /** Done. */
  | 'SUCCEEDED'
  /** Ended by an error. */
  | 'FAILED'
  /** Stopped on request. */
  | 'CANCELLED';

/** What a job does. */
export type JobKind =
  /** Reads files into a data set. */
  | 'IMPORT_DATASET'
  /** Loads a data set that is named by a manifest. */
  | 'LOAD_DATASET'
  /** Computes a map, and where it was asked for the groups on it. */
  | 'PROJECT_EMBEDDING'
  /** Finds groups. */
  | 'CLUSTER_EMBEDDING'
  /** Builds an index for approximate search. */
  | 'INDEX_EMBEDDING'
  /** Sets triples of a graph aside. */
  | 'SPLIT_GRAPH'
  /** Trains a graph model. */
  | 'TRAIN_GRAPH'
  /** Ranks triples by a graph model. */
  | 'EVALUATE_GRAPH'
  /** Learns vectors of words from texts. */
  | 'TRAIN_WORD_VECTORS'
  /** Asks vectors of words what a file of tests asks. */
  | 'EVALUATE_WORD_VECTORS'
  /** Makes vectors of items by a model. */
  | 'EMBED_ITEMS'
  /** Downloads a model. */
  | 'FETCH_MODEL'
  /** Tells by prompts what items are. */
  | 'CLASSIFY_ITEMS'
  /** Compares the neighbours of items in two embeddings. */
  | 'COMPARE_EMBEDDINGS';

/** Work that takes time. */
export type Job = Node & {
  /** A global id. */
  readonly id: Scalars['ID']['output'];
  /** What it does. */
  readonly kind: JobKind;
  /** Where it stands. */
  readonly state: JobState;
  /** What it is doing, in words. */
  readonly stage?: Maybe<Scalars['String']['output']>;
  /** How far it is, 0 to 1; null while it cannot be told. */
  readonly progress?: Maybe<Scalars['Float']['output']>;
  /** Items that are done per second, where that is known. */
  readonly itemsPerSecond?: Maybe<Scalars['Float']['output']>;
  /** How long it will take from now on, where that is known, in seconds. */
  readonly secondsLeft?: Maybe<Scalars['Float']['output']>;
  /** Why it failed. */
  readonly error?: Maybe<JobError>;
  /** What it wants to be known, although it goes on. */
  readonly warnings: ReadonlyArray<Scalars['String']['output']>;
  /** Rows that were left out, counted. */
  readonly rejectedCount: Scalars['BigInt']['output'];
  /** The first rows that were left out, with the reason. */
  readonly rejections: ReadonlyArray<Rejection>;
  /** What it has measured as it goes, some tenths of a second old: of a training, the loss. */
  readonly curves: ReadonlyArray<JobCurve>;
  /** The map that it makes; null where it makes none that can be watched, and when it has ended. */
  readonly map?: Maybe<MapInTheMaking>;
  /** What it made; null until it has succeeded. */
  readonly result?: Maybe<JobResult>;
  /** Of TRAIN_GRAPH: where the training stands; null before it has read the graph, and when it has ended: then `result.graphModel` has it all. */
  readonly training?: Maybe<TrainingProgress>;
  /** How often it was begun; more than 1 after an interruption. */
  readonly attempts: Scalars['Int']['output'];
  /** When it was asked for. */
  readonly createdAt: Scalars['DateTime']['output'];
  /** When it was begun. */
  readonly startedAt?: Maybe<Scalars['DateTime']['output']>;
  /** When it ended. */
  readonly finishedAt?: Maybe<Scalars['DateTime']['output']>;
};


/** Work that takes time. */
export type JobRejectionsArgs = {
  first: Scalars['Int']['input'];
};

/** A map that a job makes: it is there when the job is done, and can be watched before. */
export type MapInTheMaking = {
  /** Name of its embedding, which may be made with it. */
  readonly embedding: Scalars['String']['output'];
  /** Its name. One of that name is replaced when it is done. */
  readonly name: Scalars['String']['output'];
  /** How it is made. */
  readonly method: ProjectionMethod;
  /** Coordinates per item, 2 or 3. */
  readonly components: Scalars['Int']['output'];
  /** Its points where they are now, in the form and the order of `Projection.points`; null while they have no places. Who asks is taken to watch, for some seconds. */
  readonly points?: Maybe<Points>;
};


/** A map that a job makes: it is there when the job is done, and can be watched before. */
export type MapInTheMakingPointsArgs = {
  columns: ReadonlyArray<Scalars['String']['input']>;
};

/** Something that a job measures again and again. */
export type JobCurve = {
  /** What was measured: `loss` of a training, the mean of what one pair of words, or one query of a graph, costs; of a graph's training also `validation MRR` and, where it changes, the learning rate as `rate`. Where several settings are tried, those after the first are called `loss of trial 2` and so on. */
  readonly name: Scalars['String']['output'];
  /** The points, in the order of time. */
  readonly points: ReadonlyArray<JobCurvePoint>;
};

/** A point of a curve. */
export type JobCurvePoint = {
  /** When it was measured: epochs of a training. */
  readonly at: Scalars['Float']['output'];
  /** What was measured. */
  readonly value: Scalars['Float']['output'];
};

/** Why a job failed. */
export type JobError = {
  /** As in `errors[].extensions.code`. */
  readonly code: Scalars['String']['output'];
  /** What came, what was wanted, what to do. */
  readonly message: Scalars['String']['output'];
  /** The file to blame. */
  readonly file?: Maybe<Scalars['String']['output']>;
  /** The line or row in that file, from 1. */
  readonly line?: Maybe<Scalars['BigInt']['output']>;
};

/** A row that an import left out. */
export type Rejection = {
  /** The file. */
  readonly file: Scalars['String']['output'];
  /** The line or row in that file, from 1; null where the whole file is meant. */
  readonly line?: Maybe<Scalars['BigInt']['output']>;
  /** Why. */
  readonly reason: Scalars['String']['output'];
};

/** What a job made. */
export type JobResult = {
  /** The data set. */
  readonly dataset?: Maybe<Dataset>;
  /** The embedding. */
  readonly embedding?: Maybe<Embedding>;
  /** The projection. */
  readonly projection?: Maybe<Projection>;
  /** The clustering. */
  readonly clustering?: Maybe<Clustering>;
  /** The graph model. */
  readonly graphModel?: Maybe<GraphModel>;
  /** The evaluation. */
  readonly evaluation?: Maybe<WordEvaluation>;
};

/** A page of jobs. */
export type JobConnection = {
  /** The jobs with their cursors. */
  readonly edges: ReadonlyArray<JobEdge>;
  /** The jobs. */
  readonly nodes: ReadonlyArray<Job>;
  /** Where the page lies. */
  readonly pageInfo: PageInfo;
  /** How many there are on all pages. */
  readonly totalCount: Scalars['BigInt']['output'];
};

/** A job on a page. */
export type JobEdge = {
  /** Where it is. */
  readonly cursor: Scalars['String']['output'];
  /** The job. */
  readonly node: Job;
};

/** What runs. */
export type Server = {
  /** Version of embedding-map. */
  readonly version: Scalars['String']['output'];
  /** The database: `Postgres` or `PGlite`, with its version. */
  readonly database: Scalars['String']['output'];
  /** Version of pgvector. */
  readonly pgvector: Scalars['String']['output'];
  /** Where maps of some thousand items and more are computed when no device is asked for: GPU where there is a graphics card. */
  readonly device: Device;
  /** Where models run. Found out when it is first asked for. */
  readonly inference: Inference;
  /** Whether who asks may change something: by the token, or, where none is set, from this machine. */
  readonly mayChange: Scalars['Boolean']['output'];
};

/** Where models run. */
export type Inference = {
  /** The execution provider of onnxruntime: `cuda`, `coreml`, `directml`, `webgpu` or `cpu`. */
  readonly provider: Scalars['String']['output'];
  /** Why it is not the one that DEVICE asks for; null where it is. */
  readonly message?: Maybe<Scalars['String']['output']>;
};

export type Query = {
  /** What runs. */
  readonly server: Server;
  /** Anything by its global id, or null. */
  readonly node?: Maybe<Node>;
  /** The data sets, by slug. */
  readonly datasets: DatasetConnection;
  /** One data set, or null. */
  readonly dataset?: Maybe<Dataset>;
  /** Settings for graph models that were measured. */
  readonly graphPresets: ReadonlyArray<GraphPreset>;
  /** The models that are here, and those that are known to be good and can be fetched, by name. */
  readonly models: ReadonlyArray<Model>;
  /** One of these models, or null. */
  readonly model?: Maybe<Model>;
  /** One job, or null. */
  readonly job?: Maybe<Job>;
  /** The jobs, newest first. */
  readonly jobs: JobConnection;
};


export type QueryNodeArgs = {
  id: Scalars['ID']['input'];
};


export type QueryDatasetsArgs = {
  first: Scalars['Int']['input'];
  after?: InputMaybe<Scalars['String']['input']>;
};


export type QueryDatasetArgs = {
  slug: Scalars['String']['input'];
};


export type QueryGraphPresetsArgs = {
  dataset?: InputMaybe<Scalars['String']['input']>;
};


export type QueryModelArgs = {
  name: Scalars['String']['input'];
};


export type QueryJobArgs = {
  id: Scalars['ID']['input'];
};


export type QueryJobsArgs = {
  first: Scalars['Int']['input'];
  after?: InputMaybe<Scalars['String']['input']>;
  state?: InputMaybe<JobState>;
};

export type Mutation = {
  /** Reads uploaded files into a data set, which is made when there is none of that name. */
  readonly importDataset: ImportDatasetPayload;
  /** Removes a data set with all that belongs to it. Jobs at work on it are cancelled. */
  readonly removeDataset: RemoveDatasetPayload;
  /**
   * Removes items with their vectors, pictures and triples, from maps, groups and all that was told of them. The others stay where they are, and what
   * was computed of all is `stale`. CONFLICT while jobs are at work on the data set.
   */
  readonly removeItems: RemoveItemsPayload;
  /** Computes a map of an embedding. */
  readonly projectEmbedding: ProjectEmbeddingPayload;
  /** Removes a map. */
  readonly removeProjection: RemoveProjectionPayload;
  /** Finds groups among the vectors of an embedding, or among the points of one of its maps, and what sets them apart. */
  readonly clusterEmbedding: ClusterEmbeddingPayload;
  /** Removes a clustering. */
  readonly removeClustering: RemoveClusteringPayload;
  /** Builds an index for approximate search, in place of the one there is, and measures its recall. */
  readonly indexEmbedding: IndexEmbeddingPayload;
  /** Sets triples of a graph aside by chance, in place of those that were, to choose settings and to measure by. */
  readonly splitGraph: SplitGraphPayload;
  /** Trains a graph model: vectors of entities and relations, from the triples of a data set. */
  readonly trainGraph: TrainGraphPayload;
  /** Ranks triples by a graph model. */
  readonly evaluateGraph: EvaluateGraphPayload;
  /** Removes a graph model with its embedding and the maps of it. */
  readonly removeGraphModel: RemoveGraphModelPayload;
  /**
   * Learns vectors of the words of texts, by word2vec. The words become a data set of their own, which is there as soon as the texts have
   * been read; while they learn, its vectors and its map `pca-2d` change, and `projectionFrames` of the job shows them on their way.
   */
  readonly trainWordVectors: TrainWordVectorsPayload;
  /** Asks an embedding of words what a file of tests asks: analogies (Google, MSR) or the similarity of pairs (WordSim-353, SimLex-999, MEN). */
  readonly evaluateWordVectors: EvaluateWordVectorsPayload;
  /** Makes an embedding of a data set by a model, or adds the items that are not in it yet. */
  readonly embedItems: EmbedItemsPayload;
  /** Removes an embedding with its vectors and maps. */
  readonly removeEmbedding: RemoveEmbeddingPayload;
  /** Downloads a model from the Hugging Face hub. */
  readonly fetchModel: FetchModelPayload;
  /** Tells by prompts what every item of an embedding is. One of the same name is replaced. */
  readonly classifyItems: ClassifyItemsPayload;
  /** Removes a classification. */
  readonly removeClassification: RemoveClassificationPayload;
  /** Compares the neighbours of all items in two embeddings of a data set. The comparison there is of the two is replaced. */
  readonly compareEmbeddings: CompareEmbeddingsPayload;
  /** Removes a comparison, from whichever of its two embeddings it is named. */
  readonly removeComparison: RemoveComparisonPayload;
  /** Removes what a file of tests has told of an embedding of words. */
  readonly removeWordEvaluation: RemoveWordEvaluationPayload;
  /** Asks a job to stop. A job that has ended stays as it is. */
  readonly cancelJob: CancelJobPayload;
  /** Lets a job rest until it is resumed: one at work stops within a second, keeps what it has reached, and gives its worker to others. A job that has ended stays as it is. */
  readonly pauseJob: PauseJobPayload;
  /**
   * Pushes the points of a map in the making, to see whether they fall back into the same shape: what a map owes to its vectors it does, what it
   * owes to chance it does not. One at work does within a second, one that waits or is paused as soon as it is at work; it is part of what
   * a pause keeps. Of methods that move points. The map's `parameters` tell how it was pushed. A job that has ended stays as it is.
   */
  readonly perturbProjection: PerturbProjectionPayload;
  /** Lets a paused job go on where it stopped, as soon as a worker is free: a map or a training ends with the same bits as without the pause. Any other job stays as it is. */
  readonly resumeJob: ResumeJobPayload;
};


export type MutationImportDatasetArgs = {
  input: ImportDatasetInput;
};


export type MutationRemoveDatasetArgs = {
  input: RemoveDatasetInput;
};


export type MutationRemoveItemsArgs = {
  input: RemoveItemsInput;
};


export type MutationProjectEmbeddingArgs = {
  input: ProjectEmbeddingInput;
};


export type MutationRemoveProjectionArgs = {
  input: RemoveProjectionInput;
};


export type MutationClusterEmbeddingArgs = {
  input: ClusterEmbeddingInput;
};


export type MutationRemoveClusteringArgs = {
  input: RemoveClusteringInput;
};


export type MutationIndexEmbeddingArgs = {
  input: IndexEmbeddingInput;
};


export type MutationSplitGraphArgs = {
  input: SplitGraphInput;
};


export type MutationTrainGraphArgs = {
  input: TrainGraphInput;
};


export type MutationEvaluateGraphArgs = {
  input: EvaluateGraphInput;
};


export type MutationRemoveGraphModelArgs = {
  input: RemoveGraphModelInput;
};


export type MutationTrainWordVectorsArgs = {
  input: TrainWordVectorsInput;
};


export type MutationEvaluateWordVectorsArgs = {
  input: EvaluateWordVectorsInput;
};


export type MutationEmbedItemsArgs = {
  input: EmbedItemsInput;
};


export type MutationRemoveEmbeddingArgs = {
  input: RemoveEmbeddingInput;
};


export type MutationFetchModelArgs = {
  input: FetchModelInput;
};


export type MutationClassifyItemsArgs = {
  input: ClassifyItemsInput;
};


export type MutationRemoveClassificationArgs = {
  input: RemoveClassificationInput;
};


export type MutationCompareEmbeddingsArgs = {
  input: CompareEmbeddingsInput;
};


export type MutationRemoveComparisonArgs = {
  input: RemoveComparisonInput;
};


export type MutationRemoveWordEvaluationArgs = {
  input: RemoveWordEvaluationInput;
};


export type MutationCancelJobArgs = {
  id: Scalars['ID']['input'];
};


export type MutationPauseJobArgs = {
  id: Scalars['ID']['input'];
};


export type MutationPerturbProjectionArgs = {
  job: Scalars['ID']['input'];
  share: Scalars['Float']['input'];
};


export type MutationResumeJobArgs = {
  id: Scalars['ID']['input'];
};

export type Subscription = {
  /** A job, now and after each change, until it has ended. */
  readonly job: Job;
  /** The points of a map while a job makes it, ten times a second at most, until the job has ended. A frame that is overtaken by the next is left out. */
  readonly projectionFrames: ProjectionFrame;
};


export type SubscriptionJobArgs = {
  id: Scalars['ID']['input'];
};


export type SubscriptionProjectionFramesArgs = {
  job: Scalars['ID']['input'];
};

/** Where the points of a map in the making are. */
export type ProjectionFrame = {
  /** Rises with each frame. */
  readonly sequence: Scalars['Int']['output'];
  /** Share of the computation that is done, 0 to 1. */
  readonly progress: Scalars['Float']['output'];
  /** Steps that are done: iterations of a layout, epochs of a training. */
  readonly step: Scalars['Int']['output'];
  /** How many steps there are. */
  readonly steps: Scalars['Int']['output'];
  /** Address of the bytes, relative to the server; gone when the map is made. Whoever is slow gets a later frame there. */
  readonly url: Scalars['String']['output'];
  /** `application/octet-stream`, little-endian: 24 bytes (`emfr`, version uint8 2, 3 zeros, sequence uint32, progress float32, step uint32, steps uint32), 16 bytes (`emtx`, version uint8 1, type uint8 1, 2 zeros, points uint32, components uint32), then float32 coordinates point by point, in the order in which the finished map has its points. */
  readonly mediaType: Scalars['String']['output'];
};

/** Which column of the files plays which part. What is not named is told from the names and the content. */
export type ColumnsInput = {
  /** The key, unique in the data set. Default: `key`, `id`, `name`, `word`, the name of an image's file; otherwise the row's number. */
  readonly key?: InputMaybe<Scalars['String']['input']>;
  /** The label. Default: `label`, `title`, `name`, `word`; otherwise the beginning of the text, otherwise the key. Numbers and truth values in `label` tell classes: they become the field `class`, and the label where there is nothing better. */
  readonly label?: InputMaybe<Scalars['String']['input']>;
  /** The vector: one column of lists, or `prefix*` for one column per number. Default: `vector`, `embedding`, or the only column of lists. */
  readonly vector?: InputMaybe<Scalars['String']['input']>;
  /** The text. Default: `text`, `sentence`, `content`. */
  readonly text?: InputMaybe<Scalars['String']['input']>;
  /** The image: a path in the same archive, a data URL, or an https address, which is kept as a field and not fetched. Default: `image`, `file`. */
  readonly image?: InputMaybe<Scalars['String']['input']>;
  /** The coordinates of a map that exists already. Default: `x`, `y` and, if there is one, `z`. */
  readonly coordinates?: InputMaybe<ReadonlyArray<Scalars['String']['input']>>;
  /** Of triples, the entity that the relation leads away from. Default: `head`, `subject`, `source`, `from`; the first of three columns without names. Naming it makes the files a graph. */
  readonly head?: InputMaybe<Scalars['String']['input']>;
  /** Of triples, the relation. Default: `relation`, `predicate`, `property`, `edge`, `type`; the second of three columns without names. */
  readonly relation?: InputMaybe<Scalars['String']['input']>;
  /** Of triples, the entity that the relation leads to. Default: `tail`, `object`, `target`, `to`; the third of three columns without names. */
  readonly tail?: InputMaybe<Scalars['String']['input']>;
  /** Of triples, whether they are to learn from (train), to choose settings by (valid) or to measure by (test). Default: `split`; otherwise told by the name of the file. */
  readonly split?: InputMaybe<Scalars['String']['input']>;
};

/** How many triples of a graph are set aside, by chance. Every entity and every relation keeps a triple to learn from. */
export type SplitInput = {
  /** Share of all triples to choose settings by, 0 to 1. */
  readonly validation: Scalars['Float']['input'];
  /** Share of all triples to measure by, 0 to 1. */
  readonly test: Scalars['Float']['input'];
  /** Seed of the choice. The same seed and the same triples give the same split. */
  readonly seed: Scalars['Int']['input'];
};

/** Files to be read into a data set. */
export type ImportDatasetInput = {
  /** Slug of the data set: lower-case letters, digits and hyphens, 63 at most. */
  readonly dataset: Scalars['String']['input'];
  /** Ids of uploads, as `POST /uploads` answered them. Files with the same number of rows are joined row by row (vectors with their metadata). */
  readonly uploads: ReadonlyArray<Scalars['ID']['input']>;
  /** The title. Default: the slug. */
  readonly title?: InputMaybe<Scalars['String']['input']>;
  /** What it is and where it comes from. */
  readonly description?: InputMaybe<Scalars['String']['input']>;
  /** What its items are. Default: told from the content. GRAPH: the files are triples (`train.tsv`, `valid.tsv`, `test.tsv`, or any name), names of entities (`entities.tsv`, `types.tsv`) and of relations (`relations.tsv`), or RDF, which needs not be named so. */
  readonly kind?: InputMaybe<DatasetKind>;
  /** How many triples of a graph to set aside, where the files do not say it. Default: none. */
  readonly split?: InputMaybe<SplitInput>;
  /** The name of the embedding. Default: `vectors`. */
  readonly embedding?: InputMaybe<Scalars['String']['input']>;
  /** The name of the model that made the vectors. */
  readonly model?: InputMaybe<Scalars['String']['input']>;
  /** How distance is measured. Default: COSINE, or EUCLIDEAN for pixels. */
  readonly metric?: InputMaybe<Metric>;
  /** Which column plays which part. */
  readonly columns?: InputMaybe<ColumnsInput>;
  /** How many rows may be left out before the import fails. Default: 100. */
  readonly rejectionLimit?: InputMaybe<Scalars['Int']['input']>;
  /** Maps to make when the vectors are in. Default: UMAP in 2 with its groups, PCA in 2 and in 3 components. */
  readonly projections?: InputMaybe<ReadonlyArray<ImportProjectionInput>>;
  /** Whether the embeddings that `embedItems` has made of the data set get vectors of the items that are new, or have another text or picture now, in jobs that follow. Otherwise new items have none there, and changed ones none any more, until `embedItems` is asked again. */
  readonly embed: Scalars['Boolean']['input'];
  /** The same key gives the same job, while that job has not ended. */
  readonly idempotencyKey?: InputMaybe<Scalars['String']['input']>;
};

/** A map to be made at import. */
export type ImportProjectionInput = {
  /** Its name. */
  readonly name: Scalars['String']['input'];
  /** How it is made. */
  readonly method: ProjectionMethod;
  /** Coordinates per item, 2 or 3. */
  readonly components: Scalars['Int']['input'];
  /** Whether HDBSCAN looks for groups on it when it is done. They become a clustering of the map's name. */
  readonly clusters: Scalars['Boolean']['input'];
};

/** The job that imports. */
export type ImportDatasetPayload = {
  /** The job. */
  readonly job: Job;
};

/** A data set to be removed. */
export type RemoveDatasetInput = {
  /** Its slug. */
  readonly dataset: Scalars['String']['input'];
};

/** What was removed. */
export type RemoveDatasetPayload = {
  /** The global id that the data set had. */
  readonly removedId: Scalars['ID']['output'];
};

/** Items to be removed: give either `keys` or `filter`. */
export type RemoveItemsInput = {
  /** Slug of the data set. One with graph models is left as it is: their rows are its items. */
  readonly dataset: Scalars['String']['input'];
  /** Keys of the items, 1 to 10000. */
  readonly keys?: InputMaybe<ReadonlyArray<Scalars['String']['input']>>;
  /** The items that match. */
  readonly filter?: InputMaybe<Filter>;
};

/** What was removed. */
export type RemoveItemsPayload = {
  /** How many items. */
  readonly removedCount: Scalars['BigInt']['output'];
  /** Keys that no item had. */
  readonly missingKeys: ReadonlyArray<Scalars['String']['output']>;
};

/** A map to be computed. */
export type ProjectEmbeddingInput = {
  /** Slug of the data set. */
  readonly dataset: Scalars['String']['input'];
  /** Name of the embedding. */
  readonly embedding: Scalars['String']['input'];
  /** Name of the map. One of that name is replaced when the new one is done. */
  readonly name: Scalars['String']['input'];
  /** How it is made; any but GIVEN. */
  readonly method: ProjectionMethod;
  /** Coordinates per item, 2 or 3; by UMAP up to 10, for `clusterEmbedding` to find groups in: more of the vectors is left than in two. */
  readonly components: Scalars['Int']['input'];
  /** By which items are near. INNER_PRODUCT is no distance: large vectors are near to many. Default: the embedding's. An error with PCA and CUSTOM, where places are given by the vectors, and with `spherize`. */
  readonly metric?: InputMaybe<Metric>;
  /** Only these items, laid out anew; all when absent. */
  readonly filter?: InputMaybe<Filter>;
  /** Name of a map of the same embedding, with as many components. Points begin where they are there, others among their neighbours, and the new map is turned to lie on it: so what is computed anew does not jump. An error with PCA and CUSTOM, where places are given by the vectors. */
  readonly startFrom?: InputMaybe<Scalars['String']['input']>;
  /** Seed of every choice by chance. The same seed, options and backend give the same coordinates, bit for bit. */
  readonly seed: Scalars['Int']['input'];
  /** Where to compute. The map says where it was. */
  readonly device: Device;
  /** Whether the vectors are first put on the unit sphere around their mean: what all have in common and how long each is no longer counts, only the direction in which it differs from the rest, and distances there are Euclidean. Quality is measured by the vectors as they are, and so tells what that costs. New vectors are placed in the same way, by comparing all. An error with CUSTOM. */
  readonly spherize: Scalars['Boolean']['input'];
  /** Options of PCA; an error with another method. */
  readonly pca?: InputMaybe<PcaInput>;
  /** Options of UMAP; an error with another method. */
  readonly umap?: InputMaybe<UmapInput>;
  /** Options of t-SNE; an error with another method. */
  readonly tsne?: InputMaybe<TsneInput>;
  /** Options of PaCMAP and LocalMAP; an error with another method. */
  readonly pacmap?: InputMaybe<PacmapInput>;
  /** The axes of CUSTOM, one for each component; an error with another method. */
  readonly axes?: InputMaybe<ReadonlyArray<AxisInput>>;
};

/**
 * Options of PCA. It is exact up to a thousand rows or columns, whichever are fewer; beyond, it is found by random projections refined until little
 * is left (Halko, Martinsson and Tropp 2011), several digits of the first directions. `Projection.parameters` tells which as `solver`, and how much is
 * left, as a share of a direction's variance, as `residual`.
 */
export type PcaInput = {
  /** Directions whose share of the variance is told, 2 to 100. Larger tells more of how many dimensions the vectors really have; the map itself shows the first. */
  readonly directions: Scalars['Int']['input'];
};

/** Options of t-SNE. */
export type TsneInput = {
  /** Effective number of neighbours of each item, 2 to 100. Larger shows more of the whole and less of the detail. At most a third of the other items: with fewer it is reduced, and the job warns. */
  readonly perplexity: Scalars['Float']['input'];
  /** Steps in all, 1 to 10000. Larger lets the map unfold further and takes longer in proportion. */
  readonly iterations: Scalars['Int']['input'];
  /** Factor of attraction at first, 1 to 100. Larger gathers groups more tightly before they find their places. */
  readonly earlyExaggeration: Scalars['Float']['input'];
  /** Steps with it, 0 to 10000. Larger gives groups more time to find their places. */
  readonly earlyIterations: Scalars['Int']['input'];
  /** Factor of attraction afterwards, 1 to 100. Larger shows groups as such, further apart. */
  readonly exaggeration: Scalars['Float']['input'];
  /** Length of the steps, 1 to 1000000. Larger is faster until it scatters the points. Default: the number of items divided by the exaggeration. */
  readonly learningRate?: InputMaybe<Scalars['Float']['input']>;
  /** Share of the last move that is kept, 0 to 0.99. Larger is faster and less steady. */
  readonly momentum: Scalars['Float']['input'];
  /** A field whose values draw items alike together: supervised, and semi-supervised where some items have no value. */
  readonly target?: InputMaybe<TsneTargetInput>;
};

/** What draws items together on a map by t-SNE, beside their vectors: among the neighbours of an item those alike attract it more, and others less. */
export type TsneTargetInput = {
  /** A field of the data set. Of CATEGORY and BOOLEAN, items of one value are drawn together; of NUMBER and DATE, items of near values. Items without a value draw no one, and are drawn by their vectors alone. */
  readonly field: Scalars['String']['input'];
  /** How much it counts against the vectors, 0 (not at all) to 1 (alone: of an item's neighbours the most alike count). Larger parts the categories more, and shows less of what the vectors say. */
  readonly weight: Scalars['Float']['input'];
};

/** Options of PaCMAP and LocalMAP. */
export type PacmapInput = {
  /** Near pairs per item, 2 to 200. Larger looks at wider neighbourhoods. Default: 10, and 15 more for each factor of ten beyond 10,000 items. */
  readonly neighbors?: InputMaybe<Scalars['Int']['input']>;
  /** Pairs that are neither near nor far, per near pair, 0 to 10. Larger holds on to the shape of the whole. */
  readonly midNearRatio: Scalars['Float']['input'];
  /** Far pairs per near pair, 0 to 20. Larger pushes groups further apart. */
  readonly furtherRatio: Scalars['Float']['input'];
  /** Iterations of the three phases, each 0 to 5000: the whole, the groups, the detail. Larger refines the map and takes longer in proportion. */
  readonly phases: ReadonlyArray<Scalars['Int']['input']>;
  /** Of LocalMAP: far pairs are looked for within this distance on the map, 0.1 to 1000. Larger looks at wider surroundings. */
  readonly reach: Scalars['Float']['input'];
};

/**
 * An axis of a map: an item lies at 0 where it is as far along as `from`, and at 1 where it is as far along as `to`. Under COSINE directions
 * count and not lengths.
 */
export type AxisInput = {
  /** Where 0 is: a target, or the middle of several. */
  readonly from: ReadonlyArray<Target>;
  /** Where 1 is: a target, or the middle of several. */
  readonly to: ReadonlyArray<Target>;
  /** What the axis is called. Default: told from the targets. */
  readonly label?: InputMaybe<Scalars['String']['input']>;
};

/** Options of UMAP. */
export type UmapInput = {
  /** Nearest neighbours that are looked at per item, 2 to 200. Larger shows more of the whole and less of the detail. With fewer items there are fewer neighbours. */
  readonly neighbors: Scalars['Int']['input'];
  /** Least distance between neighbours on the map, in map units, 0 to `spread`. Larger spreads groups out; smaller packs them. */
  readonly minDist: Scalars['Float']['input'];
  /** Scale of the map in map units, 0.01 to 100. Larger draws groups wider. */
  readonly spread: Scalars['Float']['input'];
  /** Times that every edge between neighbours is looked at, 1 to 5000. Larger refines the map and takes longer in proportion. */
  readonly epochs: Scalars['Int']['input'];
  /** Random items that push, for every neighbour that pulls, 0 to 100. Larger pushes groups further apart. */
  readonly negativeRate: Scalars['Float']['input'];
  /** Strength of their push, 0 to 100. Larger pushes groups further apart. */
  readonly repulsionStrength: Scalars['Float']['input'];
  /** Neighbours taken to be connected for certain, 0 to `neighbors`; may be broken. Larger ties local groups together. */
  readonly localConnectivity: Scalars['Float']['input'];
  /** 1: items are connected when either counts the other among its neighbours; 0: when both do; between: a blend. */
  readonly setOperationMix: Scalars['Float']['input'];
  /** Where items begin. Default: PCA. An error together with `startFrom`, by which they begin where another map has them. */
  readonly initialization?: InputMaybe<UmapInitialization>;
  /** A field whose values draw items alike together: supervised, and semi-supervised where some items have no value. */
  readonly target?: InputMaybe<UmapTargetInput>;
  /** Given: dense places are dense on the map, too, and sparse ones sparse, as by densMAP. An error with the metric INNER_PRODUCT, which is no distance. */
  readonly density?: InputMaybe<UmapDensityInput>;
};

/** Where items begin on a map by UMAP. */
export type UmapInitialization =
  /** Along the principal components: the large shape of the data is there from the first, and maps of the same data resemble each other. */
  | 'PCA'
  /** By the graph of neighbours alone (Laplacian eigenmaps, Belkin and Niyogi 2003): shows what hangs together, also where it is bent. Parts that no neighbours connect begin apart. */
  | 'SPECTRAL'
  /** Anywhere: by comparing seeds it shows what of a map is chance. */
  | 'RANDOM';

/**
 * Densities on a map by UMAP: densMAP (Narayan, Berger and Cho 2021). In the last steps the radii of items' surroundings on the map are made to
 * correlate with those in the embedding. `Projection.parameters` tells the correlation of their logarithms that was reached, as `densityCorrelation`.
 */
export type UmapDensityInput = {
  /** How much densities count against neighbours, 0 to 100. Larger keeps them better, and neighbours worse. */
  readonly weight: Scalars['Float']['input'];
  /** Share of the epochs, the last ones, in which they count, 0 to 1. Larger gives them more time. */
  readonly share: Scalars['Float']['input'];
  /** Added to the variance of the logarithms of the map's radii, 0.001 to 100. Larger holds back maps whose radii hardly differ yet. */
  readonly varianceShift: Scalars['Float']['input'];
};

/** What draws items together on a map by UMAP, beside their vectors. */
export type UmapTargetInput = {
  /** A field of the data set. Of CATEGORY and BOOLEAN, items of one value are drawn together; of NUMBER and DATE, items of near values. */
  readonly field: Scalars['String']['input'];
  /** How much it counts against the vectors, 0 (not at all) to 1 (alone). Larger parts the categories more, and shows less of what the vectors say. */
  readonly weight: Scalars['Float']['input'];
};

/** The job that computes the map. */
export type ProjectEmbeddingPayload = {
  /** The job. */
  readonly job: Job;
};

/** A map to be removed. */
export type RemoveProjectionInput = {
  /** Slug of the data set. */
  readonly dataset: Scalars['String']['input'];
  /** Name of the embedding. */
  readonly embedding: Scalars['String']['input'];
  /** Name of the map. */
  readonly projection: Scalars['String']['input'];
};

/** What was removed. */
export type RemoveProjectionPayload = {
  /** The global id that the projection had. */
  readonly removedId: Scalars['ID']['output'];
};

/** Groups to be found. */
export type ClusterEmbeddingInput = {
  /** Slug of the data set. */
  readonly dataset: Scalars['String']['input'];
  /** Name of the embedding. */
  readonly embedding: Scalars['String']['input'];
  /** Name of the map whose points are grouped. Default: the vectors are. On a map by UMAP, HDBSCAN finds more than among vectors of many dimensions, where no place is dense. */
  readonly projection?: InputMaybe<Scalars['String']['input']>;
  /** Name of the clustering. One of that name is replaced when the new one is done. */
  readonly name: Scalars['String']['input'];
  /** How they are found. */
  readonly method: ClusteringMethod;
  /** Seed of every choice by chance. HDBSCAN has none. */
  readonly seed: Scalars['Int']['input'];
  /** Options of k-means; an error with another method. */
  readonly kmeans?: InputMaybe<KmeansInput>;
  /** Options of HDBSCAN; an error with another method. */
  readonly hdbscan?: InputMaybe<HdbscanInput>;
};

/** Options of k-means. */
export type KmeansInput = {
  /** How many clusters, 1 to 1000. With fewer items that differ there are fewer. Default: the square root of half the items, 2 to 100. */
  readonly clusters?: InputMaybe<Scalars['Int']['input']>;
  /** Most rounds of assigning items and moving centres, 1 to 1000. It ends before when nothing moves any more. */
  readonly iterations: Scalars['Int']['input'];
};

/** Which clusters of the hierarchy are taken. */
export type ClusterSelection =
  /** Excess of mass: those that last longest, large and small ones side by side. */
  | 'EOM'
  /** The smallest ones: more of them, and alike in size. */
  | 'LEAF';

/** Options of HDBSCAN. */
export type HdbscanInput = {
  /** How many items a cluster has at least, from 2. Larger finds fewer and larger ones. Default: half the square root of the items, 5 at least. */
  readonly minClusterSize?: InputMaybe<Scalars['Int']['input']>;
  /** How many items, itself counted, are to be near an item for its place to be dense, 1 to 200. Larger leaves more of them as noise, and bridges between groups matter less. */
  readonly minSamples: Scalars['Int']['input'];
  /** Which clusters of the hierarchy are taken. */
  readonly selection: ClusterSelection;
  /** Distance below which clusters are not split any more. Larger joins more of the small ones; 0: no such distance. */
  readonly epsilon: Scalars['Float']['input'];
  /** Whether all items together may be the one cluster. */
  readonly allowSingleCluster: Scalars['Boolean']['input'];
};

/** The job that finds the groups. */
export type ClusterEmbeddingPayload = {
  /** The job. */
  readonly job: Job;
};

/** A clustering to be removed. */
export type RemoveClusteringInput = {
  /** Slug of the data set. */
  readonly dataset: Scalars['String']['input'];
  /** Name of the clustering. */
  readonly clustering: Scalars['String']['input'];
};

/** What was removed. */
export type RemoveClusteringPayload = {
  /** The global id that the clustering had. */
  readonly removedId: Scalars['ID']['output'];
};

/** An index to be built. */
export type IndexEmbeddingInput = {
  /** Slug of the data set. */
  readonly dataset: Scalars['String']['input'];
  /** Name of the embedding. */
  readonly embedding: Scalars['String']['input'];
  /** How the vectors are kept in the index. Default: FULL up to 2000 dimensions, HALF above. */
  readonly precision?: InputMaybe<IndexPrecision>;
  /** Links per node (m), 2 to 100. Larger finds more, is larger, and takes longer to build. */
  readonly links: Scalars['Int']['input'];
  /** Candidates looked at while building (ef_construction), 4 to 1000 and at least twice `links`. Larger finds more and takes longer to build. */
  readonly efConstruction: Scalars['Int']['input'];
};

/** The job that builds the index. */
export type IndexEmbeddingPayload = {
  /** The job. */
  readonly job: Job;
};

/** A graph model to be trained. */
export type TrainGraphInput = {
  /** Slug of the data set. */
  readonly dataset: Scalars['String']['input'];
  /** Name of the model and of its embedding. A model of that name is replaced when the new one is done, with its embedding and the maps of it. */
  readonly name: Scalars['String']['input'];
  /** Settings that were measured, by name: see `graphPresets`. */
  readonly preset?: InputMaybe<Scalars['String']['input']>;
  /** Settings, over those of the preset. */
  readonly settings?: InputMaybe<GraphSettings>;
  /** Several settings, each over the ones above: all are trained, the best on the validation triples is kept. 20 at most. */
  readonly search?: InputMaybe<ReadonlyArray<GraphSettings>>;
  /** Seed of every choice by chance. The same seed, settings, graph, device and `GraphModel.matrixLibrary` give the same numbers, bit for bit, with any number of threads; on another kind of processor the library may round otherwise. */
  readonly seed: Scalars['Int']['input'];
  /** Where to compute. A graphics card trains DISTMULT, COMPLEX, RESCAL and TUCKER by ONE_VS_ALL and K_VS_ALL, without dropout; all else is done by the processor. The model says where it was. */
  readonly device: Device;
  /** Whether the test triples are ranked when it is done. */
  readonly evaluate: Scalars['Boolean']['input'];
  /** The same key gives the same job, while that job has not ended. */
  readonly idempotencyKey?: InputMaybe<Scalars['String']['input']>;
};

/** The job that trains. */
export type TrainGraphPayload = {
  /** The job. */
  readonly job: Job;
};

/** How vectors of words are learnt. */
export type WordVectorMethod =
  /** Each word near predicts the word. Better for rare words. */
  | 'SKIP_GRAM'
  /** The mean of the words near predicts the word. Some times faster. */
  | 'CBOW';

/** Texts whose words are learnt. */
export type TextsInput =
  /** The texts of a data set's items; each item is a sentence of its own. */
  { readonly dataset: DatasetTextsInput; readonly uploads?: never; }
  |  /** Ids of uploads of plain text in UTF-8, packed by gzip or not; each line is a sentence of its own. */
  { readonly dataset?: never; readonly uploads: ReadonlyArray<Scalars['ID']['input']>; };

/** The texts of a data set. */
export type DatasetTextsInput = {
  /** Its slug. */
  readonly slug: Scalars['String']['input'];
  /** The field that is read. Default: `text`, `sentence` or `content`, otherwise the label. */
  readonly field?: InputMaybe<Scalars['String']['input']>;
};

/** Vectors of words to be learnt. */
export type TrainWordVectorsInput = {
  /** Slug of the data set of words that is made: lower-case letters, digits and hyphens, 63 at most. */
  readonly dataset: Scalars['String']['input'];
  /** Its title. Default: the slug. */
  readonly title?: InputMaybe<Scalars['String']['input']>;
  /** The texts. */
  readonly texts: TextsInput;
  /** Name of the embedding. */
  readonly embedding: Scalars['String']['input'];
  /** How to learn. */
  readonly method: WordVectorMethod;
  /** Numbers per vector, 1 to 1000. More tell finer differences, and need more text. */
  readonly dimension: Scalars['Int']['input'];
  /** Words that count as near, to either side, 1 to 100; each time the reach is drawn from 1 to this. Larger is more about topics, smaller more about grammar. */
  readonly window: Scalars['Int']['input'];
  /** Words drawn by chance that each word is told apart from, 1 to 100. More help with little text. */
  readonly negatives: Scalars['Int']['input'];
  /** Times that the text is gone through, 1 to 1000. */
  readonly epochs: Scalars['Int']['input'];
  /** Length of the first steps, above 0 to 1; it falls linearly to 0. Default: 0.025 for SKIP_GRAM, 0.05 for CBOW. */
  readonly learningRate?: InputMaybe<Scalars['Float']['input']>;
  /** Words that are a larger share of the text are left out by chance, the more so the more frequent they are; 0 leaves out none. */
  readonly subsample: Scalars['Float']['input'];
  /** Words that occur less often are left out, 1 to 1000000. */
  readonly minCount: Scalars['Int']['input'];
  /** Whether words are written in lower case. */
  readonly lowerCase: Scalars['Boolean']['input'];
  /** Seed of every choice by chance. The same texts, options and seed give the same vectors, bit for bit. */
  readonly seed: Scalars['Int']['input'];
  /** Maps to make when the vectors are learnt. Default: UMAP in 2, PCA in 2 and in 3 components. */
  readonly projections?: InputMaybe<ReadonlyArray<ImportProjectionInput>>;
};

/** The job that learns. */
export type TrainWordVectorsPayload = {
  /** The job. */
  readonly job: Job;
};

/** Triples to be ranked. */
export type EvaluateGraphInput = {
  /** Slug of the data set. */
  readonly dataset: Scalars['String']['input'];
  /** Name of the graph model. */
  readonly model: Scalars['String']['input'];
  /** Which triples. */
  readonly split: GraphSplit;
  /** Where to compute. A graphics card ranks by DISTMULT, COMPLEX, RESCAL and TUCKER; all else is done by the processor. The evaluation says where it was. */
  readonly device: Device;
};

/** The job that ranks. */
export type EvaluateGraphPayload = {
  /** The job. */
  readonly job: Job;
};

/** Tests for an embedding of words, whose items have words as keys. */
export type EvaluateWordVectorsInput = {
  /** Slug of the data set. */
  readonly dataset: Scalars['String']['input'];
  /** Name of the embedding. */
  readonly embedding: Scalars['String']['input'];
  /** Id of an upload with the tests: lines of four words, with `: section` before each section, or lines of two words and a number. */
  readonly upload: Scalars['ID']['input'];
  /** Look for answers among so many words, those imported first, from 1. Default: all. */
  readonly among?: InputMaybe<Scalars['Int']['input']>;
};

/** The job that asks. */
export type EvaluateWordVectorsPayload = {
  /** The job. */
  readonly job: Job;
};

/** A graph model to be removed. */
export type RemoveGraphModelInput = {
  /** Slug of the data set. */
  readonly dataset: Scalars['String']['input'];
  /** Name of the graph model. */
  readonly model: Scalars['String']['input'];
};

/** What was removed. */
export type RemoveGraphModelPayload = {
  /** The global id that the graph model had. */
  readonly removedId: Scalars['ID']['output'];
};

/** The job that was asked to stop. */
export type CancelJobPayload = {
  /** The job. */
  readonly job: Job;
};

/** The job that was asked to rest. */
export type PauseJobPayload = {
  /** The job, which may be at work for a moment yet. */
  readonly job: Job;
};

/** The job whose map was pushed. */
export type PerturbProjectionPayload = {
  /** The job, as it was. */
  readonly job: Job;
};

/** The job that was let go on. */
export type ResumeJobPayload = {
  /** The job. */
  readonly job: Job;
};

/** A graph to be split. */
export type SplitGraphInput = {
  /** Slug of the data set. */
  readonly dataset: Scalars['String']['input'];
  /** How many triples to set aside. */
  readonly split: SplitInput;
};

/** The job that splits the graph. */
export type SplitGraphPayload = {
  /** The job. */
  readonly job: Job;
};

/** Items to be embedded. */
export type EmbedItemsInput = {
  /** Slug of the data set. */
  readonly dataset: Scalars['String']['input'];
  /** Name of a model that is here. */
  readonly model: Scalars['String']['input'];
  /** Name of the embedding. One that was made in the same way gets the items that are missing in it. Default: the model's name, with that of the layer. */
  readonly name?: InputMaybe<Scalars['String']['input']>;
  /** What to read of the items. Default: pictures where the data set is of pictures and the model takes them, otherwise texts. */
  readonly modality?: InputMaybe<Modality>;
  /** The field with the text. Default: `text`, `sentence` or `content`, otherwise the label. With `modality: IMAGE`: the field with the address of each item's picture, a data URL or one on the public network; default: the pictures of the items themselves. */
  readonly field?: InputMaybe<Scalars['String']['input']>;
  /** A tensor of the model, as `Model.layers` names it; pictures only. Default: the model's own output. */
  readonly layer?: InputMaybe<Scalars['String']['input']>;
  /** How the layer becomes one vector. Default: AVERAGE. */
  readonly pooling?: InputMaybe<LayerPooling>;
  /** How distance is measured, in a new embedding. */
  readonly metric: Metric;
  /** Maps to make when a new embedding is done. Default: UMAP in 2, PCA in 2 and in 3 components. */
  readonly projections?: InputMaybe<ReadonlyArray<ImportProjectionInput>>;
};

/** The job that embeds. */
export type EmbedItemsPayload = {
  /** The job. */
  readonly job: Job;
};

/** An embedding to be removed. */
export type RemoveEmbeddingInput = {
  /** Slug of the data set. */
  readonly dataset: Scalars['String']['input'];
  /** Name of the embedding. */
  readonly embedding: Scalars['String']['input'];
};

/** What was removed. */
export type RemoveEmbeddingPayload = {
  /** The global id that the embedding had. */
  readonly removedId: Scalars['ID']['output'];
};

/** A model to be fetched. */
export type FetchModelInput = {
  /** Its id on the Hugging Face hub, `owner/name`. */
  readonly name: Scalars['String']['input'];
  /** A commit, branch or tag. Default: `Model.revision` of a recommended model, otherwise `main` as it is now; the commit is kept. */
  readonly revision?: InputMaybe<Scalars['String']['input']>;
};

/** The job that downloads. */
export type FetchModelPayload = {
  /** The job. */
  readonly job: Job;
};

/** Items to be classified. */
export type ClassifyItemsInput = {
  /** Slug of the data set. */
  readonly dataset: Scalars['String']['input'];
  /** Name of an embedding that accepts texts. */
  readonly embedding: Scalars['String']['input'];
  /** Name of the classification. */
  readonly name: Scalars['String']['input'];
  /** The labels, 2 to 1000. */
  readonly labels: ReadonlyArray<Scalars['String']['input']>;
  /** Sentences into which each label is put in place of `{}`; the mean of their vectors stands for the label. */
  readonly templates: ReadonlyArray<Scalars['String']['input']>;
  /** What cosines are multiplied by before the softmax, 0.01 to 1000. Larger makes the choice sharper. Default: the model's own, or 20. */
  readonly logitScale?: InputMaybe<Scalars['Float']['input']>;
};

/** The job that classifies. */
export type ClassifyItemsPayload = {
  /** The job. */
  readonly job: Job;
};

/** A classification to be removed. */
export type RemoveClassificationInput = {
  /** Slug of the data set. */
  readonly dataset: Scalars['String']['input'];
  /** Name of the embedding. */
  readonly embedding: Scalars['String']['input'];
  /** Name of the classification. */
  readonly classification: Scalars['String']['input'];
};

/** What was removed. */
export type RemoveClassificationPayload = {
  /** The global id that the classification had. */
  readonly removedId: Scalars['ID']['output'];
};

/** A comparison that is no longer wanted. */
export type RemoveComparisonInput = {
  /** Slug of the data set. */
  readonly dataset: Scalars['String']['input'];
  /** Name of one embedding. */
  readonly embedding: Scalars['String']['input'];
  /** Name of the other. */
  readonly other: Scalars['String']['input'];
};

/** What was removed. */
export type RemoveComparisonPayload = {
  /** The global id that the comparison had. */
  readonly removedId: Scalars['ID']['output'];
};

/** An evaluation that is no longer wanted. */
export type RemoveWordEvaluationInput = {
  /** Slug of the data set. */
  readonly dataset: Scalars['String']['input'];
  /** Name of the embedding. */
  readonly embedding: Scalars['String']['input'];
  /** `WordEvaluation.name`: that of its file. */
  readonly evaluation: Scalars['String']['input'];
};

/** What was removed. */
export type RemoveWordEvaluationPayload = {
  /** The global id that the evaluation had. */
  readonly removedId: Scalars['ID']['output'];
};

/** Embeddings to be compared. */
export type CompareEmbeddingsInput = {
  /** Slug of the data set. */
  readonly dataset: Scalars['String']['input'];
  /** Name of one embedding. */
  readonly embedding: Scalars['String']['input'];
  /** Name of the other. */
  readonly other: Scalars['String']['input'];
  /** Neighbours to look at per item (k), 1 to 200. */
  readonly neighbors: Scalars['Int']['input'];
};

/** The job that compares. */
export type CompareEmbeddingsPayload = {
  /** The job. */
  readonly job: Job;
};



export type ResolverTypeWrapper<T> = Promise<T> | T;


export type ResolverWithResolve<TResult, TParent, TContext, TArgs> = {
  resolve: ResolverFn<TResult, TParent, TContext, TArgs>;
};
export type Resolver<TResult, TParent = Record<PropertyKey, never>, TContext = Record<PropertyKey, never>, TArgs = Record<PropertyKey, never>> = ResolverFn<TResult, TParent, TContext, TArgs> | ResolverWithResolve<TResult, TParent, TContext, TArgs>;

export type ResolverFn<TResult, TParent, TContext, TArgs> = (
  parent: TParent,
  args: TArgs,
  context: TContext,
  info: GraphQLResolveInfo
) => Promise<TResult> | TResult;

export type SubscriptionSubscribeFn<TResult, TParent, TContext, TArgs> = (
  parent: TParent,
  args: TArgs,
  context: TContext,
  info: GraphQLResolveInfo
) => AsyncIterable<TResult> | Promise<AsyncIterable<TResult>>;

export type SubscriptionResolveFn<TResult, TParent, TContext, TArgs> = (
  parent: TParent,
  args: TArgs,
  context: TContext,
  info: GraphQLResolveInfo
) => TResult | Promise<TResult>;

export interface SubscriptionSubscriberObject<TResult, TKey extends string, TParent, TContext, TArgs> {
  subscribe: SubscriptionSubscribeFn<{ [key in TKey]: TResult }, TParent, TContext, TArgs>;
  resolve?: SubscriptionResolveFn<TResult, { [key in TKey]: TResult }, TContext, TArgs>;
}

export interface SubscriptionResolverObject<TResult, TParent, TContext, TArgs> {
  subscribe: SubscriptionSubscribeFn<any, TParent, TContext, TArgs>;
  resolve: SubscriptionResolveFn<TResult, any, TContext, TArgs>;
}

export type SubscriptionObject<TResult, TKey extends string, TParent, TContext, TArgs> =
  | SubscriptionSubscriberObject<TResult, TKey, TParent, TContext, TArgs>
  | SubscriptionResolverObject<TResult, TParent, TContext, TArgs>;

export type SubscriptionResolver<TResult, TKey extends string, TParent = Record<PropertyKey, never>, TContext = Record<PropertyKey, never>, TArgs = Record<PropertyKey, never>> =
  | ((...args: any[]) => SubscriptionObject<TResult, TKey, TParent, TContext, TArgs>)
  | SubscriptionObject<TResult, TKey, TParent, TContext, TArgs>;

export type TypeResolveFn<TTypes, TParent = Record<PropertyKey, never>, TContext = Record<PropertyKey, never>> = (
  parent: TParent,
  context: TContext,
  info: GraphQLResolveInfo
) => Maybe<TTypes> | Promise<Maybe<TTypes>>;

export type IsTypeOfResolverFn<T = Record<PropertyKey, never>, TContext = Record<PropertyKey, never>> = (obj: T, context: TContext, info: GraphQLResolveInfo) => boolean | Promise<boolean>;

export type NextResolverFn<T> = () => Promise<T>;

export type DirectiveResolverFn<TResult = Record<PropertyKey, never>, TParent = Record<PropertyKey, never>, TContext = Record<PropertyKey, never>, TArgs = Record<PropertyKey, never>> = (
  next: NextResolverFn<TResult>,
  parent: TParent,
  args: TArgs,
  context: TContext,
  info: GraphQLResolveInfo
) => TResult | Promise<TResult>;




/** Mapping of interface types */
export type ResolversInterfaceTypes<_RefType extends Record<string, unknown>> = {
  Node:
    | ( DatasetRecord )
    | ( ItemRecord )
    | ( EmbeddingRecord )
    | ( ClassificationRecord )
    | ( ComparisonRecord )
    | ( WordEvaluationRecord )
    | ( ProjectionRecord )
    | ( ClusteringRecord )
    | ( GraphModelRecord )
    | ( JobRecord )
  ;
};

/** Mapping between all available schema types and the resolvers types */
export type ResolversTypes = {
  DateTime: ResolverTypeWrapper<Scalars['DateTime']['output']>;
  JSON: ResolverTypeWrapper<Scalars['JSON']['output']>;
  BigInt: ResolverTypeWrapper<Scalars['BigInt']['output']>;
  Vector: ResolverTypeWrapper<Scalars['Vector']['output']>;
  PageInfo: ResolverTypeWrapper<PageInfo>;
  Boolean: ResolverTypeWrapper<Scalars['Boolean']['output']>;
  String: ResolverTypeWrapper<Scalars['String']['output']>;
  Node: ResolverTypeWrapper<ResolversInterfaceTypes<ResolversTypes>['Node']>;
  ID: ResolverTypeWrapper<Scalars['ID']['output']>;
  DatasetKind: DatasetKind;
  FieldType: FieldType;
  Field: ResolverTypeWrapper<Field>;
  Metric: Metric;
  Dataset: ResolverTypeWrapper<DatasetRecord>;
  Int: ResolverTypeWrapper<Scalars['Int']['output']>;
  FieldValue: ResolverTypeWrapper<FieldValue>;
  DatasetConnection: ResolverTypeWrapper<Omit<DatasetConnection, 'edges' | 'nodes'> & { edges: ReadonlyArray<ResolversTypes['DatasetEdge']>, nodes: ReadonlyArray<ResolversTypes['Dataset']> }>;
  DatasetEdge: ResolverTypeWrapper<Omit<DatasetEdge, 'node'> & { node: ResolversTypes['Dataset'] }>;
  Item: ResolverTypeWrapper<ItemRecord>;
  Image: ResolverTypeWrapper<Image>;
  ItemConnection: ResolverTypeWrapper<ItemPage>;
  ItemEdge: ResolverTypeWrapper<Omit<ItemEdge, 'node'> & { node: ResolversTypes['Item'] }>;
  Filter: Filter;
  Modality: Modality;
  ModelState: ModelState;
  Model: ResolverTypeWrapper<ModelRecord>;
  ModelLayer: ResolverTypeWrapper<ModelLayer>;
  Embedding: ResolverTypeWrapper<EmbeddingRecord>;
  Float: ResolverTypeWrapper<Scalars['Float']['output']>;
  LayerPooling: LayerPooling;
  HybridConnection: ResolverTypeWrapper<HybridPage>;
  HybridEdge: ResolverTypeWrapper<HybridItem>;
  LabelProbability: ResolverTypeWrapper<LabelProbability>;
  Classification: ResolverTypeWrapper<ClassificationRecord>;
  ClassifiedItem: ResolverTypeWrapper<ScoredItem>;
  Comparison: ResolverTypeWrapper<ComparisonRecord>;
  ChangedItem: ResolverTypeWrapper<ScoredItem>;
  TargetPair: TargetPair;
  PairSimilarity: ResolverTypeWrapper<PairSimilarity>;
  OddItem: ResolverTypeWrapper<AmongOthers>;
  VectorDirection: VectorDirection;
  VectorDirectionAxis: VectorDirectionAxis;
  Extremes: ResolverTypeWrapper<Omit<Extremes, 'highest' | 'lowest'> & { highest: ReadonlyArray<ResolversTypes['ExtremeItem']>, lowest: ReadonlyArray<ResolversTypes['ExtremeItem']> }>;
  ExtremeItem: ResolverTypeWrapper<AlongDirection>;
  WordTestKind: WordTestKind;
  WordEvaluation: ResolverTypeWrapper<WordEvaluationRecord>;
  EvaluatedSection: ResolverTypeWrapper<EvaluatedSectionRecord>;
  VectorFormat: VectorFormat;
  RowName: RowName;
  VectorFile: ResolverTypeWrapper<VectorFile>;
  IndexPrecision: IndexPrecision;
  VectorIndex: ResolverTypeWrapper<IndexOf>;
  IndexRecall: ResolverTypeWrapper<IndexRecall>;
  Target: Target;
  ImageInput: ImageInput;
  WeightedTarget: WeightedTarget;
  SearchMethod: SearchMethod;
  SumMethod: SumMethod;
  SearchOptions: SearchOptions;
  NearestConnection: ResolverTypeWrapper<NearestPage>;
  NearestEdge: ResolverTypeWrapper<NearestItem>;
  SearchInfo: ResolverTypeWrapper<SearchInfo>;
  Device: Device;
  Split: Split;
  Direction: Direction;
  RelationKind: RelationKind;
  Graph: ResolverTypeWrapper<GraphOf>;
  Relation: ResolverTypeWrapper<RelationRecord>;
  EntityMatch: ResolverTypeWrapper<EntityMatchOf>;
  EntityMatchKind: EntityMatchKind;
  Triple: ResolverTypeWrapper<TripleOf>;
  TripleConnection: ResolverTypeWrapper<TriplePage>;
  TripleEdge: ResolverTypeWrapper<TripleOnPage>;
  GraphPath: ResolverTypeWrapper<PathOf>;
  PathStep: ResolverTypeWrapper<StepOf>;
  ProjectionMethod: ProjectionMethod;
  Projection: ResolverTypeWrapper<ProjectionRecord>;
  ProjectionQuality: ResolverTypeWrapper<ProjectionQuality>;
  ClusteringMethod: ClusteringMethod;
  Clustering: ResolverTypeWrapper<ClusteringRecord>;
  ClusterLayer: ResolverTypeWrapper<LayerOf>;
  Cluster: ResolverTypeWrapper<ClusterRecord>;
  ClusterTerm: ResolverTypeWrapper<ClusterTerm>;
  ClusterTrait: ResolverTypeWrapper<ClusterTrait>;
  ClusterPlace: ResolverTypeWrapper<ClusterPlace>;
  Placement: ResolverTypeWrapper<PlacementOf>;
  Points: ResolverTypeWrapper<Points>;
  GraphModelKind: GraphModelKind;
  GraphObjective: GraphObjective;
  GraphLoss: GraphLoss;
  CorruptedSide: CorruptedSide;
  Optimizer: Optimizer;
  Regularizer: Regularizer;
  StartDistribution: StartDistribution;
  GraphSettings: GraphSettings;
  RateStep: RateStep;
  GraphPreset: ResolverTypeWrapper<Preset>;
  GraphModel: ResolverTypeWrapper<GraphModelRecord>;
  LinkAnswer: ResolverTypeWrapper<LinkAnswerOf>;
  LinkPrediction: ResolverTypeWrapper<LinkPredictionOf>;
  LinkExplanation: ResolverTypeWrapper<LinkExplanationOf>;
  SupportingTriple: ResolverTypeWrapper<SupportingTripleOf>;
  RelationPrediction: ResolverTypeWrapper<RelationPredictionOf>;
  TripleScore: ResolverTypeWrapper<TripleScoreOf>;
  TripleReview: ResolverTypeWrapper<Review>;
  ReviewedTriple: ResolverTypeWrapper<ReviewedTripleOf>;
  TripleEnd: TripleEnd;
  NewEntityTriple: NewEntityTriple;
  NewEntity: ResolverTypeWrapper<NewEntityOf>;
  DescribedEntity: ResolverTypeWrapper<DescribedEntityOf>;
  NearEntity: ResolverTypeWrapper<NewEntityAnswer>;
  NewEntityLink: ResolverTypeWrapper<NewEntityAnswer>;
  DuplicatePair: ResolverTypeWrapper<Duplicate>;
  TrainingEpoch: ResolverTypeWrapper<CurvePoint>;
  TrainingTrial: ResolverTypeWrapper<Trial>;
  TrainingProgress: ResolverTypeWrapper<TrainingOf>;
  Calibration: ResolverTypeWrapper<Calibration>;
  AnswerCalibration: ResolverTypeWrapper<AnswerCalibration>;
  RelationOffset: ResolverTypeWrapper<RelationOffset>;
  GraphSplit: GraphSplit;
  GraphEvaluation: ResolverTypeWrapper<EvaluationOf>;
  RankSummary: ResolverTypeWrapper<RankSummaryRecord>;
  RankMetrics: ResolverTypeWrapper<RankMetricsRecord>;
  AdjustedRankMetrics: ResolverTypeWrapper<AdjustedMetrics>;
  RelationSummary: ResolverTypeWrapper<Omit<RelationSummary, 'ranks'> & { ranks: ResolversTypes['RankSummary'] }>;
  RelationKindSummary: ResolverTypeWrapper<Omit<RelationKindSummary, 'ranks'> & { ranks: ResolversTypes['RankSummary'] }>;
  FrequencySummary: ResolverTypeWrapper<Omit<FrequencySummary, 'ranks'> & { ranks: ResolversTypes['RankSummary'] }>;
  ClassificationMetrics: ResolverTypeWrapper<ClassificationMetrics>;
  CalibrationMetrics: ResolverTypeWrapper<CalibrationMetrics>;
  ReliabilityPoint: ResolverTypeWrapper<ReliabilityPoint>;
  BinaryContent: ResolverTypeWrapper<BinaryContent>;
  JobState: JobState;
  JobKind: JobKind;
  Job: ResolverTypeWrapper<JobRecord>;
  MapInTheMaking: ResolverTypeWrapper<MapOfJob>;
  JobCurve: ResolverTypeWrapper<JobCurve>;
  JobCurvePoint: ResolverTypeWrapper<JobCurvePoint>;
  JobError: ResolverTypeWrapper<JobError>;
  Rejection: ResolverTypeWrapper<Rejection>;
  JobResult: ResolverTypeWrapper<JobResultRecord>;
  JobConnection: ResolverTypeWrapper<Omit<JobConnection, 'edges' | 'nodes'> & { edges: ReadonlyArray<ResolversTypes['JobEdge']>, nodes: ReadonlyArray<ResolversTypes['Job']> }>;
  JobEdge: ResolverTypeWrapper<Omit<JobEdge, 'node'> & { node: ResolversTypes['Job'] }>;
  Server: ResolverTypeWrapper<ServerRecord>;
  Inference: ResolverTypeWrapper<Inference>;
  Query: ResolverTypeWrapper<unknown>;
  Mutation: ResolverTypeWrapper<unknown>;
  Subscription: ResolverTypeWrapper<unknown>;
  ProjectionFrame: ResolverTypeWrapper<Frame>;
  ColumnsInput: ColumnsInput;
  SplitInput: SplitInput;
  ImportDatasetInput: ImportDatasetInput;
  ImportProjectionInput: ImportProjectionInput;
  ImportDatasetPayload: ResolverTypeWrapper<Omit<ImportDatasetPayload, 'job'> & { job: ResolversTypes['Job'] }>;
  RemoveDatasetInput: RemoveDatasetInput;
  RemoveDatasetPayload: ResolverTypeWrapper<RemoveDatasetPayload>;
  RemoveItemsInput: RemoveItemsInput;
  RemoveItemsPayload: ResolverTypeWrapper<RemoveItemsPayload>;
  ProjectEmbeddingInput: ProjectEmbeddingInput;
  PcaInput: PcaInput;
  TsneInput: TsneInput;
  TsneTargetInput: TsneTargetInput;
  PacmapInput: PacmapInput;
  AxisInput: AxisInput;
  UmapInput: UmapInput;
  UmapInitialization: UmapInitialization;
  UmapDensityInput: UmapDensityInput;
  UmapTargetInput: UmapTargetInput;
  ProjectEmbeddingPayload: ResolverTypeWrapper<Omit<ProjectEmbeddingPayload, 'job'> & { job: ResolversTypes['Job'] }>;
  RemoveProjectionInput: RemoveProjectionInput;
  RemoveProjectionPayload: ResolverTypeWrapper<RemoveProjectionPayload>;
  ClusterEmbeddingInput: ClusterEmbeddingInput;
  KmeansInput: KmeansInput;
  ClusterSelection: ClusterSelection;
  HdbscanInput: HdbscanInput;
  ClusterEmbeddingPayload: ResolverTypeWrapper<Omit<ClusterEmbeddingPayload, 'job'> & { job: ResolversTypes['Job'] }>;
  RemoveClusteringInput: RemoveClusteringInput;
  RemoveClusteringPayload: ResolverTypeWrapper<RemoveClusteringPayload>;
  IndexEmbeddingInput: IndexEmbeddingInput;
  IndexEmbeddingPayload: ResolverTypeWrapper<Omit<IndexEmbeddingPayload, 'job'> & { job: ResolversTypes['Job'] }>;
  TrainGraphInput: TrainGraphInput;
  TrainGraphPayload: ResolverTypeWrapper<Omit<TrainGraphPayload, 'job'> & { job: ResolversTypes['Job'] }>;
  WordVectorMethod: WordVectorMethod;
  TextsInput: TextsInput;
  DatasetTextsInput: DatasetTextsInput;
  TrainWordVectorsInput: TrainWordVectorsInput;
  TrainWordVectorsPayload: ResolverTypeWrapper<Omit<TrainWordVectorsPayload, 'job'> & { job: ResolversTypes['Job'] }>;
  EvaluateGraphInput: EvaluateGraphInput;
  EvaluateGraphPayload: ResolverTypeWrapper<Omit<EvaluateGraphPayload, 'job'> & { job: ResolversTypes['Job'] }>;
  EvaluateWordVectorsInput: EvaluateWordVectorsInput;
  EvaluateWordVectorsPayload: ResolverTypeWrapper<Omit<EvaluateWordVectorsPayload, 'job'> & { job: ResolversTypes['Job'] }>;
  RemoveGraphModelInput: RemoveGraphModelInput;
  RemoveGraphModelPayload: ResolverTypeWrapper<RemoveGraphModelPayload>;
  CancelJobPayload: ResolverTypeWrapper<Omit<CancelJobPayload, 'job'> & { job: ResolversTypes['Job'] }>;
  PauseJobPayload: ResolverTypeWrapper<Omit<PauseJobPayload, 'job'> & { job: ResolversTypes['Job'] }>;
  PerturbProjectionPayload: ResolverTypeWrapper<Omit<PerturbProjectionPayload, 'job'> & { job: ResolversTypes['Job'] }>;
  ResumeJobPayload: ResolverTypeWrapper<Omit<ResumeJobPayload, 'job'> & { job: ResolversTypes['Job'] }>;
  SplitGraphInput: SplitGraphInput;
  SplitGraphPayload: ResolverTypeWrapper<Omit<SplitGraphPayload, 'job'> & { job: ResolversTypes['Job'] }>;
  EmbedItemsInput: EmbedItemsInput;
  EmbedItemsPayload: ResolverTypeWrapper<Omit<EmbedItemsPayload, 'job'> & { job: ResolversTypes['Job'] }>;
  RemoveEmbeddingInput: RemoveEmbeddingInput;
  RemoveEmbeddingPayload: ResolverTypeWrapper<RemoveEmbeddingPayload>;
  FetchModelInput: FetchModelInput;
  FetchModelPayload: ResolverTypeWrapper<Omit<FetchModelPayload, 'job'> & { job: ResolversTypes['Job'] }>;
  ClassifyItemsInput: ClassifyItemsInput;
  ClassifyItemsPayload: ResolverTypeWrapper<Omit<ClassifyItemsPayload, 'job'> & { job: ResolversTypes['Job'] }>;
  RemoveClassificationInput: RemoveClassificationInput;
  RemoveClassificationPayload: ResolverTypeWrapper<RemoveClassificationPayload>;
  RemoveComparisonInput: RemoveComparisonInput;
  RemoveComparisonPayload: ResolverTypeWrapper<RemoveComparisonPayload>;
  RemoveWordEvaluationInput: RemoveWordEvaluationInput;
  RemoveWordEvaluationPayload: ResolverTypeWrapper<RemoveWordEvaluationPayload>;
  CompareEmbeddingsInput: CompareEmbeddingsInput;
  CompareEmbeddingsPayload: ResolverTypeWrapper<Omit<CompareEmbeddingsPayload, 'job'> & { job: ResolversTypes['Job'] }>;
};

/** Mapping between all available schema types and the resolvers parents */
export type ResolversParentTypes = {
  DateTime: Scalars['DateTime']['output'];
  JSON: Scalars['JSON']['output'];
  BigInt: Scalars['BigInt']['output'];
  Vector: Scalars['Vector']['output'];
  PageInfo: PageInfo;
  Boolean: Scalars['Boolean']['output'];
  String: Scalars['String']['output'];
  Node: ResolversInterfaceTypes<ResolversParentTypes>['Node'];
  ID: Scalars['ID']['output'];
  Field: Field;
  Dataset: DatasetRecord;
  Int: Scalars['Int']['output'];
  FieldValue: FieldValue;
  DatasetConnection: Omit<DatasetConnection, 'edges' | 'nodes'> & { edges: ReadonlyArray<ResolversParentTypes['DatasetEdge']>, nodes: ReadonlyArray<ResolversParentTypes['Dataset']> };
  DatasetEdge: Omit<DatasetEdge, 'node'> & { node: ResolversParentTypes['Dataset'] };
  Item: ItemRecord;
  Image: Image;
  ItemConnection: ItemPage;
  ItemEdge: Omit<ItemEdge, 'node'> & { node: ResolversParentTypes['Item'] };
  Filter: Filter;
  Model: ModelRecord;
  ModelLayer: ModelLayer;
  Embedding: EmbeddingRecord;
  Float: Scalars['Float']['output'];
  HybridConnection: HybridPage;
  HybridEdge: HybridItem;
  LabelProbability: LabelProbability;
  Classification: ClassificationRecord;
  ClassifiedItem: ScoredItem;
  Comparison: ComparisonRecord;
  ChangedItem: ScoredItem;
  TargetPair: TargetPair;
  PairSimilarity: PairSimilarity;
  OddItem: AmongOthers;
  VectorDirection: VectorDirection;
  VectorDirectionAxis: VectorDirectionAxis;
  Extremes: Omit<Extremes, 'highest' | 'lowest'> & { highest: ReadonlyArray<ResolversParentTypes['ExtremeItem']>, lowest: ReadonlyArray<ResolversParentTypes['ExtremeItem']> };
  ExtremeItem: AlongDirection;
  WordEvaluation: WordEvaluationRecord;
  EvaluatedSection: EvaluatedSectionRecord;
  VectorFile: VectorFile;
  VectorIndex: IndexOf;
  IndexRecall: IndexRecall;
  Target: Target;
  ImageInput: ImageInput;
  WeightedTarget: WeightedTarget;
  SearchOptions: SearchOptions;
  NearestConnection: NearestPage;
  NearestEdge: NearestItem;
  SearchInfo: SearchInfo;
  Graph: GraphOf;
  Relation: RelationRecord;
  EntityMatch: EntityMatchOf;
  Triple: TripleOf;
  TripleConnection: TriplePage;
  TripleEdge: TripleOnPage;
  GraphPath: PathOf;
  PathStep: StepOf;
  Projection: ProjectionRecord;
  ProjectionQuality: ProjectionQuality;
  Clustering: ClusteringRecord;
  ClusterLayer: LayerOf;
  Cluster: ClusterRecord;
  ClusterTerm: ClusterTerm;
  ClusterTrait: ClusterTrait;
  ClusterPlace: ClusterPlace;
  Placement: PlacementOf;
  Points: Points;
  GraphSettings: GraphSettings;
  RateStep: RateStep;
  GraphPreset: Preset;
  GraphModel: GraphModelRecord;
  LinkAnswer: LinkAnswerOf;
  LinkPrediction: LinkPredictionOf;
  LinkExplanation: LinkExplanationOf;
  SupportingTriple: SupportingTripleOf;
  RelationPrediction: RelationPredictionOf;
  TripleScore: TripleScoreOf;
  TripleReview: Review;
  ReviewedTriple: ReviewedTripleOf;
  NewEntityTriple: NewEntityTriple;
  NewEntity: NewEntityOf;
  DescribedEntity: DescribedEntityOf;
  NearEntity: NewEntityAnswer;
  NewEntityLink: NewEntityAnswer;
  DuplicatePair: Duplicate;
  TrainingEpoch: CurvePoint;
  TrainingTrial: Trial;
  TrainingProgress: TrainingOf;
  Calibration: Calibration;
  AnswerCalibration: AnswerCalibration;
  RelationOffset: RelationOffset;
  GraphEvaluation: EvaluationOf;
  RankSummary: RankSummaryRecord;
  RankMetrics: RankMetricsRecord;
  AdjustedRankMetrics: AdjustedMetrics;
  RelationSummary: Omit<RelationSummary, 'ranks'> & { ranks: ResolversParentTypes['RankSummary'] };
  RelationKindSummary: Omit<RelationKindSummary, 'ranks'> & { ranks: ResolversParentTypes['RankSummary'] };
  FrequencySummary: Omit<FrequencySummary, 'ranks'> & { ranks: ResolversParentTypes['RankSummary'] };
  ClassificationMetrics: ClassificationMetrics;
  CalibrationMetrics: CalibrationMetrics;
  ReliabilityPoint: ReliabilityPoint;
  BinaryContent: BinaryContent;
  Job: JobRecord;
  MapInTheMaking: MapOfJob;
  JobCurve: JobCurve;
  JobCurvePoint: JobCurvePoint;
  JobError: JobError;
  Rejection: Rejection;
  JobResult: JobResultRecord;
  JobConnection: Omit<JobConnection, 'edges' | 'nodes'> & { edges: ReadonlyArray<ResolversParentTypes['JobEdge']>, nodes: ReadonlyArray<ResolversParentTypes['Job']> };
  JobEdge: Omit<JobEdge, 'node'> & { node: ResolversParentTypes['Job'] };
  Server: ServerRecord;
  Inference: Inference;
  Query: unknown;
  Mutation: unknown;
  Subscription: unknown;
  ProjectionFrame: Frame;
  ColumnsInput: ColumnsInput;
  SplitInput: SplitInput;
  ImportDatasetInput: ImportDatasetInput;
  ImportProjectionInput: ImportProjectionInput;
  ImportDatasetPayload: Omit<ImportDatasetPayload, 'job'> & { job: ResolversParentTypes['Job'] };
  RemoveDatasetInput: RemoveDatasetInput;
  RemoveDatasetPayload: RemoveDatasetPayload;
  RemoveItemsInput: RemoveItemsInput;
  RemoveItemsPayload: RemoveItemsPayload;
  ProjectEmbeddingInput: ProjectEmbeddingInput;
  PcaInput: PcaInput;
  TsneInput: TsneInput;
  TsneTargetInput: TsneTargetInput;
  PacmapInput: PacmapInput;
  AxisInput: AxisInput;
  UmapInput: UmapInput;
  UmapDensityInput: UmapDensityInput;
  UmapTargetInput: UmapTargetInput;
  ProjectEmbeddingPayload: Omit<ProjectEmbeddingPayload, 'job'> & { job: ResolversParentTypes['Job'] };
  RemoveProjectionInput: RemoveProjectionInput;
  RemoveProjectionPayload: RemoveProjectionPayload;
  ClusterEmbeddingInput: ClusterEmbeddingInput;
  KmeansInput: KmeansInput;
  HdbscanInput: HdbscanInput;
  ClusterEmbeddingPayload: Omit<ClusterEmbeddingPayload, 'job'> & { job: ResolversParentTypes['Job'] };
  RemoveClusteringInput: RemoveClusteringInput;
  RemoveClusteringPayload: RemoveClusteringPayload;
  IndexEmbeddingInput: IndexEmbeddingInput;
  IndexEmbeddingPayload: Omit<IndexEmbeddingPayload, 'job'> & { job: ResolversParentTypes['Job'] };
  TrainGraphInput: TrainGraphInput;
  TrainGraphPayload: Omit<TrainGraphPayload, 'job'> & { job: ResolversParentTypes['Job'] };
  TextsInput: TextsInput;
  DatasetTextsInput: DatasetTextsInput;
  TrainWordVectorsInput: TrainWordVectorsInput;
  TrainWordVectorsPayload: Omit<TrainWordVectorsPayload, 'job'> & { job: ResolversParentTypes['Job'] };
  EvaluateGraphInput: EvaluateGraphInput;
  EvaluateGraphPayload: Omit<EvaluateGraphPayload, 'job'> & { job: ResolversParentTypes['Job'] };
  EvaluateWordVectorsInput: EvaluateWordVectorsInput;
  EvaluateWordVectorsPayload: Omit<EvaluateWordVectorsPayload, 'job'> & { job: ResolversParentTypes['Job'] };
  RemoveGraphModelInput: RemoveGraphModelInput;
  RemoveGraphModelPayload: RemoveGraphModelPayload;
  CancelJobPayload: Omit<CancelJobPayload, 'job'> & { job: ResolversParentTypes['Job'] };
  PauseJobPayload: Omit<PauseJobPayload, 'job'> & { job: ResolversParentTypes['Job'] };
  PerturbProjectionPayload: Omit<PerturbProjectionPayload, 'job'> & { job: ResolversParentTypes['Job'] };
  ResumeJobPayload: Omit<ResumeJobPayload, 'job'> & { job: ResolversParentTypes['Job'] };
  SplitGraphInput: SplitGraphInput;
  SplitGraphPayload: Omit<SplitGraphPayload, 'job'> & { job: ResolversParentTypes['Job'] };
  EmbedItemsInput: EmbedItemsInput;
  EmbedItemsPayload: Omit<EmbedItemsPayload, 'job'> & { job: ResolversParentTypes['Job'] };
  RemoveEmbeddingInput: RemoveEmbeddingInput;
  RemoveEmbeddingPayload: RemoveEmbeddingPayload;
  FetchModelInput: FetchModelInput;
  FetchModelPayload: Omit<FetchModelPayload, 'job'> & { job: ResolversParentTypes['Job'] };
  ClassifyItemsInput: ClassifyItemsInput;
  ClassifyItemsPayload: Omit<ClassifyItemsPayload, 'job'> & { job: ResolversParentTypes['Job'] };
  RemoveClassificationInput: RemoveClassificationInput;
  RemoveClassificationPayload: RemoveClassificationPayload;
  RemoveComparisonInput: RemoveComparisonInput;
  RemoveComparisonPayload: RemoveComparisonPayload;
  RemoveWordEvaluationInput: RemoveWordEvaluationInput;
  RemoveWordEvaluationPayload: RemoveWordEvaluationPayload;
  CompareEmbeddingsInput: CompareEmbeddingsInput;
  CompareEmbeddingsPayload: Omit<CompareEmbeddingsPayload, 'job'> & { job: ResolversParentTypes['Job'] };
};

export interface DateTimeScalarConfig extends GraphQLScalarTypeConfig<ResolversTypes['DateTime'], any> {
  name: 'DateTime';
}

export interface JsonScalarConfig extends GraphQLScalarTypeConfig<ResolversTypes['JSON'], any> {
  name: 'JSON';
}

export interface BigIntScalarConfig extends GraphQLScalarTypeConfig<ResolversTypes['BigInt'], any> {
  name: 'BigInt';
}

export interface VectorScalarConfig extends GraphQLScalarTypeConfig<ResolversTypes['Vector'], any> {
  name: 'Vector';
}

export type PageInfoResolvers<ContextType = Context, ParentType extends ResolversParentTypes['PageInfo'] = ResolversParentTypes['PageInfo']> = {
  hasNextPage?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  hasPreviousPage?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  startCursor?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  endCursor?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
};

export type NodeResolvers<ContextType = Context, ParentType extends ResolversParentTypes['Node'] = ResolversParentTypes['Node']> = {
  __resolveType: TypeResolveFn<'Dataset' | 'Item' | 'Embedding' | 'Classification' | 'Comparison' | 'WordEvaluation' | 'Projection' | 'Clustering' | 'GraphModel' | 'Job', ParentType, ContextType>;
};

export type FieldResolvers<ContextType = Context, ParentType extends ResolversParentTypes['Field'] = ResolversParentTypes['Field']> = {
  name?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  type?: Resolver<ResolversTypes['FieldType'], ParentType, ContextType>;
};

export type DatasetResolvers<ContextType = Context, ParentType extends ResolversParentTypes['Dataset'] = ResolversParentTypes['Dataset']> = {
  id?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  slug?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  title?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  description?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  kind?: Resolver<ResolversTypes['DatasetKind'], ParentType, ContextType>;
  licence?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  source?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  itemCount?: Resolver<ResolversTypes['BigInt'], ParentType, ContextType>;
  fields?: Resolver<ReadonlyArray<ResolversTypes['Field']>, ParentType, ContextType>;
  version?: Resolver<ResolversTypes['BigInt'], ParentType, ContextType>;
  createdAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  updatedAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  item?: Resolver<Maybe<ResolversTypes['Item']>, ParentType, ContextType, RequireFields<DatasetItemArgs, 'key'>>;
  items?: Resolver<ResolversTypes['ItemConnection'], ParentType, ContextType, RequireFields<DatasetItemsArgs, 'first'>>;
  values?: Resolver<ReadonlyArray<ResolversTypes['FieldValue']>, ParentType, ContextType, RequireFields<DatasetValuesArgs, 'field' | 'first'>>;
  embeddings?: Resolver<ReadonlyArray<ResolversTypes['Embedding']>, ParentType, ContextType>;
  embedding?: Resolver<Maybe<ResolversTypes['Embedding']>, ParentType, ContextType, RequireFields<DatasetEmbeddingArgs, 'name'>>;
  clusterings?: Resolver<ReadonlyArray<ResolversTypes['Clustering']>, ParentType, ContextType>;
  clustering?: Resolver<Maybe<ResolversTypes['Clustering']>, ParentType, ContextType, RequireFields<DatasetClusteringArgs, 'name'>>;
  graph?: Resolver<Maybe<ResolversTypes['Graph']>, ParentType, ContextType>;
  graphModels?: Resolver<ReadonlyArray<ResolversTypes['GraphModel']>, ParentType, ContextType>;
  graphModel?: Resolver<Maybe<ResolversTypes['GraphModel']>, ParentType, ContextType, RequireFields<DatasetGraphModelArgs, 'name'>>;
  jobs?: Resolver<ReadonlyArray<ResolversTypes['Job']>, ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type FieldValueResolvers<ContextType = Context, ParentType extends ResolversParentTypes['FieldValue'] = ResolversParentTypes['FieldValue']> = {
  value?: Resolver<Maybe<ResolversTypes['JSON']>, ParentType, ContextType>;
  count?: Resolver<ResolversTypes['BigInt'], ParentType, ContextType>;
};

export type DatasetConnectionResolvers<ContextType = Context, ParentType extends ResolversParentTypes['DatasetConnection'] = ResolversParentTypes['DatasetConnection']> = {
  edges?: Resolver<ReadonlyArray<ResolversTypes['DatasetEdge']>, ParentType, ContextType>;
  nodes?: Resolver<ReadonlyArray<ResolversTypes['Dataset']>, ParentType, ContextType>;
  pageInfo?: Resolver<ResolversTypes['PageInfo'], ParentType, ContextType>;
  totalCount?: Resolver<ResolversTypes['BigInt'], ParentType, ContextType>;
};

export type DatasetEdgeResolvers<ContextType = Context, ParentType extends ResolversParentTypes['DatasetEdge'] = ResolversParentTypes['DatasetEdge']> = {
  cursor?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  node?: Resolver<ResolversTypes['Dataset'], ParentType, ContextType>;
};

export type ItemResolvers<ContextType = Context, ParentType extends ResolversParentTypes['Item'] = ResolversParentTypes['Item']> = {
  id?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  key?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  label?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  fields?: Resolver<ResolversTypes['JSON'], ParentType, ContextType>;
  image?: Resolver<Maybe<ResolversTypes['Image']>, ParentType, ContextType, Partial<ItemImageArgs>>;
  vector?: Resolver<Maybe<ResolversTypes['Vector']>, ParentType, ContextType, RequireFields<ItemVectorArgs, 'embedding'>>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type ImageResolvers<ContextType = Context, ParentType extends ResolversParentTypes['Image'] = ResolversParentTypes['Image']> = {
  url?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  width?: Resolver<Maybe<ResolversTypes['Int']>, ParentType, ContextType>;
  height?: Resolver<Maybe<ResolversTypes['Int']>, ParentType, ContextType>;
};

export type ItemConnectionResolvers<ContextType = Context, ParentType extends ResolversParentTypes['ItemConnection'] = ResolversParentTypes['ItemConnection']> = {
  edges?: Resolver<ReadonlyArray<ResolversTypes['ItemEdge']>, ParentType, ContextType>;
  nodes?: Resolver<ReadonlyArray<ResolversTypes['Item']>, ParentType, ContextType>;
  pageInfo?: Resolver<ResolversTypes['PageInfo'], ParentType, ContextType>;
  totalCount?: Resolver<ResolversTypes['BigInt'], ParentType, ContextType>;
};

export type ItemEdgeResolvers<ContextType = Context, ParentType extends ResolversParentTypes['ItemEdge'] = ResolversParentTypes['ItemEdge']> = {
  cursor?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  node?: Resolver<ResolversTypes['Item'], ParentType, ContextType>;
};

export type ModelResolvers<ContextType = Context, ParentType extends ResolversParentTypes['Model'] = ResolversParentTypes['Model']> = {
  name?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  description?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  state?: Resolver<ResolversTypes['ModelState'], ParentType, ContextType>;
  problem?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  modalities?: Resolver<ReadonlyArray<ResolversTypes['Modality']>, ParentType, ContextType>;
  dimension?: Resolver<Maybe<ResolversTypes['Int']>, ParentType, ContextType>;
  maxTokens?: Resolver<Maybe<ResolversTypes['Int']>, ParentType, ContextType>;
  bytes?: Resolver<Maybe<ResolversTypes['BigInt']>, ParentType, ContextType>;
  licence?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  revision?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  recommended?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  layers?: Resolver<ReadonlyArray<ResolversTypes['ModelLayer']>, ParentType, ContextType>;
};

export type ModelLayerResolvers<ContextType = Context, ParentType extends ResolversParentTypes['ModelLayer'] = ResolversParentTypes['ModelLayer']> = {
  name?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  operator?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  depth?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  shape?: Resolver<ReadonlyArray<ResolversTypes['Int']>, ParentType, ContextType>;
  output?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
};

export type EmbeddingResolvers<ContextType = Context, ParentType extends ResolversParentTypes['Embedding'] = ResolversParentTypes['Embedding']> = {
  id?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  name?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  dataset?: Resolver<ResolversTypes['Dataset'], ParentType, ContextType>;
  model?: Resolver<Maybe<ResolversTypes['Model']>, ParentType, ContextType>;
  layer?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  layerDepth?: Resolver<Maybe<ResolversTypes['Int']>, ParentType, ContextType>;
  pooling?: Resolver<Maybe<ResolversTypes['LayerPooling']>, ParentType, ContextType>;
  accepts?: Resolver<ReadonlyArray<ResolversTypes['Modality']>, ParentType, ContextType>;
  dimension?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  metric?: Resolver<ResolversTypes['Metric'], ParentType, ContextType>;
  itemCount?: Resolver<ResolversTypes['BigInt'], ParentType, ContextType>;
  version?: Resolver<ResolversTypes['BigInt'], ParentType, ContextType>;
  index?: Resolver<Maybe<ResolversTypes['VectorIndex']>, ParentType, ContextType>;
  projections?: Resolver<ReadonlyArray<ResolversTypes['Projection']>, ParentType, ContextType>;
  projection?: Resolver<Maybe<ResolversTypes['Projection']>, ParentType, ContextType, RequireFields<EmbeddingProjectionArgs, 'name'>>;
  nearest?: Resolver<ResolversTypes['NearestConnection'], ParentType, ContextType, RequireFields<EmbeddingNearestArgs, 'to' | 'first'>>;
  similarities?: Resolver<ReadonlyArray<ResolversTypes['PairSimilarity']>, ParentType, ContextType, RequireFields<EmbeddingSimilaritiesArgs, 'pairs'>>;
  oddOneOut?: Resolver<ReadonlyArray<ResolversTypes['OddItem']>, ParentType, ContextType, RequireFields<EmbeddingOddOneOutArgs, 'items'>>;
  extremes?: Resolver<ResolversTypes['Extremes'], ParentType, ContextType, RequireFields<EmbeddingExtremesArgs, 'direction' | 'first'>>;
  evaluations?: Resolver<ReadonlyArray<ResolversTypes['WordEvaluation']>, ParentType, ContextType>;
  hybrid?: Resolver<ResolversTypes['HybridConnection'], ParentType, ContextType, RequireFields<EmbeddingHybridArgs, 'text' | 'first' | 'k'>>;
  classify?: Resolver<ReadonlyArray<ResolversTypes['LabelProbability']>, ParentType, ContextType, RequireFields<EmbeddingClassifyArgs, 'target' | 'labels' | 'templates'>>;
  classifications?: Resolver<ReadonlyArray<ResolversTypes['Classification']>, ParentType, ContextType>;
  classification?: Resolver<Maybe<ResolversTypes['Classification']>, ParentType, ContextType, RequireFields<EmbeddingClassificationArgs, 'name'>>;
  comparisons?: Resolver<ReadonlyArray<ResolversTypes['Comparison']>, ParentType, ContextType>;
  vectors?: Resolver<ResolversTypes['BinaryContent'], ParentType, ContextType>;
  exports?: Resolver<ReadonlyArray<ResolversTypes['VectorFile']>, ParentType, ContextType, RequireFields<EmbeddingExportsArgs, 'name'>>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type HybridConnectionResolvers<ContextType = Context, ParentType extends ResolversParentTypes['HybridConnection'] = ResolversParentTypes['HybridConnection']> = {
  edges?: Resolver<ReadonlyArray<ResolversTypes['HybridEdge']>, ParentType, ContextType>;
  nodes?: Resolver<ReadonlyArray<ResolversTypes['Item']>, ParentType, ContextType>;
  search?: Resolver<ResolversTypes['SearchInfo'], ParentType, ContextType>;
};

export type HybridEdgeResolvers<ContextType = Context, ParentType extends ResolversParentTypes['HybridEdge'] = ResolversParentTypes['HybridEdge']> = {
  rank?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  score?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  textRank?: Resolver<Maybe<ResolversTypes['Int']>, ParentType, ContextType>;
  vectorRank?: Resolver<Maybe<ResolversTypes['Int']>, ParentType, ContextType>;
  distance?: Resolver<Maybe<ResolversTypes['Float']>, ParentType, ContextType>;
  node?: Resolver<ResolversTypes['Item'], ParentType, ContextType>;
};

export type LabelProbabilityResolvers<ContextType = Context, ParentType extends ResolversParentTypes['LabelProbability'] = ResolversParentTypes['LabelProbability']> = {
  label?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  probability?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  similarity?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
};

export type ClassificationResolvers<ContextType = Context, ParentType extends ResolversParentTypes['Classification'] = ResolversParentTypes['Classification']> = {
  id?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  name?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  embedding?: Resolver<ResolversTypes['Embedding'], ParentType, ContextType>;
  labels?: Resolver<ReadonlyArray<ResolversTypes['String']>, ParentType, ContextType>;
  templates?: Resolver<ReadonlyArray<ResolversTypes['String']>, ParentType, ContextType>;
  logitScale?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  itemCount?: Resolver<ResolversTypes['BigInt'], ParentType, ContextType>;
  counts?: Resolver<ReadonlyArray<ResolversTypes['BigInt']>, ParentType, ContextType>;
  stale?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  column?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  probabilityColumns?: Resolver<ReadonlyArray<ResolversTypes['String']>, ParentType, ContextType>;
  items?: Resolver<ReadonlyArray<ResolversTypes['ClassifiedItem']>, ParentType, ContextType, RequireFields<ClassificationItemsArgs, 'label' | 'first'>>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type ClassifiedItemResolvers<ContextType = Context, ParentType extends ResolversParentTypes['ClassifiedItem'] = ResolversParentTypes['ClassifiedItem']> = {
  node?: Resolver<ResolversTypes['Item'], ParentType, ContextType>;
  probability?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
};

export type ComparisonResolvers<ContextType = Context, ParentType extends ResolversParentTypes['Comparison'] = ResolversParentTypes['Comparison']> = {
  id?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  embedding?: Resolver<ResolversTypes['Embedding'], ParentType, ContextType>;
  other?: Resolver<ResolversTypes['Embedding'], ParentType, ContextType>;
  neighbors?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  itemCount?: Resolver<ResolversTypes['BigInt'], ParentType, ContextType>;
  meanOverlap?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  stale?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  column?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  changed?: Resolver<ReadonlyArray<ResolversTypes['ChangedItem']>, ParentType, ContextType, RequireFields<ComparisonChangedArgs, 'first'>>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type ChangedItemResolvers<ContextType = Context, ParentType extends ResolversParentTypes['ChangedItem'] = ResolversParentTypes['ChangedItem']> = {
  node?: Resolver<ResolversTypes['Item'], ParentType, ContextType>;
  overlap?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
};

export type PairSimilarityResolvers<ContextType = Context, ParentType extends ResolversParentTypes['PairSimilarity'] = ResolversParentTypes['PairSimilarity']> = {
  distance?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  similarity?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
};

export type OddItemResolvers<ContextType = Context, ParentType extends ResolversParentTypes['OddItem'] = ResolversParentTypes['OddItem']> = {
  similarity?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  node?: Resolver<ResolversTypes['Item'], ParentType, ContextType>;
};

export type ExtremesResolvers<ContextType = Context, ParentType extends ResolversParentTypes['Extremes'] = ResolversParentTypes['Extremes']> = {
  highest?: Resolver<ReadonlyArray<ResolversTypes['ExtremeItem']>, ParentType, ContextType>;
  lowest?: Resolver<ReadonlyArray<ResolversTypes['ExtremeItem']>, ParentType, ContextType>;
};

export type ExtremeItemResolvers<ContextType = Context, ParentType extends ResolversParentTypes['ExtremeItem'] = ResolversParentTypes['ExtremeItem']> = {
  value?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  node?: Resolver<ResolversTypes['Item'], ParentType, ContextType>;
};

export type WordEvaluationResolvers<ContextType = Context, ParentType extends ResolversParentTypes['WordEvaluation'] = ResolversParentTypes['WordEvaluation']> = {
  id?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  embedding?: Resolver<ResolversTypes['Embedding'], ParentType, ContextType>;
  name?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  kind?: Resolver<ResolversTypes['WordTestKind'], ParentType, ContextType>;
  words?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  total?: Resolver<ResolversTypes['EvaluatedSection'], ParentType, ContextType>;
  sections?: Resolver<ReadonlyArray<ResolversTypes['EvaluatedSection']>, ParentType, ContextType>;
  stale?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  createdAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type EvaluatedSectionResolvers<ContextType = Context, ParentType extends ResolversParentTypes['EvaluatedSection'] = ResolversParentTypes['EvaluatedSection']> = {
  name?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  questions?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  known?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  accuracy?: Resolver<Maybe<ResolversTypes['Float']>, ParentType, ContextType>;
  accuracyMultiply?: Resolver<Maybe<ResolversTypes['Float']>, ParentType, ContextType>;
  correlation?: Resolver<Maybe<ResolversTypes['Float']>, ParentType, ContextType>;
};

export type VectorFileResolvers<ContextType = Context, ParentType extends ResolversParentTypes['VectorFile'] = ResolversParentTypes['VectorFile']> = {
  format?: Resolver<ResolversTypes['VectorFormat'], ParentType, ContextType>;
  name?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  url?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  mediaType?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
};

export type VectorIndexResolvers<ContextType = Context, ParentType extends ResolversParentTypes['VectorIndex'] = ResolversParentTypes['VectorIndex']> = {
  precision?: Resolver<ResolversTypes['IndexPrecision'], ParentType, ContextType>;
  links?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  efConstruction?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  bytes?: Resolver<ResolversTypes['BigInt'], ParentType, ContextType>;
  recall?: Resolver<Maybe<ResolversTypes['IndexRecall']>, ParentType, ContextType>;
};

export type IndexRecallResolvers<ContextType = Context, ParentType extends ResolversParentTypes['IndexRecall'] = ResolversParentTypes['IndexRecall']> = {
  recall?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  neighbors?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  sample?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  efSearch?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  millisecondsIndex?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  millisecondsExact?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
};

export type NearestConnectionResolvers<ContextType = Context, ParentType extends ResolversParentTypes['NearestConnection'] = ResolversParentTypes['NearestConnection']> = {
  edges?: Resolver<ReadonlyArray<ResolversTypes['NearestEdge']>, ParentType, ContextType>;
  nodes?: Resolver<ReadonlyArray<ResolversTypes['Item']>, ParentType, ContextType>;
  search?: Resolver<ResolversTypes['SearchInfo'], ParentType, ContextType>;
};

export type NearestEdgeResolvers<ContextType = Context, ParentType extends ResolversParentTypes['NearestEdge'] = ResolversParentTypes['NearestEdge']> = {
  rank?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  distance?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  similarity?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  node?: Resolver<ResolversTypes['Item'], ParentType, ContextType>;
};

export type SearchInfoResolvers<ContextType = Context, ParentType extends ResolversParentTypes['SearchInfo'] = ResolversParentTypes['SearchInfo']> = {
  method?: Resolver<ResolversTypes['SearchMethod'], ParentType, ContextType>;
  exact?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  metric?: Resolver<ResolversTypes['Metric'], ParentType, ContextType>;
  complete?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  device?: Resolver<ResolversTypes['Device'], ParentType, ContextType>;
  resident?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  milliseconds?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
};

export type GraphResolvers<ContextType = Context, ParentType extends ResolversParentTypes['Graph'] = ResolversParentTypes['Graph']> = {
  entityCount?: Resolver<ResolversTypes['BigInt'], ParentType, ContextType>;
  tripleCount?: Resolver<ResolversTypes['BigInt'], ParentType, ContextType>;
  trainCount?: Resolver<ResolversTypes['BigInt'], ParentType, ContextType>;
  validationCount?: Resolver<ResolversTypes['BigInt'], ParentType, ContextType>;
  testCount?: Resolver<ResolversTypes['BigInt'], ParentType, ContextType>;
  relationCount?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  relations?: Resolver<ReadonlyArray<ResolversTypes['Relation']>, ParentType, ContextType, RequireFields<GraphRelationsArgs, 'first'>>;
  relation?: Resolver<Maybe<ResolversTypes['Relation']>, ParentType, ContextType, RequireFields<GraphRelationArgs, 'key'>>;
  entities?: Resolver<ReadonlyArray<ResolversTypes['EntityMatch']>, ParentType, ContextType, RequireFields<GraphEntitiesArgs, 'text' | 'first'>>;
  triples?: Resolver<ResolversTypes['TripleConnection'], ParentType, ContextType, RequireFields<GraphTriplesArgs, 'first'>>;
  sampleTriples?: Resolver<ReadonlyArray<ResolversTypes['Triple']>, ParentType, ContextType, RequireFields<GraphSampleTriplesArgs, 'relation' | 'first' | 'seed'>>;
  neighborhood?: Resolver<ResolversTypes['TripleConnection'], ParentType, ContextType, RequireFields<GraphNeighborhoodArgs, 'of' | 'hops' | 'direction' | 'first'>>;
  paths?: Resolver<ReadonlyArray<ResolversTypes['GraphPath']>, ParentType, ContextType, RequireFields<GraphPathsArgs, 'from' | 'to' | 'length' | 'direction' | 'first'>>;
};

export type RelationResolvers<ContextType = Context, ParentType extends ResolversParentTypes['Relation'] = ResolversParentTypes['Relation']> = {
  key?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  label?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  description?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  kind?: Resolver<Maybe<ResolversTypes['RelationKind']>, ParentType, ContextType>;
  tripleCount?: Resolver<ResolversTypes['BigInt'], ParentType, ContextType>;
  trainCount?: Resolver<ResolversTypes['BigInt'], ParentType, ContextType>;
  tailsPerHead?: Resolver<Maybe<ResolversTypes['Float']>, ParentType, ContextType>;
  headsPerTail?: Resolver<Maybe<ResolversTypes['Float']>, ParentType, ContextType>;
};

export type EntityMatchResolvers<ContextType = Context, ParentType extends ResolversParentTypes['EntityMatch'] = ResolversParentTypes['EntityMatch']> = {
  node?: Resolver<ResolversTypes['Item'], ParentType, ContextType>;
  by?: Resolver<ResolversTypes['EntityMatchKind'], ParentType, ContextType>;
  similarity?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
};

export type TripleResolvers<ContextType = Context, ParentType extends ResolversParentTypes['Triple'] = ResolversParentTypes['Triple']> = {
  head?: Resolver<ResolversTypes['Item'], ParentType, ContextType>;
  relation?: Resolver<ResolversTypes['Relation'], ParentType, ContextType>;
  tail?: Resolver<ResolversTypes['Item'], ParentType, ContextType>;
  split?: Resolver<ResolversTypes['Split'], ParentType, ContextType>;
};

export type TripleConnectionResolvers<ContextType = Context, ParentType extends ResolversParentTypes['TripleConnection'] = ResolversParentTypes['TripleConnection']> = {
  edges?: Resolver<ReadonlyArray<ResolversTypes['TripleEdge']>, ParentType, ContextType>;
  nodes?: Resolver<ReadonlyArray<ResolversTypes['Triple']>, ParentType, ContextType>;
  pageInfo?: Resolver<ResolversTypes['PageInfo'], ParentType, ContextType>;
};

export type TripleEdgeResolvers<ContextType = Context, ParentType extends ResolversParentTypes['TripleEdge'] = ResolversParentTypes['TripleEdge']> = {
  cursor?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  hop?: Resolver<Maybe<ResolversTypes['Int']>, ParentType, ContextType>;
  node?: Resolver<ResolversTypes['Triple'], ParentType, ContextType>;
};

export type GraphPathResolvers<ContextType = Context, ParentType extends ResolversParentTypes['GraphPath'] = ResolversParentTypes['GraphPath']> = {
  from?: Resolver<ResolversTypes['Item'], ParentType, ContextType>;
  steps?: Resolver<ReadonlyArray<ResolversTypes['PathStep']>, ParentType, ContextType>;
};

export type PathStepResolvers<ContextType = Context, ParentType extends ResolversParentTypes['PathStep'] = ResolversParentTypes['PathStep']> = {
  relation?: Resolver<ResolversTypes['Relation'], ParentType, ContextType>;
  forward?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  to?: Resolver<ResolversTypes['Item'], ParentType, ContextType>;
};

export type ProjectionResolvers<ContextType = Context, ParentType extends ResolversParentTypes['Projection'] = ResolversParentTypes['Projection']> = {
  id?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  name?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  embedding?: Resolver<ResolversTypes['Embedding'], ParentType, ContextType>;
  method?: Resolver<ResolversTypes['ProjectionMethod'], ParentType, ContextType>;
  components?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  seed?: Resolver<Maybe<ResolversTypes['Int']>, ParentType, ContextType>;
  parameters?: Resolver<ResolversTypes['JSON'], ParentType, ContextType>;
  metric?: Resolver<ResolversTypes['Metric'], ParentType, ContextType>;
  device?: Resolver<Maybe<ResolversTypes['Device']>, ParentType, ContextType>;
  milliseconds?: Resolver<Maybe<ResolversTypes['Float']>, ParentType, ContextType>;
  explainedVariance?: Resolver<Maybe<ReadonlyArray<ResolversTypes['Float']>>, ParentType, ContextType>;
  filter?: Resolver<Maybe<ResolversTypes['JSON']>, ParentType, ContextType>;
  quality?: Resolver<Maybe<ResolversTypes['ProjectionQuality']>, ParentType, ContextType>;
  stale?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  version?: Resolver<ResolversTypes['BigInt'], ParentType, ContextType>;
  createdAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  place?: Resolver<ResolversTypes['Placement'], ParentType, ContextType, RequireFields<ProjectionPlaceArgs, 'to'>>;
  points?: Resolver<ResolversTypes['Points'], ParentType, ContextType, RequireFields<ProjectionPointsArgs, 'columns'>>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type ProjectionQualityResolvers<ContextType = Context, ParentType extends ResolversParentTypes['ProjectionQuality'] = ResolversParentTypes['ProjectionQuality']> = {
  trustworthiness?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  continuity?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  neighborRecall?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  tripletAccuracy?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  rankCorrelation?: Resolver<Maybe<ResolversTypes['Float']>, ParentType, ContextType>;
  neighbors?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  sample?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  columns?: Resolver<ReadonlyArray<ResolversTypes['String']>, ParentType, ContextType>;
  fields?: Resolver<ReadonlyArray<ResolversTypes['String']>, ParentType, ContextType>;
};

export type ClusteringResolvers<ContextType = Context, ParentType extends ResolversParentTypes['Clustering'] = ResolversParentTypes['Clustering']> = {
  id?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  name?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  embedding?: Resolver<ResolversTypes['Embedding'], ParentType, ContextType>;
  projection?: Resolver<Maybe<ResolversTypes['Projection']>, ParentType, ContextType>;
  method?: Resolver<ResolversTypes['ClusteringMethod'], ParentType, ContextType>;
  seed?: Resolver<Maybe<ResolversTypes['Int']>, ParentType, ContextType>;
  parameters?: Resolver<ResolversTypes['JSON'], ParentType, ContextType>;
  milliseconds?: Resolver<Maybe<ResolversTypes['Float']>, ParentType, ContextType>;
  count?: Resolver<ResolversTypes['BigInt'], ParentType, ContextType>;
  noiseCount?: Resolver<ResolversTypes['BigInt'], ParentType, ContextType>;
  clusters?: Resolver<ReadonlyArray<ResolversTypes['Cluster']>, ParentType, ContextType, RequireFields<ClusteringClustersArgs, 'first'>>;
  layers?: Resolver<ReadonlyArray<ResolversTypes['ClusterLayer']>, ParentType, ContextType>;
  stale?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  version?: Resolver<ResolversTypes['BigInt'], ParentType, ContextType>;
  createdAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type ClusterLayerResolvers<ContextType = Context, ParentType extends ResolversParentTypes['ClusterLayer'] = ResolversParentTypes['ClusterLayer']> = {
  minClusterSize?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  count?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  noiseCount?: Resolver<ResolversTypes['BigInt'], ParentType, ContextType>;
  clusters?: Resolver<ReadonlyArray<ResolversTypes['Cluster']>, ParentType, ContextType, RequireFields<ClusterLayerClustersArgs, 'first'>>;
};

export type ClusterResolvers<ContextType = Context, ParentType extends ResolversParentTypes['Cluster'] = ResolversParentTypes['Cluster']> = {
  number?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  label?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  size?: Resolver<ResolversTypes['BigInt'], ParentType, ContextType>;
  representatives?: Resolver<ReadonlyArray<ResolversTypes['Item']>, ParentType, ContextType, RequireFields<ClusterRepresentativesArgs, 'first'>>;
  terms?: Resolver<ReadonlyArray<ResolversTypes['ClusterTerm']>, ParentType, ContextType>;
  traits?: Resolver<ReadonlyArray<ResolversTypes['ClusterTrait']>, ParentType, ContextType>;
  place?: Resolver<Maybe<ResolversTypes['ClusterPlace']>, ParentType, ContextType, RequireFields<ClusterPlaceArgs, 'projection'>>;
};

export type ClusterTermResolvers<ContextType = Context, ParentType extends ResolversParentTypes['ClusterTerm'] = ResolversParentTypes['ClusterTerm']> = {
  term?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  score?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  count?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
};

export type ClusterTraitResolvers<ContextType = Context, ParentType extends ResolversParentTypes['ClusterTrait'] = ResolversParentTypes['ClusterTrait']> = {
  field?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  value?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  share?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  shareElsewhere?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
};

export type ClusterPlaceResolvers<ContextType = Context, ParentType extends ResolversParentTypes['ClusterPlace'] = ResolversParentTypes['ClusterPlace']> = {
  center?: Resolver<ReadonlyArray<ResolversTypes['Float']>, ParentType, ContextType>;
  lower?: Resolver<ReadonlyArray<ResolversTypes['Float']>, ParentType, ContextType>;
  upper?: Resolver<ReadonlyArray<ResolversTypes['Float']>, ParentType, ContextType>;
};

export type PlacementResolvers<ContextType = Context, ParentType extends ResolversParentTypes['Placement'] = ResolversParentTypes['Placement']> = {
  x?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  y?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  z?: Resolver<Maybe<ResolversTypes['Float']>, ParentType, ContextType>;
  coordinates?: Resolver<ReadonlyArray<ResolversTypes['Float']>, ParentType, ContextType>;
  neighbors?: Resolver<ReadonlyArray<ResolversTypes['NearestEdge']>, ParentType, ContextType, RequireFields<PlacementNeighborsArgs, 'first'>>;
};

export type PointsResolvers<ContextType = Context, ParentType extends ResolversParentTypes['Points'] = ResolversParentTypes['Points']> = {
  count?: Resolver<ResolversTypes['BigInt'], ParentType, ContextType>;
  url?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  mediaType?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  version?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
};

export type GraphPresetResolvers<ContextType = Context, ParentType extends ResolversParentTypes['GraphPreset'] = ResolversParentTypes['GraphPreset']> = {
  name?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  description?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  dataset?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  settings?: Resolver<ResolversTypes['JSON'], ParentType, ContextType>;
  expectedMeanReciprocalRank?: Resolver<Maybe<ResolversTypes['Float']>, ParentType, ContextType>;
  expectedSeconds?: Resolver<Maybe<ResolversTypes['Float']>, ParentType, ContextType>;
  hardware?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
};

export type GraphModelResolvers<ContextType = Context, ParentType extends ResolversParentTypes['GraphModel'] = ResolversParentTypes['GraphModel']> = {
  id?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  name?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  dataset?: Resolver<ResolversTypes['Dataset'], ParentType, ContextType>;
  embedding?: Resolver<ResolversTypes['Embedding'], ParentType, ContextType>;
  relationExports?: Resolver<ReadonlyArray<ResolversTypes['VectorFile']>, ParentType, ContextType, RequireFields<GraphModelRelationExportsArgs, 'name'>>;
  kind?: Resolver<ResolversTypes['GraphModelKind'], ParentType, ContextType>;
  preset?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  settings?: Resolver<ResolversTypes['JSON'], ParentType, ContextType>;
  seed?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  curve?: Resolver<ReadonlyArray<ResolversTypes['TrainingEpoch']>, ParentType, ContextType>;
  bestEpoch?: Resolver<Maybe<ResolversTypes['Int']>, ParentType, ContextType>;
  validationMeanReciprocalRank?: Resolver<Maybe<ResolversTypes['Float']>, ParentType, ContextType>;
  trials?: Resolver<ReadonlyArray<ResolversTypes['TrainingTrial']>, ParentType, ContextType>;
  calibration?: Resolver<Maybe<ResolversTypes['Calibration']>, ParentType, ContextType>;
  answerCalibration?: Resolver<Maybe<ResolversTypes['AnswerCalibration']>, ParentType, ContextType>;
  evaluations?: Resolver<ReadonlyArray<ResolversTypes['GraphEvaluation']>, ParentType, ContextType>;
  device?: Resolver<Maybe<ResolversTypes['Device']>, ParentType, ContextType>;
  matrixLibrary?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  milliseconds?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  stale?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  createdAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  predictLinks?: Resolver<ResolversTypes['LinkAnswer'], ParentType, ContextType, RequireFields<GraphModelPredictLinksArgs, 'relation' | 'first' | 'known'>>;
  ask?: Resolver<ResolversTypes['LinkAnswer'], ParentType, ContextType, RequireFields<GraphModelAskArgs, 'question' | 'first' | 'known'>>;
  predictRelations?: Resolver<ReadonlyArray<ResolversTypes['RelationPrediction']>, ParentType, ContextType, RequireFields<GraphModelPredictRelationsArgs, 'head' | 'tail' | 'first'>>;
  score?: Resolver<ResolversTypes['TripleScore'], ParentType, ContextType, RequireFields<GraphModelScoreArgs, 'head' | 'relation' | 'tail'>>;
  surprising?: Resolver<ResolversTypes['TripleReview'], ParentType, ContextType, RequireFields<GraphModelSurprisingArgs, 'relation' | 'first'>>;
  missing?: Resolver<ResolversTypes['TripleReview'], ParentType, ContextType, RequireFields<GraphModelMissingArgs, 'relation' | 'first' | 'anyTail' | 'seed'>>;
  newEntity?: Resolver<ResolversTypes['NewEntity'], ParentType, ContextType, RequireFields<GraphModelNewEntityArgs, 'triples' | 'seed'>>;
  duplicates?: Resolver<ReadonlyArray<ResolversTypes['DuplicatePair']>, ParentType, ContextType, RequireFields<GraphModelDuplicatesArgs, 'first' | 'leastNames' | 'leastVectors'>>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type LinkAnswerResolvers<ContextType = Context, ParentType extends ResolversParentTypes['LinkAnswer'] = ResolversParentTypes['LinkAnswer']> = {
  given?: Resolver<ResolversTypes['Item'], ParentType, ContextType>;
  otherMeanings?: Resolver<ReadonlyArray<ResolversTypes['Item']>, ParentType, ContextType>;
  relation?: Resolver<ResolversTypes['Relation'], ParentType, ContextType>;
  edges?: Resolver<ReadonlyArray<ResolversTypes['LinkPrediction']>, ParentType, ContextType>;
  milliseconds?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
};

export type LinkPredictionResolvers<ContextType = Context, ParentType extends ResolversParentTypes['LinkPrediction'] = ResolversParentTypes['LinkPrediction']> = {
  rank?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  score?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  probability?: Resolver<Maybe<ResolversTypes['Float']>, ParentType, ContextType>;
  known?: Resolver<Maybe<ResolversTypes['Split']>, ParentType, ContextType>;
  node?: Resolver<ResolversTypes['Item'], ParentType, ContextType>;
  why?: Resolver<ResolversTypes['LinkExplanation'], ParentType, ContextType, RequireFields<LinkPredictionWhyArgs, 'first'>>;
};

export type LinkExplanationResolvers<ContextType = Context, ParentType extends ResolversParentTypes['LinkExplanation'] = ResolversParentTypes['LinkExplanation']> = {
  paths?: Resolver<ReadonlyArray<ResolversTypes['GraphPath']>, ParentType, ContextType>;
  triples?: Resolver<ReadonlyArray<ResolversTypes['SupportingTriple']>, ParentType, ContextType>;
};

export type SupportingTripleResolvers<ContextType = Context, ParentType extends ResolversParentTypes['SupportingTriple'] = ResolversParentTypes['SupportingTriple']> = {
  head?: Resolver<ResolversTypes['Item'], ParentType, ContextType>;
  relation?: Resolver<ResolversTypes['Relation'], ParentType, ContextType>;
  tail?: Resolver<ResolversTypes['Item'], ParentType, ContextType>;
  similarity?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
};

export type RelationPredictionResolvers<ContextType = Context, ParentType extends ResolversParentTypes['RelationPrediction'] = ResolversParentTypes['RelationPrediction']> = {
  rank?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  score?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  probability?: Resolver<Maybe<ResolversTypes['Float']>, ParentType, ContextType>;
  known?: Resolver<Maybe<ResolversTypes['Split']>, ParentType, ContextType>;
  relation?: Resolver<ResolversTypes['Relation'], ParentType, ContextType>;
};

export type TripleScoreResolvers<ContextType = Context, ParentType extends ResolversParentTypes['TripleScore'] = ResolversParentTypes['TripleScore']> = {
  head?: Resolver<ResolversTypes['Item'], ParentType, ContextType>;
  relation?: Resolver<ResolversTypes['Relation'], ParentType, ContextType>;
  tail?: Resolver<ResolversTypes['Item'], ParentType, ContextType>;
  score?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  probability?: Resolver<Maybe<ResolversTypes['Float']>, ParentType, ContextType>;
  known?: Resolver<Maybe<ResolversTypes['Split']>, ParentType, ContextType>;
  tailRank?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  headRank?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  why?: Resolver<ResolversTypes['LinkExplanation'], ParentType, ContextType, RequireFields<TripleScoreWhyArgs, 'first'>>;
};

export type TripleReviewResolvers<ContextType = Context, ParentType extends ResolversParentTypes['TripleReview'] = ResolversParentTypes['TripleReview']> = {
  triples?: Resolver<ReadonlyArray<ResolversTypes['ReviewedTriple']>, ParentType, ContextType>;
  complete?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
};

export type ReviewedTripleResolvers<ContextType = Context, ParentType extends ResolversParentTypes['ReviewedTriple'] = ResolversParentTypes['ReviewedTriple']> = {
  head?: Resolver<ResolversTypes['Item'], ParentType, ContextType>;
  relation?: Resolver<ResolversTypes['Relation'], ParentType, ContextType>;
  tail?: Resolver<ResolversTypes['Item'], ParentType, ContextType>;
  score?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  probability?: Resolver<Maybe<ResolversTypes['Float']>, ParentType, ContextType>;
  known?: Resolver<Maybe<ResolversTypes['Split']>, ParentType, ContextType>;
};

export type NewEntityResolvers<ContextType = Context, ParentType extends ResolversParentTypes['NewEntity'] = ResolversParentTypes['NewEntity']> = {
  vector?: Resolver<ResolversTypes['Vector'], ParentType, ContextType>;
  loss?: Resolver<Maybe<ResolversTypes['Float']>, ParentType, ContextType>;
  describedAlike?: Resolver<ReadonlyArray<ResolversTypes['DescribedEntity']>, ParentType, ContextType>;
  nearest?: Resolver<ReadonlyArray<ResolversTypes['NearEntity']>, ParentType, ContextType, RequireFields<NewEntityNearestArgs, 'first'>>;
  predictLinks?: Resolver<ReadonlyArray<ResolversTypes['NewEntityLink']>, ParentType, ContextType, RequireFields<NewEntityPredictLinksArgs, 'is' | 'relation' | 'first'>>;
};

export type DescribedEntityResolvers<ContextType = Context, ParentType extends ResolversParentTypes['DescribedEntity'] = ResolversParentTypes['DescribedEntity']> = {
  similarity?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  weight?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  node?: Resolver<ResolversTypes['Item'], ParentType, ContextType>;
};

export type NearEntityResolvers<ContextType = Context, ParentType extends ResolversParentTypes['NearEntity'] = ResolversParentTypes['NearEntity']> = {
  rank?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  distance?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  node?: Resolver<ResolversTypes['Item'], ParentType, ContextType>;
};

export type NewEntityLinkResolvers<ContextType = Context, ParentType extends ResolversParentTypes['NewEntityLink'] = ResolversParentTypes['NewEntityLink']> = {
  rank?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  score?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  probability?: Resolver<Maybe<ResolversTypes['Float']>, ParentType, ContextType>;
  node?: Resolver<ResolversTypes['Item'], ParentType, ContextType>;
};

export type DuplicatePairResolvers<ContextType = Context, ParentType extends ResolversParentTypes['DuplicatePair'] = ResolversParentTypes['DuplicatePair']> = {
  node?: Resolver<ResolversTypes['Item'], ParentType, ContextType>;
  other?: Resolver<ResolversTypes['Item'], ParentType, ContextType>;
  vectors?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  names?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  sharedTriples?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
};

export type TrainingEpochResolvers<ContextType = Context, ParentType extends ResolversParentTypes['TrainingEpoch'] = ResolversParentTypes['TrainingEpoch']> = {
  epoch?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  loss?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  meanReciprocalRank?: Resolver<Maybe<ResolversTypes['Float']>, ParentType, ContextType>;
  rate?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
};

export type TrainingTrialResolvers<ContextType = Context, ParentType extends ResolversParentTypes['TrainingTrial'] = ResolversParentTypes['TrainingTrial']> = {
  settings?: Resolver<ResolversTypes['JSON'], ParentType, ContextType>;
  epochs?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  meanReciprocalRank?: Resolver<Maybe<ResolversTypes['Float']>, ParentType, ContextType>;
  milliseconds?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
};

export type TrainingProgressResolvers<ContextType = Context, ParentType extends ResolversParentTypes['TrainingProgress'] = ResolversParentTypes['TrainingProgress']> = {
  trial?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  epoch?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  epochs?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  curve?: Resolver<ReadonlyArray<ResolversTypes['TrainingEpoch']>, ParentType, ContextType>;
  trials?: Resolver<ReadonlyArray<ResolversTypes['TrainingTrial']>, ParentType, ContextType>;
  millisecondsLeft?: Resolver<Maybe<ResolversTypes['Float']>, ParentType, ContextType>;
};

export type CalibrationResolvers<ContextType = Context, ParentType extends ResolversParentTypes['Calibration'] = ResolversParentTypes['Calibration']> = {
  slope?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  offset?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  chosenNegatives?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
};

export type AnswerCalibrationResolvers<ContextType = Context, ParentType extends ResolversParentTypes['AnswerCalibration'] = ResolversParentTypes['AnswerCalibration']> = {
  slope?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  offset?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  byRelation?: Resolver<ReadonlyArray<ResolversTypes['RelationOffset']>, ParentType, ContextType>;
};

export type RelationOffsetResolvers<ContextType = Context, ParentType extends ResolversParentTypes['RelationOffset'] = ResolversParentTypes['RelationOffset']> = {
  relation?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  tails?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  heads?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
};

export type GraphEvaluationResolvers<ContextType = Context, ParentType extends ResolversParentTypes['GraphEvaluation'] = ResolversParentTypes['GraphEvaluation']> = {
  split?: Resolver<ResolversTypes['GraphSplit'], ParentType, ContextType>;
  both?: Resolver<ResolversTypes['RankSummary'], ParentType, ContextType>;
  tails?: Resolver<ResolversTypes['RankSummary'], ParentType, ContextType>;
  heads?: Resolver<ResolversTypes['RankSummary'], ParentType, ContextType>;
  byRelation?: Resolver<ReadonlyArray<ResolversTypes['RelationSummary']>, ParentType, ContextType>;
  byKind?: Resolver<ReadonlyArray<ResolversTypes['RelationKindSummary']>, ParentType, ContextType>;
  byFrequency?: Resolver<ReadonlyArray<ResolversTypes['FrequencySummary']>, ParentType, ContextType>;
  classification?: Resolver<Maybe<ResolversTypes['ClassificationMetrics']>, ParentType, ContextType>;
  calibration?: Resolver<Maybe<ResolversTypes['CalibrationMetrics']>, ParentType, ContextType>;
  answerCalibration?: Resolver<Maybe<ResolversTypes['CalibrationMetrics']>, ParentType, ContextType>;
  ranks?: Resolver<ResolversTypes['BinaryContent'], ParentType, ContextType>;
  device?: Resolver<Maybe<ResolversTypes['Device']>, ParentType, ContextType>;
  milliseconds?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  stale?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  createdAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
};

export type RankSummaryResolvers<ContextType = Context, ParentType extends ResolversParentTypes['RankSummary'] = ResolversParentTypes['RankSummary']> = {
  count?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  realistic?: Resolver<ResolversTypes['RankMetrics'], ParentType, ContextType>;
  optimistic?: Resolver<ResolversTypes['RankMetrics'], ParentType, ContextType>;
  pessimistic?: Resolver<ResolversTypes['RankMetrics'], ParentType, ContextType>;
  adjusted?: Resolver<ResolversTypes['AdjustedRankMetrics'], ParentType, ContextType>;
};

export type RankMetricsResolvers<ContextType = Context, ParentType extends ResolversParentTypes['RankMetrics'] = ResolversParentTypes['RankMetrics']> = {
  meanRank?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  meanReciprocalRank?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  hitsAt1?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  hitsAt3?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  hitsAt10?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
};

export type AdjustedRankMetricsResolvers<ContextType = Context, ParentType extends ResolversParentTypes['AdjustedRankMetrics'] = ResolversParentTypes['AdjustedRankMetrics']> = {
  meanRankIndex?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  meanReciprocalRank?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  hitsAt1?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  hitsAt3?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  hitsAt10?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  zMeanRank?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  zMeanReciprocalRank?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  zHitsAt10?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
};

export type RelationSummaryResolvers<ContextType = Context, ParentType extends ResolversParentTypes['RelationSummary'] = ResolversParentTypes['RelationSummary']> = {
  relation?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  ranks?: Resolver<ResolversTypes['RankSummary'], ParentType, ContextType>;
};

export type RelationKindSummaryResolvers<ContextType = Context, ParentType extends ResolversParentTypes['RelationKindSummary'] = ResolversParentTypes['RelationKindSummary']> = {
  kind?: Resolver<ResolversTypes['RelationKind'], ParentType, ContextType>;
  ranks?: Resolver<ResolversTypes['RankSummary'], ParentType, ContextType>;
};

export type FrequencySummaryResolvers<ContextType = Context, ParentType extends ResolversParentTypes['FrequencySummary'] = ResolversParentTypes['FrequencySummary']> = {
  least?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  most?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  ranks?: Resolver<ResolversTypes['RankSummary'], ParentType, ContextType>;
};

export type ClassificationMetricsResolvers<ContextType = Context, ParentType extends ResolversParentTypes['ClassificationMetrics'] = ResolversParentTypes['ClassificationMetrics']> = {
  count?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  accuracy?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  balancedAccuracy?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  precision?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  recall?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  f1?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  correlation?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  averagePrecision?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  chosenNegatives?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
};

export type CalibrationMetricsResolvers<ContextType = Context, ParentType extends ResolversParentTypes['CalibrationMetrics'] = ResolversParentTypes['CalibrationMetrics']> = {
  brier?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  logLoss?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  calibrationError?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  reliability?: Resolver<ReadonlyArray<ResolversTypes['ReliabilityPoint']>, ParentType, ContextType>;
};

export type ReliabilityPointResolvers<ContextType = Context, ParentType extends ResolversParentTypes['ReliabilityPoint'] = ResolversParentTypes['ReliabilityPoint']> = {
  probability?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  share?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  count?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
};

export type BinaryContentResolvers<ContextType = Context, ParentType extends ResolversParentTypes['BinaryContent'] = ResolversParentTypes['BinaryContent']> = {
  url?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  mediaType?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
};

export type JobResolvers<ContextType = Context, ParentType extends ResolversParentTypes['Job'] = ResolversParentTypes['Job']> = {
  id?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  kind?: Resolver<ResolversTypes['JobKind'], ParentType, ContextType>;
  state?: Resolver<ResolversTypes['JobState'], ParentType, ContextType>;
  stage?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  progress?: Resolver<Maybe<ResolversTypes['Float']>, ParentType, ContextType>;
  itemsPerSecond?: Resolver<Maybe<ResolversTypes['Float']>, ParentType, ContextType>;
  secondsLeft?: Resolver<Maybe<ResolversTypes['Float']>, ParentType, ContextType>;
  error?: Resolver<Maybe<ResolversTypes['JobError']>, ParentType, ContextType>;
  warnings?: Resolver<ReadonlyArray<ResolversTypes['String']>, ParentType, ContextType>;
  rejectedCount?: Resolver<ResolversTypes['BigInt'], ParentType, ContextType>;
  rejections?: Resolver<ReadonlyArray<ResolversTypes['Rejection']>, ParentType, ContextType, RequireFields<JobRejectionsArgs, 'first'>>;
  curves?: Resolver<ReadonlyArray<ResolversTypes['JobCurve']>, ParentType, ContextType>;
  map?: Resolver<Maybe<ResolversTypes['MapInTheMaking']>, ParentType, ContextType>;
  result?: Resolver<Maybe<ResolversTypes['JobResult']>, ParentType, ContextType>;
  training?: Resolver<Maybe<ResolversTypes['TrainingProgress']>, ParentType, ContextType>;
  attempts?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  createdAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  startedAt?: Resolver<Maybe<ResolversTypes['DateTime']>, ParentType, ContextType>;
  finishedAt?: Resolver<Maybe<ResolversTypes['DateTime']>, ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type MapInTheMakingResolvers<ContextType = Context, ParentType extends ResolversParentTypes['MapInTheMaking'] = ResolversParentTypes['MapInTheMaking']> = {
  embedding?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  name?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  method?: Resolver<ResolversTypes['ProjectionMethod'], ParentType, ContextType>;
  components?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  points?: Resolver<Maybe<ResolversTypes['Points']>, ParentType, ContextType, RequireFields<MapInTheMakingPointsArgs, 'columns'>>;
};

export type JobCurveResolvers<ContextType = Context, ParentType extends ResolversParentTypes['JobCurve'] = ResolversParentTypes['JobCurve']> = {
  name?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  points?: Resolver<ReadonlyArray<ResolversTypes['JobCurvePoint']>, ParentType, ContextType>;
};

export type JobCurvePointResolvers<ContextType = Context, ParentType extends ResolversParentTypes['JobCurvePoint'] = ResolversParentTypes['JobCurvePoint']> = {
  at?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  value?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
};

export type JobErrorResolvers<ContextType = Context, ParentType extends ResolversParentTypes['JobError'] = ResolversParentTypes['JobError']> = {
  code?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  message?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  file?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  line?: Resolver<Maybe<ResolversTypes['BigInt']>, ParentType, ContextType>;
};

export type RejectionResolvers<ContextType = Context, ParentType extends ResolversParentTypes['Rejection'] = ResolversParentTypes['Rejection']> = {
  file?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  line?: Resolver<Maybe<ResolversTypes['BigInt']>, ParentType, ContextType>;
  reason?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
};

export type JobResultResolvers<ContextType = Context, ParentType extends ResolversParentTypes['JobResult'] = ResolversParentTypes['JobResult']> = {
  dataset?: Resolver<Maybe<ResolversTypes['Dataset']>, ParentType, ContextType>;
  embedding?: Resolver<Maybe<ResolversTypes['Embedding']>, ParentType, ContextType>;
  projection?: Resolver<Maybe<ResolversTypes['Projection']>, ParentType, ContextType>;
  clustering?: Resolver<Maybe<ResolversTypes['Clustering']>, ParentType, ContextType>;
  graphModel?: Resolver<Maybe<ResolversTypes['GraphModel']>, ParentType, ContextType>;
  evaluation?: Resolver<Maybe<ResolversTypes['WordEvaluation']>, ParentType, ContextType>;
};

export type JobConnectionResolvers<ContextType = Context, ParentType extends ResolversParentTypes['JobConnection'] = ResolversParentTypes['JobConnection']> = {
  edges?: Resolver<ReadonlyArray<ResolversTypes['JobEdge']>, ParentType, ContextType>;
  nodes?: Resolver<ReadonlyArray<ResolversTypes['Job']>, ParentType, ContextType>;
  pageInfo?: Resolver<ResolversTypes['PageInfo'], ParentType, ContextType>;
  totalCount?: Resolver<ResolversTypes['BigInt'], ParentType, ContextType>;
};

export type JobEdgeResolvers<ContextType = Context, ParentType extends ResolversParentTypes['JobEdge'] = ResolversParentTypes['JobEdge']> = {
  cursor?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  node?: Resolver<ResolversTypes['Job'], ParentType, ContextType>;
};

export type ServerResolvers<ContextType = Context, ParentType extends ResolversParentTypes['Server'] = ResolversParentTypes['Server']> = {
  version?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  database?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  pgvector?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  device?: Resolver<ResolversTypes['Device'], ParentType, ContextType>;
  inference?: Resolver<ResolversTypes['Inference'], ParentType, ContextType>;
  mayChange?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
};

export type InferenceResolvers<ContextType = Context, ParentType extends ResolversParentTypes['Inference'] = ResolversParentTypes['Inference']> = {
  provider?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  message?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
};

export type QueryResolvers<ContextType = Context, ParentType extends ResolversParentTypes['Query'] = ResolversParentTypes['Query']> = {
  server?: Resolver<ResolversTypes['Server'], ParentType, ContextType>;
  node?: Resolver<Maybe<ResolversTypes['Node']>, ParentType, ContextType, RequireFields<QueryNodeArgs, 'id'>>;
  datasets?: Resolver<ResolversTypes['DatasetConnection'], ParentType, ContextType, RequireFields<QueryDatasetsArgs, 'first'>>;
  dataset?: Resolver<Maybe<ResolversTypes['Dataset']>, ParentType, ContextType, RequireFields<QueryDatasetArgs, 'slug'>>;
  graphPresets?: Resolver<ReadonlyArray<ResolversTypes['GraphPreset']>, ParentType, ContextType, Partial<QueryGraphPresetsArgs>>;
  models?: Resolver<ReadonlyArray<ResolversTypes['Model']>, ParentType, ContextType>;
  model?: Resolver<Maybe<ResolversTypes['Model']>, ParentType, ContextType, RequireFields<QueryModelArgs, 'name'>>;
  job?: Resolver<Maybe<ResolversTypes['Job']>, ParentType, ContextType, RequireFields<QueryJobArgs, 'id'>>;
  jobs?: Resolver<ResolversTypes['JobConnection'], ParentType, ContextType, RequireFields<QueryJobsArgs, 'first'>>;
};

export type MutationResolvers<ContextType = Context, ParentType extends ResolversParentTypes['Mutation'] = ResolversParentTypes['Mutation']> = {
  importDataset?: Resolver<ResolversTypes['ImportDatasetPayload'], ParentType, ContextType, RequireFields<MutationImportDatasetArgs, 'input'>>;
  removeDataset?: Resolver<ResolversTypes['RemoveDatasetPayload'], ParentType, ContextType, RequireFields<MutationRemoveDatasetArgs, 'input'>>;
  removeItems?: Resolver<ResolversTypes['RemoveItemsPayload'], ParentType, ContextType, RequireFields<MutationRemoveItemsArgs, 'input'>>;
  projectEmbedding?: Resolver<ResolversTypes['ProjectEmbeddingPayload'], ParentType, ContextType, RequireFields<MutationProjectEmbeddingArgs, 'input'>>;
  removeProjection?: Resolver<ResolversTypes['RemoveProjectionPayload'], ParentType, ContextType, RequireFields<MutationRemoveProjectionArgs, 'input'>>;
  clusterEmbedding?: Resolver<ResolversTypes['ClusterEmbeddingPayload'], ParentType, ContextType, RequireFields<MutationClusterEmbeddingArgs, 'input'>>;
  removeClustering?: Resolver<ResolversTypes['RemoveClusteringPayload'], ParentType, ContextType, RequireFields<MutationRemoveClusteringArgs, 'input'>>;
  indexEmbedding?: Resolver<ResolversTypes['IndexEmbeddingPayload'], ParentType, ContextType, RequireFields<MutationIndexEmbeddingArgs, 'input'>>;
  splitGraph?: Resolver<ResolversTypes['SplitGraphPayload'], ParentType, ContextType, RequireFields<MutationSplitGraphArgs, 'input'>>;
  trainGraph?: Resolver<ResolversTypes['TrainGraphPayload'], ParentType, ContextType, RequireFields<MutationTrainGraphArgs, 'input'>>;
  evaluateGraph?: Resolver<ResolversTypes['EvaluateGraphPayload'], ParentType, ContextType, RequireFields<MutationEvaluateGraphArgs, 'input'>>;
  removeGraphModel?: Resolver<ResolversTypes['RemoveGraphModelPayload'], ParentType, ContextType, RequireFields<MutationRemoveGraphModelArgs, 'input'>>;
  trainWordVectors?: Resolver<ResolversTypes['TrainWordVectorsPayload'], ParentType, ContextType, RequireFields<MutationTrainWordVectorsArgs, 'input'>>;
  evaluateWordVectors?: Resolver<ResolversTypes['EvaluateWordVectorsPayload'], ParentType, ContextType, RequireFields<MutationEvaluateWordVectorsArgs, 'input'>>;
  embedItems?: Resolver<ResolversTypes['EmbedItemsPayload'], ParentType, ContextType, RequireFields<MutationEmbedItemsArgs, 'input'>>;
  removeEmbedding?: Resolver<ResolversTypes['RemoveEmbeddingPayload'], ParentType, ContextType, RequireFields<MutationRemoveEmbeddingArgs, 'input'>>;
  fetchModel?: Resolver<ResolversTypes['FetchModelPayload'], ParentType, ContextType, RequireFields<MutationFetchModelArgs, 'input'>>;
  classifyItems?: Resolver<ResolversTypes['ClassifyItemsPayload'], ParentType, ContextType, RequireFields<MutationClassifyItemsArgs, 'input'>>;
  removeClassification?: Resolver<ResolversTypes['RemoveClassificationPayload'], ParentType, ContextType, RequireFields<MutationRemoveClassificationArgs, 'input'>>;
  compareEmbeddings?: Resolver<ResolversTypes['CompareEmbeddingsPayload'], ParentType, ContextType, RequireFields<MutationCompareEmbeddingsArgs, 'input'>>;
  removeComparison?: Resolver<ResolversTypes['RemoveComparisonPayload'], ParentType, ContextType, RequireFields<MutationRemoveComparisonArgs, 'input'>>;
  removeWordEvaluation?: Resolver<ResolversTypes['RemoveWordEvaluationPayload'], ParentType, ContextType, RequireFields<MutationRemoveWordEvaluationArgs, 'input'>>;
  cancelJob?: Resolver<ResolversTypes['CancelJobPayload'], ParentType, ContextType, RequireFields<MutationCancelJobArgs, 'id'>>;
  pauseJob?: Resolver<ResolversTypes['PauseJobPayload'], ParentType, ContextType, RequireFields<MutationPauseJobArgs, 'id'>>;
  perturbProjection?: Resolver<ResolversTypes['PerturbProjectionPayload'], ParentType, ContextType, RequireFields<MutationPerturbProjectionArgs, 'job' | 'share'>>;
  resumeJob?: Resolver<ResolversTypes['ResumeJobPayload'], ParentType, ContextType, RequireFields<MutationResumeJobArgs, 'id'>>;
};

export type SubscriptionResolvers<ContextType = Context, ParentType extends ResolversParentTypes['Subscription'] = ResolversParentTypes['Subscription']> = {
  job?: SubscriptionResolver<ResolversTypes['Job'], "job", ParentType, ContextType, RequireFields<SubscriptionJobArgs, 'id'>>;
  projectionFrames?: SubscriptionResolver<ResolversTypes['ProjectionFrame'], "projectionFrames", ParentType, ContextType, RequireFields<SubscriptionProjectionFramesArgs, 'job'>>;
};

export type ProjectionFrameResolvers<ContextType = Context, ParentType extends ResolversParentTypes['ProjectionFrame'] = ResolversParentTypes['ProjectionFrame']> = {
  sequence?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  progress?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  step?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  steps?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  url?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  mediaType?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
};

export type ImportDatasetPayloadResolvers<ContextType = Context, ParentType extends ResolversParentTypes['ImportDatasetPayload'] = ResolversParentTypes['ImportDatasetPayload']> = {
  job?: Resolver<ResolversTypes['Job'], ParentType, ContextType>;
};

export type RemoveDatasetPayloadResolvers<ContextType = Context, ParentType extends ResolversParentTypes['RemoveDatasetPayload'] = ResolversParentTypes['RemoveDatasetPayload']> = {
  removedId?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
};

export type RemoveItemsPayloadResolvers<ContextType = Context, ParentType extends ResolversParentTypes['RemoveItemsPayload'] = ResolversParentTypes['RemoveItemsPayload']> = {
  removedCount?: Resolver<ResolversTypes['BigInt'], ParentType, ContextType>;
  missingKeys?: Resolver<ReadonlyArray<ResolversTypes['String']>, ParentType, ContextType>;
};

export type ProjectEmbeddingPayloadResolvers<ContextType = Context, ParentType extends ResolversParentTypes['ProjectEmbeddingPayload'] = ResolversParentTypes['ProjectEmbeddingPayload']> = {
  job?: Resolver<ResolversTypes['Job'], ParentType, ContextType>;
};

export type RemoveProjectionPayloadResolvers<ContextType = Context, ParentType extends ResolversParentTypes['RemoveProjectionPayload'] = ResolversParentTypes['RemoveProjectionPayload']> = {
  removedId?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
};

export type ClusterEmbeddingPayloadResolvers<ContextType = Context, ParentType extends ResolversParentTypes['ClusterEmbeddingPayload'] = ResolversParentTypes['ClusterEmbeddingPayload']> = {
  job?: Resolver<ResolversTypes['Job'], ParentType, ContextType>;
};

export type RemoveClusteringPayloadResolvers<ContextType = Context, ParentType extends ResolversParentTypes['RemoveClusteringPayload'] = ResolversParentTypes['RemoveClusteringPayload']> = {
  removedId?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
};

export type IndexEmbeddingPayloadResolvers<ContextType = Context, ParentType extends ResolversParentTypes['IndexEmbeddingPayload'] = ResolversParentTypes['IndexEmbeddingPayload']> = {
  job?: Resolver<ResolversTypes['Job'], ParentType, ContextType>;
};

export type TrainGraphPayloadResolvers<ContextType = Context, ParentType extends ResolversParentTypes['TrainGraphPayload'] = ResolversParentTypes['TrainGraphPayload']> = {
  job?: Resolver<ResolversTypes['Job'], ParentType, ContextType>;
};

export type TrainWordVectorsPayloadResolvers<ContextType = Context, ParentType extends ResolversParentTypes['TrainWordVectorsPayload'] = ResolversParentTypes['TrainWordVectorsPayload']> = {
  job?: Resolver<ResolversTypes['Job'], ParentType, ContextType>;
};

export type EvaluateGraphPayloadResolvers<ContextType = Context, ParentType extends ResolversParentTypes['EvaluateGraphPayload'] = ResolversParentTypes['EvaluateGraphPayload']> = {
  job?: Resolver<ResolversTypes['Job'], ParentType, ContextType>;
};

export type EvaluateWordVectorsPayloadResolvers<ContextType = Context, ParentType extends ResolversParentTypes['EvaluateWordVectorsPayload'] = ResolversParentTypes['EvaluateWordVectorsPayload']> = {
  job?: Resolver<ResolversTypes['Job'], ParentType, ContextType>;
};

export type RemoveGraphModelPayloadResolvers<ContextType = Context, ParentType extends ResolversParentTypes['RemoveGraphModelPayload'] = ResolversParentTypes['RemoveGraphModelPayload']> = {
  removedId?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
};

export type CancelJobPayloadResolvers<ContextType = Context, ParentType extends ResolversParentTypes['CancelJobPayload'] = ResolversParentTypes['CancelJobPayload']> = {
  job?: Resolver<ResolversTypes['Job'], ParentType, ContextType>;
};

export type PauseJobPayloadResolvers<ContextType = Context, ParentType extends ResolversParentTypes['PauseJobPayload'] = ResolversParentTypes['PauseJobPayload']> = {
  job?: Resolver<ResolversTypes['Job'], ParentType, ContextType>;
};

export type PerturbProjectionPayloadResolvers<ContextType = Context, ParentType extends ResolversParentTypes['PerturbProjectionPayload'] = ResolversParentTypes['PerturbProjectionPayload']> = {
  job?: Resolver<ResolversTypes['Job'], ParentType, ContextType>;
};

export type ResumeJobPayloadResolvers<ContextType = Context, ParentType extends ResolversParentTypes['ResumeJobPayload'] = ResolversParentTypes['ResumeJobPayload']> = {
  job?: Resolver<ResolversTypes['Job'], ParentType, ContextType>;
};

export type SplitGraphPayloadResolvers<ContextType = Context, ParentType extends ResolversParentTypes['SplitGraphPayload'] = ResolversParentTypes['SplitGraphPayload']> = {
  job?: Resolver<ResolversTypes['Job'], ParentType, ContextType>;
};

export type EmbedItemsPayloadResolvers<ContextType = Context, ParentType extends ResolversParentTypes['EmbedItemsPayload'] = ResolversParentTypes['EmbedItemsPayload']> = {
  job?: Resolver<ResolversTypes['Job'], ParentType, ContextType>;
};

export type RemoveEmbeddingPayloadResolvers<ContextType = Context, ParentType extends ResolversParentTypes['RemoveEmbeddingPayload'] = ResolversParentTypes['RemoveEmbeddingPayload']> = {
  removedId?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
};

export type FetchModelPayloadResolvers<ContextType = Context, ParentType extends ResolversParentTypes['FetchModelPayload'] = ResolversParentTypes['FetchModelPayload']> = {
  job?: Resolver<ResolversTypes['Job'], ParentType, ContextType>;
};

export type ClassifyItemsPayloadResolvers<ContextType = Context, ParentType extends ResolversParentTypes['ClassifyItemsPayload'] = ResolversParentTypes['ClassifyItemsPayload']> = {
  job?: Resolver<ResolversTypes['Job'], ParentType, ContextType>;
};

export type RemoveClassificationPayloadResolvers<ContextType = Context, ParentType extends ResolversParentTypes['RemoveClassificationPayload'] = ResolversParentTypes['RemoveClassificationPayload']> = {
  removedId?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
};

export type RemoveComparisonPayloadResolvers<ContextType = Context, ParentType extends ResolversParentTypes['RemoveComparisonPayload'] = ResolversParentTypes['RemoveComparisonPayload']> = {
  removedId?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
};

export type RemoveWordEvaluationPayloadResolvers<ContextType = Context, ParentType extends ResolversParentTypes['RemoveWordEvaluationPayload'] = ResolversParentTypes['RemoveWordEvaluationPayload']> = {
  removedId?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
};

export type CompareEmbeddingsPayloadResolvers<ContextType = Context, ParentType extends ResolversParentTypes['CompareEmbeddingsPayload'] = ResolversParentTypes['CompareEmbeddingsPayload']> = {
  job?: Resolver<ResolversTypes['Job'], ParentType, ContextType>;
};

export type Resolvers<ContextType = Context> = {
  DateTime?: GraphQLScalarType;
  JSON?: GraphQLScalarType;
  BigInt?: GraphQLScalarType;
  Vector?: GraphQLScalarType;
  PageInfo?: PageInfoResolvers<ContextType>;
  Node?: NodeResolvers<ContextType>;
  Field?: FieldResolvers<ContextType>;
  Dataset?: DatasetResolvers<ContextType>;
  FieldValue?: FieldValueResolvers<ContextType>;
  DatasetConnection?: DatasetConnectionResolvers<ContextType>;
  DatasetEdge?: DatasetEdgeResolvers<ContextType>;
  Item?: ItemResolvers<ContextType>;
  Image?: ImageResolvers<ContextType>;
  ItemConnection?: ItemConnectionResolvers<ContextType>;
  ItemEdge?: ItemEdgeResolvers<ContextType>;
  Model?: ModelResolvers<ContextType>;
  ModelLayer?: ModelLayerResolvers<ContextType>;
  Embedding?: EmbeddingResolvers<ContextType>;
  HybridConnection?: HybridConnectionResolvers<ContextType>;
  HybridEdge?: HybridEdgeResolvers<ContextType>;
  LabelProbability?: LabelProbabilityResolvers<ContextType>;
  Classification?: ClassificationResolvers<ContextType>;
  ClassifiedItem?: ClassifiedItemResolvers<ContextType>;
  Comparison?: ComparisonResolvers<ContextType>;
  ChangedItem?: ChangedItemResolvers<ContextType>;
  PairSimilarity?: PairSimilarityResolvers<ContextType>;
  OddItem?: OddItemResolvers<ContextType>;
  Extremes?: ExtremesResolvers<ContextType>;
  ExtremeItem?: ExtremeItemResolvers<ContextType>;
  WordEvaluation?: WordEvaluationResolvers<ContextType>;
  EvaluatedSection?: EvaluatedSectionResolvers<ContextType>;
  VectorFile?: VectorFileResolvers<ContextType>;
  VectorIndex?: VectorIndexResolvers<ContextType>;
  IndexRecall?: IndexRecallResolvers<ContextType>;
  NearestConnection?: NearestConnectionResolvers<ContextType>;
  NearestEdge?: NearestEdgeResolvers<ContextType>;
  SearchInfo?: SearchInfoResolvers<ContextType>;
  Graph?: GraphResolvers<ContextType>;
  Relation?: RelationResolvers<ContextType>;
  EntityMatch?: EntityMatchResolvers<ContextType>;
  Triple?: TripleResolvers<ContextType>;
  TripleConnection?: TripleConnectionResolvers<ContextType>;
  TripleEdge?: TripleEdgeResolvers<ContextType>;
  GraphPath?: GraphPathResolvers<ContextType>;
  PathStep?: PathStepResolvers<ContextType>;
  Projection?: ProjectionResolvers<ContextType>;
  ProjectionQuality?: ProjectionQualityResolvers<ContextType>;
  Clustering?: ClusteringResolvers<ContextType>;
  ClusterLayer?: ClusterLayerResolvers<ContextType>;
  Cluster?: ClusterResolvers<ContextType>;
  ClusterTerm?: ClusterTermResolvers<ContextType>;
  ClusterTrait?: ClusterTraitResolvers<ContextType>;
  ClusterPlace?: ClusterPlaceResolvers<ContextType>;
  Placement?: PlacementResolvers<ContextType>;
  Points?: PointsResolvers<ContextType>;
  GraphPreset?: GraphPresetResolvers<ContextType>;
  GraphModel?: GraphModelResolvers<ContextType>;
  LinkAnswer?: LinkAnswerResolvers<ContextType>;
  LinkPrediction?: LinkPredictionResolvers<ContextType>;
  LinkExplanation?: LinkExplanationResolvers<ContextType>;
  SupportingTriple?: SupportingTripleResolvers<ContextType>;
  RelationPrediction?: RelationPredictionResolvers<ContextType>;
  TripleScore?: TripleScoreResolvers<ContextType>;
  TripleReview?: TripleReviewResolvers<ContextType>;
  ReviewedTriple?: ReviewedTripleResolvers<ContextType>;
  NewEntity?: NewEntityResolvers<ContextType>;
  DescribedEntity?: DescribedEntityResolvers<ContextType>;
  NearEntity?: NearEntityResolvers<ContextType>;
  NewEntityLink?: NewEntityLinkResolvers<ContextType>;
  DuplicatePair?: DuplicatePairResolvers<ContextType>;
  TrainingEpoch?: TrainingEpochResolvers<ContextType>;
  TrainingTrial?: TrainingTrialResolvers<ContextType>;
  TrainingProgress?: TrainingProgressResolvers<ContextType>;
  Calibration?: CalibrationResolvers<ContextType>;
  AnswerCalibration?: AnswerCalibrationResolvers<ContextType>;
  RelationOffset?: RelationOffsetResolvers<ContextType>;
  GraphEvaluation?: GraphEvaluationResolvers<ContextType>;
  RankSummary?: RankSummaryResolvers<ContextType>;
  RankMetrics?: RankMetricsResolvers<ContextType>;
  AdjustedRankMetrics?: AdjustedRankMetricsResolvers<ContextType>;
  RelationSummary?: RelationSummaryResolvers<ContextType>;
  RelationKindSummary?: RelationKindSummaryResolvers<ContextType>;
  FrequencySummary?: FrequencySummaryResolvers<ContextType>;
  ClassificationMetrics?: ClassificationMetricsResolvers<ContextType>;
  CalibrationMetrics?: CalibrationMetricsResolvers<ContextType>;
  ReliabilityPoint?: ReliabilityPointResolvers<ContextType>;
  BinaryContent?: BinaryContentResolvers<ContextType>;
  Job?: JobResolvers<ContextType>;
  MapInTheMaking?: MapInTheMakingResolvers<ContextType>;
  JobCurve?: JobCurveResolvers<ContextType>;
  JobCurvePoint?: JobCurvePointResolvers<ContextType>;
  JobError?: JobErrorResolvers<ContextType>;
  Rejection?: RejectionResolvers<ContextType>;
  JobResult?: JobResultResolvers<ContextType>;
  JobConnection?: JobConnectionResolvers<ContextType>;
  JobEdge?: JobEdgeResolvers<ContextType>;
  Server?: ServerResolvers<ContextType>;
  Inference?: InferenceResolvers<ContextType>;
  Query?: QueryResolvers<ContextType>;
  Mutation?: MutationResolvers<ContextType>;
  Subscription?: SubscriptionResolvers<ContextType>;
  ProjectionFrame?: ProjectionFrameResolvers<ContextType>;
  ImportDatasetPayload?: ImportDatasetPayloadResolvers<ContextType>;
  RemoveDatasetPayload?: RemoveDatasetPayloadResolvers<ContextType>;
  RemoveItemsPayload?: RemoveItemsPayloadResolvers<ContextType>;
  ProjectEmbeddingPayload?: ProjectEmbeddingPayloadResolvers<ContextType>;
  RemoveProjectionPayload?: RemoveProjectionPayloadResolvers<ContextType>;
  ClusterEmbeddingPayload?: ClusterEmbeddingPayloadResolvers<ContextType>;
  RemoveClusteringPayload?: RemoveClusteringPayloadResolvers<ContextType>;
  IndexEmbeddingPayload?: IndexEmbeddingPayloadResolvers<ContextType>;
  TrainGraphPayload?: TrainGraphPayloadResolvers<ContextType>;
  TrainWordVectorsPayload?: TrainWordVectorsPayloadResolvers<ContextType>;
  EvaluateGraphPayload?: EvaluateGraphPayloadResolvers<ContextType>;
  EvaluateWordVectorsPayload?: EvaluateWordVectorsPayloadResolvers<ContextType>;
  RemoveGraphModelPayload?: RemoveGraphModelPayloadResolvers<ContextType>;
  CancelJobPayload?: CancelJobPayloadResolvers<ContextType>;
  PauseJobPayload?: PauseJobPayloadResolvers<ContextType>;
  PerturbProjectionPayload?: PerturbProjectionPayloadResolvers<ContextType>;
  ResumeJobPayload?: ResumeJobPayloadResolvers<ContextType>;
  SplitGraphPayload?: SplitGraphPayloadResolvers<ContextType>;
  EmbedItemsPayload?: EmbedItemsPayloadResolvers<ContextType>;
  RemoveEmbeddingPayload?: RemoveEmbeddingPayloadResolvers<ContextType>;
  FetchModelPayload?: FetchModelPayloadResolvers<ContextType>;
  ClassifyItemsPayload?: ClassifyItemsPayloadResolvers<ContextType>;
  RemoveClassificationPayload?: RemoveClassificationPayloadResolvers<ContextType>;
  RemoveComparisonPayload?: RemoveComparisonPayloadResolvers<ContextType>;
  RemoveWordEvaluationPayload?: RemoveWordEvaluationPayloadResolvers<ContextType>;
  CompareEmbeddingsPayload?: CompareEmbeddingsPayloadResolvers<ContextType>;
};


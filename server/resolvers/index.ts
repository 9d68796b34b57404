/**
 * schema.graphql ↔ domain. A resolver reads its arguments, calls one function, and gives back what that returned.
 */
import type { Resolvers } from '../generated/schema.ts';
import { ChangedItem, Classification, ClassifiedItem, Comparison, classificationMutations } from './classification.ts';
import { Cluster, Clustering, ClusterLayer, clusteringMutations, datasetClusterings } from './clustering.ts';
import { Dataset, datasetMutations, datasetQueries, Item, ItemConnection } from './dataset.ts';
import {
  Embedding,
  embeddingMutations,
  HybridConnection,
  HybridEdge,
  NearestConnection,
  NearestEdge,
  VectorIndex,
} from './embedding.ts';
import { EntityMatch, Graph, GraphPath, graphMutations, PathStep, Relation, Triple, TripleEdge } from './graph.ts';
import {
  DescribedEntity,
  DuplicatePair,
  graphModelAnswers,
  LinkAnswer,
  LinkExplanation,
  LinkPrediction,
  NearEntity,
  NewEntity,
  NewEntityLink,
  RelationPrediction,
  ReviewedTriple,
  SupportingTriple,
  TripleScore,
} from './graphAnswers.ts';
import {
  AdjustedRankMetrics,
  GraphEvaluation,
  GraphModel,
  GraphPreset,
  graphModelMutations,
  graphModelQueries,
  RankMetrics,
  RankSummary,
  TrainingEpoch,
  TrainingProgress,
  TrainingTrial,
} from './graphModel.ts';
import { importMutations } from './importDataset.ts';
import { Job, JobResult, jobMutations, jobQueries, jobSubscriptions } from './job.ts';
import { MapInTheMaking } from './mapInTheMaking.ts';
import { Model, modelMutations, modelQueries } from './model.ts';
import { nodeQueries } from './node.ts';
import { Placement, Projection, ProjectionFrame, projectionMutations, projectionSubscriptions } from './projection.ts';
import { BigIntValue, DateTime, JSONValue, Vector } from './scalars.ts';
import { Server, serverQueries } from './server.ts';
import { EvaluatedSection, ExtremeItem, OddItem, WordEvaluation, wordMutations } from './wordQuestions.ts';

export const resolvers: Resolvers = {
  BigInt: BigIntValue,
  DateTime,
  JSON: JSONValue,
  Vector,
  Query: { ...serverQueries, ...nodeQueries, ...datasetQueries, ...graphModelQueries, ...modelQueries, ...jobQueries },
  Mutation: {
    ...importMutations,
    ...datasetMutations,
    ...projectionMutations,
    ...clusteringMutations,
    ...embeddingMutations,
    ...graphMutations,
    ...graphModelMutations,
    ...wordMutations,
    ...modelMutations,
    ...classificationMutations,
    ...jobMutations,
  },
  Subscription: { ...jobSubscriptions, ...projectionSubscriptions },
  Server,
  Dataset: { ...Dataset, ...datasetClusterings },
  Item,
  ItemConnection,
  Embedding,
  VectorIndex,
  NearestConnection,
  NearestEdge,
  HybridConnection,
  HybridEdge,
  Model,
  Classification,
  ClassifiedItem,
  Comparison,
  ChangedItem,
  Projection,
  ProjectionFrame,
  MapInTheMaking,
  Placement,
  Clustering,
  ClusterLayer,
  Cluster,
  Graph,
  Relation,
  EntityMatch,
  Triple,
  TripleEdge,
  GraphPath,
  PathStep,
  GraphModel: { ...GraphModel, ...graphModelAnswers },
  LinkAnswer,
  LinkPrediction,
  LinkExplanation,
  SupportingTriple,
  RelationPrediction,
  TripleScore,
  ReviewedTriple,
  NewEntity,
  NearEntity,
  NewEntityLink,
  DescribedEntity,
  DuplicatePair,
  GraphPreset,
  GraphEvaluation,
  RankSummary,
  RankMetrics,
  AdjustedRankMetrics,
  TrainingEpoch,
  TrainingTrial,
  TrainingProgress,
  OddItem,
  ExtremeItem,
  WordEvaluation,
  EvaluatedSection,
  Job,
  JobResult,
};

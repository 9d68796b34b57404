/**
 * Writes what is made from other files, when run: `npm run generate`. server/generated/schema.ts holds the types of
 * schema.graphql, server/kernels/cpu/wasm.ts the kernels of the CPU backend, server/kernels/gpu/shaders.ts those of the GPU backend.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

import { codegen } from '@graphql-codegen/core';
import * as typescript from '@graphql-codegen/typescript';
import * as resolvers from '@graphql-codegen/typescript-resolvers';
import { parse } from 'graphql';

import { generateShaders } from './generateShaders.ts';
import { generateWasm } from './generateWasm.ts';

const root = new URL('../', import.meta.url);
export const generatedFile = fileURLToPath(new URL('server/generated/schema.ts', root));
export const wasmFile = fileURLToPath(new URL('server/kernels/cpu/wasm.ts', root));
export const shadersFile = fileURLToPath(new URL('server/kernels/gpu/shaders.ts', root));

/** The source of server/generated/schema.ts as schema.graphql wants it. */
export async function generate(): Promise<string> {
  const schema = parse(await readFile(new URL('schema.graphql', root), 'utf8'));
  const source = await codegen({
    filename: generatedFile,
    documents: [],
    schema,
    plugins: [{ typescript: {} }, { resolvers: {} }],
    pluginMap: { typescript, resolvers },
    config: {
      useTypeImports: true,
      emitLegacyCommonJSImports: false,
      importExtension: '',
      enumsAsTypes: true,
      immutableTypes: true,
      avoidOptionals: { defaultValue: true }, // graphql-js puts defaults in
      skipTypename: true,
      strictScalars: true,
      inputMaybeValue: 'T | null', // what is not given is absent, never undefined
      scalars: {
        ID: 'string',
        DateTime: 'Date',
        JSON: 'unknown',
        BigInt: { input: 'number', output: 'number | bigint | string' },
        Vector: 'Float32Array',
      },
      contextType: '../resolvers/context.ts#Context',
      mappers: {
        Dataset: '../datasets/datasets.ts#Dataset as DatasetRecord',
        Item: '../datasets/items.ts#Item as ItemRecord',
        Embedding: '../embeddings/embeddings.ts#Embedding as EmbeddingRecord',
        Projection: '../projections/projections.ts#Projection as ProjectionRecord',
        Clustering: '../clusterings/clusterings.ts#Clustering as ClusteringRecord',
        Cluster: '../clusterings/clusterings.ts#Cluster as ClusterRecord',
        ClusterLayer: '../resolvers/clustering.ts#LayerOf',
        GraphModel: '../graphs/graphModels.ts#GraphModel as GraphModelRecord',
        GraphEvaluation: '../resolvers/graphModel.ts#EvaluationOf',
        GraphPreset: '../graphs/presets.ts#Preset',
        RankSummary: '../kernels/kge/evaluate.ts#RankSummary as RankSummaryRecord',
        RankMetrics: '../kernels/kge/metrics.ts#RankMetrics as RankMetricsRecord',
        AdjustedRankMetrics: '../kernels/kge/metrics.ts#AdjustedMetrics',
        TrainingEpoch: '../kernels/kge/training.ts#CurvePoint',
        TrainingTrial: '../graphs/graphModels.ts#Trial',
        TrainingProgress: '../resolvers/job.ts#TrainingOf',
        Job: '../jobs/jobs.ts#Job as JobRecord',
        JobResult: '../jobs/jobs.ts#JobResult as JobResultRecord',
        Placement: '../resolvers/projection.ts#PlacementOf',
        ProjectionFrame: '../projections/frames.ts#Frame',
        MapInTheMaking: '../resolvers/mapInTheMaking.ts#MapOfJob',
        ItemConnection: '../resolvers/dataset.ts#ItemPage',
        WordEvaluation: '../words/evaluations.ts#WordEvaluation as WordEvaluationRecord',
        EvaluatedSection: '../words/evaluations.ts#EvaluatedSection as EvaluatedSectionRecord',
        OddItem: '../resolvers/wordQuestions.ts#AmongOthers',
        ExtremeItem: '../resolvers/wordQuestions.ts#AlongDirection',
        NearestConnection: '../resolvers/embedding.ts#NearestPage',
        NearestEdge: '../resolvers/embedding.ts#NearestItem',
        HybridConnection: '../resolvers/embedding.ts#HybridPage',
        HybridEdge: '../resolvers/embedding.ts#HybridItem',
        Model: '../resolvers/model.ts#ModelRecord',
        Classification: '../embeddings/classifications.ts#Classification as ClassificationRecord',
        ClassifiedItem: '../resolvers/classification.ts#ScoredItem',
        Comparison: '../embeddings/comparisons.ts#Comparison as ComparisonRecord',
        ChangedItem: '../resolvers/classification.ts#ScoredItem',
        Server: '../resolvers/server.ts#ServerRecord',
        VectorIndex: '../resolvers/embedding.ts#IndexOf',
        LinkAnswer: '../resolvers/graphAnswers.ts#LinkAnswerOf',
        LinkPrediction: '../resolvers/graphAnswers.ts#LinkPredictionOf',
        LinkExplanation: '../graphs/explainLink.ts#LinkExplanation as LinkExplanationOf',
        SupportingTriple: '../graphs/explainLink.ts#SupportingTriple as SupportingTripleOf',
        RelationPrediction: '../graphs/predictLinks.ts#RelationPrediction as RelationPredictionOf',
        TripleScore: '../resolvers/graphAnswers.ts#TripleScoreOf',
        TripleReview: '../graphs/reviewRelation.ts#Review',
        ReviewedTriple: '../graphs/reviewRelation.ts#ReviewedTriple as ReviewedTripleOf',
        NewEntity: '../resolvers/graphAnswers.ts#NewEntityOf',
        DescribedEntity: '../resolvers/graphAnswers.ts#DescribedEntityOf',
        NearEntity: '../graphs/newEntity.ts#NewEntityAnswer',
        NewEntityLink: '../graphs/newEntity.ts#NewEntityAnswer',
        DuplicatePair: '../graphs/findDuplicates.ts#Duplicate',
        Graph: '../resolvers/graph.ts#GraphOf',
        Relation: '../graphs/graphs.ts#Relation as RelationRecord',
        Triple: '../graphs/neighborhood.ts#Triple as TripleOf',
        TripleConnection: '../resolvers/graph.ts#TriplePage',
        TripleEdge: '../resolvers/graph.ts#TripleOnPage',
        EntityMatch: '../graphs/findEntities.ts#EntityMatch as EntityMatchOf',
        GraphPath: '../graphs/paths.ts#Path as PathOf',
        PathStep: '../resolvers/graph.ts#StepOf',
        Query: 'unknown',
        Mutation: 'unknown',
        Subscription: 'unknown',
      },
      useIndexSignature: false,
      optionalResolveType: false,
    },
  });
  return `// Written by \`npm run generate\` from schema.graphql.\n${source}`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await writeFile(generatedFile, await generate());
  await writeFile(wasmFile, await generateWasm());
  await writeFile(shadersFile, await generateShaders());
}

/** What the server answers, as the map knows it. */
import type { Quality } from '#kernels/quality.ts';

export type FieldType = 'TEXT' | 'CATEGORY' | 'NUMBER' | 'BOOLEAN' | 'DATE' | 'JSON';

export interface Field {
  readonly name: string;
  readonly type: FieldType;
}

export interface ProjectionSummary {
  readonly name: string;
  readonly method: string;
  readonly components: 2 | 3;
  /** By which items were taken to be near; absent while nothing is known but that it is in the making. */
  readonly metric?: Metric;
  readonly seed: number | null;
  readonly parameters: Readonly<Record<string, unknown>> | null;
  readonly device: string | null;
  readonly milliseconds: number | null;
  readonly explainedVariance: readonly number[] | null;
  readonly stale: boolean;
  readonly version: number | string;
  readonly createdAt: string;
  /** The job that makes it, or makes it anew; absent: none does. */
  readonly making?: string;
  /** Whether there is none yet but the one in the making. */
  readonly isNew?: boolean;
  readonly quality:
    | (Quality & {
        /** Of the points: the measures of each single one. */
        readonly columns: readonly string[];
      })
    | null;
}

export type Metric = 'COSINE' | 'EUCLIDEAN' | 'INNER_PRODUCT';

export interface EmbeddingSummary {
  readonly name: string;
  readonly dimension: number;
  readonly metric: Metric;
  readonly itemCount: number | string;
  readonly model: { readonly name: string; readonly description: string | null } | null;
  readonly projections: readonly ProjectionSummary[];
  /** What it can be asked with beside items; absent in a list of data sets, as all that follows. */
  readonly accepts?: readonly ('TEXT' | 'IMAGE')[];
  /** The tensor of the model that it was read from; null: the model's output. */
  readonly layer?: string | null;
  readonly layerDepth?: number | null;
  readonly classifications?: readonly ClassificationSummary[];
  readonly comparisons?: readonly ComparisonSummary[];
}

export interface ClassificationSummary {
  readonly name: string;
  readonly labels: readonly string[];
  readonly templates: readonly string[];
  /** The column of points with the most probable label. */
  readonly column: string;
  /** Those with the probability of each label, in the order of the labels. */
  readonly probabilityColumns: readonly string[];
}

export interface ComparisonSummary {
  readonly column: string;
  readonly meanOverlap: number;
  readonly neighbors: number;
  readonly embedding: { readonly name: string };
  readonly other: { readonly name: string };
}

export interface DatasetSummary {
  readonly slug: string;
  readonly title: string;
  readonly description: string | null;
  readonly kind: 'TEXT' | 'IMAGE' | 'GRAPH' | 'VECTOR';
  readonly licence: string | null;
  readonly source: string | null;
  readonly itemCount: number | string;
  readonly fields: readonly Field[];
  readonly embeddings: readonly EmbeddingSummary[];
  readonly clusterings: readonly ClusteringSummary[];
  /** That work on it or wait to, newest first. */
  readonly jobs?: readonly OpenJob[];
  /** Whether whoever asks may change something. */
  readonly mayChange?: boolean;
}

/** So much of a data set as tells whether there is something new. */
export interface DatasetNews {
  readonly embeddings: readonly {
    readonly name: string;
    readonly projections: readonly Pick<ProjectionSummary, 'name' | 'components' | 'version'>[];
  }[];
  readonly clusterings: readonly Pick<ClusteringSummary, 'name' | 'embedding'>[];
  readonly jobs?: readonly { readonly id: string; readonly map: object | null }[];
}

/** A job that has not ended. */
export interface OpenJob {
  readonly id: string;
  readonly kind: string;
  readonly state: JobState;
  readonly stage: string | null;
  readonly progress: number | null;
  /** What it makes that can be watched. */
  readonly map: {
    readonly embedding: string;
    readonly name: string;
    readonly method: string;
    readonly components: 2 | 3;
  } | null;
}

export type JobState = 'QUEUED' | 'RUNNING' | 'PAUSED' | 'SUCCEEDED' | 'FAILED' | 'CANCELLED';

/** What is told of a map in the making. */
export interface Watching {
  /** @param bytes of `#kernels/frame.ts` */
  readonly onFrame: (bytes: Uint8Array) => void;
  readonly onJob: (job: Pick<OpenJob, 'state' | 'stage' | 'progress'>) => void;
}

export interface ClusteringSummary {
  readonly name: string;
  readonly embedding: { readonly name: string };
  /** The map whose points were grouped; null: the vectors. */
  readonly projection: { readonly name: string } | null;
}

export interface ClusteringDetail {
  readonly name: string;
  readonly method: 'KMEANS' | 'HDBSCAN';
  readonly noiseCount: number | string;
  readonly stale: boolean;
  readonly clusters: readonly ClusterSummary[];
  /** From many small clusters to few large ones. */
  readonly layers: readonly { readonly clusters: readonly ClusterSummary[] }[];
}

export interface ClusterSummary {
  readonly number: number;
  readonly label: string;
  readonly size: number | string;
  readonly terms: readonly { readonly term: string }[];
  readonly traits: readonly { readonly field: string; readonly value: string; readonly share: number }[];
  /** In the map's own coordinates; null when it is not on the map. */
  readonly place: {
    readonly center: readonly number[];
    readonly lower: readonly number[];
    readonly upper: readonly number[];
  } | null;
}

/** What a line of a list shows of an item. */
export interface ItemSummary {
  readonly key: string;
  readonly label: string;
  readonly image: { readonly url: string; readonly width: number | null; readonly height: number | null } | null;
}

export interface Item extends ItemSummary {
  readonly fields: Readonly<Record<string, unknown>>;
}

export interface PointsFile {
  readonly count: number | string;
  readonly url: string;
  readonly mediaType: string;
  readonly version: string;
}

/** Where the points of a map in the making are: null while it has none. */
export interface PointsInTheMaking {
  readonly state: JobState;
  readonly points: PointsFile | null;
}

export interface Neighbor extends ItemSummary {
  readonly rank: number;
  readonly distance: number;
  readonly similarity: number;
}

export interface Neighbors {
  readonly neighbors: readonly Neighbor[];
  readonly search: {
    readonly method: 'EXACT' | 'INDEX' | 'AUTO';
    readonly exact: boolean;
    readonly metric: Metric;
    readonly complete: boolean;
    readonly milliseconds: number;
  };
}

/** Of an analogy: an item, and how it counts. */
export interface SumTerm {
  readonly to: { readonly item: string };
  readonly weight?: number;
}

/** Terms are added (3CosAdd) or their cosines multiplied (3CosMul). */
export type SumMethod = 'ADD' | 'MULTIPLY';

export interface Matches {
  readonly totalCount: number;
  readonly items: readonly ItemSummary[];
}

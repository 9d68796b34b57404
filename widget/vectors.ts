/** Vectors that a page gives the element, to be mapped where they are. */
import type { MapOptions } from '#kernels/map.ts';

/** What a page has: nothing of it leaves the page. */
export interface PageVectors {
  /** Row by row in one array, or an array per row. */
  readonly rows: Float32Array | readonly (readonly number[] | Float32Array)[];
  /** Numbers per row; wanted where `rows` is one array. */
  readonly dimension?: number;
  /** One per row, each once. Default: the row's number, from 0. */
  readonly keys?: readonly string[];
  /** Names of the points, one per row. Default: the keys. */
  readonly labels?: readonly string[];
  /** What the map can be coloured by: a value per row; numbers and texts are told apart. */
  readonly fields?: Readonly<Record<string, readonly (string | number | boolean | null)[]>>;
  /** What the data set is called. */
  readonly title?: string;
}

/** How the map of a page's vectors is made: as `#kernels/map.ts` takes it, all with defaults. */
export interface PageMapOptions extends Partial<Pick<MapOptions, 'method' | 'metric' | 'seed' | 'spherize'>> {
  /** Default: 2. */
  readonly components?: 2 | 3;
  readonly pca?: MapOptions['pca'];
  readonly umap?: MapOptions['umap'];
  readonly tsne?: MapOptions['tsne'];
  readonly pacmap?: MapOptions['pacmap'];
  /** Default: a graphics card where the browser gives one, otherwise the processor. */
  readonly device?: 'AUTO' | 'GPU' | 'CPU';
}

/** Of the data set that a page's vectors are. */
export const PAGE_DATASET = 'page';

/**
 * Lists of nearest neighbours, as every search for them gives them.
 *
 * n rows, k neighbours.
 * ids: Uint32Array (n, k), nearest first, never the row itself; 0xffffffff where there are fewer than k others.
 * distances: Float32Array (n, k), ascending; Infinity there. Equal distances stand in the order of ids.
 */
import type { Matrix } from './matrix.ts';

export interface Neighbors {
  readonly n: number;
  readonly k: number;
  readonly ids: Uint32Array;
  readonly distances: Float32Array;
  /** Share of the true neighbours that were found: 1 for an exact search, measured on a sample otherwise. */
  readonly recall: number;
  /** Principal coordinates of the rows (by the cosine, of the rows at length 1), where the search has come by them: ten, or those wanted. */
  readonly principal?: Matrix;
}

/** In place of an id, where there are fewer neighbours. As in cpu/assembly and in knn.wgsl. */
export const NONE = 0xffffffff;

/** Candidates beyond k that are ranked again with exact differences: scores are rounded to 24 bits and may cancel. */
export const SPARE_CANDIDATES = 8;

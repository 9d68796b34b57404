/**
 * Principal components: the orthogonal directions along which the rows differ most (Hotelling, 1933). Exact, not sampled:
 * mean, covariance (or, for more columns than rows, the Gram matrix, whose eigenvectors give the same), eigenvectors,
 * coordinates. float32 in and out, float64 between.
 *
 *     const state = initializePca(matrix, { components: 2 });
 *     while (runPca(state, state.step + 1)) onProgress(state.step / state.steps);
 *     const { pca, coordinates } = resultOfPca(state);
 */
import { largestEigen } from './eigen.ts';
import { addToGram, completeGram, createGram, type Gram } from './gram.ts';
import { createMatrix, type Matrix } from './matrix.ts';

// n rows, d columns, c components.

export interface PcaOptions {
  /** Directions that are looked for, 1 to 100. */
  readonly components: number;
  /** Coordinates per row, of the first of them; those beyond the rank of the data are 0. Default: all. */
  readonly coordinates?: number;
}

export interface Pca {
  readonly components: number;
  /** float64 (d). */
  readonly mean: Float64Array;
  /**
   * float64 (c, d), orthonormal rows; the largest component of each, by size, is positive, so that a map is not now and then its
   * mirror image. A direction without variance is none: its row is 0, and so are its coordinates.
   */
  readonly loadings: Float64Array;
  /** Variance along each component, with n - 1 in the denominator; 0 for a single row. */
  readonly explainedVariance: Float64Array;
  /** The same as a share of the variance of all columns, 0 to 1; 0 where there is no variance. */
  readonly explainedVarianceRatio: Float64Array;
}

/** A run that can be stopped after any step and gone on with: the pieces are fixed, so the result is the same bit for bit. */
export interface PcaState {
  readonly matrix: Matrix;
  readonly components: number;
  /** Steps done, and how many there are; of about equal length but for the one that finds the eigenvectors. */
  step: number;
  readonly steps: number;
  readonly mean: Float64Array;
  readonly gram: Gram;
  readonly coordinates: Matrix;
  pca: Pca | null;
}

/** As many as a client may ask for: more are no map, and their variances no plot. */
const COMPONENTS_LIMIT = 100;
/** Multiplications in a step of the longest stage: a tenth of a second. */
const STEP_MULTIPLICATIONS = 2 ** 28;
/** Whole packs of the Gram product, so that its sums do not depend on where a step ends. */
const LINES_MULTIPLE = 256;
/** Rows whose coordinates are computed in a step. */
const ROWS = 8192;

/** @throws RangeError for a matrix without rows or columns, or another number of components */
export function initializePca(matrix: Matrix, { components, coordinates = components }: PcaOptions): PcaState {
  const { rows, columns } = matrix;
  if (rows < 1 || columns < 1)
    throw new RangeError(`Principal components need rows and columns, got ${rows} x ${columns}.`);
  if (!Number.isInteger(components) || components < 1 || components > COMPONENTS_LIMIT) {
    throw new RangeError(`Components are a whole number from 1 to ${COMPONENTS_LIMIT}, got ${components}.`);
  }
  const gram = createGram(matrix, columns <= rows ? 'rows' : 'columns');
  const state = {
    matrix,
    components,
    step: 0,
    mean: new Float64Array(columns),
    gram,
    coordinates: createMatrix(rows, Math.min(coordinates, components)),
    pca: null,
  };
  const { products, projections } = countSteps(state);
  return { ...state, steps: 1 + products + 1 + projections };
}

/** Goes on until `untilStep` steps are done, or all. @returns whether there is more to do */
export function runPca(state: PcaState, untilStep = state.steps): boolean {
  const { matrix, gram, mean } = state;
  const { products, linesPerStep } = countSteps(state);
  for (; state.step < Math.min(untilStep, state.steps); state.step++) {
    const { step } = state;
    if (step === 0) findMean(matrix, mean);
    else if (step <= products) {
      const first = (step - 1) * linesPerStep;
      addToGram(gram, matrix, mean, first, Math.min(first + linesPerStep, linesOf(state)));
    } else if (step === products + 1) state.pca = findComponents(state);
    else if (state.pca !== null) {
      const first = (step - products - 2) * ROWS;
      projectRows(state.pca, matrix, first, Math.min(first + ROWS, matrix.rows), state.coordinates);
    }
  }
  return state.step < state.steps;
}

/** What a finished run has found. @throws Error before the last step */
export function resultOfPca({ pca, coordinates, step, steps }: PcaState): { pca: Pca; coordinates: Matrix } {
  if (pca === null || step < steps) throw new Error(`The principal components are at step ${step} of ${steps}.`);
  return { pca, coordinates };
}

/** Coordinates (m, c) of rows (m, d) that need not be among those the components were made of. */
export function transformPca(pca: Pca, rows: Matrix): Matrix {
  if (rows.columns !== pca.mean.length) {
    throw new RangeError(
      `The components were made of rows of ${pca.mean.length} numbers, got rows of ${rows.columns}.`,
    );
  }
  const coordinates = createMatrix(rows.rows, pca.components);
  projectRows(pca, rows, 0, rows.rows, coordinates);
  return coordinates;
}

type Shape = Pick<PcaState, 'matrix' | 'gram'>;

function linesOf({ matrix, gram }: Shape): number {
  return gram.over === 'rows' ? matrix.rows : matrix.columns;
}

function countSteps(state: Shape): { products: number; linesPerStep: number; projections: number } {
  const wanted = STEP_MULTIPLICATIONS / (state.gram.stride ** 2 / 2);
  const linesPerStep = Math.max(1, Math.round(wanted / LINES_MULTIPLE)) * LINES_MULTIPLE;
  const products = Math.ceil(linesOf(state) / linesPerStep);
  return { products, linesPerStep, projections: Math.ceil(state.matrix.rows / ROWS) };
}

/**
 * The mean of each column, as the first row plus the mean difference from it: so a column that is constant has exactly
 * its value as mean, and no variance by rounding.
 * @throws RangeError that names the first number that is not finite
 */
export function findMean({ rows, columns, data }: Matrix, mean: Float64Array): void {
  for (let i = 1; i < rows; i++) {
    const row = i * columns;
    for (let j = 0; j < columns; j++) mean[j] = (mean[j] ?? 0) + ((data[row + j] ?? 0) - (data[j] ?? 0));
  }
  for (let j = 0; j < columns; j++) mean[j] = (data[j] ?? 0) + (mean[j] ?? 0) / rows;
  if (mean.every(Number.isFinite)) return;
  const at = data.findIndex((value) => !Number.isFinite(value));
  throw new RangeError(`Row ${Math.floor(at / columns)}, column ${at % columns} is ${data[at]}, not a finite number.`);
}

function findComponents({ matrix, components, gram, mean }: PcaState): Pca {
  const { rows, columns } = matrix;
  const found = Math.min(components, gram.side);
  const products = completeGram(gram);
  const { values, vectors } = largestEigen(products, gram.side, found);
  let total = 0;
  for (let i = 0; i < gram.side; i++) total += products[i * gram.side + i] ?? 0;

  // Below this an eigenvalue is rounding (as in numpy.linalg.matrix_rank).
  const least = Math.max(rows, columns) * Number.EPSILON * (values[0] ?? 0);
  const loadings = new Float64Array(components * columns);
  const explainedVariance = new Float64Array(components);
  const explainedVarianceRatio = new Float64Array(components);
  for (let k = 0; k < found; k++) {
    const value = values[k] ?? 0;
    if (!(value > least)) continue;
    const vector = vectors.subarray(k * gram.side, (k + 1) * gram.side);
    const loading = loadings.subarray(k * columns, (k + 1) * columns);
    if (gram.over === 'rows') loading.set(vector);
    else addRows(matrix, mean, vector, loading);
    normalizeLoading(loading);
    explainedVariance[k] = value / (rows - 1);
    explainedVarianceRatio[k] = Math.min(1, value / total);
  }
  return { components, mean, loadings, explainedVariance, explainedVarianceRatio };
}

/** loading += X' weights, for X less its mean: from an eigenvector of X X' to that of X'X. */
function addRows(
  { rows, columns, data }: Matrix,
  mean: Float64Array,
  weights: Float64Array,
  loading: Float64Array,
): void {
  for (let i = 0; i < rows; i++) {
    const weight = weights[i] ?? 0;
    const row = i * columns;
    for (let j = 0; j < columns; j++) loading[j] = (loading[j] ?? 0) + weight * ((data[row + j] ?? 0) - (mean[j] ?? 0));
  }
}

/** Length 1, and the largest component positive; among equal ones the first. */
export function normalizeLoading(vector: Float64Array): void {
  let largest = 0;
  let squares = 0;
  for (const value of vector) {
    if (Math.abs(value) > Math.abs(largest)) largest = value;
    squares += value * value;
  }
  const factor = Math.sign(largest) / Math.sqrt(squares);
  for (let j = 0; j < vector.length; j++) vector[j] = (vector[j] ?? 0) * factor;
}

/** Rows first … end-1 of (X - mean) loadings', two components at a time, as many as `out` has columns. */
function projectRows(pca: Pca, { columns, data }: Matrix, first: number, end: number, into: Matrix): void {
  const { mean, loadings } = pca;
  const { columns: components, data: out } = into;
  const centered = new Float64Array(columns);
  for (let i = first; i < end; i++) {
    const row = i * columns;
    for (let j = 0; j < columns; j++) centered[j] = (data[row + j] ?? 0) - (mean[j] ?? 0);
    for (let k = 0; k < components; k += 2) {
      const one = k * columns;
      const other = Math.min(k + 1, components - 1) * columns;
      let along = 0;
      let alongOther = 0;
      for (let j = 0; j < columns; j++) {
        const value = centered[j] ?? 0;
        along += value * (loadings[one + j] ?? 0);
        alongOther += value * (loadings[other + j] ?? 0);
      }
      out[i * components + k] = along;
      if (k + 1 < components) out[i * components + k + 1] = alongOther;
    }
  }
}

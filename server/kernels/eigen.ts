/**
 * Eigenvalues and eigenvectors of a symmetric matrix, in float64: all of them by Householder's reduction and the QR
 * algorithm (Golub and Van Loan, Matrix Computations, 4th ed., 8.3), or a few of the largest by a block Krylov method.
 * Both give orthonormal vectors for equal eigenvalues too, and both are deterministic.
 */
import { createRandom } from './random.ts';

export interface Eigen {
  /** Eigenvalues, largest first. */
  readonly values: Float64Array;
  /** One unit eigenvector per row: vector k begins at `k * size`. */
  readonly vectors: Float64Array;
}

/** 2^-52: the distance from 1 to the next float64. */
const EPSILON = Number.EPSILON;
/** 2^-1022: smaller float64 have fewer digits. */
const SMALLEST_NORMAL = 2 ** -1022;

/**
 * Above this edge a few eigenpairs come from the Krylov method. On one core of an AMD EPYC (Zen 5), Node 20, three pairs of
 * a 784 x 784 matrix take 2.1 s by the full way; by Krylov 0.25 s where the eigenvalues fall off by a fifth each, 1 s where
 * they are those of noise.
 */
const FULL_SIZE_LIMIT = 256;
/** Krylov for at most this share of the pairs: 50 of noise in 2,000 dimensions take 44 s, longer than all by the full way. */
const KRYLOV_SHARE = 1 / 64;

/** The `count` largest eigenvalues of a symmetric float64 (size, size), with their vectors. The matrix is left as it is. */
export function largestEigen(matrix: Float64Array, size: number, count: number): Eigen {
  if (size > FULL_SIZE_LIMIT && count <= size * KRYLOV_SHARE) return krylovEigen(matrix, size, count);
  const { values, vectors } = symmetricEigen(matrix, size);
  return { values: values.slice(0, count), vectors: vectors.slice(0, count * size) };
}

/** All eigenvalues and vectors of a symmetric float64 (size, size). The matrix is left as it is. */
export function symmetricEigen(matrix: Float64Array, size: number): Eigen {
  const { diagonal, offDiagonal, vectors } = tridiagonalize(Float64Array.from(matrix), size);
  diagonalize(diagonal, offDiagonal, vectors, size);
  const order = Array.from(diagonal.keys()).sort((a, b) => (diagonal[b] ?? 0) - (diagonal[a] ?? 0));
  const sorted = new Float64Array(size * size);
  order.forEach((from, to) => {
    sorted.set(vectors.subarray(from * size, (from + 1) * size), to * size);
  });
  return { values: Float64Array.from(order, (i) => diagonal[i] ?? 0), vectors: sorted };
}

interface Tridiagonal {
  readonly diagonal: Float64Array;
  /** Beside the diagonal; the last one is 0. */
  readonly offDiagonal: Float64Array;
  /** Rows of Q', where Q' A Q is the tridiagonal matrix. */
  readonly vectors: Float64Array;
}

/**
 * A → Q' A Q by size - 2 reflections (algorithm 8.3.1). Works in the lower triangle of `a`, which is overwritten; each
 * reflection's vector is kept in the upper triangle, in the row that it has emptied.
 */
function tridiagonalize(a: Float64Array, size: number): Tridiagonal {
  const offDiagonal = new Float64Array(size);
  const betas = new Float64Array(size);
  const v = new Float64Array(size);
  const w = new Float64Array(size);
  for (let k = 0; k < size - 2; k++) {
    const { beta, reflected } = reflector(a, size, k, v);
    betas[k] = beta;
    offDiagonal[k] = reflected;
    if (beta === 0) continue;
    reflectBothSides(a, size, k, v, beta, w);
    a.set(v.subarray(k + 1), k * size + k + 1);
  }
  if (size > 1) offDiagonal[size - 2] = a[(size - 1) * size + size - 2] ?? 0;
  const diagonal = Float64Array.from({ length: size }, (_, k) => a[k * size + k] ?? 0);
  return { diagonal, offDiagonal, vectors: productOfReflections(a, size, betas) };
}

/**
 * The reflection I - beta v v' that takes column k below the diagonal to a multiple of its first unit vector (algorithm 5.1.1, without
 * its scaling of v to begin with 1): fills v from k + 1 on. @returns beta, 0 where there is nothing to reflect, and that multiple
 */
function reflector(
  a: Float64Array,
  size: number,
  k: number,
  v: Float64Array,
): { readonly beta: number; readonly reflected: number } {
  let scale = 0;
  for (let i = k + 1; i < size; i++) scale = Math.max(scale, Math.abs(a[i * size + k] ?? 0));
  let norm = 0;
  for (let i = k + 1; i < size; i++) {
    const value = scale === 0 ? 0 : (a[i * size + k] ?? 0) / scale;
    v[i] = value;
    norm += value * value;
  }
  norm = Math.sqrt(norm);
  const head = v[k + 1] ?? 0;
  const reflected = head > 0 ? -norm : norm;
  v[k + 1] = head - reflected;
  // v'v = 2 norm (norm + |head|), so beta = 2 / v'v.
  return { beta: norm === 0 ? 0 : 1 / (norm * (norm + Math.abs(head))), reflected: reflected * scale };
}

/**
 * A → (I - beta v v') A (I - beta v v') = A - v w' - w v' behind row and column k, in the lower triangle (8.3.1):
 * p = beta A v, w = p - (beta p'v / 2) v.
 */
function reflectBothSides(
  a: Float64Array,
  size: number,
  k: number,
  v: Float64Array,
  beta: number,
  w: Float64Array,
): void {
  // A v, each element of the triangle used for both of its places.
  w.fill(0, k + 1);
  for (let i = k + 1; i < size; i++) {
    const row = i * size;
    const vi = v[i] ?? 0;
    let sum = 0;
    for (let j = k + 1; j < i; j++) {
      const value = a[row + j] ?? 0;
      sum += value * (v[j] ?? 0);
      w[j] = (w[j] ?? 0) + value * vi;
    }
    w[i] = (w[i] ?? 0) + sum + (a[row + i] ?? 0) * vi;
  }
  let along = 0;
  for (let i = k + 1; i < size; i++) {
    w[i] = (w[i] ?? 0) * beta;
    along += (w[i] ?? 0) * (v[i] ?? 0);
  }
  const correction = (beta / 2) * along;
  for (let i = k + 1; i < size; i++) w[i] = (w[i] ?? 0) - correction * (v[i] ?? 0);
  for (let i = k + 1; i < size; i++) {
    const row = i * size;
    const vi = v[i] ?? 0;
    const wi = w[i] ?? 0;
    for (let j = k + 1; j <= i; j++) a[row + j] = (a[row + j] ?? 0) - vi * (w[j] ?? 0) - wi * (v[j] ?? 0);
  }
}

/** Q' from the last reflection, kept in the upper triangle, to the first: each touches only the rows and columns behind its own. */
function productOfReflections(a: Float64Array, size: number, betas: Float64Array): Float64Array {
  const vectors = new Float64Array(size * size);
  for (let i = 0; i < size; i++) vectors[i * size + i] = 1;
  for (let k = size - 3; k >= 0; k--) {
    const beta = betas[k] ?? 0;
    if (beta === 0) continue;
    const reflection = k * size;
    for (let i = k + 1; i < size; i++) {
      const row = i * size;
      let along = 0;
      for (let j = k + 1; j < size; j++) along += (vectors[row + j] ?? 0) * (a[reflection + j] ?? 0);
      along *= beta;
      for (let j = k + 1; j < size; j++) vectors[row + j] = (vectors[row + j] ?? 0) - along * (a[reflection + j] ?? 0);
    }
  }
  return vectors;
}

/** Steps of the QR algorithm per eigenvalue; two are usual. */
const QR_STEPS_LIMIT = 50;

/** Makes the off-diagonal vanish by implicit QR steps with Wilkinson's shift (algorithm 8.3.3), rotating the rows of `vectors`. */
function diagonalize(d: Float64Array, e: Float64Array, vectors: Float64Array, size: number): void {
  let norm = 0;
  for (let i = 0; i < size; i++) norm = Math.max(norm, Math.abs(d[i] ?? 0) + Math.abs(e[i] ?? 0));
  // As exact as the matrix itself. Asking for more, relative to the neighbours, does not end where the smallest eigenvalues
  // are rounding of the largest.
  const limit = Math.max(EPSILON * norm, SMALLEST_NORMAL);
  const negligible = (i: number): boolean => Math.abs(e[i] ?? 0) <= limit;
  let last = size - 1;
  let steps = 0;
  while (last > 0) {
    if (negligible(last - 1)) {
      last--;
      steps = 0;
      continue;
    }
    let first = last - 1;
    while (first > 0 && !negligible(first - 1)) first--;
    if (steps++ === QR_STEPS_LIMIT) throw new Error(`The QR algorithm did not converge in ${QR_STEPS_LIMIT} steps.`);
    stepQr(d, e, vectors, size, first, last);
  }
}

/** One implicit QR step on the rows and columns `first` … `last` (algorithm 8.3.2). */
function stepQr(
  d: Float64Array,
  e: Float64Array,
  vectors: Float64Array,
  size: number,
  first: number,
  last: number,
): void {
  const beside = e[last - 1] ?? 0;
  const half = ((d[last - 1] ?? 0) - (d[last] ?? 0)) / 2;
  const root = Math.hypot(half, beside);
  const shift = (d[last] ?? 0) - (beside / (half + (half < 0 ? -root : root))) * beside;
  let x = (d[first] ?? 0) - shift;
  let z = e[first] ?? 0;
  for (let k = first; k < last; k++) {
    const r = Math.hypot(x, z);
    const c = r === 0 ? 1 : x / r;
    const s = r === 0 ? 0 : z / r;
    if (k > first) e[k - 1] = r;
    const upper = d[k] ?? 0;
    const lower = d[k + 1] ?? 0;
    const between = e[k] ?? 0;
    d[k] = c * c * upper + 2 * c * s * between + s * s * lower;
    d[k + 1] = s * s * upper - 2 * c * s * between + c * c * lower;
    e[k] = c * s * (lower - upper) + (c * c - s * s) * between;
    if (k < last - 1) {
      x = e[k] ?? 0;
      z = s * (e[k + 1] ?? 0);
      e[k + 1] = c * (e[k + 1] ?? 0);
    }
    for (let p = k * size, q = p + size, end = q; p < end; p++, q++) {
      const a = vectors[p] ?? 0;
      const b = vectors[q] ?? 0;
      vectors[p] = c * a + s * b;
      vectors[q] = c * b - s * a;
    }
  }
}

/** Vectors beside those asked for in each block: the last ones asked for converge sooner. */
const GUARD_VECTORS = 2;
/** Blocks in the subspace before it is looked at and narrowed. */
const BLOCKS = 20;
/** A pair is found when |A v - λ v| is at most this share of the largest |λ|, some hundred times the rounding of A v. */
const RESIDUAL = 1e-13;
/** The subspace is narrowed at most so often; then the full way is taken. Images need it once or twice. */
const RESTARTS_LIMIT = 50;

/**
 * The largest eigenpairs, from the subspace that a block of vectors and its repeated products with the matrix span: block
 * Lanczos with full orthogonalisation and thick restart (Saad, Numerical Methods for Large Eigenvalue Problems, 2011,
 * chapters 6 and 7). The start is by chance, from a fixed seed. Equal eigenvalues are found up to `count` + 2 times.
 */
export function krylovEigen(matrix: Float64Array, size: number, count: number): Eigen {
  const times = (vector: Float64Array) => multiply(matrix, size, vector);
  const found = krylovEigenOf(times, size, count, { residual: RESIDUAL, restarts: RESTARTS_LIMIT });
  if (found.converged) return found;
  const { values, vectors } = symmetricEigen(matrix, size);
  return { values: values.slice(0, count), vectors: vectors.slice(0, count * size) };
}

/**
 * The same of a matrix of which only its products with vectors are known.
 * @param times the matrix times a vector, a new array
 * @param residual a pair is found when |A v - λ v| is at most this share of the largest |λ|
 * @param restarts after so many the best that there is is returned, and said not to have converged
 */
export function krylovEigenOf(
  times: (vector: Float64Array) => Float64Array,
  size: number,
  count: number,
  { residual, restarts: most }: { readonly residual: number; readonly restarts: number },
): Eigen & { readonly converged: boolean } {
  const random = createRandom(0);
  const block = count + GUARD_VECTORS;
  const capacity = Math.min(size, BLOCKS * block);
  let subspace: Subspace = { basis: [], images: [] };
  let next: Float64Array[] = [];
  for (let i = 0; i < block; i++) {
    const vector = Float64Array.from({ length: size }, () => random.normal());
    if (orthonormalize(vector, next)) next.push(vector);
  }
  for (let restarts = 0; ; ) {
    const images = next.map(times);
    subspace = { basis: [...subspace.basis, ...next], images: [...subspace.images, ...images] };
    next = [];
    for (const image of images) {
      const vector = Float64Array.from(image);
      if (orthonormalize(vector, [...subspace.basis, ...next])) next.push(vector);
    }
    if (next.length > 0 && subspace.basis.length + next.length <= capacity) continue;

    const ritz = ritzPairs(subspace, size, next.length === 0 ? count : Math.max(count, capacity >> 1));
    const wanted = ritz.values.subarray(0, count);
    const largest = Math.abs(wanted[0] ?? 0);
    const converged = next.length === 0 || ritz.residuals.slice(0, count).every((rest) => rest <= residual * largest);
    if (converged || restarts === most) {
      const vectors = new Float64Array(count * size);
      ritz.basis.slice(0, count).forEach((vector, k) => {
        vectors.set(vector, k * size);
      });
      return { values: wanted, vectors, converged };
    }
    subspace = ritz;
    restarts++;
  }
}

interface Subspace {
  /** Orthonormal vectors. */
  readonly basis: readonly Float64Array[];
  /** The matrix times each of them. */
  readonly images: readonly Float64Array[];
}

/** The `count` largest eigenpairs of the matrix as seen within the subspace, and how far each is from being one (Rayleigh and Ritz). */
function ritzPairs({ basis, images }: Subspace, size: number, count: number) {
  const width = basis.length;
  const projected = new Float64Array(width * width);
  basis.forEach((vector, i) => {
    images.forEach((image, j) => {
      if (j >= i) projected[i * width + j] = projected[j * width + i] = dot(vector, image);
    });
  });
  const { values, vectors } = symmetricEigen(projected, width);
  const combine = (parts: readonly Float64Array[], k: number): Float64Array => {
    const sum = new Float64Array(size);
    parts.forEach((part, i) => {
      addScaled(sum, part, vectors[k * width + i] ?? 0);
    });
    return sum;
  };
  const chosen = Array.from({ length: Math.min(count, width) }, (_, k) => {
    const vector = combine(basis, k);
    const image = combine(images, k);
    const difference = Float64Array.from(image);
    addScaled(difference, vector, -(values[k] ?? 0));
    return { vector, image, residual: Math.sqrt(dot(difference, difference)) };
  });
  return {
    values: values.slice(0, count),
    basis: chosen.map(({ vector }) => vector),
    images: chosen.map(({ image }) => image),
    residuals: chosen.map(({ residual }) => residual),
  };
}

/**
 * Takes from `vector` what lies along `basis` and makes its length 1; twice, which is enough (Kahan's rule, in Parlett 1980).
 * @returns false where nothing but rounding was left
 */
function orthonormalize(vector: Float64Array, basis: readonly Float64Array[]): boolean {
  const before = Math.sqrt(dot(vector, vector));
  for (let pass = 0; pass < 2; pass++) {
    for (const direction of basis) addScaled(vector, direction, -dot(vector, direction));
  }
  const after = Math.sqrt(dot(vector, vector));
  if (!(after > before * EPSILON * 16)) return false;
  for (let i = 0; i < vector.length; i++) vector[i] = (vector[i] ?? 0) / after;
  // The division of a short rest enlarges what of the basis is still in it.
  for (const direction of basis) addScaled(vector, direction, -dot(vector, direction));
  return true;
}

function multiply(matrix: Float64Array, size: number, vector: Float64Array): Float64Array {
  const product = new Float64Array(size);
  for (let i = 0; i < size; i++) product[i] = dot(matrix.subarray(i * size, (i + 1) * size), vector);
  return product;
}

/** In four sums, which the processor can add at once. */
function dot(a: Float64Array, b: Float64Array): number {
  const { length } = a;
  let [s0, s1, s2, s3] = [0, 0, 0, 0];
  let i = 0;
  for (; i + 3 < length; i += 4) {
    s0 += (a[i] ?? 0) * (b[i] ?? 0);
    s1 += (a[i + 1] ?? 0) * (b[i + 1] ?? 0);
    s2 += (a[i + 2] ?? 0) * (b[i + 2] ?? 0);
    s3 += (a[i + 3] ?? 0) * (b[i + 3] ?? 0);
  }
  for (; i < length; i++) s0 += (a[i] ?? 0) * (b[i] ?? 0);
  return s0 + s1 + (s2 + s3);
}

function addScaled(sum: Float64Array, vector: Float64Array, factor: number): void {
  for (let i = 0; i < sum.length; i++) sum[i] = (sum[i] ?? 0) + factor * (vector[i] ?? 0);
}

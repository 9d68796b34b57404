/**
 * The rows whose places on the unit sphere around a mean (spherize.ts) are nearest to one place, exactly, of a matrix that stays in the
 * backend's memory as it is. With x' = (x - m) / |x - m| (0 for x = m), which has length 1,
 *   |x' - u|^2 - |u|^2 = 1 - 2 (<x, u> - <m, u>) / |x - m|,
 * so inner products with the rows themselves, and with their sketches before, tell who may be near, given their distances from the
 * mean. What the rounding of float32 cannot tell apart from the nearest is put on the sphere and compared in float64.
 *
 * n rows x of d columns, m their mean or any other place, u the place on the sphere, k nearest.
 */
import type { CpuBackend } from './cpu/backend.ts';
import { innerProduct, UNIT_ROUNDOFF } from './distance.ts';
import { type Matrix, rowOf } from './matrix.ts';
import { FEW, type Nearest, nearestOf, type ScannedRows, type ScanOptions, SHORTEST } from './scan.ts';
import {
  ask,
  leastScores,
  listOf,
  type OnCard,
  type RowsLeft,
  rowsLeft,
  rowsWithin,
  ruleOut,
  sums32,
  sumsOf,
  takeOut,
} from './scanPasses.ts';
import { sketchQuery } from './sketch.ts';
import { distanceOnSphere } from './spherize.ts';

export interface Sphere {
  /** float32 (d). */
  readonly mean: Float32Array;
  /** Offset of float32 (n): 2 / |x - m|, by which what differs of products differs on the sphere. */
  readonly scales: number;
  /** The same of 2 |x| / |x - m|, by which what they are off is. Infinity for a row so near the mean that float32 cannot tell its direction. */
  readonly slacks: number;
  /** Room for the bounds of a question. */
  readonly bounds: number;
}

/**
 * What is asked of the rows for every question around the same mean: a pass over them.
 * @param before a sphere around another mean that is no longer needed: it gives its place
 */
export async function sphereAround(
  backend: CpuBackend,
  placed: ScannedRows,
  mean: Float32Array,
  before: Sphere | null = null,
): Promise<Sphere> {
  const { rows, lengths } = placed;
  const { scales, slacks, bounds } = before ?? {
    scales: backend.allocate(rows * 4),
    slacks: backend.allocate(rows * 4),
    bounds: backend.allocate(rows * 4),
  };
  await sums32(backend, placed, true, ask(backend, placed, mean, null));
  const squares = backend.float32(placed.out, rows);
  const scale = backend.float32(scales, rows);
  const slack = backend.float32(slacks, rows);
  for (let row = 0; row < rows; row++) {
    const radius = Math.sqrt(squares[row] ?? 0);
    // At the mean, and so near it that squares vanish in float32, anything is possible: such a row is compared.
    const isSure = radius >= SHORTEST;
    scale[row] = isSure ? 2 / radius : 0;
    slack[row] = isSure ? (2 * (lengths[row] ?? 0)) / radius : Number.POSITIVE_INFINITY;
  }
  return { mean, scales, slacks, bounds };
}

/**
 * The k rows nearest on the sphere to a place of d numbers: of length 1, or 0. Options as those of `nearestRows`.
 * @returns distances on the sphere, 0 to 2, along its chords
 */
export async function nearestOnSphere(
  backend: CpuBackend,
  placed: ScannedRows,
  sphere: Sphere,
  place: Float32Array,
  k: number,
  { among = null, exclude = [], card = null }: Omit<ScanOptions, 'metric'> = {},
): Promise<Nearest> {
  const question: Question = { backend, placed, sphere, place, ofMean: innerProduct(sphere.mean, place), k, exclude };
  let left = ask(backend, placed, place, among);
  const few = left.count < FEW * placed.rows;
  if (!few && card === null) left = await scanSketches(question, left);
  left = await scanRows(question, left, few || card === null ? null : { card, vector: place });
  return nearestOf(rowsLeft(backend, placed, left), (row) => farOf(question, row), k);
}

interface Question {
  readonly backend: CpuBackend;
  readonly placed: ScannedRows;
  readonly sphere: Sphere;
  readonly place: Float32Array;
  /** The inner product of mean and place. */
  readonly ofMean: number;
  readonly k: number;
  readonly exclude: readonly number[];
}

function farOf({ backend, placed, sphere, place }: Question, row: number): number {
  const { rows, columns, stride, at } = placed;
  const values = backend.float32(at, rows * stride);
  return distanceOnSphere(values.subarray(row * stride, row * stride + columns), sphere.mean, place);
}

/** The rows whose sketches do not rule out that they are among the k nearest, as in scan.ts: all where there is no sketch. */
async function scanSketches(question: Question, asked: RowsLeft): Promise<RowsLeft> {
  const { backend, placed, sphere, place, k } = question;
  const { sketch } = placed;
  if (sketch === null) return asked;
  const squares = innerProduct(place, place);
  await sketchQuery(backend, sketch, placed, Math.sqrt(squares));
  const bounds = { ...placed, out: sphere.bounds };
  let left = asked;
  for (const { at, stride, query, error } of sketch.levels) {
    await sums32(backend, { ...placed, at, stride, query }, false, left);
    await placeBounds(question, left, 2 * error + roundingOf(stride), -1);
    left = await ruleOut(
      backend,
      bounds,
      left,
      k,
      (rows) => scoresAtMost(question, rows),
      (score) => score,
    );
  }
  return left;
}

/** No less than |x' - u|^2 - |u|^2 of some rows. */
async function scoresAtMost(question: Question, rows: Uint32Array): Promise<Float64Array> {
  const { backend, placed, sphere, ofMean } = question;
  const sums = await sumsOf(backend, placed, false, rows);
  const { all, slack } = marginsOf(placed.stride, roundingOf(placed.stride), 1);
  const scales = backend.float32(sphere.scales, placed.rows);
  const slacks = backend.float32(sphere.slacks, placed.rows);
  return Float64Array.from(
    sums,
    (sum, i) => all - (sum - ofMean) * (scales[rows[i] ?? 0] ?? 0) + slack * (slacks[rows[i] ?? 0] ?? 0),
  );
}

/** The rows that may be among the k nearest as far as float32 tells. */
async function scanRows(question: Question, asked: RowsLeft, onCard: OnCard | null): Promise<RowsLeft> {
  const { backend, placed, sphere, k } = question;
  await sums32(backend, placed, false, asked, onCard);
  const share = roundingOf(placed.stride);
  const bounds = { ...placed, out: sphere.bounds };
  await placeBounds(question, asked, share, 1);
  const { largest } = await leastScores(backend, bounds, asked, k);
  await placeBounds(question, asked, share, -1);
  return await rowsWithin(backend, bounds, asked, largest);
}

/** A sum of d / 16 terms and four more additions (Higham 2002, section 4.2). */
function roundingOf(stride: number): number {
  return (stride / 16 + 8) * UNIT_ROUNDOFF;
}

/**
 * Puts the bounds of |x' - u|^2 - |u|^2 from one side in their place, for each row that is left.
 * @param share how far a product may be off, of the lengths of its row and of the place
 * @param side -1: it is no less; 1: no more
 */
async function placeBounds(
  { backend, placed, sphere, ofMean, exclude }: Question,
  left: RowsLeft,
  share: number,
  side: -1 | 1,
): Promise<void> {
  const { scales, slacks, bounds } = sphere;
  const { all, slack } = marginsOf(placed.stride, share, side);
  await backend.run('sphereBounds', 1, () => [
    ...[placed.out, left.count, listOf(placed, left), scales, slacks, ofMean, all, slack, bounds],
  ]);
  takeOut(backend, { ...placed, out: bounds }, left, exclude);
}

/** What is common to the bounds of all rows, and the part of each row's slack. */
function marginsOf(stride: number, share: number, side: -1 | 1): { readonly all: number; readonly slack: number } {
  // The radius' square is such a sum, so its share of the score is as large as a product's; what is on the sphere is rounded to float32,
  // and so are the bound and what it is made of, of which none is larger than the slack and a few times the length 1.
  return {
    all: 1 + side * (2.0002 * roundingOf(stride) + 32 * UNIT_ROUNDOFF),
    slack: side * (1.0001 * share + 8 * UNIT_ROUNDOFF),
  };
}

/** The definition: every row put on the sphere, every distance, sorted. */
export function nearestOnSpherePlain(
  matrix: Matrix,
  mean: Float32Array,
  place: Float32Array,
  k: number,
  { among = null, exclude = [] }: Pick<ScanOptions, 'among' | 'exclude'> = {},
): Nearest {
  const found = Array.from(among ?? Array(matrix.rows).keys(), (row) => ({
    row,
    far: distanceOnSphere(rowOf(matrix, row), mean, place),
  }))
    .filter(({ row }) => !exclude.includes(row))
    .sort((a, b) => a.far - b.far || a.row - b.row)
    .slice(0, k);
  return {
    rows: Uint32Array.from(found, ({ row }) => row),
    distances: Float64Array.from(found, ({ far }) => far),
  };
}

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
import {
  FEW,
  kthSmallest,
  LIKELY,
  type Nearest,
  pushSmaller,
  rowsOfSmallest,
  type ScannedRows,
  type ScanOptions,
  SHORTEST,
  sums32,
  within,
} from './scan.ts';
import type { RowsOnCard } from './scanOnGpu.ts';
import { sketchOf } from './sketch.ts';
import { distanceOnSphere } from './spherize.ts';

export interface Sphere {
  /** float32 (d). */
  readonly mean: Float32Array;
  /** float64 (n): 2 / |x - m|, by which what differs of products differs on the sphere. */
  readonly scales: Float64Array;
  /** float64 (n): 2 |x| / |x - m|, by which what they are off is. Infinity for a row so near the mean that float32 cannot tell its direction. */
  readonly slacks: Float64Array;
  /** float64 (n): room for the bounds of a question. */
  readonly bounds: Float64Array;
}

/** What is asked of the rows for every question around the same mean: a pass over them. */
export async function sphereAround(backend: CpuBackend, placed: ScannedRows, mean: Float32Array): Promise<Sphere> {
  const { rows, columns, query, lengths } = placed;
  backend.float32(query, columns).set(mean);
  const squares = await sums32(backend, placed, true, placed.all);
  const sphere = { mean, scales: new Float64Array(rows), slacks: new Float64Array(rows) };
  for (let row = 0; row < rows; row++) {
    const radius = Math.sqrt(squares[row] ?? 0);
    // At the mean, and so near it that squares vanish in float32, anything is possible: such a row is compared.
    const isSure = radius >= SHORTEST;
    sphere.scales[row] = isSure ? 2 / radius : 0;
    sphere.slacks[row] = isSure ? (2 * (lengths[row] ?? 0)) / radius : Number.POSITIVE_INFINITY;
  }
  return { ...sphere, bounds: new Float64Array(rows) };
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
  const asked = among ?? placed.all;
  const few = asked.length < FEW * placed.rows;
  const question = { ...sphere, backend, placed, place, k, answers: (row: number) => !exclude.includes(row) };
  const likely = few || card !== null ? asked : await scanSketch(question, asked);
  const onCard = few || card === null ? null : { card, vector: place };
  const candidates = Array.from(await scanRows(question, likely, onCard), (row) => ({
    row,
    far: farOf(question, row),
  }));
  candidates.sort((a, b) => a.far - b.far || a.row - b.row);
  const nearest = candidates.slice(0, k);
  return {
    rows: Uint32Array.from(nearest, ({ row }) => row),
    distances: Float64Array.from(nearest, ({ far }) => far),
  };
}

interface Question extends Sphere {
  readonly backend: CpuBackend;
  readonly placed: ScannedRows;
  readonly place: Float32Array;
  readonly k: number;
  readonly answers: (row: number) => boolean;
}

function farOf({ backend, placed, mean, place }: Question, row: number): number {
  const { rows, columns, stride, at } = placed;
  const values = backend.float32(at, rows * stride);
  return distanceOnSphere(values.subarray(row * stride, row * stride + columns), mean, place);
}

/** The rows whose sketches do not rule out that they are among the k nearest, as in scan.ts: all where there is no sketch. */
async function scanSketch(question: Question, asked: Uint32Array): Promise<Uint32Array> {
  const { backend, placed, place, k, answers } = question;
  const { sketch } = placed;
  if (sketch === null) return asked;
  const { query, length } = sketchOf(sketch, place);
  backend.float32(sketch.query, sketch.stride).set(query);
  const on = { ...placed, at: sketch.at, stride: sketch.stride, query: sketch.query };
  const share = 2 * sketch.error + (sketch.stride / 16 + 8) * UNIT_ROUNDOFF;
  const lower = boundsOf(question, asked, await sums32(backend, on, false, asked), share, -1);
  // How far the k nearest of those are that may be nearest of all: a heap, the farthest on top.
  const nearest = new Float64Array(k).fill(Number.POSITIVE_INFINITY);
  for (const row of rowsOfSmallest(lower, asked, answers, LIKELY * k)) pushSmaller(nearest, farOf(question, row));
  return within(lower, asked, (nearest[0] ?? Number.POSITIVE_INFINITY) ** 2 - length ** 2, answers);
}

/** The rows that may be among the k nearest as far as float32 tells. */
async function scanRows(
  question: Question,
  asked: Uint32Array,
  onCard: { readonly card: RowsOnCard; readonly vector: Float32Array } | null,
): Promise<Uint32Array> {
  const { backend, placed, place, k, answers } = question;
  backend.float32(placed.query, placed.columns).set(place);
  // A sum of d / 16 terms and four more additions (Higham 2002, section 4.2).
  const share = (placed.stride / 16 + 8) * UNIT_ROUNDOFF;
  const products = await sums32(backend, placed, false, asked, onCard);
  const farthest = kthSmallest(boundsOf(question, asked, products, share, 1), asked, answers, k);
  return within(boundsOf(question, asked, products, share, -1), asked, farthest, answers);
}

/**
 * The bounds of |x' - u|^2 - |u|^2 from one side, for each row asked for. A view, which the next bounds are written to.
 * @param share how far a product may be off, of the lengths of its row and of the place
 * @param side -1: it is no less; 1: no more
 */
function boundsOf(
  { placed: { stride }, mean, scales, slacks, bounds, place }: Question,
  asked: Uint32Array,
  products: Float32Array,
  share: number,
  side: -1 | 1,
): Float64Array {
  const ofMean = innerProduct(mean, place);
  // Of the radius, whose square is such a sum, the share is as large as a product's; and what is on the sphere is rounded to float32.
  const ofAll = 1 + side * (2.0002 * (stride / 16 + 8) * UNIT_ROUNDOFF + 16 * UNIT_ROUNDOFF);
  const ofSlack = side * 1.0001 * share;
  for (let at = 0; at < asked.length; at++) {
    const row = asked[at] ?? 0;
    const score = ((products[at] ?? 0) - ofMean) * (scales[row] ?? 0);
    bounds[at] = ofAll - score + ofSlack * (slacks[row] ?? 0);
  }
  return bounds.subarray(0, asked.length);
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

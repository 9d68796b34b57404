/**
 * Products of matrices on the graphics card: gemm.wgsl, as stages of a longer run. float32, on whatever lies there.
 *
 * The product is (m, n), the depth k is what is summed over.
 */
import type { GpuBackend, GpuKernel, Stage } from './gpu/backend.ts';
import { shaders } from './gpu/shaders.ts';
import type { Matrix } from './matrix.ts';

/** m and n of a workgroup, as in gemm.wgsl. */
const TILE = 128;
/** Multiply-adds of one workgroup: 20 ms of a software driver. */
const WORKGROUP_WORK = 2e7;
/** Workgroups that keep a large card busy: 132 processors of an H100, two or more on each. */
const WANTED_WORKGROUPS = 512;
/** Below so many of the depth a slice is hardly more than its sums. */
const LEAST_SLICE = 256;
const DEPTH = 16;

/** A B', A B or A' B, for A and B as they lie, row by row. */
export type ProductKind = 'A_BT' | 'A_B' | 'AT_B';

const kinds: { readonly [Kind in ProductKind]: { readonly LEFT_ACROSS: number; readonly RIGHT_ACROSS: number } } = {
  A_BT: { LEFT_ACROSS: 0, RIGHT_ACROSS: 0 },
  A_B: { LEFT_ACROSS: 0, RIGHT_ACROSS: 1 },
  AT_B: { LEFT_ACROSS: 1, RIGHT_ACROSS: 1 },
};

/** A matrix on the card: rows of `quads` vectors of 4 numbers, the last filled up with zeros. */
export interface GpuMatrix {
  readonly buffer: GPUBuffer;
  readonly quads: number;
}

/** How the depth is cut where there are fewer tiles than the card can work at, or a tile would take too long. */
export interface Slices {
  readonly count: number;
  /** Of each but the last; a multiple of 16. */
  readonly depth: number;
}

/** One product as stages of a run. */
export interface Product {
  readonly kind: ProductKind;
  readonly left: GpuMatrix;
  readonly right: GpuMatrix;
  readonly to: GpuMatrix;
  /** m, which may differ from round to round. */
  readonly rows: number | ((round: number) => number);
  readonly columns: number;
  readonly depth: number | ((round: number) => number);
}

/** The kernels of all products. */
export interface Gemm {
  readonly multiply: { readonly [Kind in ProductKind]: GpuKernel };
  readonly addUp: GpuKernel;
}

/** Compiles, once. */
export async function gemmOnGpu(backend: GpuBackend): Promise<Gemm> {
  const of = (kind: ProductKind) => backend.kernel(shaders.gemm, 'multiply', kinds[kind]);
  const [A_BT, A_B, AT_B, addUp] = await Promise.all([
    ...([of('A_BT'), of('A_B'), of('AT_B')] as const),
    backend.kernel(shaders.gemm, 'add_up'),
  ]);
  return { multiply: { A_BT, A_B, AT_B }, addUp };
}

const idle = { rows: 0, columns: 0, depth: 0, left_quads: 0, right_quads: 0, to_quads: 0 };
const whole = { slice_depth: 2 ** 31, slice_base: 0, slices: 1 };

/** A product whose depth is not cut. For depths of some thousands at most: a workgroup goes through all of it. */
export function product({ multiply }: Gemm, { kind, left, right, to, rows, columns, depth }: Product): Stage {
  const m = eachOf(rows);
  const k = eachOf(depth);
  const buffers = { 0: left.buffer, 1: right.buffer, 2: to.buffer };
  return {
    kernel: multiply[kind],
    blocks: (round) => Math.ceil(m(round) / TILE) * Math.ceil(columns / TILE),
    work: TILE * TILE * (typeof depth === 'number' ? depth : WORKGROUP_WORK / TILE ** 2),
    buffers: () => buffers,
    parameters: (round) => ({
      ...{ rows: m(round), columns, depth: k(round) },
      ...{ left_quads: left.quads, right_quads: right.quads, to_quads: to.quads },
      ...whole,
    }),
  };
}

/** How a deep product of at most (rows, 4 quads) is cut. @param bytes that all its slices may take */
export function slicesOf(rows: number, quads: number, depth: number, bytes: number): Slices {
  const tiles = Math.ceil(rows / TILE) * Math.ceil((4 * quads) / TILE);
  const soon = Math.ceil((depth * TILE * TILE) / WORKGROUP_WORK);
  const busy = Math.min(Math.ceil(WANTED_WORKGROUPS / tiles), Math.ceil(depth / LEAST_SLICE));
  const most = Math.max(1, Math.floor(bytes / (rows * quads * 16)));
  const wanted = Math.ceil(depth / Math.min(most, Math.max(1, soon, busy)));
  const each = Math.ceil(wanted / DEPTH) * DEPTH;
  return { count: Math.ceil(depth / each), depth: each };
}

/** Some products of the same shape, of which the sum is wanted: the depth in parts, as tables are that lie in several buffers. */
export interface DeepProduct extends Omit<Product, 'left' | 'right' | 'depth'> {
  readonly parts: readonly {
    readonly left: GpuMatrix;
    readonly right: GpuMatrix;
    readonly depth: number;
    readonly slices: Slices;
  }[];
  /** Room for all slices of all parts: (slices, m, to.quads). */
  readonly between: GPUBuffer;
}

/** A product whose depth is cut: its slices, then their sum. */
export function deepProduct(gemm: Gemm, { kind, parts, to, rows, columns, between }: DeepProduct): Stage[] {
  const m = eachOf(rows);
  let slices = 0;
  const stages = parts.map(({ left, right, depth, slices: { count, depth: each } }): Stage => {
    const base = slices;
    slices += count;
    const buffers = { 0: left.buffer, 1: right.buffer, 2: between };
    return {
      kernel: gemm.multiply[kind],
      blocks: (round) => Math.ceil(m(round) / TILE) * Math.ceil(columns / TILE) * count,
      work: TILE * TILE * Math.min(depth, each),
      buffers: () => buffers,
      parameters: (round) => ({
        ...{ rows: m(round), columns, depth, left_quads: left.quads, right_quads: right.quads, to_quads: to.quads },
        ...{ slice_depth: each, slice_base: base, slices: 0 },
      }),
    };
  });
  const buffers = { 2: between, 3: to.buffer };
  return [
    ...stages,
    {
      kernel: gemm.addUp,
      blocks: (round) => Math.ceil((m(round) * to.quads) / 256),
      work: 256 * 4 * slices * MOVED,
      buffers: () => buffers,
      parameters: (round) => ({ ...idle, ...whole, rows: m(round), to_quads: to.quads, slices }),
    },
  ];
}

/** What it costs to read or write one number, in multiply-adds: memory has so many fewer of them a second. */
export const MOVED = 8;

function eachOf(value: number | ((round: number) => number)): (round: number) => number {
  return typeof value === 'number' ? () => value : value;
}

/** The definition, float64 (m, n): what the kernel is compared with. */
export function productPlain(kind: ProductKind, left: Matrix, right: Matrix): Float64Array {
  const [m, depth] = kind === 'AT_B' ? [left.columns, left.rows] : [left.rows, left.columns];
  const n = kind === 'A_BT' ? right.rows : right.columns;
  const a = (i: number, k: number) => left.data[kind === 'AT_B' ? k * left.columns + i : i * left.columns + k] ?? 0;
  const b = (k: number, j: number) => right.data[kind === 'A_BT' ? j * right.columns + k : k * right.columns + j] ?? 0;
  return Float64Array.from({ length: m * n }, (_, at) => {
    const i = Math.floor(at / n);
    let sum = 0;
    for (let k = 0; k < depth; k++) sum += a(i, k) * b(k, at - i * n);
    return sum;
  });
}

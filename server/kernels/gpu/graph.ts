/** A graph of neighbours on the card, as gather.wgsl wants it; and positions, which the processor keeps dimension by dimension. */
import type { GpuBackend } from './backend.ts';
import { shaders } from './shaders.ts';

export interface GpuGraph {
  /** Of at most 32 edges: uint32 (segments, 4). */
  readonly segments: GPUBuffer;
  readonly segmentCount: number;
  /** uint32 (n + 1): the segments of point i. */
  readonly segmentStarts: GPUBuffer;
  readonly columns: GPUBuffer;
  readonly weights: GPUBuffer;
  /** `struct Pull` of gather.wgsl (segments): the force of each, and the sum of its weights. */
  readonly pulls: GPUBuffer;
}

const SEGMENT_EDGES = 32;

/** What a shader about places begins with: gather.wgsl on vectors of so many dimensions, at most ten. */
export function gatherShader(dimensions: number): string {
  return (isFlat(dimensions) ? shaders.flatVector : shaders.wideVector) + shaders.gather;
}

/** Of `struct Pull`: a vec3f and a number beside it, or eleven numbers. */
function bytesOfPull(dimensions: number): number {
  return isFlat(dimensions) ? 16 : 44;
}

function isFlat(dimensions: number): boolean {
  return dimensions === 2 || dimensions === 3;
}

/**
 * @param graph in compressed rows: row i is entries starts[i] … starts[i + 1] - 1
 * @param dimensions of the map, by which the pulls are sized
 */
export function uploadGraph(
  backend: GpuBackend,
  {
    n,
    starts,
    columns,
    weights,
  }: {
    readonly n: number;
    readonly starts: Uint32Array;
    readonly columns: Uint32Array;
    readonly weights: Float32Array;
  },
  dimensions: number,
): GpuGraph {
  const segmentStarts = new Uint32Array(n + 1);
  for (let i = 0; i < n; i++) {
    const edges = (starts[i + 1] ?? 0) - (starts[i] ?? 0);
    segmentStarts[i + 1] = (segmentStarts[i] ?? 0) + Math.ceil(edges / SEGMENT_EDGES);
  }
  const segmentCount = segmentStarts[n] ?? 0;
  const segments = new Uint32Array(4 * segmentCount);
  for (let i = 0, at = 0; i < n; i++) {
    const end = starts[i + 1] ?? 0;
    for (let edge = starts[i] ?? 0; edge < end; edge += SEGMENT_EDGES, at += 4) {
      segments.set([i, edge, Math.min(end, edge + SEGMENT_EDGES)], at);
    }
  }
  return {
    segments: backend.upload('segments', segments),
    segmentCount,
    segmentStarts: backend.upload('starts of segments', segmentStarts),
    columns: backend.upload('columns', columns),
    weights: backend.upload('weights', weights),
    pulls: backend.allocate('pulls', segmentCount * bytesOfPull(dimensions)),
  };
}

/** From dimension by dimension, float32 (c, n), to point by point, (n, c). */
export function pointsOf(planes: Float32Array, n: number): Float32Array {
  return transposed(planes, planes.length / n, n);
}

/** From point by point to dimension by dimension. */
export function planesOf(points: Float32Array, n: number): Float32Array {
  return transposed(points, n, points.length / n);
}

function transposed(values: Float32Array, rows: number, columns: number): Float32Array {
  const turned = new Float32Array(values.length);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) turned[j * rows + i] = values[i * columns + j] ?? 0;
  }
  return turned;
}

/** Pairs of a number of each. */
export function interleave(first: Float32Array, second: Float32Array): Float32Array {
  const pairs = new Float32Array(2 * first.length);
  first.forEach((value, i) => {
    pairs[2 * i] = value;
    pairs[2 * i + 1] = second[i] ?? 0;
  });
  return pairs;
}

/** The inverse of `interleave`. */
export function part(pairs: Float32Array): [Float32Array, Float32Array] {
  const length = pairs.length / 2;
  const take = (offset: number) => Float32Array.from({ length }, (_, i) => pairs[2 * i + offset] ?? 0);
  return [take(0), take(1)];
}

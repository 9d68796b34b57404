/** A graph of neighbours on the card, as gather.wgsl wants it; and positions, which the processor keeps dimension by dimension. */
import type { GpuBackend, GpuKernel, Stage } from './backend.ts';
import { shaders } from './shaders.ts';

export interface GpuGraph {
  /** Of at most 32 edges: uint32 (segments, 4). */
  readonly segments: GPUBuffer;
  readonly segmentCount: number;
  /** uint32 (n + 1): the segments of point i. */
  readonly segmentStarts: GPUBuffer;
  readonly columns: GPUBuffer;
  readonly edgeCount: number;
  readonly weights: GPUBuffer;
  /** `struct Pull` of gather.wgsl (segments): the force of each, and the sum of its weights. */
  readonly pulls: GPUBuffer;
}

/** Edges of an invocation of gather.wgsl: a point of many edges has several, so that none keeps its workgroup waiting for long. */
const SEGMENT_EDGES = 32;

/** What a shader about places begins with: gather.wgsl on vectors of so many dimensions, at most twelve. */
export function gatherShader(dimensions: number): string {
  return (isFlat(dimensions) ? shaders.flatVector : shaders.wideVector) + shaders.gather;
}

/** Of `struct Pull`: a vec3f and a number beside it, or three vec4f and one. */
function bytesOfPull(dimensions: number): number {
  return isFlat(dimensions) ? 16 : 64;
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
    edgeCount: columns.length,
    weights: backend.upload('weights', weights),
    pulls: backend.allocate('pulls', segmentCount * bytesOfPull(dimensions)),
  };
}

/** Sums what the points feel of their neighbours, into the pulls. @param forceWork of one force, in multiply-adds or the like */
export function gatherStage(
  kernel: GpuKernel,
  graph: GpuGraph,
  { positionsIn }: GpuPlaces,
  forceWork: number,
  parameters: Stage['parameters'],
): Stage {
  const { segments, segmentCount, columns, weights, pulls } = graph;
  return {
    kernel,
    blocks: Math.ceil(segmentCount / 64),
    work: (forceWork * 64 * graph.edgeCount) / Math.max(1, segmentCount),
    buffers: byTurns((round) => ({ 0: segments, 1: columns, 2: weights, 3: positionsIn(round), 4: pulls })),
    parameters,
  };
}

/**
 * What a stage binds where positions are read and written by turns: the same objects in all even rounds, and in all odd ones, so that each is
 * made ready for the card once, and not in every round anew.
 */
export function byTurns(buffersOf: Stage['buffers']): Stage['buffers'] {
  const [even, odd] = [buffersOf(0), buffersOf(1)];
  return (round) => (round % 2 === 0 ? even : odd);
}

/** The points of a layout on the card, and what its method keeps beside each coordinate: two numbers, as Adam's moments. */
export interface GpuPlaces {
  /** float32 (n, dimensions): two buffers, by turns read and written. */
  readonly positionsIn: (round: number) => GPUBuffer;
  /** float32 (n, dimensions, 2) */
  readonly beside: GPUBuffer;
}

/** @param planes positions and the two numbers beside them, each float32 (dimensions, n), as the processor keeps them */
export function uploadPlaces(backend: GpuBackend, n: number, ...planes: PlacesOnProcessor): GpuPlaces {
  const [positions, first, second] = planes;
  const even = backend.upload('positions', pointsOf(positions, n));
  const odd = backend.allocate('next positions', even.size);
  return {
    positionsIn: (round) => (round % 2 === 0 ? even : odd),
    beside: backend.upload('beside positions', interleave(pointsOf(first, n), pointsOf(second, n))),
  };
}

type PlacesOnProcessor = readonly [positions: Float32Array, first: Float32Array, second: Float32Array];

/** The same back, after so many rounds. */
export async function readPlaces(
  backend: GpuBackend,
  { positionsIn, beside }: GpuPlaces,
  rounds: number,
  n: number,
  dimensions: number,
): Promise<PlacesOnProcessor> {
  const bytes = n * dimensions * 4;
  const positions = new Float32Array(await backend.read(positionsIn(rounds), bytes));
  const [first, second] = part(new Float32Array(await backend.read(beside, 2 * bytes)));
  return [planesOf(positions, n), planesOf(first, n), planesOf(second, n)];
}

/** From dimension by dimension, float32 (c, n), to point by point, (n, c). */
function pointsOf(planes: Float32Array, n: number): Float32Array {
  return transposed(planes, planes.length / n, n);
}

/** From point by point to dimension by dimension. */
function planesOf(points: Float32Array, n: number): Float32Array {
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
function part(pairs: Float32Array): [Float32Array, Float32Array] {
  const length = pairs.length / 2;
  const take = (offset: number) => Float32Array.from({ length }, (_, i) => pairs[2 * i + offset] ?? 0);
  return [take(0), take(1)];
}

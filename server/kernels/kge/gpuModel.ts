/**
 * A bilinear model on the graphics card: its numbers, and the scores of queries against all entities, as stages of a run. Shaders:
 * learn.wgsl makes the queries, gemm.wgsl the scores.
 *
 * E entities of d numbers, in rows of `quads` vectors of 4; B queries. Where a buffer cannot hold all rows, or their scores, they lie in
 * several: a chunk has its own of both.
 */
import { deepProduct, type Gemm, type GpuMatrix, gemmOnGpu, MOVED, product, slicesOf } from '../gemmOnGpu.ts';
import type { GpuBackend, Stage } from '../gpu/backend.ts';
import { shaders } from '../gpu/shaders.ts';
import type { ModelName } from './model.ts';
import { graphModels } from './models.ts';
import type { Parameters } from './parameters.ts';
import type { TrainingOptions } from './training.ts';

/** Models whose scores are products of two matrices, by their number in learn.wgsl. TuckER is RESCAL once its core is mixed. */
const modelNumbers: { readonly [Name in ModelName]?: number } = { DISTMULT: 0, COMPLEX: 1, RESCAL: 2, TUCKER: 2 };

/** Columns of scores that a workgroup goes through, as in compare.wgsl. */
const SLICE = 4096;
/** What the slices of one deep product may take together. */
const BETWEEN_BYTES = 2 ** 28;

/** Whether the card can rank by this model. */
export function ranksOnGpu(model: ModelName): boolean {
  return modelNumbers[model] !== undefined;
}

/** Why the card cannot do a training; null where it can. */
export function learnsOnGpu({ model, objective, dropout }: TrainingOptions): string | null {
  if (!ranksOnGpu(model)) return `${model} is trained on the processor: its scores are no product of matrices.`;
  if (objective.kind === 'NEGATIVE_SAMPLING') return 'Trainings with sampled negatives run on the processor.';
  if (dropout !== undefined && (dropout.entities > 0 || dropout.relations > 0)) {
    return 'Trainings with dropout run on the processor.';
  }
  return null;
}

/** Rows of numbers on the card. */
export interface GpuRows extends GpuMatrix {
  readonly rows: number;
  /** Numbers of a row that count. */
  readonly width: number;
}

/** Some of the entities, with the scores that queries give them. */
export interface EntityChunk extends GpuRows {
  /** Its first entity. */
  readonly first: number;
  /** (B, rows): later the gradient by them. */
  readonly scores: GpuMatrix;
  /** Slices of its scores, and the number of the first among those of all chunks. */
  readonly slices: number;
  readonly sliceBase: number;
}

export interface GpuModel {
  readonly backend: GpuBackend;
  readonly gemm: Gemm;
  readonly parameters: Parameters;
  /** Values of the shaders' `override`s. */
  readonly constants: { readonly MODEL: number };
  /** Queries at a time (B). */
  readonly batch: number;
  readonly chunks: readonly EntityChunk[];
  readonly allSlices: number;
  readonly relations: GpuRows;
  /** TuckER's core, a row for each number of a relation; null for other models. */
  readonly core: GpuRows | null;
  /** What queries are made of: the relations, or the matrices that a core and its relations make. */
  readonly matrices: GpuRows;
  /** (B, d): rows of the known entities, and the queries. */
  readonly known: GpuMatrix;
  readonly queries: GpuMatrix;
}

/** One number for each round, as stages want it. */
export type Each = (round: number) => number;

/** Puts a model on the card; it is to be released with the backend. @throws GpuError where it has no room */
export async function placeModel(backend: GpuBackend, parameters: Parameters, batch: number): Promise<GpuModel> {
  const { dimension: d, entityCount, model, shared, relationDimension } = parameters;
  const MODEL = modelNumbers[model];
  if (MODEL === undefined) throw new RangeError(`${model} is no product of matrices.`);
  const quads = Math.ceil(d / 4);
  const most = Math.floor(backend.bufferBytes / 16);
  // Multiples of 4 rows: a row of scores is whole vectors.
  const chunkRows = Math.max(4, Math.min(entityCount, 4 * Math.floor(Math.min(most / quads, (4 * most) / batch) / 4)));
  const chunks: EntityChunk[] = [];
  let sliceBase = 0;
  for (let first = 0; first < entityCount; first += chunkRows) {
    const rows = Math.min(chunkRows, entityCount - first);
    const scoreQuads = Math.ceil(rows / 4);
    const slices = Math.ceil(rows / SLICE);
    chunks.push({
      ...placeRows(backend, 'entities', parameters.entities, d, { first, rows }),
      ...{ first, slices, sliceBase },
      scores: { buffer: backend.allocate('scores', batch * scoreQuads * 16), quads: scoreQuads },
    });
    sliceBase += slices;
  }
  const relations = placeRows(backend, 'relations', parameters.relations, graphModels[model].relationWidth(parameters));
  const core = shared.length === 0 ? null : placeRows(backend, 'core', shared, shared.length / relationDimension);
  return {
    ...{ backend, parameters, batch, chunks, relations, core },
    gemm: await gemmOnGpu(backend),
    constants: { MODEL },
    allSlices: sliceBase,
    matrices: core === null ? relations : emptyRows(backend, 'matrices', relations.rows, core.width),
    known: { buffer: backend.allocate('known entities', batch * quads * 16), quads },
    queries: { buffer: backend.allocate('queries', batch * quads * 16), quads },
  };
}

/** Parameters of learn.wgsl that are the same throughout, and zeros for those that a stage sets itself. */
export function learnParameters({ parameters: { dimension }, known, matrices }: GpuModel) {
  return {
    ...{ dimension, stride: 4 * known.quads, width: matrices.width, relation_stride: 4 * matrices.quads },
    ...{ chunk_first: 0, chunk_rows: 0, asked_at: 0, which: 0, rows_at: 0, contributions_at: 0, penalties_at: 0 },
    ...{ penalty: 0, listed: 0, rows: 0, quads: 0, rate: 0, correction1: 1, correction2: 1, epsilon: 0 },
  };
}

/** Zeros for all parameters of compare.wgsl. */
export const compareIdle = {
  ...{ count: 0, columns: 0, quads: 0, chunk_first: 0, slices: 1, slice_base: 0, all_slices: 0, factors_at: 0 },
  ...{ starts_at: 0, answers_at: 0, weights_at: 0, loss_at: 0, logistic: 0, uniform: 0, tasks_at: 0, known_at: 0 },
};

/** Parameters of compare.wgsl that say where a chunk's scores are. */
export function chunkParameters({ rows, first, slices, sliceBase, scores }: EntityChunk) {
  return { columns: rows, quads: scores.quads, chunk_first: first, slices, slice_base: sliceBase };
}

/** Copies the rows of the entities that place `which` of the queries' lists names. */
export async function lookUp(
  model: GpuModel,
  lists: GPUBuffer,
  to: GpuMatrix,
  { count, askedAt, which }: { readonly count: Each; readonly askedAt: Each; readonly which: number },
): Promise<Stage[]> {
  const kernel = await model.backend.kernel(shaders.kgeLearn, 'look_up');
  return model.chunks.map((chunk) => {
    const buffers = { 0: lists, 1: chunk.buffer, 2: to.buffer };
    const fixed = { ...learnParameters(model), chunk_first: chunk.first, chunk_rows: chunk.rows, which };
    return {
      ...{ kernel, blocks: count, work: 4 * to.quads * MOVED, buffers: () => buffers },
      parameters: (round) => ({ ...fixed, asked_at: askedAt(round) }),
    };
  });
}

/** Queries of `count` entities and relations, and their scores. @param askedAt where they stand in `lists`: see learn.wgsl */
export async function scoreQueries(
  model: GpuModel,
  lists: GPUBuffer,
  { count, askedAt }: { readonly count: Each; readonly askedAt: Each },
): Promise<Stage[]> {
  const { backend, gemm, chunks, known, queries, matrices, core, relations, constants, parameters } = model;
  const make = await backend.kernel(shaders.kgeLearn, 'make_queries', constants);
  const buffers = { 0: lists, 2: known.buffer, 4: matrices.buffer, 5: queries.buffer };
  const fixed = learnParameters(model);
  const d = parameters.dimension;
  return [
    ...(await lookUp(model, lists, known, { count, askedAt, which: 0 })),
    // M_r = sum_k r_k W_k
    ...(core === null
      ? []
      : [
          product(gemm, {
            ...{ kind: 'A_B', left: relations, right: core, to: matrices },
            ...{ rows: relations.rows, columns: core.width, depth: core.rows },
          }),
        ]),
    {
      ...{ kernel: make, blocks: count, work: d * (constants.MODEL === 2 ? d : 1) * MOVED, buffers: () => buffers },
      parameters: (round) => ({ ...fixed, asked_at: askedAt(round) }),
    },
    ...chunks.map((chunk) =>
      product(gemm, {
        ...{ kind: 'A_BT' as const, left: queries, right: chunk, to: chunk.scores },
        ...{ rows: count, columns: chunk.rows, depth: d },
      }),
    ),
  ];
}

/** (B, d), the sum over all entities: of a matrix beside their scores and the entities themselves. */
export function sumOverEntities(
  { backend, gemm, chunks, batch, queries }: GpuModel,
  to: GpuMatrix,
  count: Each,
): Stage[] {
  const bytes = Math.min(BETWEEN_BYTES, backend.bufferBytes) / chunks.length;
  const parts = chunks.map((chunk) => ({
    ...{ left: chunk.scores, right: chunk, depth: chunk.rows },
    slices: slicesOf(batch, queries.quads, chunk.rows, bytes),
  }));
  const slices = parts.reduce((sum, part) => sum + part.slices.count, 0);
  const between = backend.allocate('slices', slices * batch * queries.quads * 16);
  return deepProduct(gemm, { kind: 'A_B', to, rows: count, columns: 4 * queries.quads, parts, between });
}

// Rows to the card and back --------------------------------------------------------------------------------------------

/** Numbers that are made ready at a time: 4 MiB. */
const WINDOW = 2 ** 20;

/** Which rows. */
interface Some {
  readonly first: number;
  readonly rows: number;
}

/** Rows of zeros. */
export function emptyRows(backend: GpuBackend, label: string, rows: number, width: number): GpuRows {
  const quads = Math.ceil(width / 4);
  return { buffer: backend.allocate(label, rows * quads * 16), quads, rows, width };
}

/** @param data (all rows, width); default of `some`: all */
export function placeRows(
  backend: GpuBackend,
  label: string,
  data: Float32Array,
  width: number,
  { first, rows }: Some = { first: 0, rows: data.length / width },
): GpuRows {
  const placed = emptyRows(backend, label, rows, width);
  writeRows(backend, placed, data, first);
  return placed;
}

/** Writes rows `first` … of some data. */
function writeRows(backend: GpuBackend, { buffer, quads, rows, width }: GpuRows, data: Float32Array, first = 0): void {
  const stride = 4 * quads;
  const each = Math.max(1, Math.floor(WINDOW / stride));
  for (let start = 0; start < rows; start += each) {
    const count = Math.min(each, rows - start);
    const from = (first + start) * width;
    if (stride === width) backend.write(buffer, data.subarray(from, from + count * width), start * stride * 4);
    else {
      const wide = new Float32Array(count * stride);
      for (let i = 0; i < count; i++) {
        wide.set(data.subarray(from + i * width, from + (i + 1) * width), i * stride);
      }
      backend.write(buffer, wide, start * stride * 4);
    }
  }
}

/** Reads all rows into rows `first` … of some data. */
export async function readRows(
  backend: GpuBackend,
  { buffer, quads, rows, width }: GpuRows,
  into: Float32Array,
  first = 0,
): Promise<void> {
  const stride = 4 * quads;
  const found = new Float32Array(await backend.read(buffer, rows * stride * 4));
  if (stride === width) into.set(found, first * width);
  else {
    for (let i = 0; i < rows; i++) into.set(found.subarray(i * stride, i * stride + width), (first + i) * width);
  }
}

/**
 * A table on the CPU backend: scores and gradients as tiles of matrix products in WebAssembly, on as many threads as it has. Work is
 * cut in pieces that depend on sizes alone, each with sums of its own that are added in order: the number of threads changes no bit.
 *
 * Where the threads have a library for products (cpu/library.ts) and the scores are inner products, the three large ones of a step are its:
 *
 *     scores S (B, C) = Q (B, d) V (C, d)'      query gradients (B, d) += W (B, C) V      gradients of V (C, d) += W' Q
 *
 * with queries Q, a block of candidates V, and weights W that WebAssembly makes of the scores, in their place. Under a softmax the library
 * makes the weights as well, and nothing of the size of S leaves its cache.
 */
import type { CpuBackend, CpuCall } from '../cpu/backend.ts';
import { gemm, type SoftmaxBlock, softmaxGradients, softmaxSums } from '../cpu/library.ts';
import { type Loss, type LossName, lossNames } from './losses.ts';
import { measureNumbers } from './measure.ts';
import { corrections, EPSILON, type Step } from './optimizer.ts';
import { type Capacity, type Negatives, strideOf, type Table, type TableShape, type Targets } from './table.ts';

/** As in cpu/assembly/kge.ts. */
const BLOCK = 512;
/** Pieces that a comparison with all is cut into: enough for eight threads; each has a copy of the queries' gradients. */
const PIECES = 8;
/** What a product with the transposed scores copies at a time: 256 lines of 16 floats. Behind it stand sums of columns. */
const LINES_BYTES = 256 * 16 * 4;
/** A library is asked for tables from this size on: below, a call of it takes longer than what it saves (WebAssembly does 16 queries' worth in 50 µs). */
const LEAST_GEMM_ROWS = 1024;
const LEAST_GEMM_COLUMNS = 16;
/** Floats of an update's piece; rows of one that is by rows. */
const UPDATE_FLOATS = 65_536;
const UPDATE_ROWS = 512;

export class CpuTable implements Table {
  readonly shape: TableShape;
  readonly stride: number;
  readonly values: Float32Array;
  readonly first: Float32Array;
  readonly second: Float32Array;
  readonly gradients: Float32Array;
  readonly queries: Float32Array;
  readonly biases: Float32Array;
  readonly factors: Float32Array;
  readonly queryGradients: Float32Array;
  readonly biasGradients: Float32Array;
  readonly further: Float32Array;

  readonly #backend: CpuBackend;
  readonly #capacity: Capacity;
  /** First candidate of each piece, a multiple of a block, and the end. */
  readonly #pieces: readonly number[];
  readonly #packed: number;
  readonly #packedBytes: number;
  readonly #scores: number;
  readonly #scoreFloats: number;
  readonly #sums: number;
  readonly #levels: number;
  /** Of each piece: gradients of the queries, then of their biases. */
  readonly #partial: number;
  readonly #partialFloats: number;
  readonly #losses: number;
  readonly #sampled: number;
  readonly #scratch: number;
  readonly #scratchBytes: number;
  #scored = 0;
  /** Whether the scores that are there are a library's. */
  #multiplied = false;
  /** The candidates of the last sampled comparison. */
  #ids = new Int32Array(0);
  /** Places for lists whose length each step decides; they grow. */
  readonly #lists = new Map<string, { offset: number; length: number }>();
  readonly #slotOf: Int32Array;

  /** Allocates; the caller releases the backend to its mark when done. @throws RangeError beyond the backend's 4 GiB */
  constructor(backend: CpuBackend, shape: TableShape, capacity: Capacity) {
    this.shape = shape;
    this.stride = strideOf(shape);
    this.#backend = backend;
    this.#capacity = capacity;
    const { count, dimension } = shape;
    const { stride } = this;
    const queries = up(capacity.queries, 4);
    const floats = (length: number) => {
      const offset = backend.allocate(length * 4);
      return backend.float32(offset, length).fill(0);
    };
    // A library multiplies whole blocks, and then what is behind the last row as well.
    const rows = up(count, multipliesWell(shape) ? BLOCK : 8);
    this.values = floats(rows * stride).subarray(0, count * stride);
    this.first = floats(count * stride);
    this.second = floats(count * stride);
    this.gradients = floats(capacity.dense ? rows * stride : 0);
    this.queries = floats(queries * stride);
    this.biases = floats(queries);
    this.factors = floats(queries);
    this.queryGradients = floats(queries * stride);
    this.biasGradients = floats(queries);
    this.further = floats(2 * capacity.queries * stride);

    const blocks = Math.ceil(count / BLOCK);
    const pieces = Math.min(PIECES, blocks);
    this.#pieces = Array.from({ length: pieces + 1 }, (_, piece) =>
      Math.min(count, Math.floor((piece * blocks) / pieces) * BLOCK),
    );
    this.#packedBytes = Math.max(up(BLOCK * dimension * 4, 64), LINES_BYTES + BLOCK * 4);
    this.#packed = backend.allocate(backend.threadCount * this.#packedBytes);
    const planes = shape.measure === 'HYPERBOLIC' ? 2 : 1;
    this.#scoreFloats = planes * up(capacity.scored, 4) * rows;
    this.#scores = backend.allocate(this.#scoreFloats * 4);
    this.#sums = backend.allocate(blocks * capacity.scored * 8);
    this.#levels = backend.allocate(capacity.scored * 4);
    this.#partialFloats = up(capacity.scored, 4) * (stride + 1);
    this.#partial = backend.allocate(capacity.dense ? pieces * this.#partialFloats * 4 : 0);
    this.#losses = backend.allocate(Math.max(capacity.queries * 4, pieces * 8));
    const { group, negatives } = capacity;
    const groups = group === 0 ? 0 : Math.ceil(capacity.queries / group);
    this.#sampled = backend.allocate(groups * up(group + negatives, 8) * stride * 4);
    const w = up(group + negatives, 8);
    this.#scratchBytes = up(4 * (w * stride + w * dimension + up(group, 4) * (2 * w + stride) + w) + LINES_BYTES, 64);
    this.#scratch = backend.allocate(backend.threadCount * this.#scratchBytes);
    this.#slotOf = new Int32Array(group === 0 ? 0 : count);
  }

  async compareAll(count: number, targets: Targets, loss: LossName, smoothing: number): Promise<number> {
    const { shape, stride } = this;
    const backend = this.#backend;
    if (loss === 'SOFTMAX' && smoothing === 0 && (await libraryOf(backend, shape)) !== null) {
      return await this.#softmaxByLibrary(count, targets);
    }
    await this.#scoreAll(count, loss === 'SOFTMAX');
    let lost = 0;
    const levels = backend.float32(this.#levels, count);
    if (loss === 'SOFTMAX') {
      const blocks = Math.ceil(shape.count / BLOCK);
      const sums = backend.float32(this.#sums, blocks * count * 2);
      for (let i = 0; i < count; i++) {
        const at = (block: number) => (block * count + i) * 2;
        levels[i] = levelOf(
          blocks,
          (block) => sums[at(block)] ?? 0,
          (block) => sums[at(block) + 1] ?? 0,
        );
        lost += (this.factors[i] ?? 0) * (levels[i] ?? 0);
      }
    }
    const placed = this.#placeTargets(count, targets, 1 - smoothing);
    lost -= placed.score;
    const pieces = this.#pieces.length - 1;
    backend.float32(this.#partial, pieces * this.#partialFloats).fill(0);
    const losses = backend.float64(this.#losses, pieces).fill(0);
    const gradientBytes = up(count, 4) * stride * 4;
    const backward = (piece: number, thread: number, first: number, last: number): CpuCall => {
      const partial = this.#partial + piece * this.#partialFloats * 4;
      const parameters = [
        ...[measureNumbers[shape.measure], lossNames.indexOf(loss), shape.dimension, at(this.queries), stride, count],
        ...[at(this.values), Number(shape.biased), first, last, this.#scores],
        ...[this.#levels, at(this.factors), smoothing / shape.count],
        ...[placed.starts, placed.queries, placed.candidates, placed.weights],
        ...[partial, at(this.gradients), partial + gradientBytes, this.#losses + piece * 8],
        ...[this.#packed + thread * this.#packedBytes, Number(this.#multiplied)],
      ];
      return { name: 'kgeBackward', parameters };
    };
    await backend.runCalls(pieces, (piece, thread) =>
      this.#callsOf(piece, (first, last) => [
        backward(piece, thread, first, last),
        ...(this.#multiplied ? this.#gradientProducts(count, piece, first) : []),
      ]),
    );
    this.#sumPartials(count, pieces);
    for (const part of losses) lost += part;
    return lost;
  }

  /** As `compareAll`: sums of all blocks, then gradients, for which the scores are made once more (cpu/library.ts). */
  async #softmaxByLibrary(count: number, { starts, answers, weights }: Targets): Promise<number> {
    const { shape, stride, factors, queries, values } = this;
    const backend = this.#backend;
    const blocks = Math.ceil(shape.count / BLOCK);
    const pieces = this.#pieces.length - 1;
    this.#multiplied = true;
    const blockFrom = (first: number, last: number): SoftmaxBlock => ({
      ...{ b: count, c: last - first, d: stride },
      ...{ queries: at(queries), candidates: at(values) + first * stride * 4 },
    });
    // Of each block the greatest scores of all queries, then the sums.
    const mostAt = (first: number) => this.#sums + (first / BLOCK) * 2 * count * 4;
    await backend.runCalls(pieces, (piece) =>
      this.#callsOf(piece, (first, last) => [
        softmaxSums(blockFrom(first, last), mostAt(first), mostAt(first) + count * 4),
      ]),
    );
    const sums = backend.float32(this.#sums, blocks * count * 2);
    const levels = backend.float32(this.#levels, count);
    let lost = 0;
    for (let i = 0; i < count; i++) {
      const level = levelOf(
        blocks,
        (block) => sums[2 * block * count + i] ?? 0,
        (block) => sums[(2 * block + 1) * count + i] ?? 0,
      );
      const factor = factors[i] ?? 0;
      lost += factor * level;
      levels[i] = level - Math.log(factor);
    }
    backend.float32(this.#partial, pieces * this.#partialFloats).fill(0);
    await backend.runCalls(pieces, (piece) => {
      const partial = this.#partial + piece * this.#partialFloats * 4;
      return this.#callsOf(piece, (first, last) => [
        softmaxGradients(blockFrom(first, last), this.#levels, partial, at(this.gradients) + first * stride * 4),
      ]);
    });
    this.#sumPartials(count, pieces);
    for (let i = 0; i < count; i++) {
      for (let k = starts[i] ?? 0; k < (starts[i + 1] ?? 0); k++) {
        lost -= this.#pullTarget(i, answers[k] ?? 0, weights[k] ?? 0);
      }
    }
    return lost;
  }

  /** What a target does to the gradients of a query and its answer. @returns their score, weighted */
  #pullTarget(query: number, answer: number, weight: number): number {
    const { stride, queries, values, queryGradients, gradients } = this;
    const [from, to] = [query * stride, answer * stride];
    let score = 0;
    for (let k = 0; k < stride; k++) {
      const [x, y] = [queries[from + k] ?? 0, values[to + k] ?? 0];
      score += x * y;
      queryGradients[from + k] = (queryGradients[from + k] ?? 0) - weight * y;
      gradients[to + k] = (gradients[to + k] ?? 0) - weight * x;
    }
    return weight * score;
  }

  /** Gradients of the queries: the sums of all pieces, in order. */
  #sumPartials(count: number, pieces: number): void {
    const { stride } = this;
    const gradientFloats = up(count, 4) * stride;
    const into = this.queryGradients.subarray(0, count * stride).fill(0);
    const biases = this.biasGradients.subarray(0, count).fill(0);
    for (let piece = 0; piece < pieces; piece++) {
      const partial = this.#backend.float32(this.#partial + piece * this.#partialFloats * 4, this.#partialFloats);
      for (let k = 0; k < into.length; k++) into[k] = (into[k] ?? 0) + (partial[k] ?? 0);
      if (!this.shape.biased) continue;
      for (let i = 0; i < count; i++) biases[i] = (biases[i] ?? 0) + (partial[gradientFloats + i] ?? 0);
    }
  }

  /** Targets by block, as the kernel wants them, and the sum of their scores, weighted. */
  #placeTargets(count: number, { starts, answers, weights }: Targets, share: number) {
    const blocks = Math.ceil(this.shape.count / BLOCK);
    const length = starts[count] ?? 0;
    const lists = {
      starts: this.#list('targetStarts', blocks + 1),
      queries: this.#list('targetQueries', length),
      candidates: this.#list('targetCandidates', length),
      weights: this.#list('targetWeights', length),
    };
    const backend = this.#backend;
    const ends = backend.uint32(lists.starts, blocks + 1).fill(0);
    for (let k = 0; k < length; k++) {
      const block = Math.floor((answers[k] ?? 0) / BLOCK);
      ends[block + 1] = (ends[block + 1] ?? 0) + 1;
    }
    for (let block = 0; block < blocks; block++) ends[block + 1] = (ends[block + 1] ?? 0) + (ends[block] ?? 0);
    const next = ends.slice();
    const queries = backend.uint32(lists.queries, length);
    const candidates = backend.uint32(lists.candidates, length);
    const wanted = backend.float32(lists.weights, length);
    let score = 0;
    for (let i = 0; i < count; i++) {
      for (let k = starts[i] ?? 0; k < (starts[i + 1] ?? 0); k++) {
        const answer = answers[k] ?? 0;
        const block = Math.floor(answer / BLOCK);
        const place = next[block] ?? 0;
        next[block] = place + 1;
        queries[place] = i;
        candidates[place] = answer;
        wanted[place] = share * (weights[k] ?? 0);
        score += (wanted[place] ?? 0) * this.scoreAt(i, answer);
      }
    }
    return { ...lists, score };
  }

  async compareSampled(count: number, answers: Int32Array, negatives: Negatives, loss: Loss): Promise<number> {
    const { shape, stride } = this;
    const { group, count: k } = negatives;
    const backend = this.#backend;
    const groups = Math.ceil(count / group);
    const all = new Int32Array(count + groups * k);
    const knownStarts = new Int32Array(groups + 1);
    for (let g = 0; g < groups; g++) {
      const start = g * (group + k);
      const size = Math.min(group, count - g * group);
      all.set(answers.subarray(g * group, g * group + size), start);
      all.set(negatives.ids.subarray(g * k, (g + 1) * k), start + size);
      knownStarts[g + 1] = (knownStarts[g] ?? 0) + (negatives.known[g]?.length ?? 0);
    }
    this.#ids = all;
    const ids = this.#list('ids', all.length);
    backend.uint32(ids, all.length).set(all);
    const pairs = this.#list('known', knownStarts[groups] ?? 0);
    const known = backend.uint32(pairs, knownStarts[groups] ?? 0);
    negatives.known.forEach((list, g) => {
      const size = Math.min(group, count - g * group);
      const start = knownStarts[g] ?? 0;
      for (let pair = 0; pair < list.length; pair += 2) {
        known[start + pair] = list[pair] ?? 0;
        known[start + pair + 1] = size + (list[pair + 1] ?? 0);
      }
    });
    await backend.run('kgeSampled', groups, (g, thread) => {
      const first = g * group;
      const size = Math.min(group, count - first);
      const start = g * (group + k);
      const rowBytes = stride * 4;
      return [
        ...[measureNumbers[shape.measure], lossNames.indexOf(loss.name), shape.dimension, at(this.values), stride],
        ...[Number(shape.biased), at(this.queries) + first * rowBytes, at(this.biases) + first * 4, size],
        ...[ids + start * 4, size + k, pairs + (knownStarts[g] ?? 0) * 4, (negatives.known[g]?.length ?? 0) / 2],
        ...[at(this.factors) + first * 4, loss.margin, loss.temperature, loss.negativeWeight],
        ...[this.#scratch + thread * this.#scratchBytes, at(this.queryGradients) + first * rowBytes],
        ...[
          this.#sampled + g * up(group + k, 8) * rowBytes,
          at(this.biasGradients) + first * 4,
          this.#losses + first * 4,
        ],
      ];
    });
    let lost = 0;
    for (const part of backend.float32(this.#losses, count)) lost += part;
    return lost;
  }

  async updateAll(step: Step): Promise<void> {
    const length = this.values.length;
    const parameters = this.#stepParameters(step);
    await this.#backend.run('kgeUpdate', Math.ceil(length / UPDATE_FLOATS), (piece) => {
      const first = piece * UPDATE_FLOATS;
      return [
        ...[parameters.optimizer, at(this.values), at(this.gradients), at(this.first), at(this.second)],
        ...[first, Math.min(length, first + UPDATE_FLOATS), ...parameters.numbers],
      ];
    });
  }

  async updateRows(step: Step, ids: Int32Array): Promise<void> {
    const { stride } = this;
    const backend = this.#backend;
    const sampled = this.#ids;
    const { group, negatives } = this.#capacity;
    const total = sampled.length + ids.length;
    const rowBytes = stride * 4;
    const groupRows = group + negatives;
    // Numbers of the rows in order of their first mention, and how many contributions each has.
    const touched = backend.uint32(this.#list('touched', total), total);
    const starts = backend.uint32(this.#list('starts', total + 1), total + 1).fill(0);
    let rows = 0;
    const count = (row: number) => {
      let number = (this.#slotOf[row] ?? 0) - 1;
      if (number < 0) {
        number = rows++;
        this.#slotOf[row] = rows;
        touched[number] = row;
      }
      starts[number + 1] = (starts[number + 1] ?? 0) + 1;
    };
    for (const row of sampled) count(row);
    for (const row of ids) count(row);
    for (let number = 0; number < rows; number++)
      starts[number + 1] = (starts[number + 1] ?? 0) + (starts[number] ?? 0);
    const next = starts.slice(0, rows);
    const contributions = backend.uint32(this.#list('contributions', total), total);
    const place = (row: number, offset: number) => {
      const number = (this.#slotOf[row] ?? 0) - 1;
      const to = next[number] ?? 0;
      next[number] = to + 1;
      contributions[to] = offset;
    };
    const groupBytes = up(groupRows, 8) * rowBytes;
    sampled.forEach((row, number) => {
      const g = Math.floor(number / groupRows);
      place(row, this.#sampled + g * groupBytes + (number - g * groupRows) * rowBytes);
    });
    ids.forEach((row, number) => {
      place(row, at(this.further) + number * rowBytes);
    });
    for (let number = 0; number < rows; number++) this.#slotOf[touched[number] ?? 0] = 0;

    const parameters = this.#stepParameters(step);
    await backend.run('kgeUpdateRows', Math.ceil(rows / UPDATE_ROWS), (piece) => {
      const first = piece * UPDATE_ROWS;
      return [
        ...[parameters.optimizer, at(this.values), at(this.first), at(this.second), stride],
        ...[touched.byteOffset, starts.byteOffset, contributions.byteOffset],
        ...[first, Math.min(rows, first + UPDATE_ROWS), ...parameters.numbers],
      ];
    });
    this.#ids = new Int32Array(0);
  }

  #stepParameters(step: Step): { optimizer: number; numbers: readonly number[] } {
    const optimizer = step.optimizer === 'ADAGRAD' ? 0 : 1;
    return { optimizer, numbers: [step.rate, EPSILON[step.optimizer], ...corrections(step)] };
  }

  async score(count: number): Promise<void> {
    await this.#scoreAll(count, false);
  }

  async #scoreAll(count: number, withSums: boolean): Promise<void> {
    const { shape, stride } = this;
    if (count > this.#capacity.scored) throw new RangeError(`${count} queries, but room for ${this.#capacity.scored}.`);
    // The rows that fill up a tile of four.
    this.queries.fill(0, count * stride, up(count, 4) * stride);
    this.#scored = count;
    this.#multiplied = (await libraryOf(this.#backend, shape)) !== null;
    await this.#backend.runCalls(this.#pieces.length - 1, (piece, thread) =>
      this.#callsOf(piece, (first, last) => {
        const parameters = [
          ...[measureNumbers[shape.measure], shape.dimension, at(this.queries), stride, at(this.biases), count],
          ...[at(this.values), Number(shape.biased), first, last, this.#packed + thread * this.#packedBytes],
          ...[this.#scores, withSums ? this.#sums : 0, Number(this.#multiplied)],
        ];
        const scores: CpuCall = { name: 'kgeScores', parameters };
        return this.#multiplied ? [this.#scoreProduct(count, first), scores] : [scores];
      }),
    );
  }

  /** What is done for the candidates of a piece: at once, or, where a library multiplies, block by block, each while it is in the cache. */
  #callsOf(piece: number, callsFor: (first: number, last: number) => readonly CpuCall[]): readonly CpuCall[] {
    const [first = 0, last = 0] = this.#pieces.slice(piece, piece + 2);
    if (!this.#multiplied) return callsFor(first, last);
    const blocks = Array.from({ length: Math.ceil((last - first) / BLOCK) }, (_, block) => first + block * BLOCK);
    return blocks.flatMap((start) => callsFor(start, Math.min(last, start + BLOCK)));
  }

  /**
   * S = Q V' for the block of candidates from `first` on. Each time of the same width, and of four queries at least: so that a library
   * adds in the same order for every candidate, and those with the same vector have the same score.
   */
  #scoreProduct(count: number, first: number): CpuCall {
    const m = up(count, 4);
    return gemm({
      ...{ m, n: BLOCK, k: this.stride, transposeA: false, transposeB: true, accumulate: false },
      ...{ a: at(this.queries), b: at(this.values) + first * this.stride * 4, c: this.#scores + first * m * 4 },
    });
  }

  /** To the gradients of the piece's queries, W V; to those of the block's candidates, W' Q. */
  #gradientProducts(count: number, piece: number, first: number): readonly CpuCall[] {
    const { stride } = this;
    const m = up(count, 4);
    const rows = first * stride * 4;
    const weights = this.#scores + first * m * 4;
    return [
      gemm({
        ...{ m, n: stride, k: BLOCK, transposeA: false, transposeB: false, accumulate: true },
        ...{ a: weights, b: at(this.values) + rows, c: this.#partial + piece * this.#partialFloats * 4 },
      }),
      gemm({
        ...{ m: BLOCK, n: stride, k: m, transposeA: true, transposeB: false, accumulate: true },
        ...{ a: weights, b: at(this.queries), c: at(this.gradients) + rows },
      }),
    ];
  }

  scoreAt(query: number, candidate: number): number {
    const planes = this.shape.measure === 'HYPERBOLIC' ? 2 : 1;
    const start = candidate - (candidate % BLOCK);
    const w = this.#multiplied ? BLOCK : up(Math.min(BLOCK, this.shape.count - start), 8);
    const offset = start * up(this.#scored, 4) * planes + query * w + candidate - start;
    this.#view ??= this.#backend.float32(this.#scores, this.#scoreFloats);
    return this.#view[offset] ?? Number.NaN;
  }
  #view: Float32Array | null = null;

  async countAbove(queries: Int32Array, thresholds: Float32Array): Promise<Uint32Array> {
    const b = thresholds.length;
    const pieces = this.#pieces.length - 1;
    const wanted = this.#list('thresholds', b);
    const rows = this.#list('rows', b);
    const counts = this.#list('counts', pieces * b * 2);
    this.#backend.float32(wanted, b).set(thresholds);
    this.#backend.uint32(rows, b).set(queries);
    const counted = this.#backend.uint32(counts, pieces * b * 2).fill(0);
    const planes = this.shape.measure === 'HYPERBOLIC' ? 2 : 1;
    await this.#backend.run('kgeCount', pieces, (piece) => [
      ...[b, this.#scored, planes, this.#pieces[piece] ?? 0, this.#pieces[piece + 1] ?? 0, this.#scores],
      ...[rows, wanted, counts + piece * b * 8, Number(this.#multiplied)],
    ]);
    const sums = new Uint32Array(b * 2);
    for (let piece = 0; piece < pieces; piece++) {
      for (let k = 0; k < sums.length; k++) sums[k] = (sums[k] ?? 0) + (counted[piece * b * 2 + k] ?? 0);
    }
    return sums;
  }

  /** Offset of a list of that name with room for `length` numbers. */
  #list(name: string, length: number): number {
    const there = this.#lists.get(name);
    if (there !== undefined && there.length >= length) return there.offset;
    const wanted = Math.max(64, 2 * length);
    const made = { offset: this.#backend.allocate(wanted * 4), length: wanted };
    this.#lists.set(name, made);
    return made.offset;
  }
}

/** The library that multiplies for a table of that shape, by name and version; null where WebAssembly does. */
export async function libraryOf(backend: CpuBackend, shape: TableShape): Promise<string | null> {
  return multipliesWell(shape) ? await backend.gemmLibrary() : null;
}

/** Whether a library is worth it: where scores are inner products and nothing else, and not few. */
function multipliesWell({ count, dimension, measure, biased }: TableShape): boolean {
  return measure === 'INNER_PRODUCT' && !biased && count >= LEAST_GEMM_ROWS && dimension >= LEAST_GEMM_COLUMNS;
}

/** ln sum exp of all blocks, from the greatest score and the sum of each. */
function levelOf(blocks: number, mostOf: (block: number) => number, sumOf: (block: number) => number): number {
  let most = Number.NEGATIVE_INFINITY;
  for (let block = 0; block < blocks; block++) most = Math.max(most, mostOf(block));
  let sum = 0;
  for (let block = 0; block < blocks; block++) sum += sumOf(block) * Math.exp(mostOf(block) - most);
  return most + Math.log(sum);
}

function up(value: number, multiple: number): number {
  return Math.ceil(value / multiple) * multiple;
}

/** Where a view lies in the backend's memory. */
function at(view: Float32Array): number {
  return view.byteOffset;
}

/**
 * What a step is about, as lists of numbers for the card: which queries, what is wanted of them, and for each row that is named what
 * it gets its gradient from. Layouts: learn.wgsl and compare.wgsl.
 */
import type { Random } from '../random.ts';
import { type Batch, relationRow } from './batches.ts';
import type { Parameters } from './parameters.ts';
import type { TrainingOptions } from './training.ts';

/** Where in the lists of all steps those of one stand. */
export interface GpuStep {
  /** Queries. */
  readonly count: number;
  /** Number of the first query among those of all steps here. */
  readonly lossAt: number;
  readonly askedAt: number;
  readonly wanted: Wanted;
  /** Of the loss by relations; as `wanted` without it. */
  readonly relationWanted: Wanted;
  /** Rows that get a gradient, of the relations or what is made of them. */
  readonly matrices: Rows & { readonly contributionsAt: number };
  /** Rows of relations that move. */
  readonly relations: Rows;
  /** For each chunk of entities. */
  readonly entities: readonly Rows[];
  readonly contributionsAt: number;
  readonly relationPenalties: Penalties;
  readonly entityPenalties: readonly Penalties[];
  readonly rate: number;
  readonly correction1: number;
  readonly correction2: number;
}

interface Wanted {
  readonly factorsAt: number;
  readonly startsAt: number;
  readonly answersAt: number;
  readonly weightsAt: number;
}

interface Rows {
  readonly rowsAt: number;
  readonly count: number;
}

interface Penalties {
  readonly at: number;
  readonly count: number;
}

/** The lists of some steps. */
export interface GpuLists {
  readonly words: Uint32Array;
  readonly steps: readonly GpuStep[];
}

/** What a contribution to an entity's gradient is: learn.wgsl, gather_entities. */
const AS_KNOWN = 0;
const AS_HEAD = 1;
const AS_TAIL = 2;

/** Numbers one after the other, whole ones and float32. */
export class StepWriter {
  #words = new Uint32Array(2 ** 16);
  #length = 0;
  #queries = 0;

  get length(): number {
    return this.#length;
  }

  get words(): Uint32Array {
    return this.#words.subarray(0, this.#length);
  }

  /** Counts queries. @returns how many there were before */
  queries(count: number): number {
    const before = this.#queries;
    this.#queries += count;
    return before;
  }

  /** @returns where they stand */
  put(values: ArrayLike<number>): number {
    const at = this.#room(values.length);
    this.#words.set(values, at);
    return at;
  }

  putFloats(values: Float32Array): number {
    return this.put(new Uint32Array(values.buffer, values.byteOffset, values.length));
  }

  #room(length: number): number {
    const at = this.#length;
    this.#length += length;
    if (this.#length > this.#words.length) {
      const larger = new Uint32Array(2 ** Math.ceil(Math.log2(this.#length)));
      larger.set(this.#words.subarray(0, at));
      this.#words = larger;
    }
    return at;
  }
}

export interface StepOptions {
  readonly parameters: Parameters;
  /** The entities' chunks: first rows, ascending, and how many. */
  readonly chunks: readonly { readonly first: number; readonly rows: number }[];
  readonly relationRows: number;
  readonly regularizer: TrainingOptions['regularizer'] & (object | null);
  /** Of the loss by relations; 0: none. */
  readonly relationWeight: number;
  /** Share of the targets that the answers have. */
  readonly targetShare: number;
  /** Whether all rows get a gradient, and whether all move. */
  readonly allMatrices: boolean;
  readonly allRelations: boolean;
  readonly optimizer: { readonly rate: number; readonly correction1: number; readonly correction2: number };
}

/** Writes the lists of a step. Draws for the loss by relations as cpuLearner.ts does: of a query with many answers one, which counts for all. */
export function layStep(writer: StepWriter, batch: Batch, random: Random, options: StepOptions): GpuStep {
  const { parameters, chunks, relationRows, regularizer, relationWeight, targetShare, optimizer } = options;
  const { count, targets, factors } = batch;
  const { starts, answers } = targets;
  const asked = new Uint32Array(4 * count);
  const touched = new Contributions();
  const byRelation = new Contributions();
  const entityPenalties = new Map<number, number>();
  const relationPenalties = new Map<number, number>();
  const drawnRows = new Uint32Array(count);
  for (let i = 0; i < count; i++) {
    const entity = batch.entities[i] ?? 0;
    const { row, asTail } = relationRow(parameters, batch.relations[i] ?? 0);
    const from = starts[i] ?? 0;
    const until = starts[i + 1] ?? 0;
    let drawn = 0;
    touched.add(entity, 4 * i + AS_KNOWN);
    byRelation.add(row, i);
    if (relationWeight > 0) {
      drawn = answers[from + random.below(Math.max(1, until - from))] ?? 0;
      drawnRows[i] = row;
      touched.add(entity, 4 * i + (asTail ? AS_HEAD : AS_TAIL));
      touched.add(drawn, 4 * i + (asTail ? AS_TAIL : AS_HEAD));
    }
    asked.set([entity, row, Number(asTail), drawn], 4 * i);
    if (!regularizer) continue;
    const factor = factors[i] ?? 0;
    grow(entityPenalties, entity, regularizer.entities * factor);
    grow(relationPenalties, row, regularizer.relations * factor);
    for (let at = from; at < until; at++) {
      grow(entityPenalties, answers[at] ?? 0, (regularizer.entities * factor) / (until - from));
    }
  }
  const wanted = {
    factorsAt: writer.putFloats(factors),
    startsAt: writer.put(starts),
    answersAt: writer.put(answers),
    weightsAt: writer.putFloats(
      targetShare === 1 ? targets.weights : targets.weights.map((weight) => targetShare * weight),
    ),
  };
  const scaled = factors.map((factor) => relationWeight * factor);
  const scaledAt = relationWeight > 0 ? writer.putFloats(scaled) : 0;
  const relationWanted =
    relationWeight > 0
      ? {
          ...{ factorsAt: scaledAt, weightsAt: scaledAt, answersAt: writer.put(drawnRows) },
          startsAt: writer.put(Uint32Array.from({ length: count + 1 }, (_, i) => i)),
        }
      : wanted;
  const touchedRows = touched.lay();
  const relations = byRelation.lay();
  const rowsOf = (all: boolean, number: Rows): Rows =>
    all ? { rowsAt: writer.put(byRelation.layAll(relationRows)), count: relationRows } : number;
  const named = { rowsAt: writer.put(relations.rows), count: relations.rows.length / 3 };
  const matrices = rowsOf(options.allMatrices, named);
  return {
    ...{ count, wanted, relationWanted, ...optimizer, lossAt: writer.queries(count) },
    askedAt: writer.put(asked),
    matrices: { ...matrices, contributionsAt: writer.put(relations.contributions) },
    relations: options.allRelations ? matrices : named,
    entities: byChunk(writer, chunks, touchedRows.rows, 3).map(({ at, count: rows }) => ({ rowsAt: at, count: rows })),
    contributionsAt: writer.put(touchedRows.contributions),
    relationPenalties:
      byChunk(writer, [{ first: 0, rows: relationRows }], penaltyList(relationPenalties), 2)[0] ?? none,
    entityPenalties: byChunk(writer, chunks, penaltyList(entityPenalties), 2),
  };
}

const none: Penalties = { at: 0, count: 0 };

function grow(sums: Map<number, number>, row: number, by: number): void {
  sums.set(row, (sums.get(row) ?? 0) + by);
}

/** (rows, 2): row, weight as the bits of a float32; rows ascending. */
function penaltyList(penalties: ReadonlyMap<number, number>): Uint32Array {
  const rows = Uint32Array.from(penalties.keys()).sort();
  const list = new Uint32Array(2 * rows.length);
  const floats = new Float32Array(list.buffer);
  rows.forEach((row, i) => {
    list[2 * i] = row;
    floats[2 * i + 1] = penalties.get(row) ?? 0;
  });
  return list;
}

/** Writes a list whose entries of `width` numbers begin with a row, ascending, and tells where each chunk's part stands. */
function byChunk(
  writer: StepWriter,
  chunks: readonly { readonly first: number; readonly rows: number }[],
  list: Uint32Array,
  width: number,
): Penalties[] {
  const at = writer.put(list);
  let from = 0;
  return chunks.map(({ first, rows }) => {
    let to = from;
    while (to < list.length && (list[to] ?? 0) < first + rows) to += width;
    const part = { at: at + from, count: (to - from) / width };
    from = to;
    return part;
  });
}

/** Which contributions each row has, in the order in which they came. */
class Contributions {
  readonly #rows: number[] = [];
  readonly #codes: number[] = [];
  readonly #counts = new Map<number, number>();

  add(row: number, code: number): void {
    this.#rows.push(row);
    this.#codes.push(code);
    this.#counts.set(row, (this.#counts.get(row) ?? 0) + 1);
  }

  /** rows (n, 3): row, first and end of its contributions; ascending. */
  lay(): { readonly rows: Uint32Array; readonly contributions: Uint32Array } {
    const named = Uint32Array.from(this.#counts.keys()).sort();
    const rows = new Uint32Array(3 * named.length);
    const next = new Map<number, number>();
    let end = 0;
    named.forEach((row, i) => {
      next.set(row, end);
      const first = end;
      end += this.#counts.get(row) ?? 0;
      rows.set([row, first, end], 3 * i);
    });
    const contributions = new Uint32Array(this.#codes.length);
    this.#rows.forEach((row, i) => {
      const at = next.get(row) ?? 0;
      next.set(row, at + 1);
      contributions[at] = this.#codes[i] ?? 0;
    });
    return { rows, contributions };
  }

  /** The same for rows 0 … count - 1, those without contributions among them. */
  layAll(count: number): Uint32Array {
    const rows = new Uint32Array(3 * count);
    let end = 0;
    for (let row = 0; row < count; row++) {
      const first = end;
      end += this.#counts.get(row) ?? 0;
      rows.set([row, first, end], 3 * row);
    }
    return rows;
  }
}

/**
 * The pairs that PaCMAP looks at (Wang, Huang, Rudin and Shaposhnik 2021, section 5 and algorithm 1), each drawn by a hash of its
 * place, so that they depend on the seed alone.
 *
 * n points; of each p pairs of a kind. ends: Uint32Array (n, p): the other ends.
 */
import type { CpuBackend } from '../cpu/backend.ts';
import { hash } from '../hash.ts';
import { type Metric, type Neighbors, NONE, rankCandidates } from '../knn.ts';
import type { Matrix } from '../matrix.ts';
import type { Pairs } from './layout.ts';

/** Points drawn for a mid-near pair, of which the second nearest is taken. */
const MID_DRAWN = 6;

/**
 * The `count` neighbours of least d(i, j)^2 / (s_i s_j), where s is the mean distance to the fourth to sixth neighbour: a
 * distance that counts less where points are sparse.
 * @param neighbors some tens more than `count`
 */
export function nearPairs({ n, k, ids, distances }: Neighbors, count: number): Uint32Array {
  const scales = Float64Array.from({ length: n }, (_, i) => {
    const some = distances.subarray(i * k + Math.min(3, k - 1), i * k + Math.min(6, k)).filter(Number.isFinite);
    return Math.max(some.reduce((sum, distance) => sum + distance, 0) / Math.max(1, some.length), 1e-10);
  });
  const ends = new Uint32Array(n * count);
  for (let i = 0; i < n; i++) {
    const scaled = Array.from(ids.subarray(i * k, (i + 1) * k), (id, place) => ({
      id,
      place,
      distance: (distances[i * k + place] ?? 0) ** 2 / ((scales[i] ?? 1) * (scales[id] ?? 1)),
    })).filter(({ id }) => id !== NONE);
    scaled.sort((a, b) => a.distance - b.distance || a.place - b.place);
    for (let place = 0; place < count; place++) ends[i * count + place] = scaled[place]?.id ?? NONE;
  }
  return ends;
}

/** Each pair's other end is the second nearest of six points drawn at random. */
export async function midPairs(
  backend: CpuBackend,
  matrix: Matrix,
  metric: Metric,
  count: number,
  seed: number,
  signal?: AbortSignal | undefined,
): Promise<Uint32Array> {
  const n = matrix.rows;
  const drawn = Math.min(MID_DRAWN, n - 1);
  const second = Math.min(2, drawn);
  const candidates = Array.from({ length: count }, (_, pair) => {
    const found = new Uint32Array(n * drawn);
    for (let i = 0; i < n; i++) drawOthers(found.subarray(i * drawn, (i + 1) * drawn), n, i, [], seed, pair);
    return found;
  });
  const ranked = await rankCandidates(backend, matrix, candidates, drawn, second, metric, signal);
  const ends = new Uint32Array(n * count);
  ranked.forEach((ids, pair) => {
    for (let i = 0; i < n; i++) ends[i * count + pair] = ids[i * second + second - 1] ?? 0;
  });
  return ends;
}

/** Points drawn at random that are not among the near ones. Where there are fewer others, the places left are empty. */
export function furtherPairs(n: number, near: Uint32Array, count: number, seed: number): Uint32Array {
  const nearCount = near.length / n;
  const ends = new Uint32Array(n * count);
  for (let i = 0; i < n; i++) {
    const avoided = near.subarray(i * nearCount, (i + 1) * nearCount);
    drawOthers(ends.subarray(i * count, (i + 1) * count), n, i, avoided, seed, FURTHER);
  }
  return ends;
}

/** Draws for pairs of different kinds have different keys; those of mid-near pairs are small. */
const FURTHER = 0x10000;
const NEARER = 0x20000;
/** Draws that may fail before a place is left empty: of a million points, one in 10^20 or so. */
const TRIES = 32;

/** Fills `ends` with different points, none of them i or avoided. */
function drawOthers(ends: Uint32Array, n: number, i: number, avoided: ArrayLike<number>, seed: number, kind: number) {
  const key = hash((hash((hash(seed >>> 0) ^ kind) >>> 0) ^ i) >>> 0);
  let draw = 0;
  for (let place = 0; place < ends.length; place++) {
    ends[place] = NONE;
    for (let tries = 0; tries < TRIES; tries++) {
      const j = hash((key + draw++) >>> 0) % n;
      if (j === i || holds(avoided, avoided.length, j) || holds(ends, place, j)) continue;
      ends[place] = j;
      break;
    }
  }
}

function holds(list: ArrayLike<number>, length: number, wanted: number): boolean {
  for (let at = 0; at < length; at++) if (list[at] === wanted) return true;
  return false;
}

/**
 * LocalMAP's other choice of further pairs: points that the map, as it is, has brought within `reach` (Wang et al. 2024, section 4.2).
 * Where tries find none, the pair that was there stays.
 * @param positions Float32Array (dimensions, n)
 */
export function nearerFurtherPairs(
  positions: Float32Array,
  n: number,
  near: Uint32Array,
  before: Uint32Array,
  reach: number,
  seed: number,
  iteration: number,
): Uint32Array {
  const dimensions = positions.length / n;
  const nearCount = near.length / n;
  const count = before.length / n;
  const ends = before.slice();
  const keyOfAll = hash((hash((hash(seed >>> 0) ^ NEARER) >>> 0) ^ iteration) >>> 0);
  for (let i = 0; i < n; i++) {
    const key = hash((keyOfAll ^ i) >>> 0);
    const avoided = near.subarray(i * nearCount, (i + 1) * nearCount);
    let draw = 0;
    for (let place = 0; place < count; place++) {
      for (let tries = 0; tries < TRIES; tries++) {
        const j = hash((key + draw++) >>> 0) % n;
        let square = 0;
        for (let c = 0; c < dimensions; c++) square += ((positions[c * n + i] ?? 0) - (positions[c * n + j] ?? 0)) ** 2;
        if (j === i || square >= reach * reach || holds(avoided, nearCount, j)) continue;
        ends[i * count + place] = j;
        break;
      }
    }
  }
  return ends;
}

/** A pair belongs to both its ends: rows of the ends given and of those that give them, in a fixed order. */
export function bothWays(n: number, ends: Uint32Array): Pairs {
  const count = ends.length / Math.max(1, n);
  const starts = new Uint32Array(n + 1);
  const forEach = (take: (i: number, j: number) => void) => {
    for (let i = 0; i < n; i++) {
      for (let at = i * count; at < (i + 1) * count; at++) {
        const j = ends[at] ?? NONE;
        if (j !== NONE) take(i, j);
      }
    }
  };
  forEach((i, j) => {
    starts[i + 1] = (starts[i + 1] ?? 0) + 1;
    starts[j + 1] = (starts[j + 1] ?? 0) + 1;
  });
  for (let i = 0; i < n; i++) starts[i + 1] = (starts[i + 1] ?? 0) + (starts[i] ?? 0);
  const fill = starts.slice();
  const columns = new Uint32Array(starts[n] ?? 0);
  const put = (row: number, column: number) => {
    const at = fill[row] ?? 0;
    fill[row] = at + 1;
    columns[at] = column;
  };
  forEach((i, j) => {
    put(i, j);
    put(j, i);
  });
  return { starts, columns };
}

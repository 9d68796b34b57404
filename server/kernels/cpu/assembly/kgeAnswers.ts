// One query of a knowledge graph model against its entities, which lie row by row without gaps: for a question, where kge.ts's tiles
// would first copy every entity. Reference: `compareWithAll` in ../../kge/score.ts.
//
// d numbers an entity; biases f32 (E), 0 for none. measure as in kge.ts.
import { hyperbolicScore } from './kge';
import { sum } from './lanes';

/** What four coordinates add to the sum of a measure of differences, or of products. */
// @ts-ignore: decorator
@inline
function term(measure: i32, total: v128, query: v128, entity: v128): v128 {
  if (measure == 0) return f32x4.add(total, f32x4.mul(query, entity));
  const difference = f32x4.sub(query, entity);
  if (measure == 1) return f32x4.add(total, f32x4.abs(difference));
  return f32x4.add(total, f32x4.mul(difference, difference));
}

// @ts-ignore: decorator
@inline
function termOf(measure: i32, query: f32, entity: f32): f32 {
  if (measure == 0) return query * entity;
  const difference = query - entity;
  return measure == 1 ? abs(difference) : difference * difference;
}

/** Sum over the coordinates: measure 0 products, 1 absolute differences, 2 squares. Four sums of four hide the delay of an addition. */
// @ts-ignore: decorator
@inline
function sumRow(measure: i32, query: usize, row: usize, d: i32): f32 {
  let a = f32x4.splat(0), b = f32x4.splat(0), c = f32x4.splat(0), e = f32x4.splat(0);
  let k = 0;
  for (; k <= d - 16; k += 16) {
    const at = <usize>k << 2;
    a = term(measure, a, v128.load(query + at), v128.load(row + at));
    b = term(measure, b, v128.load(query + at, 16), v128.load(row + at, 16));
    c = term(measure, c, v128.load(query + at, 32), v128.load(row + at, 32));
    e = term(measure, e, v128.load(query + at, 48), v128.load(row + at, 48));
  }
  for (; k <= d - 4; k += 4) {
    const at = <usize>k << 2;
    a = term(measure, a, v128.load(query + at), v128.load(row + at));
  }
  let total = sum(f32x4.add(f32x4.add(a, b), f32x4.add(c, e)));
  for (; k < d; k++) {
    const at = <usize>k << 2;
    total += termOf(measure, load<f32>(query + at), load<f32>(row + at));
  }
  return total;
}

/** Sum of moduli of complex differences: real parts, then imaginary ones. */
function sumModuli(query: usize, row: usize, d: i32): f32 {
  const half = d >> 1;
  const imaginary = <usize>half << 2;
  let a = f32x4.splat(0), b = f32x4.splat(0);
  let k = 0;
  for (; k <= half - 8; k += 8) {
    const at = <usize>k << 2;
    a = f32x4.add(a, modulus(query + at, row + at, imaginary));
    b = f32x4.add(b, modulus(query + at + 16, row + at + 16, imaginary));
  }
  for (; k <= half - 4; k += 4) a = f32x4.add(a, modulus(query + (<usize>k << 2), row + (<usize>k << 2), imaginary));
  let total = sum(f32x4.add(a, b));
  for (; k < half; k++) {
    const at = <usize>k << 2;
    const x = load<f32>(query + at) - load<f32>(row + at);
    const y = load<f32>(query + at + imaginary) - load<f32>(row + at + imaginary);
    total += sqrt(x * x + y * y);
  }
  return total;
}

// @ts-ignore: decorator
@inline
function modulus(query: usize, row: usize, imaginary: usize): v128 {
  const x = f32x4.sub(v128.load(query), v128.load(row));
  const y = f32x4.sub(v128.load(query + imaginary), v128.load(row + imaginary));
  return f32x4.sqrt(f32x4.add(f32x4.mul(x, x), f32x4.mul(y, y)));
}

/**
 * Scores of entities first … first + count - 1: measure(query, entity) + bias + the entity's own. For HYPERBOLIC the query has d + 1
 * numbers, the curvature last.
 */
export function kgeAnswers(
  measure: i32, d: i32, query: usize, bias: f32, entities: usize, biases: usize, first: i32, count: i32, scores: usize,
): void {
  const rowBytes = <usize>d << 2;
  let row = entities + <usize>first * rowBytes;
  const xx: f64 = measure == 5 ? <f64>sumRow(0, query, query, d) : 0;
  const c: f64 = measure == 5 ? <f64>load<f32>(query + rowBytes) : 0;
  for (let e = first; e < first + count; e++, row += rowBytes) {
    let score: f32;
    if (measure == 0) score = sumRow(0, query, row, d);
    else if (measure == 1) score = -sumRow(1, query, row, d);
    else if (measure == 4) score = -sumModuli(query, row, d);
    else if (measure == 5) {
      score = <f32>hyperbolicScore(xx, <f64>sumRow(0, query, row, d), Math.sqrt(<f64>sumRow(0, row, row, d)), c);
    } else {
      const squares = sumRow(2, query, row, d);
      score = measure == 2 ? -sqrt(squares) : -squares;
    }
    if (biases) score += bias + load<f32>(biases + (<usize>e << 2));
    store<f32>(scores + (<usize>e << 2), score);
  }
}

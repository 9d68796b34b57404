/**
 * Triples set aside to measure a model by, such that every entity and every relation stays in training: what a model has
 * never met it can say nothing of (CoDEx, Safavi and Koutra 2020, is split so).
 *
 * n triples, rows (n, 3) of head, relation and tail, numbered from 0.
 */
import { createRandom, permutation } from '../random.ts';

export interface SplitOptions {
  /** Share of all triples set aside for validation, 0 to 1. */
  readonly validation: number;
  /** Share of all triples set aside for testing, 0 to 1. */
  readonly test: number;
  readonly seed: number;
}

export const TRAIN = 0;
export const VALIDATION = 1;
export const TEST = 2;

/**
 * For each triple TRAIN, VALIDATION or TEST. Triples are visited in an order by chance; one is set aside where its head,
 * its tail and its relation each have another triple left in training. Fewer than asked for are set aside where no more
 * can be spared.
 * @throws RangeError where the shares are not from 0 to 1 or leave nothing for training
 */
export function splitTriples(
  triples: Int32Array,
  entityCount: number,
  relationCount: number,
  { validation, test, seed }: SplitOptions,
): Uint8Array {
  if (!(validation >= 0 && test >= 0 && validation + test < 1)) {
    throw new RangeError(`The shares ${validation} and ${test} must not be negative and leave something for training.`);
  }
  const n = triples.length / 3;
  const splits = new Uint8Array(n);
  const entityLeft = new Int32Array(entityCount);
  const relationLeft = new Int32Array(relationCount);
  for (let i = 0; i < n; i++) count(i, 1);

  let testLeft = Math.round(test * n);
  let validationLeft = Math.round(validation * n);
  for (const i of permutation(n, createRandom(seed))) {
    if (testLeft + validationLeft === 0) break;
    if (!isSpare(i)) continue;
    count(i, -1);
    splits[i] = testLeft > 0 ? TEST : VALIDATION;
    if (testLeft > 0) testLeft--;
    else validationLeft--;
  }
  return splits;

  function count(i: number, change: number): void {
    const [head = 0, relation = 0, tail = 0] = [triples[3 * i], triples[3 * i + 1], triples[3 * i + 2]];
    entityLeft[head] = (entityLeft[head] ?? 0) + change;
    if (tail !== head) entityLeft[tail] = (entityLeft[tail] ?? 0) + change; // a loop names its entity once
    relationLeft[relation] = (relationLeft[relation] ?? 0) + change;
  }

  function isSpare(i: number): boolean {
    const [head = 0, relation = 0, tail = 0] = [triples[3 * i], triples[3 * i + 1], triples[3 * i + 2]];
    return (entityLeft[head] ?? 0) > 1 && (entityLeft[tail] ?? 0) > 1 && (relationLeft[relation] ?? 0) > 1;
  }
}

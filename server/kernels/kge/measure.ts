/**
 * How a query is compared with an entity: larger is more plausible. Each with its gradient. The twins in cpu/assembly/kge.ts
 * compare many with many.
 */
import type { MeasureName, Numbers } from './model.ts';
import { squaredDistance } from './poincare.ts';

export interface Measure {
  /** Numbers of a query beyond those of an entity. */
  readonly extra: number;
  score(query: Numbers, entity: Numbers): number;
  /** Adds `factor` times the gradient of the score. */
  addGradient(query: Numbers, entity: Numbers, factor: number, queryGradient: Numbers, entityGradient: Numbers): void;
}

/** As cpu/assembly/kge.ts and kgeAnswers.ts number them. */
export const measureNumbers: { readonly [Name in MeasureName]: number } = {
  INNER_PRODUCT: 0,
  L1: 1,
  L2: 2,
  SQUARED_L2: 3,
  MODULUS: 4,
  HYPERBOLIC: 5,
};

/** Where a distance is 0 it has no direction; its gradient is taken to be 0. */
const LEAST_DISTANCE = 1e-12;

/** Adds factor * (-difference) to the query's gradient and the opposite to the entity's. */
function pull(query: Numbers, entity: Numbers, factor: number, queryGradient: Numbers, entityGradient: Numbers): void {
  for (let k = 0; k < entity.length; k++) {
    const g = factor * ((query[k] ?? 0) - (entity[k] ?? 0));
    queryGradient[k] = (queryGradient[k] ?? 0) - g;
    entityGradient[k] = (entityGradient[k] ?? 0) + g;
  }
}

function squaredL2(query: Numbers, entity: Numbers): number {
  let sum = 0;
  for (let k = 0; k < entity.length; k++) {
    const difference = (query[k] ?? 0) - (entity[k] ?? 0);
    sum += difference * difference;
  }
  return sum;
}

/** |x|^2, <x, v> and |v|. */
function products(query: Numbers, entity: Numbers): { xx: number; xv: number; length: number } {
  let xx = 0;
  let xv = 0;
  let vv = 0;
  for (let k = 0; k < entity.length; k++) {
    const x = query[k] ?? 0;
    const v = entity[k] ?? 0;
    xx += x * x;
    xv += x * v;
    vv += v * v;
  }
  return { xx, xv, length: Math.sqrt(vv) };
}

export const measures: { readonly [Name in MeasureName]: Measure } = {
  /** <q, e> */
  INNER_PRODUCT: {
    extra: 0,
    score(query, entity) {
      let sum = 0;
      for (let k = 0; k < entity.length; k++) sum += (query[k] ?? 0) * (entity[k] ?? 0);
      return sum;
    },
    addGradient(query, entity, factor, queryGradient, entityGradient) {
      for (let k = 0; k < entity.length; k++) {
        queryGradient[k] = (queryGradient[k] ?? 0) + factor * (entity[k] ?? 0);
        entityGradient[k] = (entityGradient[k] ?? 0) + factor * (query[k] ?? 0);
      }
    },
  },
  /** -sum |q - e| */
  L1: {
    extra: 0,
    score(query, entity) {
      let sum = 0;
      for (let k = 0; k < entity.length; k++) sum += Math.abs((query[k] ?? 0) - (entity[k] ?? 0));
      return -sum;
    },
    addGradient(query, entity, factor, queryGradient, entityGradient) {
      for (let k = 0; k < entity.length; k++) {
        const g = factor * Math.sign((query[k] ?? 0) - (entity[k] ?? 0));
        queryGradient[k] = (queryGradient[k] ?? 0) - g;
        entityGradient[k] = (entityGradient[k] ?? 0) + g;
      }
    },
  },
  /** -sqrt(sum (q - e)^2) */
  L2: {
    extra: 0,
    score: (query, entity) => -Math.sqrt(squaredL2(query, entity)),
    addGradient(query, entity, factor, queryGradient, entityGradient) {
      const distance = Math.sqrt(squaredL2(query, entity));
      const scaled = distance > LEAST_DISTANCE ? factor / distance : 0;
      pull(query, entity, scaled, queryGradient, entityGradient);
    },
  },
  /** -sum (q - e)^2 */
  SQUARED_L2: {
    extra: 0,
    score: (query, entity) => -squaredL2(query, entity),
    addGradient(query, entity, factor, queryGradient, entityGradient) {
      pull(query, entity, 2 * factor, queryGradient, entityGradient);
    },
  },
  /** -sum |q_k - e_k| over complex numbers */
  MODULUS: {
    extra: 0,
    score(query, entity) {
      const half = entity.length / 2;
      let sum = 0;
      for (let k = 0; k < half; k++) {
        const real = (query[k] ?? 0) - (entity[k] ?? 0);
        const imaginary = (query[half + k] ?? 0) - (entity[half + k] ?? 0);
        sum += Math.sqrt(real * real + imaginary * imaginary);
      }
      return -sum;
    },
    addGradient(query, entity, factor, queryGradient, entityGradient) {
      const half = entity.length / 2;
      for (let k = 0; k < half; k++) {
        const real = (query[k] ?? 0) - (entity[k] ?? 0);
        const imaginary = (query[half + k] ?? 0) - (entity[half + k] ?? 0);
        const modulus = Math.sqrt(real * real + imaginary * imaginary);
        const scaled = modulus > LEAST_DISTANCE ? factor / modulus : 0;
        queryGradient[k] = (queryGradient[k] ?? 0) - scaled * real;
        queryGradient[half + k] = (queryGradient[half + k] ?? 0) - scaled * imaginary;
        entityGradient[k] = (entityGradient[k] ?? 0) + scaled * real;
        entityGradient[half + k] = (entityGradient[half + k] ?? 0) + scaled * imaginary;
      }
    },
  },
  /** -d_c(q, exp(e))^2 in the Poincaré ball; the query's last number is c. */
  HYPERBOLIC: {
    extra: 1,
    score(query, entity) {
      const { xx, xv, length } = products(query, entity);
      return squaredDistance(xx, xv, length, query[entity.length] ?? 1).score;
    },
    addGradient(query, entity, factor, queryGradient, entityGradient) {
      const d = entity.length;
      const { xx, xv, length } = products(query, entity);
      const { byXx, byXv, byLength, byC } = squaredDistance(xx, xv, length, query[d] ?? 1);
      for (let k = 0; k < d; k++) {
        const x = query[k] ?? 0;
        const v = entity[k] ?? 0;
        queryGradient[k] = (queryGradient[k] ?? 0) + factor * (2 * byXx * x + byXv * v);
        entityGradient[k] = (entityGradient[k] ?? 0) + factor * (byXv * x + byLength * v);
      }
      queryGradient[d] = (queryGradient[d] ?? 0) + factor * byC;
    },
  },
};

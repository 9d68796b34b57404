/**
 * The Poincaré ball of curvature -c: points with |x| < 1 / sqrt(c). Formulas as in Ganea, Bécigneul and Hofmann, "Hyperbolic
 * Neural Networks", NeurIPS 2018, section 2; each with its gradient. float64 within, whatever goes in and out.
 */
import type { Numbers } from './model.ts';

/** Below this length a tangent vector is its own image: tanh(x) / x = 1 to the last digit. */
const SHORT = 1e-8;

export function softplus(x: number): number {
  return x > 30 ? x : Math.log1p(Math.exp(x));
}

export function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x));
}

function dot(x: Numbers, y: Numbers, d: number): number {
  let sum = 0;
  for (let k = 0; k < d; k++) sum += (x[k] ?? 0) * (y[k] ?? 0);
  return sum;
}

/** tanh(sqrt(c) V) / (sqrt(c) V) for the length V of a tangent vector: what the exponential map scales it by. */
interface Stretch {
  readonly factor: number;
  /** d factor / dV, divided by V. */
  readonly byLength: number;
  /** d factor / dc. */
  readonly byC: number;
  /** tanh(sqrt(c) V) */
  readonly tanh: number;
}

function stretch(length: number, c: number): Stretch {
  const root = Math.sqrt(c);
  if (root * length < SHORT) {
    return { factor: 1, byLength: (-2 * c) / 3, byC: (-length * length) / 3, tanh: root * length };
  }
  const tanh = Math.tanh(root * length);
  const factor = tanh / (root * length);
  // d tanh = (1 - tanh^2), so V d factor / dV = (1 - tanh^2) - factor, and 2 c d factor / dc is the same.
  const change = 1 - tanh * tanh - factor;
  return { factor, byLength: change / (length * length), byC: change / (2 * c), tanh };
}

/** The point that a tangent vector at 0 leads to. */
export function expMap(v: Numbers, c: number, out: Numbers): void {
  const { factor } = stretch(Math.sqrt(dot(v, v, v.length)), c);
  for (let k = 0; k < v.length; k++) out[k] = factor * (v[k] ?? 0);
}

/** The inverse of `expMap`: the tangent vector at 0 that leads to a point. `x` and `out` may be the same. */
export function logMap(x: Numbers, c: number, out: Numbers): void {
  // Rounding may have brought a point to the border, which no tangent vector leads to.
  const share = Math.min(Math.sqrt(c * dot(x, x, x.length)), Math.sqrt(1 - LEAST_INSIDE));
  const factor = share < SHORT ? 1 : Math.atanh(share) / share;
  for (let k = 0; k < x.length; k++) out[k] = factor * (x[k] ?? 0);
}

/** Adds what the gradient by the point is by the tangent vector. @returns the same by c */
export function addExpGradient(v: Numbers, c: number, gradient: Numbers, vGradient: Numbers): number {
  const { factor, byLength, byC } = stretch(Math.sqrt(dot(v, v, v.length)), c);
  const along = dot(gradient, v, v.length);
  for (let k = 0; k < v.length; k++) {
    vGradient[k] = (vGradient[k] ?? 0) + factor * (gradient[k] ?? 0) + along * byLength * (v[k] ?? 0);
  }
  return along * byC;
}

/** out = z (+) y = ((1 + 2 c zy + c yy) z + (1 - c zz) y) / (1 + 2 c zy + c^2 zz yy) */
export function mobiusAdd(z: Numbers, y: Numbers, c: number, out: Numbers): void {
  const d = z.length;
  const zy = dot(z, y, d);
  const zz = dot(z, z, d);
  const yy = dot(y, y, d);
  const below = 1 + 2 * c * zy + c * c * zz * yy;
  const alpha = (1 + 2 * c * zy + c * yy) / below;
  const beta = (1 - c * zz) / below;
  for (let k = 0; k < d; k++) out[k] = alpha * (z[k] ?? 0) + beta * (y[k] ?? 0);
}

/** Adds what the gradient by the sum is by z and y. @returns the same by c */
export function addMobiusGradient(
  z: Numbers,
  y: Numbers,
  c: number,
  gradient: Numbers,
  zGradient: Numbers,
  yGradient: Numbers,
): number {
  const d = z.length;
  const zy = dot(z, y, d);
  const zz = dot(z, z, d);
  const yy = dot(y, y, d);
  const below = 1 + 2 * c * zy + c * c * zz * yy;
  const alpha = 1 + 2 * c * zy + c * yy;
  const beta = 1 - c * zz;
  const byAlpha = dot(gradient, z, d) / below;
  const byBeta = dot(gradient, y, d) / below;
  const byBelow = -(alpha * byAlpha + beta * byBeta) / below;
  const byZy = 2 * c * (byAlpha + byBelow);
  const byYy = c * byAlpha + c * c * zz * byBelow;
  const byZz = -c * byBeta + c * c * yy * byBelow;
  for (let k = 0; k < d; k++) {
    const g = (gradient[k] ?? 0) / below;
    zGradient[k] = (zGradient[k] ?? 0) + alpha * g + byZy * (y[k] ?? 0) + 2 * byZz * (z[k] ?? 0);
    yGradient[k] = (yGradient[k] ?? 0) + beta * g + byZy * (z[k] ?? 0) + 2 * byYy * (y[k] ?? 0);
  }
  return byAlpha * (2 * zy + yy) - byBeta * zz + byBelow * (2 * zy + 2 * c * zz * yy);
}

/** What keeps 1 - c |x|^2 above 0 where rounding to float32 has brought a point to the border. */
const LEAST_INSIDE = 1e-7;

/** -d_c(x, exp(v))^2 and its derivatives, all through xx = |x|^2, xv = <x, v> and V = |v|. */
export interface SquaredDistance {
  readonly score: number;
  readonly byXx: number;
  readonly byXv: number;
  /** By V, divided by V: times v it is the gradient. */
  readonly byLength: number;
  readonly byC: number;
}

/**
 * d = arcosh(1 + u) / sqrt(c), u = 2 c |x - y|^2 / ((1 - c |x|^2) (1 - c |y|^2)) with y = exp(v): the distance of the ball in the
 * form that stays exact near 0.
 */
export function squaredDistance(xx: number, xv: number, length: number, c: number): SquaredDistance {
  const root = Math.sqrt(c);
  const { factor, byLength: factorByLength, byC: factorByC, tanh } = stretch(length, c);
  const inside = Math.max(LEAST_INSIDE, 1 - c * xx);
  const insideY = Math.max(LEAST_INSIDE, 1 - tanh * tanh);
  const apart = Math.max(0, xx - 2 * factor * xv + (tanh * tanh) / c);
  const scale = (2 * c) / (inside * insideY);
  const u = scale * apart;
  const span = Math.sqrt(u * (u + 2));
  const angle = Math.log1p(u + span); // arcosh(1 + u)
  const score = -(angle * angle) / c;
  const byU = span > 1e-9 ? (-2 * angle) / (c * span) : -2 / c;

  const uByXx = scale + (u * c) / inside;
  const uByXv = -2 * factor * scale;
  // tanh' = sqrt(c) (1 - tanh^2); over V it is bounded, as tanh / V is.
  const tanhOverLength = factor * root;
  const apartByLength = -2 * xv * factorByLength + (2 * tanhOverLength * root * insideY) / c;
  const uByLength = scale * apartByLength + 2 * u * tanhOverLength * root;
  const tanhByC = (insideY * length) / (2 * root);
  const apartByC = -2 * xv * factorByC + (2 * tanh * tanhByC) / c - (tanh * tanh) / (c * c);
  const uByC = u / c + scale * apartByC + (u * xx) / inside + (u * 2 * tanh * tanhByC) / insideY;
  return {
    score,
    byXx: byU * uByXx,
    byXv: byU * uByXv,
    byLength: byU * uByLength,
    byC: byU * uByC + (angle * angle) / (c * c),
  };
}

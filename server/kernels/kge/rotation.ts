/** Turning pairs of numbers by angles: pair k is (x_k, x_{k + d/2}). Shared by RotatE, RotE and RotH. */
import type { Numbers } from './model.ts';

/** out = x turned by `sign` times the angles. `x` and `out` may be the same. */
export function rotate(x: Numbers, angles: Numbers, sign: 1 | -1, out: Numbers): void {
  const half = x.length / 2;
  for (let k = 0; k < half; k++) {
    const angle = angles[k] ?? 0;
    const cos = Math.cos(angle);
    const sin = sign * Math.sin(angle);
    const real = x[k] ?? 0;
    const imaginary = x[half + k] ?? 0;
    out[k] = real * cos - imaginary * sin;
    out[half + k] = real * sin + imaginary * cos;
  }
}

/** Adds what the gradient by the turned vector is by the vector and by the angles. */
export function addRotationGradient(
  x: Numbers,
  angles: Numbers,
  sign: 1 | -1,
  gradient: Numbers,
  xGradient: Numbers,
  anglesGradient: Numbers,
): void {
  const half = x.length / 2;
  for (let k = 0; k < half; k++) {
    const angle = angles[k] ?? 0;
    const cos = Math.cos(angle);
    const sin = sign * Math.sin(angle);
    const real = x[k] ?? 0;
    const imaginary = x[half + k] ?? 0;
    const g = gradient[k] ?? 0;
    const gi = gradient[half + k] ?? 0;
    xGradient[k] = (xGradient[k] ?? 0) + g * cos + gi * sin;
    xGradient[half + k] = (xGradient[half + k] ?? 0) + gi * cos - g * sin;
    // d(turned)/d(angle) is the turned vector, turned by a further right angle.
    const turned = real * cos - imaginary * sin;
    const turnedImaginary = real * sin + imaginary * cos;
    anglesGradient[k] = (anglesGradient[k] ?? 0) + sign * (gi * turned - g * turnedImaginary);
  }
}

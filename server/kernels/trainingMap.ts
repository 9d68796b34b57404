/**
 * Where words or entities are while they are learnt: their vectors along two principal components, turned so that each picture is as near
 * as can be to the one before (orthogonal Procrustes, Schönemann 1966). Components alone would swap and mirror from picture to picture.
 */
import type { CpuBackend } from './cpu/backend.ts';
import { createMatrix, type Matrix } from './matrix.ts';
import { principalCoordinates } from './subspace.ts';

/** @param vectors (V, d) @param before (V, 2), or null for the first picture */
export async function trainingMap(backend: CpuBackend, vectors: Matrix, before: Matrix | null): Promise<Matrix> {
  const mark = backend.mark();
  try {
    const coordinates = await principalCoordinates(backend, backend.upload(vectors.data), vectors, 2);
    return before === null ? coordinates : turnTo(coordinates, before);
  } finally {
    backend.release(mark);
  }
}

/**
 * Turned and, where that is nearer, mirrored. With S the sums of x'y, a turn by t gains (Sxx + Syy) cos t + (Sxy - Syx) sin t, a
 * mirror with a turn (Sxx - Syy) cos t + (Sxy + Syx) sin t: each at most the length of its pair.
 */
function turnTo(coordinates: Matrix, before: Matrix): Matrix {
  const { rows, data } = coordinates;
  let [xx, xy, yx, yy] = [0, 0, 0, 0];
  for (let i = 0; i < 2 * rows; i += 2) {
    const [x, y, u, v] = [data[i] ?? 0, data[i + 1] ?? 0, before.data[i] ?? 0, before.data[i + 1] ?? 0];
    xx += x * u;
    xy += x * v;
    yx += y * u;
    yy += y * v;
  }
  const mirror = Math.hypot(xx - yy, xy + yx) > Math.hypot(xx + yy, xy - yx) ? -1 : 1;
  const angle = Math.atan2(xy - mirror * yx, xx + mirror * yy);
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  const turned = createMatrix(rows, 2);
  for (let i = 0; i < 2 * rows; i += 2) {
    const [x, y] = [data[i] ?? 0, mirror * (data[i + 1] ?? 0)];
    turned.data[i] = x * cos - y * sin;
    turned.data[i + 1] = x * sin + y * cos;
  }
  return turned;
}

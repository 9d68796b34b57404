/**
 * The repulsion of t-SNE in 2 dimensions by interpolation and Fourier's transform, in time that grows with the points and the
 * extent of the map, not with the pairs (Linderman, Rachh, Hoskins, Steinerberger and Kluger 2019, "Fast interpolation-based
 * t-SNE for improved visualization of single-cell RNA-seq data", after Greengard and Rokhlin's non-uniform transforms).
 *
 * Three kernels of the difference (x, y) of two points are convolved with the density of the points:
 *   q = 1 / (1 + x^2 + y^2), whose sum over all pairs is Z,   x q^2   and   y q^2, the forces.
 * Points are spread over the nodes of a grid with the weights of Lagrange's cubic (4 nodes along each axis); the kernels are
 * known at the nodes; the convolution is a product of spectra; forces are read off with the same weights. Here one density
 * serves all three, and Z needs no transform back: it is a sum over the spectrum (Parseval).
 *
 * The grid is a fixed lattice, so that the spectra of the kernels are needed anew only where the map outgrows its grid.
 */
import { fourier } from '../fft.ts';

export interface Grid {
  /** Nodes along each axis of the periodic grid, twice those that points may lie on: a multiple of 16, 2^a or 3 * 2^a. */
  readonly size: number;
  /** Nodes per map unit. */
  readonly perUnit: number;
  /** Where node (0, 0) is, in map units. */
  readonly originX: number;
  readonly originY: number;
}

/**
 * Nodes per map unit on a map that is not small. Lagrange's cubic errs by at most 9/384 h^4 |f''''| (h = 1/2, |q''''| <= 24: 0.035 of
 * 1 at its worst, next to the point itself); the 3 nodes per unit of Linderman et al., with parabolas that jump, err by 0.05.
 */
const PER_UNIT = 2;
/** A small map has a finer lattice, up to so many times two, as long as it fits on so many nodes. */
const FINER_MOST = 4;
const FINE_NODES = 128;
/** Nodes along each axis beyond which the lattice becomes coarser: 4096 x 4096 complex numbers are 128 MiB. */
const SIZE_MOST = 4096;
const SIZE_LEAST = 32;
/** Nodes before the first cell and behind the last one that its points need, and one for rounding. */
const MARGIN = 5;

/** The grid for points between the given bounds. */
export function gridFor(low: readonly [number, number], high: readonly [number, number]): Grid {
  const extent = Math.max(high[0] - low[0], high[1] - low[1]);
  let perUnit = PER_UNIT * 2 ** FINER_MOST;
  while (perUnit > PER_UNIT && extent * perUnit > FINE_NODES - MARGIN) perUnit /= 2;
  while (2 * (extent * perUnit + MARGIN) > SIZE_MOST) perUnit /= 2;
  // Two nodes of margin below, whatever the rounding of the first.
  const origin = (least: number) => (Math.floor(least * perUnit) - 2) / perUnit;
  const nodes = Math.ceil(extent * perUnit) + MARGIN;
  let size = SIZE_LEAST;
  while (size < 2 * nodes) size = size % 3 === 0 ? (size / 3) * 4 : (size / 2) * 3;
  return { size, perUnit, originX: origin(low[0]), originY: origin(low[1]) };
}

/** Columns of the spectrum of real rows, size / 2 + 1, filled up to a multiple of 4. */
export function halfOf(size: number): number {
  return size / 2 + 4;
}

/** Float32Array (size, 2): cosine and sine of -2 pi p / size. */
export function turns(size: number): Float32Array {
  return Float32Array.from({ length: 2 * size }, (_, at) => {
    const angle = (-2 * Math.PI * (at >> 1)) / size;
    return at % 2 === 0 ? Math.cos(angle) : Math.sin(angle);
  });
}

/**
 * The spectra of the three kernels, divided by size^2, as gridColumns (cpu/assembly/tsneGrid.ts) wants them:
 * Float32Array (half / 4, size, 3, 4): by four columns, then by row: q, real; x q^2 and y q^2, imaginary.
 */
export function kernelSpectra({ size, perUnit }: Grid): Float32Array {
  const rows = size / 2 + 1; // the kernels are symmetric in y
  // q is even: its spectrum is real. x q^2 is odd: its spectrum is imaginary. So the sum of both has one transform for both.
  const lines = Array.from({ length: rows }, (_, row) => {
    const real = Float64Array.from({ length: size }, (_, column) => {
      const x = (column < size / 2 ? column : column - size) / perUnit;
      const q = 1 / (1 + x * x + (row / perUnit) ** 2);
      // Half a period away +x and -x are the same node.
      return q + (column === size / 2 ? 0 : x * q * q);
    });
    const imaginary = new Float64Array(size);
    fourier(real, imaginary);
    return { real, imaginary };
  });
  const even = Array.from({ length: rows }, () => new Float64Array(rows)); // by column, then row
  const odd = Array.from({ length: rows }, () => new Float64Array(rows));
  for (let column = 0; column < rows; column++) {
    const real = new Float64Array(size);
    const imaginary = new Float64Array(size);
    for (let row = 0; row < size; row++) {
      const line = lines[Math.min(row, size - row)];
      real[row] = line?.real[column] ?? 0;
      imaginary[row] = line?.imaginary[column] ?? 0;
    }
    fourier(real, imaginary);
    even[column]?.set(real.subarray(0, rows));
    odd[column]?.set(imaginary.subarray(0, rows));
  }

  const half = halfOf(size);
  const spectra = new Float32Array(half * size * 3);
  const scale = 1 / (size * size);
  for (let column = 0; column < rows; column++) {
    for (let row = 0; row < size; row++) {
      const folded = Math.min(row, size - row);
      const at = ((column >> 2) * size + row) * 12 + (column & 3);
      spectra[at] = scale * (even[column]?.[folded] ?? 0);
      spectra[at + 4] = scale * (odd[column]?.[folded] ?? 0);
      // y q^2 is x q^2 with the axes exchanged: even in x, odd in y.
      spectra[at + 8] = scale * (odd[folded]?.[column] ?? 0) * (row > size / 2 ? -1 : 1);
    }
  }
  return spectra;
}

/** Weights of the nodes -1, 0, 1, 2 for a point `t` behind node 0: Lagrange's cubic. */
export function cubic(t: number): readonly [number, number, number, number] {
  return [
    (-t * (t - 1) * (t - 2)) / 6,
    ((t + 1) * (t - 1) * (t - 2)) / 2,
    (-(t + 1) * t * (t - 2)) / 2,
    ((t + 1) * t * (t - 1)) / 6,
  ];
}

/** What the grid takes for q of a point with itself, which is no pair: the mean over places in a cell. */
export function selfAffinity(perUnit: number): number {
  const places = 8;
  let total = 0;
  for (let a = 0; a < places; a++) {
    for (let b = 0; b < places; b++) {
      const along = cubic((a + 0.5) / places);
      const across = cubic((b + 0.5) / places);
      for (let x = 0; x < 16; x++) {
        for (let y = 0; y < 16; y++) {
          const weight = (along[x >> 2] ?? 0) * (along[x & 3] ?? 0) * (across[y >> 2] ?? 0) * (across[y & 3] ?? 0);
          total += weight / (1 + (((x >> 2) - (x & 3)) / perUnit) ** 2 + (((y >> 2) - (y & 3)) / perUnit) ** 2);
        }
      }
    }
  }
  return total / (places * places);
}

/**
 * The same without a transform, node by node: what the fast form is compared with.
 * @param positions Float32Array (2, n)
 * @returns forces Float64Array (2, n), and the sum of q over all pairs and of each point with itself
 */
export function gridRepulsionPlain(positions: Float32Array, n: number, { size, perUnit, originX, originY }: Grid) {
  const nodes = size / 2;
  const density = new Float64Array(nodes * nodes);
  const visit = (i: number, take: (node: number, weight: number) => void) => {
    const x = ((positions[i] ?? 0) - originX) * perUnit;
    const y = ((positions[n + i] ?? 0) - originY) * perUnit;
    const column = Math.floor(x);
    const row = Math.floor(y);
    cubic(y - row).forEach((across, r) => {
      cubic(x - column).forEach((along, c) => {
        take((row - 1 + r) * nodes + column - 1 + c, along * across);
      });
    });
  };
  for (let i = 0; i < n; i++) {
    visit(i, (node, weight) => {
      density[node] = (density[node] ?? 0) + weight;
    });
  }
  const forces = new Float64Array(2 * n);
  let sum = 0;
  for (let i = 0; i < n; i++) {
    visit(i, (node, weight) => {
      density.forEach((amount, other) => {
        if (amount === 0) return;
        const x = ((node % nodes) - (other % nodes)) / perUnit;
        const y = (Math.floor(node / nodes) - Math.floor(other / nodes)) / perUnit;
        const q = 1 / (1 + x * x + y * y);
        sum += weight * amount * q;
        forces[i] = (forces[i] ?? 0) + weight * amount * q * q * x;
        forces[n + i] = (forces[n + i] ?? 0) + weight * amount * q * q * y;
      });
    });
  }
  return { forces, sum };
}

/**
 * A start for UMAP from the graph alone: the eigenvectors of least eigenvalue, but for the first, of its normalised Laplacian
 * I - D^(-1/2) W D^(-1/2) (Belkin and Niyogi 2003, "Laplacian eigenmaps"; McInnes, Healy and Melville 2018, algorithm 4). They are
 * the eigenvectors of greatest eigenvalue of D^(-1/2) W D^(-1/2), found to some digits by Krylov's subspaces (eigen.ts).
 *
 * Parts of the graph that no edge connects are laid out each by itself, around the mean of their given places.
 */
import { krylovEigenOf } from '../eigen.ts';
import type { Graph } from '../graph.ts';
import { createMatrix, type Matrix } from '../matrix.ts';

/** As umap-learn's: a start needs no more digits. */
const ACCURACY = { residual: 1e-4, restarts: 8 };
/** A part is drawn with this share of the extent of the whole times the square root of its share of the points. */
const PART_EXTENT = 0.5;

/**
 * @param places (n, c): where parts of the graph that no edge connects have their middle; not looked at where there is one part
 * @returns (n, c)
 */
export function spectralStart(graph: Graph, places: Matrix): Matrix {
  const { n } = graph;
  const c = places.columns;
  const start = createMatrix(n, c);
  const { parts, placeOf } = connectedParts(graph);
  if (parts.length === 1) {
    start.data.set(eigenmap(graph, parts[0] ?? [], placeOf, c));
    return start;
  }
  const extent = places.data.reduce((most, value) => Math.max(most, Math.abs(value)), 0) || 1;
  for (const rows of parts) {
    const middle = Array.from({ length: c }, (_, x) => {
      let sum = 0;
      for (const i of rows) sum += places.data[i * c + x] ?? 0;
      return sum / rows.length;
    });
    const own = eigenmap(graph, rows, placeOf, c);
    const scale = extent * PART_EXTENT * Math.sqrt(rows.length / n);
    rows.forEach((i, place) => {
      for (let x = 0; x < c; x++) start.data[i * c + x] = (middle[x] ?? 0) + scale * (own[place * c + x] ?? 0);
    });
  }
  return start;
}

/**
 * Float32Array (rows, c): a connected part, its coordinate farthest from 0 at 1; zeros where it has too few points for one.
 * @param placeOf Uint32Array (n): where a point stands in its part
 */
function eigenmap(graph: Graph, rows: readonly number[], placeOf: Uint32Array, c: number): Float32Array {
  const size = rows.length;
  const coordinates = new Float32Array(size * c);
  const count = Math.min(c + 1, size - 1);
  if (count < 2) return coordinates;
  const roots = Float64Array.from(rows, (i) => {
    let degree = 0;
    for (let entry = graph.starts[i] ?? 0; entry < (graph.starts[i + 1] ?? 0); entry++)
      degree += graph.weights[entry] ?? 0;
    return 1 / Math.sqrt(degree);
  });
  // (A + I) / 2 has the same eigenvectors and no negative eigenvalues, which would be as large.
  const times = (vector: Float64Array): Float64Array =>
    Float64Array.from(rows, (i, at) => {
      let sum = 0;
      for (let entry = graph.starts[i] ?? 0; entry < (graph.starts[i + 1] ?? 0); entry++) {
        const other = placeOf[graph.columns[entry] ?? 0] ?? 0;
        sum += (graph.weights[entry] ?? 0) * (roots[other] ?? 0) * (vector[other] ?? 0);
      }
      return ((vector[at] ?? 0) + sum * (roots[at] ?? 0)) / 2;
    });
  const { vectors } = krylovEigenOf(times, size, count, ACCURACY);
  for (let x = 0; x + 1 < count; x++) {
    const vector = vectors.subarray((x + 1) * size, (x + 2) * size);
    const largest = vector.reduce((most, value) => (Math.abs(value) > Math.abs(most) ? value : most), 0);
    for (let at = 0; at < size; at++) coordinates[at * c + x] = largest === 0 ? 0 : (vector[at] ?? 0) / largest;
  }
  return coordinates;
}

/** Points that edges connect, ascending, in parts by their first point; and where in its part each point stands. */
function connectedParts({ n, starts, columns }: Graph): { parts: number[][]; placeOf: Uint32Array } {
  const isFound = new Uint8Array(n);
  const placeOf = new Uint32Array(n);
  const parts: number[][] = [];
  for (let first = 0; first < n; first++) {
    if (isFound[first] === 1) continue;
    const part = [first];
    isFound[first] = 1;
    for (let at = 0; at < part.length; at++) {
      const i = part[at] ?? 0;
      for (let entry = starts[i] ?? 0; entry < (starts[i + 1] ?? 0); entry++) {
        const j = columns[entry] ?? 0;
        if (isFound[j] === 1) continue;
        isFound[j] = 1;
        part.push(j);
      }
    }
    part.sort((a, b) => a - b);
    for (const [place, i] of part.entries()) placeOf[i] = place;
    parts.push(part);
  }
  return { parts, placeOf };
}

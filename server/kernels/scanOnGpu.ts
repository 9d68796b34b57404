/** The pass over all rows of scan.ts on the graphics card: scan.wgsl. What it leaves is compared by the processor, as ever. */
import type { GpuBackend } from './gpu/backend.ts';
import { uploadRows } from './gpu/rows.ts';
import { shaders } from './gpu/shaders.ts';
import type { Matrix } from './matrix.ts';

/** Rows that lie on a card. */
export interface RowsOnCard {
  /**
   * float32 (n): <row, query>, or |row - query|^2. A sum's rounding is no more than that of `scan` on the processor.
   * @throws GpuError where the card fails
   */
  scan(query: Float32Array, isSquared: boolean, into: Float32Array): Promise<void>;
}

/** Multiply-adds of a workgroup: it reads 4 rows once, which costs more than they are. */
const PER_NUMBER = 8;

/** Puts the rows on the card; they are to be released with the backend. @throws GpuError where it has no room */
export async function placeOnCard(backend: GpuBackend, matrix: Matrix): Promise<RowsOnCard> {
  const kernel = await backend.kernel(shaders.scan, 'scan');
  const { chunks, quads } = uploadRows(backend, matrix, { mostRows: Math.floor(backend.bufferBytes / 4) });
  const asked = backend.allocate('query', quads * 16);
  const wide = new Float32Array(quads * 4);
  const placed = chunks.map(({ first, rows, buffer }) => {
    const scores = backend.allocate('scores', rows * 4);
    return { first, rows, scores, buffers: { 0: buffer, 1: asked, 2: scores } };
  });
  return {
    async scan(query, isSquared, into) {
      wide.set(query);
      backend.write(asked, wide);
      const stages = placed.map(({ rows, buffers }) => ({
        ...{ kernel, blocks: Math.ceil(rows / 4), work: 4 * matrix.columns * PER_NUMBER, buffers: () => buffers },
        parameters: () => ({ rows, quads, squared: Number(isSquared) }),
      }));
      await backend.run('scan', 1, stages);
      for (const { first, rows, scores } of placed) {
        into.set(new Float32Array(await backend.read(scores, rows * 4)), first);
      }
    },
  };
}

/**
 * The vectors of the TEXMEX collection (http://corpus-texmex.irisa.fr): each a little-endian int32 with its dimension,
 * then its numbers: float32 in .fvecs, int32 in .ivecs, bytes in .bvecs. The content does not tell .fvecs and .ivecs
 * apart; the name does.
 */
import { UserError } from '../../errors.ts';
import type { MatrixBlock, MatrixTable, ReadOptions, Source } from './format.ts';
import { finiteBlocks, matrixTable, recordBlocks } from './matrix.ts';
import { extensionOf, stemOf } from './source.ts';

const ELEMENT_BYTES = { fvecs: 4, ivecs: 4, bvecs: 1 } as const;
const DIMENSION_LIMIT = 100_000;

type Kind = keyof typeof ELEMENT_BYTES;

/** Which kind of .vecs the first bytes and the name tell, or null. */
export function fvecsKind(name: string, head: Buffer, size: number | null): Kind | null {
  if (head.length < 5) return null;
  const dimension = head.readInt32LE(0);
  if (dimension < 1 || dimension > DIMENSION_LIMIT) return null;
  const extension = extensionOf(name);
  const named = (['fvecs', 'ivecs', 'bvecs'] as const).find((kind) => kind === extension);
  if (named !== undefined) return named;
  const recordBytes = 4 + 4 * dimension;
  const second = head.length >= recordBytes + 4 ? head.readInt32LE(recordBytes) : null;
  // Without the name: whole records, and two of one dimension.
  return size !== null && size % recordBytes === 0 && second === dimension ? 'fvecs' : null;
}

/** @throws UserError when the size is no whole number of vectors */
export function fvecsTable(source: Source, head: Buffer, kind: Kind): MatrixTable {
  const dimension = head.readInt32LE(0);
  const recordBytes = 4 + dimension * ELEMENT_BYTES[kind];
  const rowCount = source.size === null ? null : Math.floor(source.size / recordBytes);
  if (source.size !== null && source.size % recordBytes !== 0) {
    throw new UserError(
      'BAD_USER_INPUT',
      `${source.name} is cut off or damaged: a vector of ${dimension} numbers takes ${recordBytes} bytes, and ${source.size} bytes are no whole number of them.`,
      { file: source.name },
    );
  }
  return matrixTable({
    name: stemOf(source.name),
    file: source.name,
    group: null,
    format: kind,
    matrix: {
      rowCount,
      dimension,
      blocks: (options) => finiteBlocks(vectorBlocks(source, kind, dimension, rowCount, options), dimension),
    },
  });
}

async function* vectorBlocks(
  source: Source,
  kind: Kind,
  dimension: number,
  recordCount: number | null,
  options?: ReadOptions,
): AsyncGenerator<MatrixBlock> {
  const recordBytes = 4 + dimension * ELEMENT_BYTES[kind];
  const layout = { source, start: 0, recordBytes, recordCount };
  for await (const { firstIndex, count, bytes } of recordBlocks(layout, options)) {
    const values = new Float32Array(count * dimension);
    const view = new DataView(bytes.buffer);
    for (let row = 0; row < count; row++) {
      const start = row * recordBytes;
      const own = view.getInt32(start, true);
      if (own !== dimension) {
        const line = firstIndex + row + 1;
        throw new UserError(
          'BAD_USER_INPUT',
          `Vector ${line} of ${source.name} says that it has ${own} numbers; wanted: ${dimension}, as the first. Nothing behind it can be told apart.`,
          { file: source.name, line },
        );
      }
      values.set(numbersOf(bytes, start + 4, dimension, kind), row * dimension);
    }
    yield { firstIndex, count, values };
  }
}

/** Records are 4-aligned but for .bvecs, whose bytes need no alignment. */
function numbersOf(bytes: Uint8Array<ArrayBuffer>, start: number, dimension: number, kind: Kind): ArrayLike<number> {
  if (kind === 'bvecs') return bytes.subarray(start, start + dimension);
  return kind === 'fvecs'
    ? new Float32Array(bytes.buffer, start, dimension)
    : new Int32Array(bytes.buffer, start, dimension);
}

/**
 * IDX, the format of MNIST (http://yann.lecun.com/exdb/mnist): two zero bytes, a type, the number of axes, their
 * lengths as big-endian int32, then the numbers, big-endian. Three axes of bytes are images, one axis is a column of
 * labels.
 */
import { UserError } from '../../errors.ts';
import type { Matrix, MatrixBlock, ReadOptions, Row, Source, Table } from './format.ts';
import { finiteBlocks, matrixTable, recordBlocks } from './matrix.ts';
import { stemOf } from './source.ts';

const ELEMENTS = {
  8: { bytes: 1, read: (view: DataView, at: number) => view.getUint8(at) },
  9: { bytes: 1, read: (view: DataView, at: number) => view.getInt8(at) },
  11: { bytes: 2, read: (view: DataView, at: number) => view.getInt16(at) },
  12: { bytes: 4, read: (view: DataView, at: number) => view.getInt32(at) },
  13: { bytes: 4, read: (view: DataView, at: number) => view.getFloat32(at) },
  14: { bytes: 8, read: (view: DataView, at: number) => view.getFloat64(at) },
} as const;

type Element = (typeof ELEMENTS)[keyof typeof ELEMENTS];

const UNSIGNED_BYTE = ELEMENTS[8];

interface Header {
  readonly element: Element;
  readonly rowCount: number;
  readonly shape: readonly number[];
  /** Byte at which the numbers begin. */
  readonly start: number;
}

/** What the first bytes say, or null when they are no IDX header of whole axes. */
export function readIdxHeader(head: Buffer): Header | null {
  if (head.length < 4 || head[0] !== 0 || head[1] !== 0) return null;
  const element = Object.entries(ELEMENTS).find(([type]) => Number(type) === head[2])?.[1];
  const axes = head[3] ?? 0;
  if (element === undefined || axes < 1 || axes > 5 || head.length < 4 + 4 * axes) return null;
  const [rowCount = 0, ...shape] = Array.from({ length: axes }, (_, i) => head.readUInt32BE(4 + 4 * i));
  return { element, rowCount, shape, start: 4 + 4 * axes };
}

/** @throws UserError when the file is shorter than its header promises */
export function idxTable(source: Source, header: Header): Table {
  const { element, rowCount, shape, start } = header;
  const width = shape.reduce((product, length) => product * length, 1);
  const expected = start + rowCount * width * element.bytes;
  if (source.size !== null && source.size !== expected) {
    throw new UserError(
      'BAD_USER_INPUT',
      `${source.name} is cut off or damaged: ${[rowCount, ...shape].join(' x ')} numbers need ${expected} bytes, the file has ${source.size}. Get it again.`,
      { file: source.name },
    );
  }
  const table = { name: stemOf(source.name), file: source.name, group: groupOf(source.name), format: 'IDX' };
  if (width === 0) {
    throw new UserError('BAD_USER_INPUT', `${source.name} has rows of no numbers (${shape.join(' x ')}).`, {
      file: source.name,
    });
  }
  if (width === 1) {
    return {
      ...table,
      columns: [{ name: 'label', type: 'number', role: 'label' }],
      rowCount,
      rows: (options) => labelRows(source, header, options),
    };
  }
  const [height = 0, columns = 0] = shape;
  const images = element === UNSIGNED_BYTE && shape.length === 2;
  const matrix: Matrix = {
    rowCount,
    dimension: width,
    ...(images && { pixels: { width: columns, height, channels: 1 } }),
    blocks: (options) => finiteBlocks(imageBlocks(source, header, width, options), width),
  };
  return matrixTable({ ...table, column: images ? 'pixels' : 'vectors', matrix });
}

/** `train` of `train-images-idx3-ubyte.gz` and of `train-labels-idx1-ubyte.gz`. */
function groupOf(name: string): string | null {
  return /^(.+?)[-_.](?:images|labels)\b/.exec(name.slice(name.lastIndexOf('/') + 1))?.[1] ?? null;
}

async function* imageBlocks(
  source: Source,
  { element, rowCount, start }: Header,
  width: number,
  options?: ReadOptions,
): AsyncGenerator<MatrixBlock> {
  const layout = { source, start, recordBytes: width * element.bytes, recordCount: rowCount };
  for await (const { firstIndex, count, bytes } of recordBlocks(layout, options)) {
    yield { firstIndex, count, values: numbersOf(bytes, element) };
  }
}

function numbersOf(bytes: Uint8Array<ArrayBuffer>, element: Element): Float32Array {
  if (element === UNSIGNED_BYTE) return new Float32Array(bytes);
  const view = new DataView(bytes.buffer);
  return Float32Array.from({ length: bytes.length / element.bytes }, (_, i) => element.read(view, i * element.bytes));
}

async function* labelRows(
  source: Source,
  { element, rowCount, start }: Header,
  options?: ReadOptions,
): AsyncGenerator<Row[]> {
  const layout = { source, start, recordBytes: element.bytes, recordCount: rowCount, blockRecords: 4096 };
  for await (const { firstIndex, count, bytes } of recordBlocks(layout, options)) {
    const view = new DataView(bytes.buffer);
    yield Array.from({ length: count }, (_, i) => {
      const value = element.read(view, i * element.bytes);
      return { index: firstIndex + i, line: firstIndex + i + 1, cells: [Number.isFinite(value) ? value : null] };
    });
  }
}

/**
 * A matrix of float32 numbers, row by row in one array, and its form as bytes: what crosses a thread, a file or the wire.
 */

export interface Matrix {
  readonly rows: number;
  readonly columns: number;
  /** `rows * columns` numbers; row i begins at `i * columns`. */
  readonly data: Float32Array;
}

/** A matrix over `data`, or of zeros where none is given. @throws RangeError when the shape and the data do not agree */
export function createMatrix(rows: number, columns: number, data = new Float32Array(rows * columns)): Matrix {
  if (data.length !== rows * columns) {
    throw new RangeError(`A matrix of ${rows} x ${columns} takes ${rows * columns} numbers, got ${data.length}.`);
  }
  return { rows, columns, data };
}

/** Row `i`: a view, not a copy. */
export function rowOf({ columns, data }: Matrix, i: number): Float32Array {
  return data.subarray(i * columns, (i + 1) * columns);
}

/** A copy of some rows, by their numbers, in the order given. */
export function takeRows(matrix: Matrix, rows: Uint32Array): Matrix {
  const taken = createMatrix(rows.length, matrix.columns);
  rows.forEach((row, place) => {
    taken.data.set(rowOf(matrix, row), place * matrix.columns);
  });
  return taken;
}

/** Rows of length 1; a row of zeros stays. */
export function normalizeRows({ rows, columns, data }: Matrix): Matrix {
  const unit = createMatrix(rows, columns);
  for (let i = 0; i < rows; i++) {
    let squares = 0;
    for (let c = i * columns; c < (i + 1) * columns; c++) squares += (data[c] ?? 0) ** 2;
    const scale = squares > 0 ? 1 / Math.sqrt(squares) : 0;
    for (let c = i * columns; c < (i + 1) * columns; c++) unit.data[c] = (data[c] ?? 0) * scale;
  }
  return unit;
}

/** Numbers of these sizes can be squared and summed in float32. */
const GREATEST = 2 ** 40;
const LEAST = 2 ** -40;

/**
 * The same rows in another unit, where squares of theirs would leave the range of float32: for what only compares distances. They are
 * multiplied by a power of two, which changes no digit. @returns the matrix itself where there is no need
 */
export function withinRange(matrix: Matrix): Matrix {
  const { rows, columns, data } = matrix;
  let greatest = 0;
  // By number: `reduce` and `for … of` take six times as long, 0.6 s for 60,000 x 784.
  for (let i = 0; i < data.length; i++) greatest = Math.max(greatest, Math.abs(data[i] ?? 0));
  if (greatest === 0 || (greatest >= LEAST && greatest <= GREATEST)) return matrix;
  const unit = 2 ** Math.floor(Math.log2(greatest));
  return createMatrix(
    rows,
    columns,
    data.map((value) => value / unit),
  );
}

// Header, little-endian, 16 bytes so that the numbers behind it are aligned:
// magic uint32 | version uint8 | type uint8 (1: float32) | 0 uint16 | rows uint32 | columns uint32
const MAGIC = 0x78_74_6d_65; // the bytes "emtx"
const VERSION = 1;
const TYPE_FLOAT32 = 1;
const HEADER_BYTES = 16;

/** The matrix as bytes with a header. */
export function matrixToBytes({ rows, columns, data }: Matrix): ArrayBuffer {
  const bytes = new ArrayBuffer(HEADER_BYTES + data.length * 4);
  const header = new DataView(bytes);
  header.setUint32(0, MAGIC, true);
  header.setUint8(4, VERSION);
  header.setUint8(5, TYPE_FLOAT32);
  header.setUint32(8, rows, true);
  header.setUint32(12, columns, true);
  new Float32Array(bytes, HEADER_BYTES).set(data);
  return bytes;
}

/** The matrix that `matrixToBytes` wrote: a view of the same bytes. @throws RangeError that says what is wrong with them */
export function matrixFromBytes(bytes: ArrayBufferLike): Matrix {
  if (bytes.byteLength < HEADER_BYTES) {
    throw new RangeError(
      `Bytes of a matrix begin with a header of ${HEADER_BYTES} bytes, got ${bytes.byteLength} bytes.`,
    );
  }
  const header = new DataView(bytes);
  if (header.getUint32(0, true) !== MAGIC) throw new RangeError('These are not the bytes of a matrix.');
  const version = header.getUint8(4);
  if (version !== VERSION) throw new RangeError(`Got a matrix of version ${version}, expected version ${VERSION}.`);
  const type = header.getUint8(5);
  if (type !== TYPE_FLOAT32) throw new RangeError(`Got a matrix of type ${type}, expected ${TYPE_FLOAT32} (float32).`);
  const rows = header.getUint32(8, true);
  const columns = header.getUint32(12, true);
  const wanted = HEADER_BYTES + rows * columns * 4;
  if (bytes.byteLength !== wanted) {
    throw new RangeError(`A matrix of ${rows} x ${columns} takes ${wanted} bytes, got ${bytes.byteLength}.`);
  }
  return { rows, columns, data: new Float32Array(bytes, HEADER_BYTES) };
}

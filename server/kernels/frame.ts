/** A frame: where the points of a map in the making are, as bytes. Read by whoever shows it. */
import { type Matrix, matrixFromBytes, matrixToBytes } from './matrix.ts';

// Header, little-endian, 24 bytes: magic uint32 | version uint8 | 0 uint24 | sequence uint32 | progress float32 |
// step uint32 | steps uint32, then the coordinates as the bytes of a matrix.
const MAGIC = 0x72_66_6d_65; // the bytes "emfr"
const VERSION = 2;
export const FRAME_HEADER_BYTES = 24;

export interface FrameHeader {
  /** Rises with each frame of a map. */
  readonly sequence: number;
  /** Share of the map's computation that is done, 0 to 1. */
  readonly progress: number;
  /** Steps done, and how many there are: iterations of a layout, epochs of a training. */
  readonly step: number;
  readonly steps: number;
}

export interface Frame extends FrameHeader {
  /** (n, 2) or (n, 3), in the order of the map's points. */
  readonly coordinates: Matrix;
}

/** The frame as bytes. */
export function frameToBytes({ sequence, progress, step, steps, coordinates }: Frame): Uint8Array<ArrayBuffer> {
  const matrix = new Uint8Array(matrixToBytes(coordinates));
  const bytes = new Uint8Array(FRAME_HEADER_BYTES + matrix.length);
  const header = new DataView(bytes.buffer);
  header.setUint32(0, MAGIC, true);
  header.setUint8(4, VERSION);
  header.setUint32(8, sequence, true);
  header.setFloat32(12, progress, true);
  header.setUint32(16, step, true);
  header.setUint32(20, steps, true);
  bytes.set(matrix, FRAME_HEADER_BYTES);
  return bytes;
}

/** The head of what `frameToBytes` wrote. @throws RangeError that says what is wrong with the bytes */
export function frameHeaderFromBytes(bytes: Uint8Array): FrameHeader {
  if (bytes.length < FRAME_HEADER_BYTES) {
    throw new RangeError(`A frame begins with a header of ${FRAME_HEADER_BYTES} bytes, got ${bytes.length} bytes.`);
  }
  const header = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (header.getUint32(0, true) !== MAGIC) throw new RangeError('These are not the bytes of a frame.');
  const version = header.getUint8(4);
  if (version !== VERSION) throw new RangeError(`Got a frame of version ${version}, expected version ${VERSION}.`);
  return {
    ...{ sequence: header.getUint32(8, true), progress: header.getFloat32(12, true) },
    ...{ step: header.getUint32(16, true), steps: header.getUint32(20, true) },
  };
}

/** What `frameToBytes` wrote. @throws RangeError that says what is wrong with the bytes */
export function frameFromBytes(bytes: Uint8Array): Frame {
  return {
    ...frameHeaderFromBytes(bytes),
    coordinates: matrixFromBytes(new Uint8Array(bytes.subarray(FRAME_HEADER_BYTES)).buffer),
  };
}

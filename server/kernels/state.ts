/**
 * The state of a run as bytes, and back, bit for bit: what is kept so that work can be gone on with after its process has
 * died. A state is plain: objects, lists, numbers, texts, booleans, null, and arrays of numbers.
 */

// Little-endian: magic uint32 | version uint8 | 0 uint24 | bytes of the outline uint32 | 0 uint32,
// then the outline, JSON in UTF-8 in which arrays of numbers are places, then those arrays, each from a multiple of 8 on.
const MAGIC = 0x74_73_6d_65; // the bytes "emst"
const VERSION = 1;
const HEADER_BYTES = 16;

const arrays = { Float32Array, Float64Array, Int32Array, Uint32Array, Uint8Array } as const;
type NumberArray = InstanceType<(typeof arrays)[keyof typeof arrays]>;

/** Where an array lies behind the outline. */
interface Place {
  readonly array: keyof typeof arrays;
  readonly offset: number;
  readonly length: number;
}

/** Numbers that JSON has no word for. */
const words = new Map([
  ['NaN', Number.NaN],
  ['Infinity', Number.POSITIVE_INFINITY],
  ['-Infinity', Number.NEGATIVE_INFINITY],
  ['-0', -0],
]);

/** @throws TypeError for what is not plain */
export function stateToBytes(state: unknown): Uint8Array<ArrayBuffer> {
  const kept: NumberArray[] = [];
  let end = 0;
  const outline = new TextEncoder().encode(
    JSON.stringify(state, function (this: Readonly<Record<string, unknown>>, key, given: unknown) {
      const value = this[key]; // `given` has been through toJSON
      if (typeof value === 'number' && (!Number.isFinite(value) || Object.is(value, -0))) {
        return { $number: Object.is(value, -0) ? '-0' : String(value) };
      }
      const array = nameOf(value);
      if (array !== null && isNumberArray(value)) {
        const place: Place = { array, offset: end, length: value.length };
        kept.push(value);
        end = aligned(end + value.byteLength);
        return { $array: place };
      }
      if (typeof value === 'function' || typeof value === 'bigint' || ArrayBuffer.isView(value)) {
        throw new TypeError(`A state holds plain values and arrays of numbers, not "${key}", a ${typeof value}.`);
      }
      return given;
    }),
  );
  const start = aligned(HEADER_BYTES + outline.length);
  const bytes = new Uint8Array(start + end);
  const header = new DataView(bytes.buffer);
  header.setUint32(0, MAGIC, true);
  header.setUint8(4, VERSION);
  header.setUint32(8, outline.length, true);
  bytes.set(outline, HEADER_BYTES);
  let at = start;
  for (const array of kept) {
    bytes.set(new Uint8Array(array.buffer, array.byteOffset, array.byteLength), at);
    at = aligned(at + array.byteLength);
  }
  return bytes;
}

/**
 * The state that `stateToBytes` wrote. Its arrays are copies, so that they can be written to and handed over.
 * @throws RangeError that says what is wrong with the bytes; that they hold a `State` is the caller's to know
 */
export function stateFromBytes<State>(bytes: Uint8Array): State {
  if (bytes.length < HEADER_BYTES) {
    throw new RangeError(`Bytes of a state begin with a header of ${HEADER_BYTES} bytes, got ${bytes.length} bytes.`);
  }
  const header = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (header.getUint32(0, true) !== MAGIC) throw new RangeError('These are not the bytes of a state.');
  const version = header.getUint8(4);
  if (version !== VERSION) throw new RangeError(`Got a state of version ${version}, expected version ${VERSION}.`);
  const outlineBytes = header.getUint32(8, true);
  const start = aligned(HEADER_BYTES + outlineBytes);
  if (bytes.length < start) throw new RangeError(`A state of ${bytes.length} bytes ends within its outline.`);
  const outline = new TextDecoder().decode(bytes.subarray(HEADER_BYTES, HEADER_BYTES + outlineBytes));
  return JSON.parse(outline, (_key, value: { $number?: string; $array?: Place } | null) => {
    if (typeof value?.$number === 'string') return words.get(value.$number);
    if (value?.$array === undefined) return value;
    const { array, offset, length } = value.$array;
    const type = arrays[array];
    const from = start + offset;
    const end = from + length * type.BYTES_PER_ELEMENT;
    if (end > bytes.length) throw new RangeError(`A state of ${bytes.length} bytes ends within its arrays.`);
    return new type(new Uint8Array(bytes.subarray(from, end)).buffer);
  });
}

function isNumberArray(value: unknown): value is NumberArray {
  return nameOf(value) !== null;
}

/** The type of an array of numbers; null for anything else. */
function nameOf(value: unknown): keyof typeof arrays | null {
  if (value instanceof Float32Array) return 'Float32Array';
  if (value instanceof Float64Array) return 'Float64Array';
  if (value instanceof Int32Array) return 'Int32Array';
  if (value instanceof Uint32Array) return 'Uint32Array';
  return value instanceof Uint8Array ? 'Uint8Array' : null;
}

function aligned(bytes: number): number {
  return Math.ceil(bytes / 8) * 8;
}

/** Numbers that belong to items, as the tables of classifications and comparisons keep them: little-endian bytes. */

/** int64, one per item. */
export function encodeIds(ids: ArrayLike<number>): Uint8Array {
  const view = new DataView(new ArrayBuffer(ids.length * 8));
  for (let i = 0; i < ids.length; i++) view.setBigInt64(i * 8, BigInt(ids[i] ?? 0), true);
  return new Uint8Array(view.buffer);
}

export function decodeIds(bytes: Uint8Array): Float64Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Float64Array.from({ length: bytes.byteLength / 8 }, (_, i) => Number(view.getBigInt64(i * 8, true)));
}

/** float32. */
export function encodeFloats(values: Float32Array): Uint8Array {
  const view = new DataView(new ArrayBuffer(values.length * 4));
  for (let i = 0; i < values.length; i++) view.setFloat32(i * 4, values[i] ?? 0, true);
  return new Uint8Array(view.buffer);
}

export function decodeFloats(bytes: Uint8Array): Float32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Float32Array.from({ length: bytes.byteLength / 4 }, (_, i) => view.getFloat32(i * 4, true));
}

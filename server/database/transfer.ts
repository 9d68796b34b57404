/** What is handed from thread to thread, and not copied: whole buffers. */
import type { Row } from './database.ts';

/** The chunk itself where it has a buffer of its own, or else a copy that has. */
export function toTransfer(chunk: Uint8Array): Uint8Array<ArrayBuffer> {
  return chunk.buffer instanceof ArrayBuffer && chunk.byteLength === chunk.buffer.byteLength
    ? new Uint8Array(chunk.buffer)
    : Uint8Array.prototype.slice.call(chunk);
}

/** Rows with the names of their columns apart, so that these are not copied once for each row. */
export interface PlainRows {
  readonly names: readonly string[];
  readonly values: readonly (readonly unknown[])[];
}

export function fromRows(rows: readonly Row[]): PlainRows {
  const names = Object.keys(rows[0] ?? {});
  return { names, values: rows.map((row) => names.map((name) => row[name])) };
}

export function toRows({ names, values }: PlainRows): Row[] {
  return values.map((row) => {
    const named: Row = {};
    for (const [i, name] of names.entries()) named[name] = row[i];
    return named;
  });
}

/** The buffers of the byteas, each of which has one of its own. */
export function buffersOf({ values }: PlainRows): ArrayBuffer[] {
  return values.flatMap((row) =>
    row.flatMap((value) => (value instanceof Uint8Array && value.buffer instanceof ArrayBuffer ? [value.buffer] : [])),
  );
}

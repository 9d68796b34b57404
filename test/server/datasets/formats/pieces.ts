/** A source that hands out its bytes cut at given places, and a reading of a whole table. */
import type { Cell, ReadOptions, Rejected, Row, Source, Table } from '../../../../server/datasets/formats/format.ts';

/** The bytes as a source in pieces that end at the given places, wherever a reading begins. */
export function piecesSource(name: string, bytes: Uint8Array, cuts: readonly number[] = []): Source {
  return {
    name,
    size: bytes.length,
    seekable: true,
    async *open({ start, end } = { start: 0 }) {
      const last = Math.min(end ?? bytes.length, bytes.length);
      const places = [...cuts].sort((a, b) => a - b).filter((cut) => cut > start && cut < last);
      let at = start;
      for (const place of [...places, last]) {
        if (place > at) yield bytes.slice(at, place);
        at = Math.max(at, place);
      }
    },
  };
}

export interface Reading {
  readonly rows: Row[];
  readonly rejected: Rejected[];
  /** Good and bad in the order of the file. */
  readonly records: (Row | Rejected)[];
}

export async function readTable(table: Table, options?: ReadOptions): Promise<Reading> {
  const records: (Row | Rejected)[] = [];
  for await (const block of table.rows(options)) records.push(...block);
  return {
    records,
    rows: records.filter((record) => 'cells' in record),
    rejected: records.filter((record) => 'reason' in record),
  };
}

/** The cells of a table's good rows, vectors as plain lists. */
export async function cellsOf(table: Table): Promise<Cell[][]> {
  const { rows } = await readTable(table);
  return rows.map(({ cells }) => cells.map((cell) => (cell instanceof Float32Array ? Array.from(cell) : cell)));
}

export function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

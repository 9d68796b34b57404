/** Items as files to keep. */
import type { Item } from './answers.ts';
import { items } from './laterQueries.ts';
import type { LoadedMap } from './loadMap.ts';
import { coordinatesAt } from './points.ts';

export interface Row {
  readonly item: Item;
  readonly coordinates: readonly number[];
}

const formats = {
  csv: { mediaType: 'text/csv;charset=utf-8', write: toCsv },
  json: { mediaType: 'application/json', write: toJson },
} as const;

export type Format = keyof typeof formats;

const axes = ['x', 'y', 'z'] as const;

/** CSV as RFC 4180 has it: key, label, coordinates, then each field that any item has. */
export function toCsv(rows: readonly Row[]): string {
  const fields = [...new Set(rows.flatMap(({ item }) => Object.keys(item.fields)))];
  const components = rows[0]?.coordinates.length ?? 2;
  const header = ['key', 'label', ...axes.slice(0, components), ...fields];
  const lines = rows.map(({ item, coordinates }) => [
    item.key,
    item.label,
    ...coordinates.map(String),
    ...fields.map((field) => cellOf(item.fields[field])),
  ]);
  return [header, ...lines].map((line) => `${line.map(quote).join(',')}\r\n`).join('');
}

/** One object per item: key, label, coordinates, fields. */
export function toJson(rows: readonly Row[]): string {
  const all = rows.map(({ item, coordinates }) => ({
    key: item.key,
    label: item.label,
    ...Object.fromEntries(coordinates.map((value, axis) => [axes[axis], value])),
    fields: item.fields,
  }));
  return `${JSON.stringify(all, null, 2)}\n`;
}

/**
 * Fetches the fields of points and offers them to the user as a file.
 * @param indices of the points, in the order of the file @param labelOf names of those that the server no longer has
 * @param onProgress is told how many have come
 */
export async function download(
  { client, names, points }: LoadedMap,
  indices: Uint32Array,
  format: Format,
  labelOf: (index: number) => string,
  onProgress: (count: number) => void,
  signal: AbortSignal,
): Promise<void> {
  const selected = Array.from(indices, (index) => ({ index, key: points.key(index) }));
  const keys = selected.map(({ key }) => key);
  const found =
    client.items === undefined
      ? await items(client, names.dataset, keys, onProgress, signal)
      : await client.items(keys);
  const byKey = new Map(found.map((item) => [item.key, item]));
  const rows = selected.map(
    ({ index, key }): Row => ({
      item: byKey.get(key) ?? { key, label: labelOf(index), fields: {}, image: null },
      coordinates: coordinatesAt(points, index),
    }),
  );
  offerRows(`${names.dataset}-selection`, format, rows);
}

/** `name` has no ending yet. */
function offerRows(name: string, format: Format, rows: readonly Row[]): void {
  const { mediaType, write } = formats[format];
  const url = URL.createObjectURL(new Blob([write(rows)], { type: mediaType }));
  const link = document.createElement('a');
  link.href = url;
  link.download = `${name}.${format}`;
  link.click();
  // The browser reads the URL after this task; freeing it at once would cancel the download.
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

function cellOf(value: unknown): string {
  if (value === null || value === undefined) return '';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

function quote(cell: string): string {
  return /[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}

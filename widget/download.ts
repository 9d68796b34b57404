/** Items as files to keep. */
import type { Item } from './client.ts';

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
  const items = rows.map(({ item, coordinates }) => ({
    key: item.key,
    label: item.label,
    ...Object.fromEntries(coordinates.map((value, axis) => [axes[axis], value])),
    fields: item.fields,
  }));
  return `${JSON.stringify(items, null, 2)}\n`;
}

/** Offers items to the user as a file. `name` has no ending yet. */
export function offerRows(name: string, format: Format, rows: readonly Row[]): void {
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

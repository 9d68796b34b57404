/** NumPy's .npz: a ZIP of .npy files. Each array is a table of its own; those with as many rows belong together. */
import type { OpenOptions, Source, Table } from './format.ts';
import { npyTable } from './npy.ts';
import { stemOf } from './source.ts';

/** Whether the members of an archive make it an .npz. */
export function isNpz(members: readonly Source[]): boolean {
  return members.length > 0 && members.every(({ name }) => name.endsWith('.npy'));
}

/** One table per array, grouped by the number of rows: `vectors`, `labels` and `keys` of n rows are one group. */
export async function npzTables(archive: Source, members: readonly Source[], options: OpenOptions): Promise<Table[]> {
  const tables: Table[] = [];
  for (const member of members) {
    const table = await npyTable(member, options);
    tables.push({
      ...table,
      file: `${archive.name}/${member.name}`,
      group: `${stemOf(archive.name)} ${table.rowCount}`,
    });
  }
  return tables;
}

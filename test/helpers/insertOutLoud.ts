/**
 * A process that opens the embedded database in the folder given, says `open`, and then inserts 1, 2, … into the table
 * `acknowledged`, and says each number once the database has acknowledged it, until it is killed.
 */
import { announceUrl } from '../../server/database/lock.ts';
import { openPglite } from '../../server/database/pglite.ts';

const [directory = '', url] = process.argv.slice(2);
try {
  const database = await openPglite(directory);
  if (url !== undefined) await announceUrl(directory, url);
  await database.query('create table if not exists acknowledged (id integer primary key)');
  process.stdout.write('open\n');
  const [last] = await database.query<{ id: number | null }>('select max(id) as id from acknowledged');
  for (let id = (last?.id ?? 0) + 1; ; id++) {
    await database.query('insert into acknowledged values ($1::integer)', [id]);
    process.stdout.write(`${id}\n`);
  }
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
  process.exit(1);
}

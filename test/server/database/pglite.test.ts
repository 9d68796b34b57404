import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { openPglite } from '../../../server/database/pglite.ts';
import { copyPgliteTemplate } from '../../helpers/database.ts';
import { readsTypescript } from '../../helpers/typescript.ts';

const folders: string[] = [];
const processes: ChildProcess[] = [];
after(async () => {
  for (const child of processes) child.kill('SIGKILL');
  await Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true })));
});

/** A folder with a migrated database in its `pglite`. */
async function newFolder(): Promise<string> {
  const folder = await copyPgliteTemplate();
  folders.push(folder);
  return folder;
}

/** Another process that inserts into the database; `says` waits for a line of its output. */
function insertOutLoud(directory: string, ...rest: string[]) {
  const script = fileURLToPath(new URL('../../helpers/insertOutLoud.ts', import.meta.url));
  const child = spawn(process.execPath, [...readsTypescript, script, directory, ...rest], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  processes.push(child);
  const lines: string[] = [];
  const reader = createInterface({ input: child.stdout });
  reader.on('line', (line) => lines.push(line));
  return {
    pid: child.pid ?? 0,
    lines,
    async says(wanted: (line: string) => boolean) {
      while (!lines.some(wanted)) {
        if (child.exitCode !== null) throw new Error(`It ended with ${child.exitCode}.`);
        await once(reader, 'line');
      }
    },
    async kill() {
      child.kill('SIGKILL');
      await once(child, 'close');
    },
  };
}

describe('two processes on one directory', () => {
  test('the second is refused and told who has it, and gets it when the first has been killed', async () => {
    const directory = join(await newFolder(), 'pglite');
    const first = insertOutLoud(directory, 'http://127.0.0.1:4000/');
    await first.says((line) => line === 'open');

    const alias = `${directory}-alias`;
    symlinkSync(directory, alias);
    for (const path of [directory, alias]) {
      await assert.rejects(openPglite(path), (error) => {
        assert.ok(error instanceof Error);
        assert.match(
          error.message,
          new RegExp(`^Process ${first.pid}, which serves http://127\\.0\\.0\\.1:4000/, has`),
        );
        assert.match(error.message, /DATA_DIR/);
        return true;
      });
    }

    await first.kill();
    const database = await openPglite(directory);
    await database.close();
  });

  test('within one process the second is refused as well', async () => {
    const directory = join(await newFolder(), 'pglite');
    const database = await openPglite(directory);
    await assert.rejects(openPglite(directory), new RegExp(`^UserError: Process ${process.pid} has`));
    await database.close();
    await (await openPglite(directory)).close();
  });
});

test('a process that is killed again and again while it inserts loses no row that was acknowledged', async () => {
  const directory = join(await newFolder(), 'pglite');
  const acknowledged = new Set<number>();
  for (let round = 0; round < 4; round++) {
    const child = insertOutLoud(directory);
    await child.says((line) => line === 'open');
    const from = acknowledged.size;
    await child.says((line) => Number(line) > from + 20 + 37 * round);
    await child.kill();
    for (const line of child.lines) if (line !== 'open') acknowledged.add(Number(line));
  }
  const database = await openPglite(directory);
  const rows = await database.query<{ id: number }>('select id from acknowledged order by id');
  const kept = new Set(rows.map(({ id }) => id));
  assert.deepEqual(
    [...acknowledged].filter((id) => !kept.has(id)),
    [],
  );
  assert.ok(acknowledged.size > 200);
  // Reached through the index as well as through the table.
  await database.query('set enable_seqscan = off');
  assert.deepEqual(await database.query('select count(*) from acknowledged where id > 0'), [{ count: kept.size }]);
  await database.close();
});

test('what was under way when the database was first made does not stand in the way of the next start', async () => {
  const folder = await newFolder();
  const directory = join(folder, 'fresh');
  mkdirSync(`${directory}.unfinished/base`, { recursive: true });
  writeFileSync(`${directory}.unfinished/PG_VERSION`, '18\n');
  const database = await openPglite(directory);
  assert.deepEqual(await database.query('select 1 as one'), [{ one: 1 }]);
  await database.close();
  assert.ok(!existsSync(`${directory}.unfinished`));
  assert.equal((await readFile(join(directory, 'PG_VERSION'), 'utf8')).trim(), '18');
});

test('a directory that holds something else, or a database of another Postgres, is left alone', async () => {
  const folder = await newFolder();
  const other = join(folder, 'other');
  mkdirSync(other);
  writeFileSync(join(other, 'letter.txt'), 'Dear …');
  await assert.rejects(openPglite(other), /holds no database, but "letter\.txt"/);
  const old = join(folder, 'old');
  mkdirSync(old);
  writeFileSync(join(old, 'PG_VERSION'), '17\n');
  await assert.rejects(openPglite(old), /was made by Postgres 17, .* brings Postgres 18/);
  assert.equal(await readFile(join(other, 'letter.txt'), 'utf8'), 'Dear …');
});

test('closing waits for what runs and what waits, but not for ever', async () => {
  const directory = join(await newFolder(), 'pglite');
  const database = await openPglite(directory, { closeWithinMs: 300 });
  const endless = assert.rejects(database.query('select pg_sleep(3600)'), { code: 'UNAVAILABLE' });
  const waiting = assert.rejects(database.query('select 1'), { code: 'UNAVAILABLE' });
  await Promise.all([endless, waiting, database.close()]);
  await (await openPglite(directory)).close();
});

test('a statement of the database within its own transaction is an error, and no standstill', async () => {
  const database = await openPglite(join(await newFolder(), 'pglite'));
  await assert.rejects(
    database.transaction(async () => {
      await database.query('select 1');
    }),
    /within a transaction that waits for it/,
  );
  // Not awaited, it is carried out after the transaction.
  let later: Promise<unknown[]> = Promise.resolve([]);
  await database.transaction(async () => {
    later = database.query('select 1 as one');
  });
  assert.deepEqual(await later, [{ one: 1 }]);
  await database.close();
});

test('while the engine works the event loop is free', async () => {
  const database = await openPglite(join(await newFolder(), 'pglite'));
  let ticks = 0;
  const timer = setInterval(() => ticks++, 5);
  await database.query('select pg_sleep(0.5)');
  clearInterval(timer);
  assert.ok(ticks > 25, `${ticks} ticks`);
  await database.close();
});

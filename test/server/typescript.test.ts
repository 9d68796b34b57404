/** How processes and threads read TypeScript: server/typescript.mjs, in a project of its own. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const ours = fileURLToPath(new URL('../../', import.meta.url));
let root: string;

before(async () => {
  root = await mkdtemp(join(tmpdir(), 'embedding-map-typescript-'));
  await mkdir(join(root, 'server'));
  for (const name of ['package.json', 'server/typescript.mjs', 'server/translate.mjs', 'server/thread.mjs']) {
    await cp(join(ours, name), join(root, name));
  }
  await symlink(join(ours, 'node_modules'), join(root, 'node_modules'));
});
after(() => rm(root, { recursive: true, force: true }));

/** Runs a module of the project. @returns what it prints */
async function run(name: string): Promise<string> {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--import', './server/typescript.mjs', join('server', name)],
    { cwd: root },
  );
  return stdout;
}

const write = (name: string, source: string): Promise<void> => writeFile(join(root, 'server', name), source);

test('a module and what it imports are read, JSON too, in the process and in a thread', async () => {
  await write('sum.ts', 'export const sum = (a: number, b: number): number => a + b;\n');
  await write(
    'both.ts',
    `import { isMainThread, Worker, workerData } from 'node:worker_threads';
    import packageJson from '../package.json' with { type: 'json' };
    import { sum } from './sum.ts';
    console.log(isMainThread ? 'process' : 'thread', packageJson.name, sum(1, 2) satisfies number);
    if (isMainThread) {
      new Worker(new URL('./thread.mjs', import.meta.url), { workerData: { module: import.meta.url }, execArgv: [] });
    }`,
  );
  assert.equal(await run('both.ts'), 'process embedding-map 3\nthread embedding-map 3\n');
});

test('a module is translated once, and again when it has changed', async () => {
  await write('one.ts', 'console.log(1 as number);\n');
  assert.equal(await run('one.ts'), '1\n');
  const kept = join(root, 'dist/translated/server/one.ts.js');
  const translation = await readFile(kept, 'utf8');
  // What is kept is what runs: it is told from a new translation by another number in it.
  await writeFile(kept, translation.replace('console.log(1)', 'console.log(7)'));
  assert.equal(await run('one.ts'), '7\n');
  await write('one.ts', 'console.log(2 as number);\n');
  assert.equal(await run('one.ts'), '2\n');
  assert.deepEqual(
    (await readdir(join(root, 'dist/translated/server'))).filter((name) => name.startsWith('one.ts')),
    ['one.ts.js'],
  );
});

test('an error names file, line and column of the source', async () => {
  await write('wrong.ts', '\n\ninterface Gone {\n  readonly a: string;\n}\n\n  throw new Error(String({} as Gone));\n');
  for (const time of ['first', 'second']) {
    await assert.rejects(
      run('wrong.ts'),
      (error) => error instanceof Error && /server\/wrong\.ts:7:9/.test(error.message),
      `the ${time} time`,
    );
  }
});

test('where nothing can be kept, it runs all the same', async () => {
  await rm(join(root, 'dist'), { recursive: true, force: true });
  await writeFile(join(root, 'dist'), 'a file where the folder should be');
  await write('two.ts', 'console.log(2 as number);\n');
  assert.equal(await run('two.ts'), '2\n');
  await rm(join(root, 'dist'));
});

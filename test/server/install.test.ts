import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, test } from 'node:test';

// A clone whose lock file names one package, which lies beside it.
let clone: string;

beforeEach(async () => {
  clone = await mkdtemp(join(tmpdir(), 'embedding-map-install-'));
  await mkdir(join(clone, '.git'));
  await mkdir(join(clone, 'server'));
  await mkdir(join(clone, 'wanted'));
  await copyFile('server/install.mjs', join(clone, 'server', 'install.mjs'));
  await writeFile(join(clone, 'wanted', 'package.json'), '{ "name": "wanted", "version": "1.0.0", "main": "it.json" }');
  await writeFile(join(clone, 'wanted', 'it.json'), '"is here"');
  npm('pack', './wanted');
  await writeFile(
    join(clone, 'package.json'),
    '{ "name": "clone", "dependencies": { "wanted": "file:wanted-1.0.0.tgz" } }',
  );
  npm('install', '--package-lock-only', '--offline');
});

afterEach(() => rm(clone, { recursive: true }));

function npm(...words: string[]): void {
  execFileSync('npm', [...words, '--no-audit', '--no-fund', '--loglevel=error'], { cwd: clone, stdio: 'ignore' });
}

/** @returns what it said, less what npm says */
async function start(): Promise<string> {
  const script = `
    import { createRequire } from 'node:module';
    import { installWhatIsMissing } from './server/install.mjs';
    installWhatIsMissing();
    console.log(createRequire(import.meta.url)('wanted'));`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', script], { cwd: clone });
  const said = Promise.all([text(child.stdout), text(child.stderr)]);
  const [code] = await once(child, 'close');
  const [out, err] = await said;
  assert.equal(code, 0, err);
  return `${err}${out}`.replace(/\s+added .*\n/, '\n');
}

describe('what a clone lacks', () => {
  test('is installed once, however many commands start at the same time, and all go on when it is there', async () => {
    const said = await Promise.all([start(), start(), start()]);
    assert.deepEqual(said.toSorted(), ['Installing packages …\nis here\n', 'is here\n', 'is here\n'].toSorted());
    assert.equal(await start(), 'is here\n');
  });

  test('is installed although the process that had begun it was killed', async () => {
    const gone = spawn(process.execPath, ['--version'], { stdio: 'ignore' });
    await once(gone, 'exit');
    await writeFile(join(clone, '.installing'), String(gone.pid));
    assert.equal(await start(), 'Installing packages …\nis here\n');
    await assert.rejects(readFile(join(clone, '.installing')), { code: 'ENOENT' });
  });
});

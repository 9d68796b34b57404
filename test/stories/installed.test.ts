/** As a package of somebody else's project: what is packed is whole, and needs nothing of the place where it was made. */
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { copyPgliteTemplate } from '../helpers/database.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const run = promisify(execFile);

/** A project with the packed package in its `node_modules`, and beside it, by links, what it depends on, as npm would put it there. */
async function installPacked(project: string): Promise<string> {
  await run('npm', ['pack', '--silent', '--ignore-scripts', '--pack-destination', project], { cwd: root });
  const [tarball = ''] = (await readdir(project)).filter((name) => name.endsWith('.tgz'));
  const installed = join(project, 'node_modules', 'embedding-map');
  await mkdir(installed, { recursive: true });
  await run('tar', ['-xzf', join(project, tarball), '-C', installed, '--strip-components=1']);
  for (const name of await readdir(join(root, 'node_modules'))) {
    if (!name.startsWith('.')) await symlink(join(root, 'node_modules', name), join(project, 'node_modules', name));
  }
  return installed;
}

test('packed and installed in another project, it serves the element and answers there', async (t) => {
  const project = await mkdtemp(join(tmpdir(), 'embedding-map-project-'));
  const dataDir = await copyPgliteTemplate();
  t.after(() => Promise.all([project, dataDir].map((path) => rm(path, { recursive: true, force: true }))));
  const installed = await installPacked(project);
  assert.deepEqual(
    (await readdir(installed)).filter((name) => ['test', '.ci', 'dist'].includes(name)),
    [],
    'tests and what is built stay at home',
  );
  const { PATH = '', HOME = '' } = process.env;
  const child = spawn(process.execPath, ['node_modules/embedding-map/server/command.mjs', 'start'], {
    cwd: project,
    env: { PATH, HOME, PORT: '0', DATA_DIR: dataDir, DEMO_DATASETS: 'none' },
  });
  let said = '';
  const url = await new Promise<string>((resolve, reject) => {
    const hear = (chunk: Buffer) => {
      said += chunk;
      const [, found] = /embedding-map is at (http:\S+)/.exec(said) ?? [];
      if (found !== undefined) resolve(found);
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    child.once('close', (code) => reject(new Error(`It ended with ${code}:\n${said}`)));
  });
  for (const file of ['embedding-map.js', 'embedding-map-more.js', 'embedding-map-compute.js', '']) {
    const { status } = await fetch(new URL(file, url));
    assert.equal(status, 200, file);
  }
  const response = await fetch(new URL('graphql', url), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query: '{ datasets { totalCount } }' }),
  });
  assert.deepEqual(await response.json(), { data: { datasets: { totalCount: 0 } } });
  child.kill('SIGTERM');
  const [code] = await once(child, 'close');
  assert.equal(code, 0, said);
});

// `npm test`: installs what is missing, then types, lint and format, then every test; ends with 1 when anything failed.
// `npm test -- test/server/kernels` runs the tests below that folder, or in that file, only.
import { spawnSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { installWhatIsMissing } from '../server/install.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
process.chdir(root);
installWhatIsMissing();

const only = process.argv.slice(2);
const files = (only.length > 0 ? only : ['test']).flatMap(testFiles).sort();
// What is held to the clock runs by itself, after all others.
const timed = files.filter((file) => file.endsWith('large.test.ts') && file.includes('widget'));
const others = files.filter((file) => !timed.includes(file));
// PGlite's code is not compiled a second time before it has run for longer than most files take: a second less for each.
const runner = [
  '--wasm-tiering-budget=30000000',
  '--import',
  './server/typescript.mjs',
  '--test',
  '--test-concurrency=2',
  '--test-reporter=spec',
];
const failed = [
  ...(only.length > 0 ? [] : [['types', ['node_modules/typescript/bin/tsc', '-p', '.']]]),
  ...(only.length > 0 ? [] : [['lint and format', ['node_modules/@biomejs/biome/bin/biome', 'check', '.']]]),
  ...(others.length > 0 ? [['tests', [...runner, ...others]]] : []),
  ...(timed.length > 0 ? [['tests held to the clock', [...runner, ...timed]]] : []),
].filter(([name, command]) => {
  const { status } = spawnSync(process.execPath, command, { stdio: 'inherit' });
  if (status !== 0) console.error(`\n✖ ${name} failed\n`);
  return status !== 0;
});
process.exit(failed.length === 0 ? 0 : 1);

function testFiles(path) {
  if (statSync(path).isFile()) return [path];
  return readdirSync(path, { recursive: true })
    .map((name) => join(path, String(name)))
    .filter((name) => name.endsWith('.test.ts'));
}

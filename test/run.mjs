// `npm test`: installs what is missing, then types, lint and format, then every test; ends with 1 when anything failed.
// `npm test -- test/server/kernels` runs the tests below that folder, or in that file, only.
import { spawn } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

import { installWhatIsMissing } from '../server/install.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
process.chdir(root);
installWhatIsMissing();

const only = process.argv.slice(2);
const files = (only.length > 0 ? only : ['test']).flatMap(testFiles).sort();
// Two files at a time, and beside them one in the browser, which waits a lot. What is held to the clock runs by itself.
const inBrowser = files.filter((file) => /test[/\\]widget[/\\]/.test(file));
const timed = inBrowser.filter((file) => file.endsWith('large.test.ts'));
const others = files.filter((file) => !inBrowser.includes(file));
const untimed = inBrowser.filter((file) => !timed.includes(file));

const failed = [];
// Beside the first tests: alone, neither keeps two processors busy.
const checks = async () => {
  if (only.length > 0) return;
  await run('types', ['node_modules/typescript/bin/tsc', '-p', '.'], 'pipe');
  await run('lint and format', ['node_modules/@biomejs/biome/bin/biome', 'check', '.'], 'pipe');
};
await Promise.all([checks(), runTests('tests', others, 2), runTests('tests in the browser', untimed, 1, 'pipe')]);
await runTests('tests held to the clock', timed, 1);
if (failed.length > 0) console.error(`\n✖ failed: ${failed.join(', ')}\n`);
process.exit(failed.length === 0 ? 0 : 1);

function testFiles(path) {
  if (statSync(path).isFile()) return [path];
  return readdirSync(path, { recursive: true })
    .map((name) => join(path, String(name)))
    .filter((name) => name.endsWith('.test.ts'));
}

async function runTests(name, of, concurrency, output = 'inherit') {
  if (of.length === 0) return;
  const options = [
    // PGlite's code is not compiled a second time before it has run longer than in most files: a second less for each.
    '--wasm-tiering-budget=30000000',
    ...['--import', './server/typescript.mjs', '--test', `--test-concurrency=${concurrency}`, '--test-reporter=spec'],
  ];
  await run(name, [...options, ...of], output);
}

/** @param output `pipe`: shown when it has ended, so that it does not come between what others say */
async function run(name, command, output = 'inherit') {
  const child = spawn(process.execPath, command, { stdio: ['inherit', output, 'inherit'] });
  const ended = new Promise((resolve) => child.once('close', resolve));
  if (child.stdout !== null) process.stdout.write(await text(child.stdout));
  if ((await ended) !== 0) failed.push(name);
}

// Installs the packages that the lock file names and that are missing, so that `npm start` and `npm test` work on a
// fresh clone with nothing typed before. Plain JavaScript without dependencies: it runs before there are any.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Does nothing where embedding-map is itself an installed package: then npm has put its packages in place. */
export function installWhatIsMissing() {
  if (!existsSync(`${root}.git`) || !existsSync(`${root}package-lock.json`) || !isSomethingMissing()) return;
  process.stderr.write('Installing packages …\n');
  const npm = spawnSync('npm', ['ci', '--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32',
  });
  if (npm.status !== 0) {
    process.stderr.write('npm could not install the packages; what it said stands above.\n');
    process.exit(1);
  }
}

/** npm keeps a copy of the lock file as it was installed: where ours wants another version, something is missing. */
function isSomethingMissing() {
  const wanted = readPackages(`${root}package-lock.json`);
  const installed = readPackages(`${root}node_modules/.package-lock.json`);
  return Object.entries(wanted).some(
    ([path, entry]) => path !== '' && !entry.optional && installed[path]?.version !== entry.version,
  );
}

function readPackages(lockFile) {
  return existsSync(lockFile) ? JSON.parse(readFileSync(lockFile, 'utf8')).packages : {};
}

// Installs the packages that the lock file names and that are missing, so that `npm start` and `npm test` work on a
// fresh clone with nothing typed before. Plain JavaScript without dependencies: it runs before there are any.
import { spawnSync } from 'node:child_process';
import { existsSync, linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
/** Holds the process that installs: npm empties `node_modules` first, and a second one beside it would take what the first has put there. */
const lock = `${root}.installing`;

/** Does nothing where embedding-map is itself an installed package: then npm has put its packages in place. */
export function installWhatIsMissing() {
  if (!existsSync(`${root}.git`) || !existsSync(`${root}package-lock.json`) || !isSomethingMissing()) return;
  while (!takeLock()) sleep(200);
  let isInstalled = true;
  if (isSomethingMissing()) {
    process.stderr.write('Installing packages …\n');
    isInstalled = install();
  }
  rmSync(lock, { force: true });
  if (isInstalled) return;
  process.stderr.write('npm could not install the packages; what it said stands above.\n');
  process.exit(1);
}

function install() {
  const npm = spawnSync('npm', ['ci', '--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32',
  });
  return npm.status === 0;
}

/** @returns false while another process that is alive installs */
function takeLock() {
  const own = `${lock}.${process.pid}`;
  writeFileSync(own, String(process.pid));
  try {
    linkSync(own, lock); // a link, so that whoever finds the lock finds its holder in it
    return true;
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
    if (!isAlive(readHolder())) rmSync(lock, { force: true });
    return false;
  } finally {
    rmSync(own);
  }
}

/** @returns null when the lock is gone again */
function readHolder() {
  try {
    return Number(readFileSync(lock, 'utf8'));
  } catch {
    return null;
  }
}

function isAlive(pid) {
  if (pid === null) return true;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

function sleep(milliseconds) {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
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

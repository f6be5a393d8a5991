/** Finds Pythons and makes virtual environments of them. Plain Node without dependencies. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** This machine cannot run the Python tests: a reason to skip them, but not in CI. */
export class CannotRun extends Error {}

/** Minor versions of Python 3 to look for by name, where `python3` itself is too old. */
const NEWEST_MINOR = 15;

/**
 * The first Python that is new enough: `python3` of the PATH, then `python3.N` from the newest down,
 * then those that pyenv keeps but does not show on the PATH.
 *
 * @param {number} minor the lowest N of 3.N
 * @returns {{ command: string, version: string }}
 * @throws {CannotRun}
 */
export function findPython(minor) {
  let best = 'none';
  for (const command of candidates(minor)) {
    const version = versionOf(command);
    if (version === undefined) continue;
    if (Number(version.split('.')[1]) >= minor) return { command, version };
    if (best === 'none') best = version;
  }
  throw new CannotRun(`Expected Python 3.${minor} or newer on the PATH but received ${best}.`);
}

function* candidates(minor) {
  yield 'python3';
  for (let n = NEWEST_MINOR; n >= minor; n--) yield `python3.${n}`;
  const root = spawnSync('pyenv', ['root'], { encoding: 'utf8' }).stdout?.trim();
  const versions = root ? join(root, 'versions') : '';
  if (!existsSync(versions)) return;
  const byNewest = readdirSync(versions).sort((a, b) =>
    b.localeCompare(a, 'en', { numeric: true }),
  );
  for (const name of byNewest) yield join(versions, name, 'bin', 'python3');
}

function versionOf(command) {
  const code = 'import sys; print("%d.%d.%d" % sys.version_info[:3])';
  const { status, stdout } = spawnSync(command, ['-c', code], { encoding: 'utf8' });
  const version = status === 0 ? stdout.trim() : '';
  return /^3\.\d+\.\d+$/.test(version) ? version : undefined;
}

/**
 * A virtual environment that holds what the requirements say; made only when they changed since last
 * time, or its Python is gone.
 *
 * @param {string} folder
 * @param {string} requirements path of the file
 * @param {number} minor the lowest N of Python 3.N
 * @param {(line: string) => void} say
 * @returns {string} its Python
 * @throws {CannotRun}
 */
export function ensureEnvironment(folder, requirements, minor, say) {
  const python = join(folder, 'bin', 'python');
  const stampFile = join(folder, 'stamp');
  const stamp = createHash('sha256').update(readFileSync(requirements)).digest('hex');
  const isCurrent = existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp;
  if (isCurrent && versionOf(python) !== undefined) return python;
  const { command, version } = findPython(minor);
  say(`making ${folder} with Python ${version}`);
  mkdirSync(dirname(folder), { recursive: true });
  // --clear also takes the stamp away, so that an interrupted installation is begun anew.
  call('make a virtual environment', command, ['-m', 'venv', '--clear', folder]);
  call('install the requirements', python, [
    ...['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--no-input'],
    // Nothing is compiled here: a missing wheel is a reason to skip, and should show at once.
    ...['--only-binary', ':all:', '--requirement', requirements],
  ]);
  writeFileSync(stampFile, stamp);
  return python;
}

function call(action, command, args) {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: 'utf8' });
  if (status === 0) return;
  const lines = `${stdout ?? ''}\n${stderr ?? ''}`.split('\n').filter((line) => line.trim() !== '');
  const reason = lines.findLast((line) => /^error/i.test(line)) ?? lines.at(-1) ?? error?.message;
  throw new CannotRun(`Expected ${command} to ${action} but received: ${reason?.trim()}`);
}

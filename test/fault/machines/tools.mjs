/** What the faults of machines are made with, installed where it is missing. Plain Node without dependencies. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cacheFolder } from '../../../scripts/bootstrap/paths.mjs';
import { CannotRun, ensureEnvironment } from '../../../scripts/python.mjs';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

/** Commands, and Debian's packages that have them. */
const COMMANDS = {
  faketime: 'faketime',
  'mkfs.ext4': 'e2fsprogs',
  unshare: 'util-linux',
  mount: 'mount',
  setfattr: 'attr',
};

/** Go compiles some hundred packages for versitygw, once for a machine: two minutes on two idle cores. */
const BUILD_MS = 900_000;
const INSTALL_MS = 600_000;

/**
 * @param {(line: string) => void} say is told what is installed, and why something is not
 * @returns {Record<string, string>} where the servers are, as the tests look for them
 */
export function prepareTools(say) {
  installCommands(COMMANDS, say);
  return { ...prepareVersitygw(say), ...prepareMoto(say) };
}

/**
 * By apt-get, as root; what is missing after all is said.
 * @param {Readonly<Record<string, string>>} commands and Debian's packages that have them
 */
export function installCommands(commands, say) {
  const missing = Object.keys(commands).filter((name) => !isThere(name));
  if (missing.length === 0) return;
  const packages = [...new Set(missing.map((name) => commands[name]))];
  if (process.getuid?.() !== 0 || !isThere('apt-get')) {
    say(`not here: ${missing.join(', ')} (as root: apt-get install ${packages.join(' ')})`);
    return;
  }
  say(`installing ${packages.join(', ')}`);
  const apt = ['-qq', '-o', 'DPkg::Lock::Timeout=300'];
  // Services of packages are not started: tests start their own.
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
  run('apt-get', [...apt, 'update'], { env });
  const failure = run(
    'apt-get',
    [...apt, 'install', '-y', '--no-install-recommends', ...packages],
    {
      env,
    },
  );
  if (failure !== undefined) say(`not here: ${packages.join(', ')} (${failure})`);
}

/**
 * An S3 server. The program is kept for other checkouts: its name says what it was built of.
 * @returns {Record<string, string>} where it is, as the tests look for it
 */
export function prepareVersitygw(say) {
  if (process.env.VERSITYGW) return {};
  const module = join(HERE, 'versitygw');
  const sum = createHash('sha256')
    .update(readFileSync(join(module, 'go.sum')))
    .digest('hex');
  const folder = cacheFolder(process.env);
  const program = join(folder, `versitygw-${process.platform}-${process.arch}-${sum.slice(0, 12)}`);
  if (existsSync(program)) return { VERSITYGW: program };
  if (!isThere('go')) {
    say('not here: versitygw (it is built with Go 1.25 or newer, and there is no go)');
    return {};
  }
  say('building versitygw, which takes some minutes once');
  mkdirSync(folder, { recursive: true });
  const draft = `${program}.${process.pid}`;
  const failure = run(
    'go',
    ['build', '-trimpath', '-o', draft, 'github.com/versity/versitygw/cmd/versitygw'],
    {
      cwd: module,
      env: { ...process.env, GOFLAGS: '-mod=readonly -buildvcs=false', CGO_ENABLED: '0' },
      timeout: BUILD_MS,
    },
  );
  if (failure !== undefined) {
    say(`not here: versitygw (${failure})`);
    return {};
  }
  renameSync(draft, program);
  return { VERSITYGW: program };
}

function prepareMoto(say) {
  if (process.env.GEOCUBES_MOTO_PYTHON) return {};
  const folder = join(process.env.GEOCUBES_VENV ?? join(ROOT, '.venv'), 'moto');
  try {
    return {
      GEOCUBES_MOTO_PYTHON: ensureEnvironment(folder, join(HERE, 'requirements.txt'), 10, say),
    };
  } catch (error) {
    if (!(error instanceof CannotRun)) throw error;
    say(`not here: moto (${error.message})`);
    return {};
  }
}

function isThere(/** @type {string} */ command) {
  return spawnSync('sh', ['-c', 'command -v "$0"', command]).status === 0;
}

/** @returns {string | undefined} why it failed, in a line */
function run(command, args, options) {
  const { status, stderr, error } = spawnSync(command, args, {
    encoding: 'utf8',
    timeout: INSTALL_MS,
    ...options,
  });
  if (status === 0) return undefined;
  return (error?.message ?? stderr.trim().split('\n').at(-1)) || `${command} ended with ${status}`;
}

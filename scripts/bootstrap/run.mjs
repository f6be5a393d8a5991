/** Child processes: argument lists only, never a shell; the result is data, never a thrown error. */
import { spawn } from 'node:child_process';
import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  statSync,
} from 'node:fs';
import { delimiter, dirname, join } from 'node:path';

/**
 * @typedef {object} RunOptions
 * @property {string} [cwd]
 * @property {NodeJS.ProcessEnv} [env]
 * @property {string} [log] file that receives everything the child prints
 * @property {number} [stallMs] end the child when `progress` has not grown for this long
 * @property {() => number} [progress]
 */

/**
 * @typedef {object} RunResult
 * @property {boolean} ok
 * @property {number | null} code exit code; null when it did not start or was ended
 * @property {boolean} stalled
 * @property {string} output stdout and stderr, together
 * @property {string} stdout empty when a log was asked for
 */

/** Children that run now, so that an interrupted set-up leaves none behind. */
/** @type {Set<import('node:child_process').ChildProcess>} */
const running = new Set();

export function stopChildren() {
  for (const child of running) stopGroup(child, 'SIGTERM');
}

/**
 * A build is make and its compilers too: each child leads a group of its own, and goes with it.
 * @param {import('node:child_process').ChildProcess} child
 * @param {NodeJS.Signals} signal
 */
function stopGroup(child, signal) {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, signal);
  } catch {
    child.kill(signal);
  }
}

/**
 * @param {string} command
 * @param {readonly string[]} args
 * @param {RunOptions} options
 * @returns {Promise<RunResult>}
 */
export function run(command, args, { cwd, env, log, stallMs, progress } = {}) {
  const file = log === undefined ? undefined : openLog(log);
  const sink = file ?? 'pipe';
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd,
      env,
      stdio: ['ignore', sink, sink],
      detached: true,
      windowsHide: true,
    });
    running.add(child);
    let output = '';
    let stdout = '';
    let stalled = false;
    child.stdout?.on('data', (chunk) => {
      stdout += chunk;
      output += chunk;
    });
    child.stderr?.on('data', (chunk) => {
      output += chunk;
    });
    const watch = watchProgress(stallMs, progress, () => {
      stalled = true;
      stopGroup(child, 'SIGKILL');
    });
    /** @param {number | null} code @param {string} [text] */
    const settle = (code, text) => {
      // A child that cannot be started tells so by `error`, and then by `close` as well.
      if (!running.delete(child)) return;
      clearInterval(watch);
      if (file !== undefined && log !== undefined) {
        closeSync(file);
        output = readFileSync(log, 'utf8');
      }
      resolve({ ok: code === 0, code, stalled, stdout, output: text ?? output });
    };
    child.once('error', (error) => settle(null, error.message));
    child.once('close', (code) => settle(code));
  });
}

/** @param {string} log */
function openLog(log) {
  mkdirSync(dirname(log), { recursive: true });
  return openSync(log, 'w');
}

/**
 * @param {number | undefined} stallMs
 * @param {(() => number) | undefined} progress
 * @param {() => void} onStall
 */
function watchProgress(stallMs, progress = () => 0, onStall) {
  if (stallMs === undefined) return undefined;
  let last = progress();
  let since = Date.now();
  return setInterval(() => {
    const value = progress();
    if (value !== last) {
      last = value;
      since = Date.now();
    } else if (Date.now() - since > stallMs) onStall();
  }, 250);
}

/** Runs a line of JavaScript in a fresh Node, so that a native module cannot take us down. */
export function runNode(/** @type {string} */ script, /** @type {RunOptions} */ options = {}) {
  return run(process.execPath, ['--input-type=commonjs', '-e', script], options);
}

/**
 * Where an executable lies on the PATH, as `command -v` says it.
 * @param {string} name
 * @param {NodeJS.ProcessEnv} env
 */
export function which(name, env = process.env) {
  if (name.includes('/')) return isExecutable(name) ? name : undefined;
  for (const folder of (env.PATH ?? '').split(delimiter)) {
    const candidate = join(folder, name);
    if (folder !== '' && isExecutable(candidate)) return candidate;
  }
  return undefined;
}

/** @param {string} path */
function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return existsSync(path) && statSync(path).isFile();
  } catch {
    return false;
  }
}

/** The last line with content, for a message that has room for one. */
export function lastLine(/** @type {string} */ text) {
  return text.trimEnd().split('\n').at(-1)?.trim() ?? '';
}

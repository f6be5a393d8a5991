/** Contenders as processes of their own: so that each has its own heap, and its peak memory is its own. */
import { fork, spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/**
 * @typedef {object} Contender
 * @property {string} name
 * @property {number} pid
 * @property {(action: string, task?: object) => Promise<any>} ask does one thing; one at a time
 * @property {() => void} stop
 */

/**
 * A Node process with one kernel in a pool of `threads` threads, or what `kernel` names otherwise.
 *
 * @param {{ name: string, kernel?: 'gdal' | 'js' | 'floor', threads?: number }} options
 * @returns {Contender}
 */
export function startNode({ name, kernel, threads = 1 }) {
  const file = fileURLToPath(new URL('child.mjs', import.meta.url));
  const child = fork(file, [JSON.stringify({ kernel, threads })], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    // Structured cloning: recipes hold NaN, which JSON does not.
    serialization: 'advanced',
    execArgv: ['--expose-gc'],
  });
  const { answer, ask } = conversation(name, (message) => child.send(message));
  child.on('message', answer);
  child.on('exit', (code) => answer({ error: `ended with code ${code}` }));
  return { name, pid: child.pid, ask, stop: () => child.connected && child.disconnect() };
}

/**
 * A Python process that answers lines of JSON with lines of JSON.
 *
 * @param {{ name: string, python: string, script: URL }} options
 * @returns {Contender}
 */
export function startPython({ name, python, script }) {
  const child = spawn(python, [fileURLToPath(script)], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: {
      ...process.env,
      PYTHONDONTWRITEBYTECODE: '1',
      PYTHONNOUSERSITE: '1',
      ICECHUNK_LOG: 'error',
    },
  });
  const { answer, ask } = conversation(name, (message) =>
    child.stdin.write(`${JSON.stringify(message)}\n`),
  );
  createInterface({ input: child.stdout }).on('line', (line) => answer(JSON.parse(line)));
  child.stdin.on('error', () => {});
  // In the midst of its work it would not notice that nobody listens any more.
  const kill = () => child.kill();
  process.once('exit', kill);
  child.once('exit', () => process.off('exit', kill));
  child.on('error', (cause) => answer({ error: String(cause) }));
  child.on('exit', (code) => answer({ error: `ended with code ${code}` }));
  return { name, pid: child.pid, ask, stop: kill };
}

/** One question at a time; an answer nobody waits for is the end of a process that was told to stop. */
function conversation(name, send) {
  let waiting;
  return {
    ask(action, task = {}) {
      return new Promise((resolve, reject) => {
        waiting = { resolve, reject };
        send({ action, task });
      });
    },
    answer({ value, error }) {
      const asker = waiting;
      waiting = undefined;
      if (error === undefined) asker?.resolve(value);
      else asker?.reject(new Error(`Expected ${name} to do its work but received: ${error}`));
    },
  };
}

/** Starts to look for the highest resident memory anew. Linux only; elsewhere nothing. */
export function resetPeak({ pid }) {
  try {
    writeFileSync(`/proc/${pid}/clear_refs`, '5');
  } catch {
    // Another system, or a kernel that does not allow it: peaks then count from the start.
  }
}

/**
 * Resident memory of a process in MiB, now and at its highest; `undefined` where the system does not tell.
 *
 * @returns {{ now: number, peak: number } | undefined}
 */
export function memoryOf({ pid }) {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const read = (field) =>
      Number(new RegExp(`^${field}:\\s+(\\d+)`, 'm').exec(status)?.[1]) / 1024;
    return { now: read('VmRSS'), peak: read('VmHWM') };
  } catch {
    return undefined;
  }
}

/** Processor time that a process has used so far, in ms; `undefined` where the system does not tell. */
export function cpuMsOf({ pid }) {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
    // utime and stime, in ticks, of which Linux has 100 a second.
    return (Number(fields[11]) + Number(fields[12])) * 10;
  } catch {
    return undefined;
  }
}

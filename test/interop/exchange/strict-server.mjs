/** The service of another hand as a process of its own, and our command that talks to it. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

export const PYTHON = process.env.GEOCUBES_STRICT_PYTHON;
export const TOKEN = 'canary-of-a-token';
export const PROJECT = 'canary-project';

/** For tests that need the service. */
export const options = { skip: PYTHON === undefined ? 'no Python for the strict service' : false };

const MAIN = fileURLToPath(new URL('../../../dist/cli/main.js', import.meta.url));
const SERVICE = fileURLToPath(new URL('../strict_service.py', import.meta.url));

/** @param {string} deviations names of ways to differ, with commas between them */
export async function startStrictService(deviations = '') {
  const service = spawn(
    PYTHON,
    [SERVICE, '--token', TOKEN, '--project', PROJECT, '--deviate', deviations],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  );
  const [line] = await once(service.stdout, 'data');
  const { url } = JSON.parse(String(line));
  const close = () => {
    service.stdin.end();
    service.kill();
  };
  return { url, close };
}

/** `geocubes` with the token, not blocking this process. */
export async function geocubes(/** @type {string[]} */ ...args) {
  const child = spawn(process.execPath, [MAIN, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, GEOCUBES_TOKEN: TOKEN },
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text) => {
    stderr += text;
  });
  const [status] = await once(child, 'close');
  return { status, stdout, stderr };
}

/** A Python program, whose words are seen. @returns its exit code */
export function runPython(/** @type {string[]} */ ...args) {
  const env = { ...process.env, ICECHUNK_LOG: 'error', PYTHONDONTWRITEBYTECODE: '1' };
  return spawnSync(PYTHON, args, { stdio: ['ignore', 'inherit', 'inherit'], env }).status;
}

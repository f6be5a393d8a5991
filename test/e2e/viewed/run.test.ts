/** `ingest --view` and `import --view`: the page of a run, for as long as the run goes on. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { Cube, State } from '../../../src/view/told.js';
import { runCommand, startCommand } from '../command.js';
import {
  createCube,
  ingestArgs,
  TestServers,
  TINY_DATASET,
  temporaryFolder,
} from '../loopback-cubes.js';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
beforeAll(async () => {
  folder = await temporaryFolder();
});
afterAll(() => folder.remove());

const servers = new TestServers();
afterEach(() => servers.close());

const WAIT_MS = 100;

test('ingest --view serves the page and the numbers of the run while it goes on, and ends as it does without', async () => {
  const env = await servers.serve({ latency: { ms: 1500 } });
  const store = await createCube(folder.path, 'seen', TINY_DATASET);
  const args = [...ingestArgs(store, '--concurrency', '4', '--commit-every', '4'), '--view', '0'];
  const { child, ended } = startCommand([...args, '--format', 'json'], env);
  let told = '';
  child.stderr?.on('data', (data) => {
    told += data;
  });
  const url = await until(() => /http:\/\/127\.0\.0\.1:\d+\//.exec(told)?.[0]);
  expect(await (await fetch(url)).text()).toContain('<title>geocubes view</title>');
  expect(((await (await fetch(`${url}api/cube`)).json()) as Cube).title).toBe('Tiny');
  const state = await until(async () => {
    const now = (await (await fetch(`${url}api/state`)).json()) as State;
    return (now.run?.committed ?? 0) > 0 && now.loaded + now.empty > 0 ? now : undefined;
  });
  const { run } = state;
  expect(run).toMatchObject({ tiles: 60, failed: 0 });
  expect(run?.left).toBe(60 - (run?.committed ?? 0));
  expect(run?.requests).toBeGreaterThan(0);
  expect(run?.bytesIn).toBeGreaterThan(0);
  expect(run?.perSecond).toBeGreaterThan(0);
  expect(state.loaded + state.empty).toBeLessThan(60);
  const { code, stdout, stderr } = await ended;
  expect(code, stderr).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ tiles: 60, committed: 60 });
  expect(stderr).toBe(`Tiny is seen on ${url} until the run ends\n`);
  await expect(fetch(url)).rejects.toThrow();
});

test('a port that is in use ends ingest and view in one line, with 2, and nothing is fetched', async () => {
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  const { port } = other.address() as AddressInfo;
  const server = await servers.start();
  const store = await createCube(folder.path, 'taken', TINY_DATASET);
  const env = {
    GEOCUBES_ENDPOINT: server.url,
    GEOCUBES_TOKEN: 'loopback',
    GEOCUBES_PROJECT: 'test',
  };
  const stderr = `geocubes: Expected a free port for the page but received ${port}. It is in use: give another one, or 0 for any.\n`;
  try {
    for (const args of [
      [...ingestArgs(store), '--view', String(port)],
      ['view', store, '--port', String(port)],
    ])
      expect(await runCommand(args, env)).toMatchObject({ code: 2, stdout: '', stderr });
    const { stdout } = await runCommand(['status', store, '--format', 'json']);
    expect(JSON.parse(stdout)).toMatchObject({ loaded: 0, empty: 0 });
  } finally {
    other.close();
  }
});

async function until<T>(look: () => T | undefined | Promise<T | undefined>): Promise<T> {
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, WAIT_MS));
  }
}

import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test } from 'vitest';
import { loadHttp } from '../../../src/earth-engine/http.js';
import { serve } from './small-server.js';

const require = createRequire(import.meta.url);

/** As a version of undici that keeps its files to itself, in one of the ways that Node tells of it. */
const keepingFiles = (code: string) => (id: string) => {
  if (id !== 'undici') throw Object.assign(new Error(id), { code });
  return require(id);
};

const closing: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

test.each([
  ['two of its files', require],
  ['all of it, where it has no such files', keepingFiles('MODULE_NOT_FOUND')],
  ['all of it, where it does not export them', keepingFiles('ERR_PACKAGE_PATH_NOT_EXPORTED')],
])('undici sends method, path, query, headers and body, by %s', async (_, load) => {
  const server = await serve((response, { body }) => {
    response.writeHead(201, { 'x-got': body.length });
    response.end(`got ${body}`);
  });
  closing.push(() => server.close());
  const { Agent, request } = loadHttp(load);
  const dispatcher = new Agent();
  closing.push(() => dispatcher.destroy());
  const post = await request(`${server.url}/a/b?c=d%20e`, {
    ...{ dispatcher, method: 'POST', headers: { 'x-word': 'yes' }, body: 'abc' },
  });
  expect(post.statusCode).toBe(201);
  expect(post.headers['x-got']).toBe('3');
  expect(await post.body.text()).toBe('got abc');
  const get = await request(`${server.url}/`, { dispatcher });
  expect(await get.body.text()).toBe('got ');
  expect(server.seen).toMatchObject([
    { method: 'POST', path: '/a/b?c=d%20e', headers: { 'x-word': 'yes' } },
    { method: 'GET', path: '/' },
  ]);
});

test('a file of undici that breaks is no reason to look for another', () => {
  const broken = () => {
    throw new SyntaxError('broken');
  };
  expect(() => loadHttp(broken)).toThrow(new SyntaxError('broken'));
});

test('the client of Earth Engine loads neither fetch nor WebSockets nor mocks of undici', () => {
  const http = new URL('../../../dist/earth-engine/client.js', import.meta.url);
  const script = `
    import Module, { createRequire } from 'node:module';
    await import(${JSON.stringify(http.href)});
    const { _cache } = Module;
    process.stdout.write(JSON.stringify(Object.keys(_cache)));`;
  const words = ['--input-type=module', '--eval', script];
  const cwd = fileURLToPath(new URL('../../..', import.meta.url));
  const loaded = JSON.parse(execFileSync(process.execPath, words, { cwd, encoding: 'utf8' }));
  const ofUndici = loaded.filter((file: string) => file.includes('/undici/'));
  expect(ofUndici.join('\n')).toMatch(/dispatcher.agent\.js/);
  expect(
    ofUndici.filter((file: string) =>
      /undici.index|lib.(mock|cache)\/|web.(fetch|websocket)\/index/.test(file),
    ),
  ).toEqual([]);
});

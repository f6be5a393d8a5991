import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { AdaptiveLimiter } from '../../../../src/earth-engine/adaptive-limiter.js';
import { EarthEngineClient, type Reply } from '../../../../src/earth-engine/client.js';
import { EarthEngineError } from '../../../../src/errors.js';
import { LentMemory } from '../../../../src/raster/lent-memory.js';
import { answerError, serve } from '../small-server.js';

const closing: (() => Promise<void>)[] = [];

beforeEach(() => {
  // Full jitter times zero: repeats come at once.
  vi.spyOn(Math, 'random').mockReturnValue(0);
});

afterEach(async () => {
  vi.restoreAllMocks();
  for (const close of closing.splice(0)) await close();
});

/** The check: a reply says itself what it is. */
async function check({ bytes }: Reply): Promise<void> {
  const text = Buffer.from(bytes).toString();
  if (text === 'right') return;
  throw new EarthEngineError('transient', `Expected right but received ${text}.`, 200, {
    mismatch: text,
  });
}

/** Asks for pixels of a server that answers with these, one after the other; a number is a status. */
async function start(answers: (request: string, count: number) => string | number) {
  const server = await serve((response, { body }, count) => {
    const answer = answers(body, count);
    if (answer === 0) response.destroy();
    else if (typeof answer === 'number') answerError(response, answer);
    else response.writeHead(200, { 'content-type': 'image/tiff' }).end(answer);
  });
  const credentials = {
    ...{ origin: 'a test', project: 'p', refresh: async () => {} },
    headers: async () => ({ authorization: 'Bearer x' }),
  };
  const limiter = new AdaptiveLimiter({ perSecond: 1e9 });
  const client = new EarthEngineClient(server.url, credentials, limiter);
  closing.push(
    () => client.close(),
    () => server.close(),
  );
  const memory = new LentMemory();
  const ask = (body = '') =>
    client
      .send({ ...{ method: 'POST', path: '/', body, check, memory, maxBytes: 1000 } })
      .then(() => undefined)
      .catch((error: unknown) => error as EarthEngineError);
  return { server, ask };
}

const inOrder =
  (...answers: readonly (string | number)[]) =>
  (_: string, count: number) =>
    answers[Math.min(count, answers.length) - 1] ?? 0;

test('the same wrong reply three times in a row is the answer', async () => {
  const { server, ask } = await start(inOrder('wrong'));
  const error = await ask();
  expect(error).toMatchObject({ kind: 'wrong-reply', status: 200, tries: 3 });
  expect(error?.message).toBe(
    'Expected right but received wrong. It was the same 3 times in a row.',
  );
  expect(server.seen).toHaveLength(3);
});

test('where another request has got what it asked for, it takes five', async () => {
  const { server, ask } = await start((body) => (body.includes('odd') ? 'wrong' : 'right'));
  expect(await ask('even')).toBeUndefined();
  expect(await ask('odd')).toMatchObject({ kind: 'wrong-reply', tries: 5 });
  expect(server.seen).toHaveLength(1 + 5);
});

test('what is right in the end was bad luck before', async () => {
  const { server, ask } = await start(inOrder('wrong', 'wrong', 'right'));
  expect(await ask()).toBeUndefined();
  expect(server.seen).toHaveLength(3);
});

test('replies that are wrong in turns, each time in another way, are tried to the end', async () => {
  const { server, ask } = await start((_, count) => `wrong ${count % 2}`);
  expect(await ask()).toMatchObject({ kind: 'transient', tries: 8 });
  expect(server.seen).toHaveLength(8);
});

test('refusals and broken connections in between count neither way', async () => {
  const { server, ask } = await start(inOrder('wrong', 503, 'wrong', 0, 429, 'wrong'));
  expect(await ask()).toMatchObject({ kind: 'wrong-reply', tries: 6 });
  expect(server.seen).toHaveLength(6);
});

test('where the tries run out at a refusal, that is what is told', async () => {
  const { ask } = await start(inOrder('wrong', 'wrong', 503));
  expect(await ask()).toMatchObject({ kind: 'transient', status: 503, tries: 8 });
});

test('another wrong reply in between begins the count anew', async () => {
  const { ask } = await start(inOrder('wrong', 'wrong', 'odd', 'wrong', 'wrong', 'wrong'));
  expect(await ask()).toMatchObject({ kind: 'wrong-reply', tries: 6 });
});

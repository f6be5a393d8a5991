import { expect, test } from 'vitest';
import type { Handler, LoopbackRequest } from '../../../src/loopback/handler.js';
import { keepReplies } from '../../../src/loopback/kept-replies.js';

const PIXELS = '/v1/projects/a/image:computePixels';

const request = (text: string, more: Partial<LoopbackRequest> = {}): LoopbackRequest => ({
  ...{ method: 'POST', path: PIXELS, body: Buffer.from(text) },
  ...more,
});

/** Replies of ten bytes, and how many were computed. */
function computing(status = 200) {
  let computed = 0;
  const inner: Handler = async () => {
    computed++;
    return { status, headers: {}, body: new Uint8Array(10).fill(computed) };
  };
  return { inner, computed: () => computed };
}

test('the same request for pixels gets the same reply, computed once', async () => {
  const { inner, computed } = computing();
  const handler = keepReplies(inner, 100);
  const first = await handler(request('a'));
  expect(await handler(request('a'))).toBe(first);
  expect(computed()).toBe(1);
});

test('requests that differ in anything get replies of their own', async () => {
  const { inner, computed } = computing();
  const handler = keepReplies(inner, 1000);
  await handler(request('a'));
  await handler(request('b'));
  await handler(request('a', { path: '/v1/projects/b/image:computePixels' }));
  await handler(request('a', { authorization: 'Bearer other' }));
  await handler(request('a', { query: 'alt=json' }));
  expect(computed()).toBe(5);
});

test('those asked for longest ago give way, so that no more bytes are kept than it was told', async () => {
  const { inner, computed } = computing();
  const handler = keepReplies(inner, 20);
  for (const text of ['a', 'b', 'a', 'c', 'a']) await handler(request(text));
  expect(computed()).toBe(3);
  await handler(request('b'));
  expect(computed()).toBe(4);
});

test('what was refused, what is no pixels, and what is larger than all of it is computed anew', async () => {
  const refused = computing(429);
  const other = computing();
  const large = computing();
  const again = async (handler: Handler, asked: LoopbackRequest) => {
    await handler(asked);
    await handler(asked);
  };
  await again(keepReplies(refused.inner, 100), request('a'));
  await again(
    keepReplies(other.inner, 100),
    request('a', { path: '/v1/projects/a/value:compute' }),
  );
  await again(keepReplies(large.inner, 9), request('a'));
  expect([refused, other, large].map(({ computed }) => computed())).toEqual([2, 2, 2]);
});

test('by default nothing is kept', async () => {
  const { inner } = computing();
  expect(keepReplies(inner, 0)).toBe(inner);
});

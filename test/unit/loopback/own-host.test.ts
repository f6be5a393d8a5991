import { request } from 'node:http';
import { expect, test } from 'vitest';
import { startLoopback } from '../../../src/loopback/server.js';

function statusFor(url: string, host: string): Promise<number> {
  const { port } = new URL(url);
  return new Promise((resolve, reject) => {
    request(
      {
        host: '127.0.0.1',
        port,
        path: '/v1/projects/p/algorithms',
        setHost: false,
        headers: { host, authorization: 'Bearer loopback' },
      },
      (response) => {
        response.resume();
        resolve(response.statusCode ?? 0);
      },
    )
      .once('error', reject)
      .end();
  });
}

test('a request for another host than this machine is refused, whatever its token', async () => {
  const seen: string[] = [];
  const server = await startLoopback({ onRequest: ({ path }) => seen.push(path) });
  try {
    const { port } = new URL(server.url);
    for (const host of [
      'evil.example',
      `evil.example:${port}`,
      '127.0.0.1.evil.example',
      'localhost.evil.example',
      '127.0.0.1@evil.example',
      '192.168.0.7',
      '',
    ])
      expect([host, await statusFor(server.url, host)]).toEqual([host, 421]);
    expect(seen).toEqual([]);
    for (const host of [
      'localhost',
      `localhost:${port}`,
      `LOCALHOST:${port}`,
      `127.0.0.1:${port}`,
      `[::1]:${port}`,
    ])
      expect([host, await statusFor(server.url, host)]).toEqual([host, 200]);
  } finally {
    await server.close();
  }
});

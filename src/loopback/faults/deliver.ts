/** How replies reach the socket, whole or not. */
import type { ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { LoopbackReply } from '../handler.js';

export async function deliver(
  response: ServerResponse,
  { status, headers, body, delivery }: LoopbackReply,
): Promise<void> {
  // Kept: a response that has ended no longer knows its socket.
  const { socket } = response;
  if (delivery?.kind === 'drop' && delivery.bytes === 0) {
    socket?.resetAndDestroy();
    return;
  }
  response.writeHead(status, { 'content-length': body.length, ...headers });
  switch (delivery?.kind) {
    case undefined:
      response.end(body);
      return;
    case 'drop':
      await write(response, body.subarray(0, delivery.bytes));
      socket?.resetAndDestroy();
      return;
    case 'cut':
      await write(response, body.subarray(0, delivery.bytes));
      socket?.end();
      return;
    case 'drip': {
      const size = Math.max(1, Math.ceil(body.length / delivery.pieces));
      for (let from = 0; from < body.length && !response.destroyed; from += size) {
        if (from > 0) await sleep(delivery.pauseMs, undefined, { ref: false });
        await write(response, body.subarray(from, from + size));
      }
      response.end();
    }
  }
}

/** Resolves when the bytes are with the operating system, or never will be. */
function write(response: ServerResponse, bytes: Uint8Array): Promise<void> {
  return new Promise((resolve) => response.write(bytes, () => resolve()));
}

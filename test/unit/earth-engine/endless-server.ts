import type { ServerResponse } from 'node:http';
import { type Answer, type SmallServer, serve } from './small-server.js';

export interface EndlessServer extends SmallServer {
  /** Bytes of bodies that the system has taken from the server until the clients hung up. */
  sent(): number;
  /** Waits until every client has hung up. */
  hungUp(): Promise<void>;
}

const PIECE = Buffer.alloc(64 * 1024, 0x20);

/** Replies that never end: `begin` writes their head. */
export async function serveEndless(begin: Answer): Promise<EndlessServer> {
  let sent = 0;
  const ends: Promise<void>[] = [];
  const server = await serve((response, request, count) => {
    begin(response, request, count);
    ends.push(new Promise((resolve) => response.on('close', () => resolve())));
    pour(response, () => {
      sent += PIECE.length;
    });
  });
  return {
    ...server,
    sent: () => sent,
    hungUp: async () => {
      await Promise.all(ends);
    },
  };
}

function pour(response: ServerResponse, onSent: () => void): void {
  const next = () => {
    if (response.destroyed) return;
    response.write(PIECE, (error) => {
      if (error) return;
      onSent();
      setImmediate(next);
    });
  };
  next();
}

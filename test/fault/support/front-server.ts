/** A server before another one that changes what comes of requests for pixels, as a proxy might. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface FrontReply {
  readonly type: string;
  readonly body: Uint8Array | string;
}

export interface PixelsAsked {
  /** The first column's and first row's outer corner. */
  readonly corner: string;
  /** How often this very request has come, this time included. */
  readonly count: number;
}

export interface FrontServer {
  readonly url: string;
  /** Requests for pixels so far. */
  readonly asked: number;
  close(): Promise<void>;
}

/**
 * @param change makes another reply of the right pixels, or leaves them with `undefined`; each reply waits for
 *   as long as its change takes
 */
export async function startFront(
  behind: string,
  change: (
    pixels: Uint8Array,
    asked: PixelsAsked,
  ) => FrontReply | undefined | Promise<FrontReply | undefined>,
): Promise<FrontServer> {
  let asked = 0;
  const counts = new Map<string, number>();
  const server = createServer(async (request, response) => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const body = Buffer.concat(parts);
    const reply = await fetch(`${behind}${request.url}`, {
      method: request.method ?? 'GET',
      headers: { authorization: request.headers.authorization ?? '' },
      ...(body.length === 0 ? {} : { body }),
    });
    const bytes = new Uint8Array(await reply.arrayBuffer());
    let changed: FrontReply | undefined;
    if (request.url?.endsWith(':computePixels') === true && reply.status === 200) {
      asked++;
      const count = (counts.get(body.toString()) ?? 0) + 1;
      counts.set(body.toString(), count);
      const { translateX, translateY } = JSON.parse(body.toString()).grid.affineTransform;
      changed = await change(bytes, { corner: `${translateX} ${translateY}`, count });
    }
    const type = reply.headers.get('content-type') ?? '';
    response.writeHead(reply.status, { 'content-type': changed?.type ?? type });
    response.end(changed?.body ?? bytes);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get asked() {
      return asked;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** What replies wait for: a test makes its moment come, and hopes for no process to be slower than another. */
export class Moment {
  /** Ends the wait. */
  come = () => {};
  readonly hasCome = new Promise<undefined>((resolve) => {
    this.come = () => resolve(undefined);
  });
}

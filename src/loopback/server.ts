/** An Earth Engine on 127.0.0.1: the REST calls this project makes, answered from local pixels. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expected } from '../errors.js';
import { Catalogue } from './assets/catalogue.js';
import { readFolder } from './assets/folder.js';
import { RequestCounter, type RequestCounts, type RequestEvent } from './counts.js';
import { deliver } from './faults/deliver.js';
import { injectFaults } from './faults/inject.js';
import { type FaultPlan, parseFaultPlan } from './faults/plan.js';
import {
  createHandler,
  type Handler,
  type LoopbackReply,
  type LoopbackRequest,
  MAX_BODY,
  routeOf,
} from './handler.js';
import { keepReplies } from './kept-replies.js';
import { FOREIGN_HOST, isOwnHost } from './own-host.js';
import { parseReplyFormat } from './reply-format/words.js';
import { builtInAssets } from './tcvis/asset.js';
import { wellKnownAssets } from './well-known/collections.js';

export interface LoopbackOptions {
  /** 0, the default, takes any free port. */
  readonly port?: number;
  /** A folder with a `manifest.json` of rasters, served beside the built-in asset. */
  readonly folder?: string;
  /** The bearer token that requests must carry; {@link DEFAULT_TOKEN} by default. */
  readonly token?: string;
  /** What is to go wrong; by default nothing. */
  readonly faults?: FaultPlan;
  /** Words for the form of GeoTIFFs, such as `matrix,tiled,lzw`; see `reply-format/words.ts`. */
  readonly replyFormat?: string;
  /**
   * Bytes of replies with pixels to keep, for whoever measures clients: the service computes on machines of its own, and
   * this one would take the processors of its clients. By default none is kept.
   */
  readonly keepReplies?: number;
  /** Called after each reply, for tests and progress. */
  readonly onRequest?: (event: RequestEvent) => void;
}

export const DEFAULT_TOKEN = 'loopback';

/**
 * Longer than clients pause between two requests: with Node's 5 s a busy machine let connections end just as a client
 * sent its next request, which then failed with ECONNRESET.
 */
const KEEP_ALIVE_MS = 60_000;

export type { RequestCounts, RequestEvent };

export interface LoopbackServer {
  /** `http://127.0.0.1:PORT`, without a slash at the end. */
  readonly url: string;
  /** Counts so far; read again for newer ones. */
  readonly requests: RequestCounts;
  /** Stops listening and drops open connections. */
  close(): Promise<void>;
}

/**
 * Starts a server on 127.0.0.1 (never on another interface), which answers requests for that host alone.
 *
 * @throws {InvalidInputError} when the folder's manifest, the plan of faults or the reply format cannot
 *   be used, or the port is taken.
 */
export async function startLoopback(options: LoopbackOptions = {}): Promise<LoopbackServer> {
  const { port = 0, folder, token = DEFAULT_TOKEN, onRequest } = options;
  const stored = folder === undefined ? [] : readFolder(folder);
  const counter = new RequestCounter();
  // What lies in the folder takes the place of what is built in, with all its images.
  const given = new Set(stored.map(({ id }) => id));
  const builtIn = [...builtInAssets(), ...wellKnownAssets()].filter(({ id }) => !given.has(id));
  const computing = createHandler(new Catalogue([...builtIn, ...stored]), token);
  const service = keepReplies(computing, options.keepReplies ?? 0);
  const format =
    options.replyFormat === undefined
      ? undefined
      : parseReplyFormat(options.replyFormat, 'the reply format');
  const layer = injectFaults(service, parseFaultPlan(options.faults ?? {}), token, format);
  const handler = observe(layer.handler, (event) => {
    counter.add(event);
    onRequest?.(event);
  });
  const server = createServer((request, response) => void serve(request, response, handler));
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  // Above it: the time for headers may count from the reply before them.
  server.headersTimeout = KEEP_ALIVE_MS + 5000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) =>
      reject(expected('a free port', 'the loopback server', port, String(cause))),
    );
    server.listen(port, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get requests() {
      return { ...counter.read(), maxInFlight: layer.maxInFlight };
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** A layer that reports each reply. */
function observe(handler: Handler, report: (event: RequestEvent) => void): Handler {
  return async (request) => {
    const start = performance.now();
    const reply = await handler(request);
    const { method, path } = request;
    report({
      method,
      path,
      route: routeOf(method, path),
      status: reply.status,
      ms: performance.now() - start,
      bytes: bytesOf(reply),
      ...(reply.fault === undefined ? {} : { fault: reply.fault }),
    });
    return reply;
  };
}

function bytesOf({ body, delivery }: LoopbackReply): number {
  return delivery === undefined || delivery.kind === 'drip' ? body.length : delivery.bytes;
}

async function serve(
  message: IncomingMessage,
  response: ServerResponse,
  handler: Handler,
): Promise<void> {
  if (!isOwnHost(message.headers.host)) {
    response.writeHead(FOREIGN_HOST.status, { 'content-type': 'application/json' });
    response.end(FOREIGN_HOST.body);
    message.resume();
    return;
  }
  try {
    await deliver(response, await handler(await readRequest(message)));
  } catch {
    // The client went away while it was sending, or what it sent is no request at all.
    response.destroy();
  }
}

async function readRequest(message: IncomingMessage): Promise<LoopbackRequest> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of message as AsyncIterable<Buffer>) {
    // One byte past the limit is enough for the handler to refuse; the rest is read and dropped.
    if (size <= MAX_BODY) chunks.push(chunk);
    size += chunk.length;
  }
  const { authorization, host } = message.headers;
  const [path = '/', query] = (message.url ?? '/').split('?');
  return {
    method: message.method ?? 'GET',
    path: decodePath(path),
    body: Buffer.concat(chunks),
    ...(query === undefined ? {} : { query }),
    ...(host === undefined ? {} : { host }),
    ...(authorization === undefined ? {} : { authorization }),
  };
}

function decodePath(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

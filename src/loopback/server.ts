/** An Earth Engine on 127.0.0.1: the REST calls this project makes, answered from local pixels. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expected } from '../errors.js';
import { Catalogue } from './assets/catalogue.js';
import { readFolder } from './assets/folder.js';
import {
  createHandler,
  type Handler,
  type LoopbackReply,
  type LoopbackRequest,
  MAX_BODY,
  type Route,
  routeOf,
} from './handler.js';
import { builtInAssets } from './tcvis/asset.js';

export interface LoopbackOptions {
  /** 0, the default, takes any free port. */
  readonly port?: number;
  /** A folder with a `manifest.json` of rasters, served beside the built-in asset. */
  readonly folder?: string;
  /** The bearer token that requests must carry; {@link DEFAULT_TOKEN} by default. */
  readonly token?: string;
  /** Called after each reply, for tests and progress. */
  readonly onRequest?: (event: RequestEvent) => void;
}

export const DEFAULT_TOKEN = 'loopback';

export interface RequestEvent {
  readonly method: string;
  readonly path: string;
  readonly route: Route;
  readonly status: number;
  /** From the arrival of the whole request to the reply being ready. */
  readonly ms: number;
  /** Bytes of the reply's body. */
  readonly bytes: number;
}

/** How many requests of each kind have been answered so far, and what became of them. */
export interface RequestCounts extends Readonly<Record<Route, number>> {
  readonly total: number;
  /** Replies with a status of 400 or above. */
  readonly rejected: number;
  /** Bytes of all replies' bodies. */
  readonly bytesSent: number;
}

export interface LoopbackServer {
  /** `http://127.0.0.1:PORT`, without a slash at the end. */
  readonly url: string;
  /** Counts so far; read again for newer ones. */
  readonly requests: RequestCounts;
  /** Stops listening and drops open connections. */
  close(): Promise<void>;
}

/**
 * Starts a server on 127.0.0.1 (never on another interface).
 *
 * @throws {InvalidInputError} when the folder's manifest cannot be used, or the port is taken.
 */
export async function startLoopback(options: LoopbackOptions = {}): Promise<LoopbackServer> {
  const { port = 0, folder, token = DEFAULT_TOKEN, onRequest } = options;
  const stored = folder === undefined ? [] : readFolder(folder);
  const counts = newCounts();
  const handler = observe(
    createHandler(new Catalogue([...builtInAssets(), ...stored]), token),
    (event) => {
      count(counts, event);
      onRequest?.(event);
    },
  );
  const server = createServer((request, response) => void serve(request, response, handler));
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) =>
      reject(expected('a free port', 'the loopback server', port, String(cause))),
    );
    server.listen(port, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get requests() {
      return { ...counts };
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

type MutableCounts = { -readonly [Key in keyof RequestCounts]: number };

function newCounts(): MutableCounts {
  return {
    algorithms: 0,
    pixels: 0,
    asset: 0,
    value: 0,
    unknown: 0,
    total: 0,
    rejected: 0,
    bytesSent: 0,
  };
}

function count(counts: MutableCounts, { route, status, bytes }: RequestEvent): void {
  counts.total += 1;
  counts[route] += 1;
  counts.bytesSent += bytes;
  if (status >= 400) counts.rejected += 1;
}

/** A layer that reports each reply; one that injects faults would have the same shape. */
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
      bytes: reply.body.length,
    });
    return reply;
  };
}

async function serve(
  message: IncomingMessage,
  response: ServerResponse,
  handler: Handler,
): Promise<void> {
  try {
    send(response, await handler(await readRequest(message)));
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
  const { authorization } = message.headers;
  return {
    method: message.method ?? 'GET',
    path: decodePath(message.url ?? '/'),
    body: Buffer.concat(chunks),
    ...(authorization === undefined ? {} : { authorization }),
  };
}

function decodePath(url: string): string {
  const [path = ''] = url.split('?');
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

function send(response: ServerResponse, { status, headers, body }: LoopbackReply): void {
  response.writeHead(status, { 'content-length': body.length, ...headers });
  response.end(body);
}

/**
 * A page on 127.0.0.1 that shows a cube, and what it asks for: see README.md. Nothing can be changed through it.
 *
 * A page of another origin may send requests here; it reads no answer (no CORS), and one that has a name of its own
 * pointed at 127.0.0.1 (DNS rebinding) is refused by the name in `Host`.
 */
import { once, setMaxListeners } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { openCube } from '../cube/open.js';
import { expected } from '../errors.js';
import type { Pool } from '../pool/pool.js';
import { Refusal, send, sendError } from './answer.js';
import { type Assets, readAssets } from './assets.js';
import { PixelReader } from './pixels/reader.js';
import { Query } from './query.js';
import { type Means, ROUTES } from './routes.js';
import { Newest } from './snapshot.js';
import type { Run } from './told.js';

export interface ViewOptions {
  /** Path or URL of the cube. */
  readonly storage: string;
  /** Its threads decompress; closed by the caller. */
  readonly pool: Pool;
  /** 0 takes any free one. */
  readonly port: number;
  /** An older state, which is then all that is shown: as `OpenOptions.asOf`. */
  readonly asOf?: string | undefined;
  /** As `OpenOptions.branch`. */
  readonly branch?: string | undefined;
  /** Most bytes of decoded chunks that are kept; default: half a gigabyte, and no more than an eighth of the memory. */
  readonly keptBytes?: number;
  /** Where the run stands that this is served beside. */
  readonly run?: () => Run;
}

export interface Viewer {
  /** Of the page. */
  readonly url: string;
  readonly title: string;
  /** Ends what is under way. */
  close(): Promise<void>;
}

/** More than a page ever asks. */
const LONGEST_URL = 8192;
const MOST_CONNECTIONS = 128;

/**
 * @throws {StoreError} where there is no cube; {@link SetupError} where the page was not built;
 * {@link InvalidInputError} where the port cannot be had.
 */
export async function startViewer(options: ViewOptions): Promise<Viewer> {
  const { storage, pool, port, asOf, branch, keptBytes, run } = options;
  const assets = readAssets();
  const cube = await openCube(storage, { asOf, branch });
  const means = {
    newest: await Newest.of(cube),
    reader: new PixelReader(pool, keptBytes),
    ...{ pool, run },
  };
  const server = createServer((request, response) => {
    answer(request, response, means, assets).catch((error: unknown) => sendError(response, error));
  });
  server.maxConnections = MOST_CONNECTIONS;
  server.listen(port, '127.0.0.1');
  await once(server, 'listening').catch((error: unknown) => {
    throw portError(error as NodeJS.ErrnoException, port);
  });
  // Such as no more open files: a browser waits, and whoever is served beside goes on.
  server.on('error', () => {});
  const { port: bound } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${bound}/`,
    title: cube.dataset.title,
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

function portError(error: NodeJS.ErrnoException, port: number): Error {
  const why = { EADDRINUSE: 'It is in use', EACCES: 'It is not allowed' }[error.code ?? ''];
  if (why === undefined) return error;
  return expected('a free port', 'the page', port, `${why}: give another one, or 0 for any.`);
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  means: Means,
  assets: Assets,
): Promise<void> {
  const { method, headers, url = '' } = request;
  if (!isOwn(headers.host, request.socket.localPort))
    throw new Refusal(421, 'This server answers to 127.0.0.1 and localhost alone.');
  if (method !== 'GET' && method !== 'HEAD')
    throw new Refusal(405, `Expected GET but received ${method}.`);
  if (headers['sec-fetch-site'] === 'cross-site')
    throw new Refusal(403, 'Expected a request of the page that is served here.');
  if (url.length > LONGEST_URL)
    throw new Refusal(414, `Expected an address of ${LONGEST_URL} characters at most.`);
  const { pathname, searchParams } = new URL(url, 'http://127.0.0.1');
  const asset = assets.get(pathname);
  if (asset !== undefined) {
    send(response, 200, asset);
    return;
  }
  const route = Object.hasOwn(ROUTES, pathname) ? ROUTES[pathname] : undefined;
  if (route === undefined)
    throw new Refusal(404, `Expected one of ${Object.keys(ROUTES).join(', ')}.`);
  const query = new Query(searchParams, route.words);
  const gone = new AbortController();
  // A picture may wait for many chunks.
  setMaxListeners(0, gone.signal);
  // Also fires after a whole answer, when nothing is left to be stopped.
  response.on('close', () => gone.abort());
  await route.answer({ ...means, request, response, query, signal: gone.signal });
}

function isOwn(host: string | undefined, port: number | undefined): boolean {
  return host === `127.0.0.1:${port}` || host === `localhost:${port}`;
}

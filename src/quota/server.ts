/**
 * A server that lends the requests of one quota to whoever runs an ingest. It sees no pixels and no credentials:
 * holders say how many requests they have, and it says how many they may have.
 */
import { createServer, type IncomingMessage } from 'node:http';
import { type AddressInfo, isIPv4, isIPv6, type Socket } from 'node:net';
import { expected } from '../errors.js';
import { visible } from '../visible.js';
import { type HolderRecord, SlotBook } from './book.js';
import { LineReader } from './line-reader.js';
import { NONCE, PATH, PROOF, PROTOCOL } from './link.js';
import { type FromServer, lineOf, type Refusal, readHolder } from './messages.js';
import { drawNonce, isNonce, isProof, type Nonces, proofOf } from './secret.js';

export interface QuotaServerOptions {
  /** Requests under way together, over all holders. */
  readonly concurrency: number;
  /** Requests begun in any second, over all holders. */
  readonly rate: number;
  /** 0, the default, takes any free port. */
  readonly port?: number | undefined;
  /** An address of this machine. Default: 127.0.0.1; any other asks for a {@link secret}. */
  readonly host?: string | undefined;
  /** What holders have to know; see `secret.ts`. */
  readonly secret?: string | undefined;
  /** After so long without a word, what a holder had comes back, in milliseconds. Default: 10 s. */
  readonly leaseMs?: number | undefined;
  readonly onEvent?: ((event: QuotaEvent) => void) | undefined;
}

/** `lost`: its connection is gone; `expired`: and it did not come back within its lease. */
export interface QuotaEvent {
  readonly type: 'joined' | 'left' | 'lost' | 'expired' | 'refused';
  readonly name: string;
  /** Holders after it. */
  readonly holders: number;
}

export interface QuotaServer {
  /** `http://HOST:PORT` */
  readonly url: string;
  readonly holders: readonly HolderRecord[];
  close(): Promise<void>;
}

const LEASE_MS = 10_000;

/** How long some have one more, where the quota cannot be divided. */
const TURN_MS = 2_000;

/**
 * A second, and a hundredth more: requests do not all take equally long to the service, which counts them when they
 * arrive. Its own window, by the words of its refusal, is a minute.
 */
const WINDOW_MS = 1_010;

const MOST_HOLDERS = 1_000;
/** Connections that have not said who they are. */
const MOST_STRANGERS = 64;
const STRANGER_MS = 10_000;
/** A holder that says more has gone mad: each request of a busy one makes a line or two. */
const MOST_LINES_A_SECOND = 2_000;
/** What a holder has not read yet. */
const MOST_UNREAD_BYTES = 256 * 1024;

/** @throws {InvalidInputError} when the address cannot be used, or is open to others without a secret. */
export async function startQuotaServer(options: QuotaServerOptions): Promise<QuotaServer> {
  const { concurrency, rate, port = 0, host = '127.0.0.1', secret, leaseMs = LEASE_MS } = options;
  if (secret === undefined && !isOwnAddress(host))
    throw expected(
      'a secret in GEOCUBES_QUOTA_TOKEN or --quota-token-file',
      `the quota server on ${host}, which other machines reach`,
      'none',
    );
  const book = new SlotBook({
    ...{ concurrency, rate, leaseMs, windowMs: WINDOW_MS, turnMs: TURN_MS },
    now: () => performance.now(),
  });
  const connections = new Connections(book, secret, options.onEvent);
  const server = createServer({ maxHeaderSize: 8_192, requestTimeout: 10_000 }, (_, response) => {
    response.writeHead(426, { 'content-type': 'text/plain', upgrade: PROTOCOL });
    response.end('A quota server of geocubes: for "geocubes ingest --quota".\n');
  });
  server.on('upgrade', (message, socket: Socket) => connections.accept(message, socket));
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) =>
      reject(
        expected(
          'a free port on an address of this machine',
          'the quota server',
          `${host}:${port}`,
          String(cause),
        ),
      ),
    );
    server.listen(port, host, resolve);
  });
  const timer = setInterval(() => connections.tick(), Math.min(TURN_MS, leaseMs) / 4);
  const { address, port: taken } = server.address() as AddressInfo;
  return {
    url: `http://${isIPv6(address) ? `[${address}]` : address}:${taken}`,
    get holders() {
      return book.holders;
    },
    close: () =>
      new Promise((resolve) => {
        clearInterval(timer);
        server.close(() => resolve());
        server.closeAllConnections();
        connections.close();
      }),
  };
}

/** Reached from this machine alone, whoever answers questions for names. */
function isOwnAddress(host: string): boolean {
  return host === '::1' || host === 'localhost' || (isIPv4(host) && host.startsWith('127.'));
}

class Connections {
  readonly #open = new Set<Socket>();
  /** The connection that speaks for a holder: one that was thought to be gone may still be there. */
  readonly #speakers = new Map<string, Socket>();
  #strangers = 0;

  constructor(
    private readonly book: SlotBook,
    private readonly secret: string | undefined,
    private readonly onEvent: ((event: QuotaEvent) => void) | undefined,
  ) {}

  tick(): void {
    for (const name of this.book.tick()) this.#report('expired', name);
  }

  close(): void {
    for (const socket of this.#open) socket.destroy();
  }

  accept({ method, url, headers }: IncomingMessage, socket: Socket): void {
    socket.on('error', () => socket.destroy());
    const { [NONCE]: holder, upgrade } = headers;
    const isOurs = method === 'GET' && url === PATH && upgrade === PROTOCOL && isNonce(holder);
    if (!isOurs || this.#strangers >= MOST_STRANGERS) {
      socket.end(
        `HTTP/1.1 ${isOurs ? '503 Service Unavailable' : '400 Bad Request'}\r\nconnection: close\r\n\r\n`,
      );
      return;
    }
    const nonces = { holder, server: drawNonce() };
    const { secret } = this;
    socket.setNoDelay(true);
    socket.setTimeout(0);
    socket.write(
      [
        'HTTP/1.1 101 Switching Protocols',
        'connection: upgrade',
        `upgrade: ${PROTOCOL}`,
        `${NONCE}: ${nonces.server}`,
        ...(secret === undefined ? [] : [`${PROOF}: ${proofOf(secret, 'server', nonces)}`]),
        '\r\n',
      ].join('\r\n'),
    );
    this.#open.add(socket);
    this.#listen(socket, nonces);
  }

  #listen(socket: Socket, nonces: Nonces): void {
    const reader = new LineReader();
    let known: { readonly id: string; readonly name: string } | undefined;
    let hasLeft = false;
    let second = 0;
    let lines = 0;
    this.#strangers++;
    const stranger = setTimeout(() => socket.destroy(), STRANGER_MS);
    const settle = () => {
      clearTimeout(stranger);
      this.#strangers--;
    };
    const refuse = (why: Refusal) => {
      this.#report('refused', known?.name ?? socket.remoteAddress ?? 'somebody');
      socket.end(lineOf({ type: 'refused', why }));
    };
    const hear = (line: string) => {
      const message = readHolder(line);
      if (message === undefined || (known === undefined) !== (message.type === 'join'))
        return refuse('unreadable');
      switch (message.type) {
        case 'join': {
          if (this.secret !== undefined && !isProof(message.proof, this.secret, 'holder', nonces))
            return refuse('secret');
          if (this.book.size >= MOST_HOLDERS) return refuse('full');
          known = { id: message.id, name: visible(message.name) };
          settle();
          this.#speakers.get(known.id)?.destroy();
          this.#speakers.set(known.id, socket);
          this.book.join({ ...message, name: known.name }, (allotment) => send(socket, allotment));
          return this.#report('joined', known.name);
        }
        case 'state':
          return this.book.hear(known?.id ?? '', message);
        case 'leave':
          hasLeft = true;
          this.book.leave(known?.id ?? '');
          socket.end();
          return this.#report('left', known?.name ?? '');
      }
    };
    socket.on('data', (piece: Buffer) => {
      const now = Math.floor(performance.now() / 1000);
      if (now !== second) [second, lines] = [now, 0];
      for (const line of reader.read(piece) ?? ['']) {
        if (!socket.writable) return;
        if (++lines > MOST_LINES_A_SECOND) return refuse('unreadable');
        hear(line);
      }
    });
    // Whoever has said all that it will is gone.
    socket.once('end', () => socket.end());
    socket.once('close', () => {
      this.#open.delete(socket);
      if (known === undefined) return settle();
      if (this.#speakers.get(known.id) !== socket) return;
      this.#speakers.delete(known.id);
      if (hasLeft) return;
      this.book.lose(known.id);
      this.#report('lost', known.name);
    });
  }

  #report(type: QuotaEvent['type'], name: string): void {
    this.onEvent?.({ type, name, holders: this.book.size });
  }
}

function send(socket: Socket, message: FromServer): void {
  if (!socket.writable) return;
  socket.write(lineOf(message));
  if (socket.writableLength > MOST_UNREAD_BYTES) socket.destroy();
}

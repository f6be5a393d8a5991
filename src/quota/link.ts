/** The connection of a holder to its server: an HTTP request that is upgraded, then lines both ways. */
import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import type { Socket } from 'node:net';
import { expected, InvalidInputError } from '../errors.js';
import { LineReader } from './line-reader.js';
import { readServer } from './messages.js';
import type { Connect, Link, LinkHandlers } from './quota-client.js';
import { drawNonce, isNonce, isProof, proofOf } from './secret.js';

export const PATH = '/v1/slots';
export const PROTOCOL = 'geocubes-quota';
export const NONCE = 'x-geocubes-nonce';
export const PROOF = 'x-geocubes-proof';

/** A connection that is not made by then will not be. */
const CONNECT_TIMEOUT_MS = 4_000;

/** @throws {InvalidInputError} when it is no http URL, or has more than a host and a port. */
export function parseQuotaUrl(text: string, subject: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (
    url?.protocol !== 'http:' ||
    url.username !== '' ||
    url.password !== '' ||
    url.pathname !== '/' ||
    url.search !== '' ||
    url.hash !== ''
  )
    throw expected(
      'the URL of a quota server, such as http://127.0.0.1:8788,',
      subject,
      text.replace(/\/\/[^/?#]*@/, '//***@'),
      'The secret goes into GEOCUBES_QUOTA_TOKEN or --quota-token-file: it does not travel.',
    );
  return url;
}

export function connectTo(url: URL, secret: string | undefined): Connect {
  return async (handlers) => {
    const nonce = drawNonce();
    const { response, socket, head } = await upgrade(url, nonce);
    try {
      const proof = shownProof(response, nonce, url, secret);
      return linkOver(socket, head, proof, handlers);
    } catch (error) {
      socket.destroy();
      throw error;
    }
  };
}

/** That the server is the right one, and what shows it that we are. @throws {InvalidInputError} */
function shownProof(
  { headers }: IncomingMessage,
  holder: string,
  url: URL,
  secret: string | undefined,
): string | undefined {
  const { [NONCE]: server, [PROOF]: proof } = headers;
  const where = `the quota server at ${url.host}`;
  if (!isNonce(server)) throw expected('a quota server of this version', where, 'something else');
  if (secret === undefined) {
    if (proof === undefined) return undefined;
    throw expected('its secret in GEOCUBES_QUOTA_TOKEN or --quota-token-file', where, 'none');
  }
  const nonces = { holder, server };
  if (proof === undefined || !isProof(String(proof), secret, 'server', nonces))
    throw new InvalidInputError(
      `Expected ${where} to know the secret of GEOCUBES_QUOTA_TOKEN or --quota-token-file but it ${proof === undefined ? 'has none' : 'has another'}. Give the same one to both.`,
    );
  return proofOf(secret, 'holder', nonces);
}

interface Upgraded {
  readonly response: IncomingMessage;
  readonly socket: Socket;
  readonly head: Buffer;
}

function upgrade(url: URL, nonce: string): Promise<Upgraded> {
  return new Promise((resolve, reject) => {
    const fail = (why: string) => {
      reject(new Error(why));
      asked.destroy();
    };
    const asked: ClientRequest = request(new URL(PATH, url), {
      headers: { connection: 'upgrade', upgrade: PROTOCOL, [NONCE]: nonce },
      agent: false,
      maxHeaderSize: 8_192,
      timeout: CONNECT_TIMEOUT_MS,
    });
    asked.once('upgrade', (response, socket: Socket, head) => {
      socket.setTimeout(0);
      resolve({ response, socket, head });
    });
    asked.once('response', (response) =>
      fail(`what answers there is no quota server (${response.statusCode})`),
    );
    asked.once('timeout', () => fail('it does not answer'));
    asked.once('error', (error: NodeJS.ErrnoException) => fail(codeOf(error)));
    asked.end();
  });
}

/** Of several addresses the last one's. */
function codeOf(error: NodeJS.ErrnoException): string {
  const last = error instanceof AggregateError ? (error.errors.at(-1) as unknown) : error;
  const code = (last as NodeJS.ErrnoException | undefined)?.code ?? 'the connection failed';
  return code === 'ECONNREFUSED' ? 'nothing answers' : code;
}

function linkOver(
  socket: Socket,
  head: Buffer,
  proof: string | undefined,
  { onMessage, onClose }: LinkHandlers,
): Link {
  let isOpen = true;
  const close = (why?: string) => {
    if (!isOpen) return;
    isOpen = false;
    if (why === undefined) socket.end();
    else socket.destroy();
    if (why !== undefined) onClose(why);
  };
  const reader = new LineReader();
  const take = (piece: Buffer) => {
    for (const line of reader.read(piece) ?? ['']) {
      if (!isOpen) return;
      const message = readServer(line);
      if (message === undefined) close('what it says cannot be read');
      else onMessage(message);
    }
  };
  socket.setNoDelay(true);
  socket.on('data', take);
  socket.once('close', () => close('the connection broke'));
  socket.on('error', () => {});
  // What came with the upgrade: whoever asked for the link has it by then.
  if (head.length > 0) setImmediate(() => take(head));
  return {
    proof,
    send: (line) => {
      if (isOpen) socket.write(line);
    },
    close: () => close(),
  };
}

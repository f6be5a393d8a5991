import { setTimeout as sleep } from 'node:timers/promises';
import { createGunzip } from 'node:zlib';
import { readAtMost } from '../../raster/read-at-most.js';
import { isGoogle } from '../credentials/key.js';
import type { Credentials } from '../credentials.js';
import { type Agent, type Dispatcher, request } from '../http.js';
import { gridOf } from '../source.js';
import type { Ask } from './probe.js';

/** A reply as it came, read up to {@link MAX_BYTES}. */
export interface Exchange {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly bytes: Uint8Array;
  /** Bytes that came over the network. */
  readonly received: number;
  readonly ms: number;
}

/** No reply to these requests is near it. */
const MAX_BYTES = 8 * 1024 ** 2;

const TIMEOUT_MS = 120_000;

/** Quota and passing failures get so many tries, seconds apart: this is a check, not an ingest. */
const TRIES = 3;
const PAUSE_MS = 2_000;

export interface Line {
  readonly endpoint: string;
  readonly credentials: Credentials;
  readonly agent: Agent;
  readonly pauseMs?: number;
}

/**
 * One question, without the client's checks and without its reading of errors: the page is to show what
 * came, not what was made of it.
 *
 * @returns why nothing came, where nothing did
 */
export async function send(ask: Ask, line: Line): Promise<Exchange | string> {
  if (ask.kind === 'scopes' && !isGoogle(line.endpoint)) return `${line.endpoint} knows no scopes`;
  for (let attempt = 1; ; attempt++) {
    const answer = await sendOnce(ask, line).catch(nothingCame);
    const isPassing = typeof answer === 'string' || answer.status === 429 || answer.status >= 500;
    if (!isPassing || attempt === TRIES) return answer;
    await sleep(line.pauseMs ?? PAUSE_MS * attempt);
  }
}

/** The code alone: messages may quote the request. */
function nothingCame(cause: unknown): string {
  const { code, name } = cause as { readonly code?: unknown; readonly name?: unknown };
  return `nothing came (${typeof code === 'string' ? code : name})`;
}

async function sendOnce(ask: Ask, { endpoint, credentials, agent }: Line): Promise<Exchange> {
  const started = performance.now();
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  const headers = await credentials.headers();
  if (ask.kind === 'scopes') return scopesOf(headers.authorization ?? '', agent, signal, started);
  const project = credentials.project;
  const reply =
    ask.kind === 'get'
      ? await request(`${endpoint}${ask.path.replace('{project}', project)}`, {
          ...{ method: 'GET', dispatcher: agent, headers, signal },
        })
      : await request(`${endpoint}/v1/projects/${project}/image:computePixels`, {
          ...{ method: 'POST', dispatcher: agent, signal, body: JSON.stringify(bodyOf(ask)) },
          headers: {
            ...headers,
            'content-type': 'application/json',
            ...(ask.acceptEncoding === undefined ? {} : { 'accept-encoding': ask.acceptEncoding }),
          },
        });
  return read(reply, started);
}

function bodyOf({ expression, format, geobox }: Extract<Ask, { kind: 'pixels' }>) {
  return { expression, fileFormat: format, grid: gridOf({ geobox }) };
}

/** Google's own word on what a token may do; the token stays with Google. */
async function scopesOf(
  authorization: string,
  agent: Agent,
  signal: AbortSignal,
  started: number,
): Promise<Exchange> {
  const reply = await request('https://oauth2.googleapis.com/tokeninfo', {
    method: 'POST',
    dispatcher: agent,
    signal,
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({ access_token: authorization.replace('Bearer ', '') }).toString(),
  });
  const exchange = await read(reply, started);
  // All else in it is about the account.
  const { scope } = JSON.parse(Buffer.from(exchange.bytes).toString('utf8')) as { scope?: string };
  return { ...exchange, bytes: Buffer.from(JSON.stringify({ scope: scope ?? '' })) };
}

async function read(
  { statusCode, headers, body }: Dispatcher.ResponseData,
  started: number,
): Promise<Exchange> {
  const { bytes, isCut } = await readAtMost(body, MAX_BYTES);
  if (isCut) throw Object.assign(new Error(), { code: `more than ${MAX_BYTES} bytes` });
  const ms = Math.round(performance.now() - started);
  const flat = Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, [value].flat().join(', ')]),
  );
  return {
    status: statusCode,
    headers: flat,
    // Not views of a pool of buffers: what reads them takes whole ones.
    bytes: new Uint8Array(flat['content-encoding'] === 'gzip' ? await unzip(bytes) : bytes),
    received: bytes.length,
    ms,
  };
}

/** As far as a reply may reach, however little of it came. */
async function unzip(bytes: Buffer): Promise<Buffer> {
  const stream = createGunzip();
  stream.end(bytes);
  return (await readAtMost(stream, MAX_BYTES)).bytes;
}

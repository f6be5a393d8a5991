/** What requests are answered with. */
import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { AbortedError, InvalidInputError, StoreError } from '../errors.js';
import { visible, visibleJson } from '../visible.js';

/** A failure that the caller can do something about, with the status of HTTP that says so. */
export class Refusal extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

/** Nothing of another origin is loaded by the page, and no other page reads what is served here. */
const HEADERS = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' blob: data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
} as const;

export interface Body {
  readonly type: string;
  readonly bytes: Buffer | string;
}

export function send(
  response: ServerResponse,
  status: number,
  { type, bytes }: Body,
  more: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, {
    ...HEADERS,
    'content-type': type,
    'content-length': Buffer.byteLength(bytes),
    'cache-control': 'no-cache',
    ...more,
  });
  response.end(response.req.method === 'HEAD' ? undefined : bytes);
}

export function sendJson(response: ServerResponse, value: unknown, status = 200): void {
  const bytes = `${visibleJson(JSON.stringify(value))}\n`;
  send(response, status, { type: 'application/json; charset=utf-8', bytes });
}

/** The error as one line of JSON; nothing where nobody waits any more. */
export function sendError(response: ServerResponse, error: unknown): void {
  if (error instanceof AbortedError || response.destroyed || response.headersSent) {
    response.destroy();
    return;
  }
  sendJson(
    response,
    { error: visible((error as Error).message ?? String(error)) },
    statusOf(error),
  );
}

function statusOf(error: unknown): number {
  if (error instanceof Refusal) return error.status;
  if (error instanceof InvalidInputError) return 400;
  return error instanceof StoreError && error.isAway ? 503 : 500;
}

/** A name for an answer by all that it depends on. */
export function tagOf(parts: readonly string[]): string {
  return `"${createHash('sha256').update(JSON.stringify(parts)).digest('base64url').slice(0, 24)}"`;
}

/** Answers that the browser has what is there already, where it has. */
export function isKnown(request: IncomingMessage, response: ServerResponse, tag: string): boolean {
  if (request.headers['if-none-match'] !== tag) return false;
  response.writeHead(304, { ...HEADERS, etag: tag, 'cache-control': 'no-cache' }).end();
  return true;
}

import { type Dispatcher, request } from 'undici';
import { injectFaults } from '../../../../src/loopback/faults/inject.js';
import { type FaultPlan, parseFaultPlan } from '../../../../src/loopback/faults/plan.js';
import type { Handler, LoopbackRequest } from '../../../../src/loopback/handler.js';
import {
  DEFAULT_TOKEN,
  type LoopbackOptions,
  type LoopbackServer,
  startLoopback,
} from '../../../../src/loopback/server.js';
import { COMPUTE, mosaicOf, pixelBody, TCVIS, windowAt } from '../support.js';

/** A window of land and sea in the Lena delta. */
export const BODY = pixelBody(mosaicOf(TCVIS), windowAt(126.5, 72.5, 16, 12));

export interface RawReply {
  readonly status: number;
  readonly headers: Dispatcher.ResponseData['headers'];
  readonly body: Uint8Array;
}

/** One request (a GET when the body is null) by a client that repeats nothing. @throws what the client reports when the reply is not whole. */
export async function ask(
  { url }: Pick<LoopbackServer, 'url'>,
  { path = COMPUTE, body = BODY as unknown, token = DEFAULT_TOKEN } = {},
): Promise<RawReply> {
  const reply = await request(`${url}/v1/${path}`, {
    method: body === null ? 'GET' : 'POST',
    headers: { authorization: `Bearer ${token}`, 'x-by-hand': 'no body of the client' },
    ...(body === null ? {} : { body: JSON.stringify(body) }),
  });
  return {
    status: reply.statusCode,
    headers: reply.headers,
    body: new Uint8Array(await reply.body.arrayBuffer()),
  };
}

/** The code of the error a client ends with. */
export async function failureOf(reply: Promise<unknown>): Promise<string> {
  try {
    await reply;
  } catch (error) {
    return (error as { code?: string }).code ?? String(error);
  }
  throw new Error('Expected the request to fail but it was answered.');
}

export function errorOf({ body }: RawReply): {
  code: number;
  message: string;
  status: string;
  details?: unknown;
} {
  return JSON.parse(new TextDecoder().decode(body)).error;
}

/** Runs `use` with a server under `faults`, and closes it. */
export async function withServer<T>(
  faults: FaultPlan,
  use: (server: LoopbackServer) => Promise<T>,
  options: LoopbackOptions = {},
): Promise<T> {
  const server = await startLoopback({ ...options, faults });
  try {
    return await use(server);
  } finally {
    await server.close();
  }
}

/** A pixel request as the layer sees it; `id` makes requests differ. */
export function pixelRequest(id = 0, token = DEFAULT_TOKEN): LoopbackRequest {
  return {
    method: 'POST',
    path: `/v1/${COMPUTE}`,
    authorization: `Bearer ${token}`,
    body: new TextEncoder().encode(`{"id":${id}}`),
  };
}

/** The layer alone, around a service that always answers: no sockets, no GDAL. */
export function layerOf(faults: FaultPlan, inner: Handler = answerAll) {
  return injectFaults(inner, parseFaultPlan(faults), DEFAULT_TOKEN);
}

const answerAll: Handler = async () => ({ status: 200, headers: {}, body: Uint8Array.of(1, 2, 3) });

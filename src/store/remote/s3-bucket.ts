/** Objects of a bucket, asked for by signed requests of our own: Icechunk lends nobody its own connection. */
import type { AwsClient } from 'aws4fetch';
import { s3Settings } from '../icechunk/object-storage.js';
import type { ObjectStoreLocation } from '../storage-url.js';

export type Environment = Readonly<Record<string, string | undefined>>;

const TIMEOUT_MS = 15_000;
/** Of an error's text, which has a code, a message and a few names, or of a list of a thousand short names. */
const MAX_REPLY_BYTES = 1024 ** 2;

/** What a bucket says. */
export interface Answer {
  readonly status: number;
  /** Of an error. */
  readonly code: string;
  /** What an object holds, or a list; of an error its text. */
  readonly text: string;
  readonly etag: string | undefined;
  readonly region: string | undefined;
  readonly date: string | undefined;
}

/** What is sent with a request. */
export interface AskOptions {
  readonly headers?: Record<string, string>;
  /** Of a PUT. Default: the name of this program. */
  readonly body?: string;
}

export interface Bucket {
  readonly endpoint: string;
  readonly region: string;
  /** @param path of an object, or a query, in characters that need no escape */
  ask(method: string, path: string, options?: AskOptions): Promise<Answer>;
}

/** `undefined` where the keys come from elsewhere than the environment. */
export function bucketOf({ bucket }: ObjectStoreLocation, env: Environment): Bucket | undefined {
  const { AWS_ACCESS_KEY_ID: key, AWS_SECRET_ACCESS_KEY: secret, AWS_SESSION_TOKEN: token } = env;
  const { anonymous, region = 'us-east-1', endpointUrl, forcePathStyle } = s3Settings(env);
  if (!anonymous && (!key || !secret)) return undefined;
  const endpoint = endpointUrl ?? `https://s3.${region}.amazonaws.com`;
  const base = new URL(endpoint);
  if (forcePathStyle) base.pathname = `${base.pathname.replace(/\/$/, '')}/${bucket}`;
  else base.hostname = `${bucket}.${base.hostname}`;
  const keys = {
    accessKeyId: key ?? '',
    secretAccessKey: secret ?? '',
    ...(token ? { sessionToken: token } : {}),
  };
  let client: Promise<AwsClient> | undefined;
  // Loaded where something is asked: cubes in folders need none.
  const signer = () => {
    client ??= import('aws4fetch').then(
      ({ AwsClient: Client }) => new Client({ ...keys, region, service: 's3', retries: 0 }),
    );
    return client;
  };
  return {
    endpoint,
    region,
    ask: async (method, path, { headers = {}, body = 'geocubes' } = {}) => {
      const url = `${base.href.replace(/\/$/, '')}/${path}`;
      const init = { method, headers, ...(method === 'PUT' ? { body } : {}) };
      const request = anonymous ? new Request(url, init) : await (await signer()).sign(url, init);
      const signal = AbortSignal.timeout(TIMEOUT_MS);
      return answerOf(await fetch(request, { signal, redirect: 'manual' }));
    },
  };
}

async function answerOf(reply: Response): Promise<Answer> {
  const text = await textOf(reply);
  await reply.body?.cancel().catch(() => {});
  const part = (name: string) => new RegExp(`<${name}>([^<]{1,200})</${name}>`).exec(text)?.[1];
  return {
    status: reply.status,
    text,
    etag: reply.headers.get('etag') ?? undefined,
    code: part('Code')?.replace(/[^\w.]/g, '') ?? `HTTP ${reply.status}`,
    region: (part('Region') ?? reply.headers.get('x-amz-bucket-region') ?? undefined)?.replace(
      /[^\w-]/g,
      '',
    ),
    date: reply.headers.get('date') ?? undefined,
  };
}

async function textOf({ body }: Response): Promise<string> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  const reader = body?.getReader();
  while (reader !== undefined && bytes < MAX_REPLY_BYTES) {
    const { done, value } = await reader.read();
    if (done) break;
    parts.push(value);
    bytes += value.byteLength;
  }
  await reader?.cancel().catch(() => {});
  reader?.releaseLock();
  return Buffer.concat(parts).toString('utf8');
}

/**
 * Why an S3 refuses: Icechunk says "service error" to all of it. So where something failed, the bucket is asked once
 * more, by a signed request of our own, whose answer has a code.
 */
import { randomUUID } from 'node:crypto';
import { AwsClient } from 'aws4fetch';
import { StoreError } from '../../errors.js';
import { s3Settings } from '../icechunk/object-storage.js';
import { nameStorage, type ObjectStoreLocation, type StorageLocation } from '../storage-url.js';

type Environment = Readonly<Record<string, string | undefined>>;

/** What is asked for: to read, or to write as well. */
export type Access = 'read' | 'write';

const TIMEOUT_MS = 15_000;
/** Of an error's text: it has a code, a message and a few names. */
const MAX_REPLY_BYTES = 16_384;

interface Answer {
  readonly status: number;
  readonly code: string;
  readonly region?: string | undefined;
  readonly date?: string | undefined;
}

/**
 * The error itself, or one that says why an S3 refuses, where the S3 says so.
 * @param env has the keys; those from elsewhere (profiles, roles) are not known here, and nothing is asked then
 */
export async function explainS3(
  location: StorageLocation,
  error: unknown,
  access: Access,
  env: Environment = process.env,
): Promise<unknown> {
  if (location.kind !== 's3' || !(error instanceof StoreError)) return error;
  if (error.kind !== 'io' && error.kind !== 'not-a-cube') return error;
  const hasKeys = bucketOf(location, env) !== undefined;
  if (!hasKeys && !/dispatch failure|service error|credentials/.test(error.message)) return error;
  const reason = await probeS3(location, access, env);
  return reason === undefined
    ? error
    : new StoreError(
        'io',
        `Expected ${nameStorage(location)} to ${access === 'read' ? 'be read' : 'be written to'} but ${reason.why}`,
        { cause: error, isAway: reason.isAway },
      );
}

/** What is wrong, and what to do about it. */
interface Reason {
  readonly why: string;
  /** It may be right again soon, with nothing done. */
  readonly isAway: boolean;
}

/** Codes and HTTP statuses that tell of a moment. */
const OUT_OF_ORDER = ['SlowDown', 'ServiceUnavailable', 'InternalError'];
const OUT_OF_ORDER_STATUS = [429, 500, 502, 503, 504];

/** @returns what is wrong, or `undefined` where the bucket answers as it should. */
async function probeS3(
  location: ObjectStoreLocation,
  access: Access,
  env: Environment,
): Promise<Reason | undefined> {
  const bucket = bucketOf(location, env);
  const refusal = (answer: Answer): Reason => ({
    why: reasonOf(answer, location, bucket as Bucket),
    isAway: OUT_OF_ORDER.includes(answer.code) || OUT_OF_ORDER_STATUS.includes(answer.status),
  });
  if (bucket === undefined)
    return {
      isAway: false,
      why: 'the keys that were found elsewhere than in the environment do not do, or there are none. Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_NO_SIGN_REQUEST=YES for anonymous access, and check AWS_ENDPOINT_URL and AWS_REGION.',
    };
  try {
    const list = await bucket.ask('GET', '?list-type=2&max-keys=1');
    if (list.status >= 300) return refusal(list);
    if (access === 'read') return undefined;
    const name = probeName(location);
    const put = await bucket.ask('PUT', name);
    if (put.status >= 300) return refusal(put);
    await bucket.ask('DELETE', name);
    return undefined;
  } catch (error) {
    const { cause, message } = error as Error;
    const code = (cause as NodeJS.ErrnoException | undefined)?.code ?? message;
    return {
      isAway: true,
      why: `nothing answers at ${bucket.endpoint} (${code}). Check AWS_ENDPOINT_URL and the network.`,
    };
  }
}

/**
 * Whether an S3 refuses to write an object that is there where it is asked to: without that, writers on several machines lose
 * one another's commits, silently.
 *
 * @throws {StoreError} where it does not.
 */
export async function checkConditionalWrites(
  location: StorageLocation,
  env: Environment = process.env,
): Promise<void> {
  if (location.kind !== 's3') return;
  const bucket = bucketOf(location, env);
  if (bucket === undefined) return;
  const name = probeName(location);
  const isNew = { 'if-none-match': '*' };
  // What else goes wrong is told by what follows.
  const first = await bucket.ask('PUT', name, isNew).catch(() => undefined);
  if (first === undefined) return;
  const second = await bucket.ask('PUT', name, isNew).catch(() => undefined);
  await bucket.ask('DELETE', name).catch(() => {});
  const isRefused = second === undefined || second.status === 412 || second.status === 409;
  if ((first.status < 300 && !isRefused && second.status < 300) || first.status === 501)
    throw new StoreError(
      'io',
      `Expected an S3 with conditional writes (If-None-Match) at ${nameStorage(location)} but it has none: writers would lose one another's commits. Use another store, or a newer version of this one.`,
    );
}

const probeName = ({ prefix }: ObjectStoreLocation) =>
  [prefix, `geocubes-probe-${randomUUID()}`].filter(Boolean).join('/');

interface Bucket {
  readonly endpoint: string;
  readonly region: string;
  ask(method: string, path: string, headers?: Record<string, string>): Promise<Answer>;
}

/** `undefined` where the keys come from elsewhere than the environment. */
function bucketOf({ bucket }: ObjectStoreLocation, env: Environment): Bucket | undefined {
  const { AWS_ACCESS_KEY_ID: key, AWS_SECRET_ACCESS_KEY: secret, AWS_SESSION_TOKEN: token } = env;
  const { anonymous, region = 'us-east-1', endpointUrl, forcePathStyle } = s3Settings(env);
  if (!anonymous && (!key || !secret)) return undefined;
  const endpoint = endpointUrl ?? `https://s3.${region}.amazonaws.com`;
  const base = new URL(endpoint);
  if (forcePathStyle) base.pathname = `${base.pathname.replace(/\/$/, '')}/${bucket}`;
  else base.hostname = `${bucket}.${base.hostname}`;
  const client = new AwsClient({
    accessKeyId: key ?? '',
    secretAccessKey: secret ?? '',
    ...(token ? { sessionToken: token } : {}),
    region,
    service: 's3',
    retries: 0,
  });
  return {
    endpoint,
    region,
    ask: async (method, path, headers = {}) => {
      const url = `${base.href.replace(/\/$/, '')}/${path}`;
      const init = { method, headers, ...(method === 'PUT' ? { body: 'geocubes' } : {}) };
      const request = anonymous ? new Request(url, init) : await client.sign(url, init);
      const signal = AbortSignal.timeout(TIMEOUT_MS);
      return answerOf(await fetch(request, { signal, redirect: 'manual' }));
    },
  };
}

async function answerOf(reply: Response): Promise<Answer> {
  const text = reply.status < 300 ? '' : await textOf(reply);
  await reply.body?.cancel().catch(() => {});
  const part = (name: string) => new RegExp(`<${name}>([^<]{1,200})</${name}>`).exec(text)?.[1];
  return {
    status: reply.status,
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

/** By the codes of https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html. */
function reasonOf(
  { status, code, region, date }: Answer,
  { bucket }: ObjectStoreLocation,
  asked: Bucket,
): string {
  switch (code) {
    case 'InvalidAccessKeyId':
    // As versitygw has it.
    case 'XAdminUserNotFound':
      return 'the access key is not known there. Check AWS_ACCESS_KEY_ID and AWS_ENDPOINT_URL.';
    case 'SignatureDoesNotMatch':
      return 'the secret key is wrong. Check AWS_SECRET_ACCESS_KEY (and AWS_SESSION_TOKEN).';
    case 'ExpiredToken':
    case 'InvalidToken':
    case 'TokenRefreshRequired':
      return 'the session token has expired or is wrong. Get new ones (AWS_SESSION_TOKEN).';
    case 'AuthorizationHeaderMalformed':
    case 'PermanentRedirect':
    case 'IllegalLocationConstraintException':
    case 'IncorrectEndpoint':
      return `the region is wrong: it is ${region ?? 'another one'}, and ${asked.region} was asked. Set AWS_REGION.`;
    case 'NoSuchBucket':
      return `there is no bucket "${bucket}". Make it, or check its name and AWS_ENDPOINT_URL.`;
    case 'AccessDenied':
    case 'AllAccessDisabled':
    case 'HTTP 403':
      return `these keys may not do so (${code}). Ask for the permissions to list, get, put and delete objects of bucket "${bucket}".`;
    case 'RequestTimeTooSkewed':
    case 'RequestExpired':
      return `the clocks differ: this machine's says ${new Date().toISOString()}, the store's ${date ?? 'something else'}. Set this machine's clock (by a time service such as NTP).`;
    case 'HTTP 301':
    case 'HTTP 307':
      return `the bucket is elsewhere${region === undefined ? '' : `, in the region ${region}`}. Set AWS_REGION.`;
    case 'SlowDown':
    case 'ServiceUnavailable':
    case 'InternalError':
      return `it is out of order at this moment (${code}). Try again later.`;
    default:
      return `it answers with ${code}${code.startsWith('HTTP') ? '' : ` (HTTP ${status})`}.`;
  }
}

/**
 * Why an S3 refuses: Icechunk says "service error" to all of it. So where something failed, the bucket is asked once
 * more, by a signed request of our own, whose answer has a code.
 */
import { randomUUID } from 'node:crypto';
import { StoreError } from '../../errors.js';
import { nameStorage, type ObjectStoreLocation, type StorageLocation } from '../storage-url.js';
import { type Answer, type Bucket, bucketOf, type Environment } from './s3-bucket.js';

/** What is asked for: to read, or to write as well. */
export type Access = 'read' | 'write';

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
  if (await ignoresConditions(location, ['if-none-match'], env))
    throw new StoreError(
      'io',
      `Expected an S3 with conditional writes (If-None-Match) at ${nameStorage(location)} but it has none: writers would lose one another's commits. Use another store, or a newer version of this one.`,
    );
}

/** What an object is to be, or else it is not written: one that is not there; the one that was read. */
const UNMET = { 'if-none-match': '*', 'if-match': '"00000000000000000000000000000000"' } as const;

/** Whether an S3 is known to write where one of these conditions does not hold. */
export async function ignoresConditions(
  location: StorageLocation,
  conditions: readonly (keyof typeof UNMET)[],
  env: Environment = process.env,
): Promise<boolean> {
  if (location.kind !== 's3') return false;
  const bucket = bucketOf(location, env);
  if (bucket === undefined) return false;
  const name = probeName(location);
  const put = (headers: Record<string, string>) =>
    bucket.ask('PUT', name, { headers }).catch(() => undefined);
  // What else goes wrong is told by what follows.
  const first = await put({ 'if-none-match': '*' });
  if (first === undefined) return false;
  let isWritten = false;
  for (const condition of conditions) {
    const answer = await put({ [condition]: UNMET[condition] });
    isWritten ||= answer !== undefined && answer.status < 300;
  }
  await bucket.ask('DELETE', name).catch(() => {});
  return first.status === 501 || (first.status < 300 && isWritten);
}

const probeName = ({ prefix }: ObjectStoreLocation) =>
  [prefix, `geocubes-probe-${randomUUID()}`].filter(Boolean).join('/');

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

import { randomBytes } from 'node:crypto';
import { StoreError } from '../../errors.js';
import type { Marks } from '../session.js';
import { nameStorage, type ObjectStoreLocation } from '../storage-url.js';
import { type Answer, type Bucket, bucketOf, type Environment } from './s3-bucket.js';

/** Beside what Icechunk keeps there. */
const FOLDER = 'geocubes-marks';

/**
 * Small objects as marks, made and moved by conditional puts (If-None-Match, If-Match), for repositories of Icechunk's
 * format 2, in which all branches are one object. What a mark leads to is what the object holds.
 *
 * @returns `undefined` where the store is no S3, or its keys come from elsewhere than the environment.
 */
export function objectMarks(
  location: ObjectStoreLocation,
  env: Environment = process.env,
): Marks | undefined {
  const bucket = location.kind === 's3' ? bucketOf(location, env) : undefined;
  if (bucket === undefined) return undefined;
  const folder = [location.prefix, FOLDER].filter(Boolean).join('/');
  const ask = async (what: string, ...request: Parameters<Bucket['ask']>): Promise<Answer> => {
    const answer = await bucket.ask(...request).catch((cause: unknown) => {
      throw new StoreError(
        'io',
        `Expected ${nameStorage(location)} to ${what} but nothing answers at ${bucket.endpoint}.`,
        { cause, isAway: true },
      );
    });
    if (answer.status < 300 || [404, 409, 412].includes(answer.status)) return answer;
    throw new StoreError(
      'io',
      `Expected ${nameStorage(location)} to ${what} but it answers with ${answer.code}.`,
    );
  };
  const pathOf = (name: string) => `${folder}/${name}`;
  const read = (name: string) => ask('read a mark', 'GET', pathOf(name));
  const write = async (name: string, body: string, headers: Record<string, string>) =>
    (await ask('keep a mark', 'PUT', pathOf(name), { headers, body })).status < 300;
  return {
    mint: async () => ({ id: newId(), other: newId() }),
    create: (name, snapshot) => write(name, snapshot, { 'if-none-match': '*' }),
    move: async (name, to, from) => {
      const { status, text, etag } = await read(name);
      if (status >= 300 || text !== from || etag === undefined) return false;
      return write(name, to, { 'if-match': etag });
    },
    find: async (name) => {
      const { status, text } = await read(name);
      return status < 300 ? text : undefined;
    },
    remove: async (name) => void (await ask('remove a mark', 'DELETE', pathOf(name))),
    list: async () => {
      const names: string[] = [];
      for (let after = ''; ; ) {
        const from = after === '' ? '' : `&start-after=${encodeURIComponent(after)}`;
        const query = `?list-type=2&prefix=${encodeURIComponent(`${folder}/`)}${from}`;
        const { text } = await ask('list its marks', 'GET', query);
        const keys = [...text.matchAll(/<Key>([^<]{1,1024})<\/Key>/g)].map(([, key]) => key ?? '');
        names.push(...keys.map((key) => key.slice(folder.length + 1)));
        const last = keys.at(-1);
        if (last === undefined || !/<IsTruncated>\s*true/.test(text)) return names;
        after = last;
      }
    },
  };
}

function newId(): string {
  return randomBytes(10).toString('hex');
}

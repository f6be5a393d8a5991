/**
 * A thread that asks Icechunk where chunks lie, and does not read them. Icechunk reads a local file in
 * pieces of 8 kB and hands out copies, which takes longer than decompressing it; whoever decompresses can
 * read the file itself. Icechunk's own way to the reference of a chunk is to get it: it runs here on a
 * storage that answers with the place of what it was asked for.
 *
 * A thread of its own because such a storage keeps the event loop that made it alive for good.
 */
import { randomBytes } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { parentPort } from 'node:worker_threads';
import type { Repository, Session } from '@earthmover/icechunk';
import type { Location } from '../session.js';
import type { LocateReply, LocateRequest } from './chunk-files.js';
import { loadIcechunk } from './load.js';

/** What no chunk begins with. */
const MARK = randomBytes(16).toString('hex');

/** Where Icechunk keeps chunks; nothing else is answered with its place. */
const CHUNK_PATH = /^chunks\/[0-9A-Z]+$/;

const repositories = new Map<string, Promise<Repository>>();
let last: { readonly key: string; readonly session: Promise<Session> } | undefined;

parentPort?.on('message', async ({ id, path, snapshotId, keys }: LocateRequest) => {
  let reply: LocateReply;
  try {
    const { store } = await sessionOf(path, snapshotId);
    const locations: Location[] = [];
    for (const key of keys) locations.push(parse(await store.get(key), path));
    reply = { id, locations };
  } catch {
    // Whoever asked reads through Icechunk then, and meets the error there if it is one.
    reply = { id };
  }
  parentPort?.postMessage(reply);
});

function sessionOf(path: string, snapshotId: string): Promise<Session> {
  const key = `${snapshotId} ${path}`;
  if (last?.key !== key) {
    const session = openRepository(path).then((repository) =>
      repository.readonlySession({ snapshotId }),
    );
    last = { key, session };
  }
  return last.session;
}

function openRepository(path: string): Promise<Repository> {
  const known = repositories.get(path);
  if (known !== undefined) return known;
  const opened = loadIcechunk().then(({ Repository: Icechunk, Storage }) =>
    Icechunk.open(Storage.newCustom(locatingStorage(path))),
  );
  repositories.set(path, opened);
  return opened;
}

type CustomStorage = Parameters<
  Awaited<ReturnType<typeof loadIcechunk>>['Storage']['newCustom']
>[0];

/** The callbacks get an error first, which the binding's types leave out. */
function locatingStorage(root: string): CustomStorage {
  const refuse = async () => {
    throw new Error('This storage only reads.');
  };
  const read = async (path: string) => {
    try {
      return await readFile(join(root, path));
    } catch {
      throw new Error(`ObjectNotFound: ${path}`);
    }
  };
  const callbacks = {
    canWrite: async () => false,
    async getObjectRange(
      _: unknown,
      { path, rangeStart, rangeEnd }: { path: string; rangeStart?: number; rangeEnd?: number },
    ) {
      if (CHUNK_PATH.test(path) && rangeStart !== undefined && rangeEnd !== undefined)
        return { data: Buffer.from(`${MARK} ${path} ${rangeStart} ${rangeEnd}\n`), version: {} };
      return { data: (await read(path)).subarray(rangeStart ?? 0, rangeEnd), version: {} };
    },
    async getObjectConditional(_: unknown, { path }: { path: string }) {
      return { kind: 'modified', data: await read(path), newVersion: {} };
    },
    getObjectLastModified: async (_: unknown, path: string) => (await stat(join(root, path))).mtime,
    listObjects: refuse,
    putObject: refuse,
    copyObject: refuse,
    deleteBatch: refuse,
  };
  return callbacks as unknown as CustomStorage;
}

/** A large chunk is asked for in several ranges, whose answers Icechunk strings together. */
function parse(answer: Uint8Array | null, root: string): Location {
  if (answer === null) return 'missing';
  const text = Buffer.from(answer.buffer, answer.byteOffset, answer.byteLength).toString('latin1');
  if (!text.startsWith(MARK)) return 'elsewhere';
  const ranges = text
    .trimEnd()
    .split('\n')
    .map((line) => line.split(' '));
  const [, file = '', first] = ranges[0] ?? [];
  let end = Number(first);
  for (const [mark, path, from, to] of ranges) {
    if (mark !== MARK || path !== file || Number(from) !== end) return 'elsewhere';
    end = Number(to);
  }
  const offset = Number(first);
  return { file: join(root, file), offset, length: end - offset };
}

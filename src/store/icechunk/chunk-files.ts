import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { ChunkLocator, Location } from '../session.js';

/** To the thread of chunk-files-worker.ts. */
export interface LocateRequest {
  readonly id: number;
  /** Folder of the repository. */
  readonly path: string;
  readonly snapshotId: string;
  readonly keys: readonly string[];
}

export interface LocateReply {
  readonly id: number;
  readonly locations?: readonly Location[];
}

/** For fewer chunks the thread that finds them is not worth its start. */
const WORTH_A_THREAD = 8;

/**
 * Tells in which files the chunks of one snapshot of a local Icechunk repository lie. A thread does, which starts at
 * the first question about several chunks of somebody who has other threads, or about none; until then it tells nothing.
 */
export function chunkLocator(path: string, snapshotId: string): ChunkLocator {
  return async (keys, isBeside = true) => {
    const isWorthIt = keys.length === 0 || (isBeside && keys.length >= WORTH_A_THREAD);
    return worker !== undefined || isWorthIt ? ask({ path, snapshotId, keys }) : undefined;
  };
}

type Resolve = (locations: readonly Location[] | undefined) => void;

const waiting = new Map<number, Resolve>();
let worker: Worker | undefined;
let requests = 0;

function ask(request: Omit<LocateRequest, 'id'>): Promise<readonly Location[] | undefined> {
  worker ??= start();
  const id = requests++;
  return new Promise((resolve) => {
    waiting.set(id, resolve);
    // Only a question under way keeps the process alive.
    worker?.ref();
    worker?.postMessage({ id, ...request } satisfies LocateRequest);
  });
}

function start(): Worker {
  const started = new Worker(workerFile());
  started.unref();
  started.on('message', ({ id, locations }: LocateReply) => {
    waiting.get(id)?.(locations);
    waiting.delete(id);
    if (waiting.size === 0) started.unref();
  });
  const giveUp = () => {
    if (worker === started) worker = undefined;
    for (const resolve of waiting.values()) resolve(undefined);
    waiting.clear();
  };
  started.on('error', giveUp);
  started.on('exit', giveUp);
  return started;
}

/** Threads run compiled code: from the sources (tests), the compiled twin in dist/. */
function workerFile(): string {
  const beside = fileURLToPath(new URL('./chunk-files-worker.js', import.meta.url));
  return existsSync(beside)
    ? beside
    : fileURLToPath(new URL('../../../dist/store/icechunk/chunk-files-worker.js', import.meta.url));
}

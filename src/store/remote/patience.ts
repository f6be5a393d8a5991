import { setTimeout as sleep } from 'node:timers/promises';
import { StoreError } from '../../errors.js';
import { now } from '../../machine/clock.js';
import type { Backend, CubeStore, Marks, Session, WriteSession } from '../session.js';
import type { StorageLocation } from '../storage-url.js';
import { explainS3 } from './s3-probe.js';

/** How long an object store may be away. */
export interface PatienceOptions {
  /** Milliseconds that it is waited for at a time. */
  readonly maxOutageMs: number;
  /** Told before each wait: why, how long, and when it is given up. */
  readonly onWait: (error: StoreError, delayMs: number, endsAt: number) => void;
  /** Ends the wait: what is done then fails as it would have at first. */
  readonly signal: AbortSignal;
}

/** Between looks: doubled from one to the next. */
const FIRST_DELAY_MS = 2_000;
const MAX_DELAY_MS = 60_000;

/** Does again what fails because an object store is away, until that has lasted too long. */
export function patient(
  backend: Backend,
  location: StorageLocation,
  options: PatienceOptions,
): Backend {
  const through = <T>(task: () => Promise<T>) => doPatiently(task, location, options);
  const { marks } = backend;
  return {
    local: backend.local,
    marks: marks === undefined ? undefined : patientMarks(marks, through),
    versions: backend.versions,
    branches: backend.branches,
    readSession: async (at) =>
      patientSession(await through(() => backend.readSession(at)), through),
    writeSession: async () => {
      const session = await through(() => backend.writeSession());
      return {
        ...patientSession(session, through),
        isTransactional: session.isTransactional,
        ...(session.key === undefined ? {} : { key: session.key }),
        // A commit that was made, and whose answer was lost, is found by the next try as another's.
        commit: (message, finish, others) => through(() => session.commit(message, finish, others)),
      } satisfies WriteSession;
    },
    replace: (entries) => through(() => backend.replace(entries)),
    history: (at) => through(() => backend.history(at)),
  };
}

type Through = <T>(task: () => Promise<T>) => Promise<T>;

function patientSession(session: Session, through: Through): Session {
  const { store } = session;
  const patientStore: CubeStore = {
    get: (key) => through(() => store.get(key)),
    getRange: (key, range) => through(() => store.getRange(key, range)),
    set: (key, value) => through(() => store.set(key, value)),
    discard: (key) => through(() => store.discard(key)),
    holds: (key) => through(() => store.holds(key)),
    remove: (key) => through(() => store.remove(key)),
    list: (path) => through(() => store.list(path)),
  };
  return { ...session, store: patientStore };
}

function patientMarks(marks: Marks, through: Through): Marks {
  return {
    mint: () => through(() => marks.mint()),
    create: (name, snapshot) => through(() => marks.create(name, snapshot)),
    move: (name, to, from) => through(() => marks.move(name, to, from)),
    find: (name) => through(() => marks.find(name)),
    remove: (name) => through(() => marks.remove(name)),
    list: () => through(() => marks.list()),
  };
}

async function doPatiently<T>(
  task: () => Promise<T>,
  location: StorageLocation,
  { maxOutageMs, onWait, signal }: PatienceOptions,
): Promise<T> {
  let began: number | undefined;
  for (let delayMs = FIRST_DELAY_MS; ; delayMs = Math.min(delayMs * 2, MAX_DELAY_MS)) {
    const asked = performance.now();
    try {
      return await task();
    } catch (error) {
      const why = await explainS3(location, error, 'read');
      if (!(why instanceof StoreError && why.isAway)) throw error;
      // Icechunk has tried for a while by then.
      began ??= asked;
      const lastedMs = performance.now() - began;
      if (signal.aborted || lastedMs + delayMs > maxOutageMs) throw why;
      onWait(why, delayMs, now() + maxOutageMs - lastedMs);
      await sleep(delayMs, undefined, { signal }).catch(() => {});
      if (signal.aborted) throw why;
    }
  }
}

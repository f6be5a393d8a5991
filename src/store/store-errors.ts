import { StoreError } from '../errors.js';

/** A place that may have vanished while it was used. */
export interface Vanishing {
  /** Why it is not what it was; `undefined` where it is. */
  lost(): StoreError | undefined;
}

/**
 * The binding throws plain errors; what happened is in the first words of the message.
 * @param place where it happened: if that is gone, nothing else needs to be told
 */
export function translate(cause: unknown, action: string, place?: Vanishing): StoreError {
  if (cause instanceof StoreError) return cause;
  const lost = place?.lost();
  if (lost !== undefined) return lost;
  const message = withoutSecrets(
    cause instanceof Error ? (cause.message.split('\n')[0] ?? '') : String(cause),
  );
  const options = { cause: holdsSecrets(cause) ? new Error(message) : cause };
  if (/repository doesn't exist/.test(message)) {
    return new StoreError(
      'not-a-cube',
      `Expected an Icechunk repository but there is none (while trying to ${action}). Make one with "geocubes create".`,
      options,
    );
  }
  if (/clean prefixes/.test(message)) {
    return new StoreError(
      'exists',
      `Expected an empty place for the cube but something is there (while trying to ${action}).`,
      options,
    );
  }
  if (isLostRace(cause) || /cannot rebase/.test(message)) {
    return new StoreError(
      'conflict',
      'Expected to be the only writer of these tiles but another process committed the same ones. Run again: tiles that are loaded are skipped.',
      options,
    );
  }
  if (isDiskFull(cause)) {
    return new StoreError(
      'io',
      `Expected room for the cube but the disk is full (ENOSPC, while trying to ${action}). Make room and run again: tiles that are committed are intact, and are skipped.`,
      options,
    );
  }
  if (isOutOfFiles(cause)) {
    return new StoreError(
      'io',
      `Expected to open a file but the limit of open files is reached (EMFILE, while trying to ${action}). Set "ulimit -n 4096", or use fewer --threads, and run again: tiles that are committed are intact, and are skipped.`,
      options,
    );
  }
  const clocks = /timestamp is invalid.*local clock: `([^`]+)`, object store clock: `([^`]+)`/.exec(
    message,
  );
  if (clocks !== null) {
    return new StoreError(
      'io',
      `Expected this machine's clock to agree with the store's but this one says ${clocks[1]}, and the store's ${clocks[2]}. Set this machine's clock (by a time service such as NTP) and run again.`,
      options,
    );
  }
  if (isReadOnly(cause)) {
    return new StoreError(
      'io',
      `Expected to write to the cube but its file system is mounted read-only (EROFS, while trying to ${action}). Mount it for writing and run again: tiles that are committed are intact, and are skipped.`,
      options,
    );
  }
  return new StoreError('io', `Expected the store to ${action} but received: ${message}`, {
    ...options,
    isAway: AWAY.test(message),
  });
}

/** A network or a server that is away for a while, in Icechunk's words: those of ours name buckets and paths. */
const AWAY = /dispatch failure|error sending request|time[d ]?-? ?out|connection/i;

/** Full, or the user's share of it is. Icechunk hands on the system's words and number, somewhere below its own. */
function isDiskFull(cause: unknown): boolean {
  const { code, message } = cause as NodeJS.ErrnoException;
  return (
    code === 'ENOSPC' ||
    code === 'EDQUOT' ||
    /No space left on device|os error 28\b|[Qq]uota exceeded|os error 122\b/.test(
      String(message ?? cause),
    )
  );
}

function isOutOfFiles(cause: unknown): boolean {
  const { code, message } = cause as NodeJS.ErrnoException;
  return (
    code === 'EMFILE' ||
    code === 'ENFILE' ||
    /Too many open files|os error 2[34]\b/.test(String(message ?? cause))
  );
}

function isReadOnly(cause: unknown): boolean {
  const { code, message } = cause as NodeJS.ErrnoException;
  return code === 'EROFS' || /Read-only file system|os error 30\b/.test(String(message ?? cause));
}

/** True when another writer's commit came first; the same changes can still be brought up to date. */
export function isLostRace(error: unknown): boolean {
  return error instanceof Error && /branch update conflict/.test(error.message);
}

/** Variables whose values never belong into a message. */
const SECRETS =
  /^(?:AWS_(?:ACCESS_KEY_ID|SECRET_ACCESS_KEY|SESSION_TOKEN)|AZURE_.*(?:KEY|TOKEN|SECRET)|GOOGLE_.*(?:KEY|TOKEN|SECRET))$/;

function secrets(): string[] {
  return Object.entries(process.env).flatMap(([name, value]) =>
    SECRETS.test(name) && value !== undefined && value.length >= 8 ? [value] : [],
  );
}

function withoutSecrets(text: string): string {
  return secrets().reduce((rest, secret) => rest.replaceAll(secret, '***'), text);
}

function holdsSecrets(cause: unknown): boolean {
  const text = cause instanceof Error ? `${cause.message}\n${cause.stack}` : String(cause);
  return secrets().some((secret) => text.includes(secret));
}

/**
 * Every error this library throws, in one place.
 *
 * Few classes, each with a literal `tag` and typed fields, grouped by what a caller can do about it.
 * Messages follow one template: "Expected X for Y but received Z", then what to do.
 * An error crosses a thread as an {@link ErrorRecord} (see {@link toRecord}), because structured
 * cloning turns a subclass into a bare `Error` and drops its fields.
 */

export type ErrorTag =
  | 'invalid-input'
  | 'store'
  | 'earth-engine'
  | 'raster'
  | 'setup'
  | 'aborted'
  | 'unexpected';

abstract class TaggedError extends Error {
  abstract readonly tag: ErrorTag;
}

/** What every error of this library is; `tag` tells the classes apart, also for the compiler, in a `switch`. */
export type GeocubesError =
  | InvalidInputError
  | StoreError
  | EarthEngineError
  | RasterError
  | SetupError
  | AbortedError
  | UnexpectedError;

/** `error instanceof GeocubesError` is so for each of them, and for nothing else. */
export const GeocubesError: abstract new (
  message?: string,
  options?: ErrorOptions,
) => GeocubesError = TaggedError as never;

/** What the caller gave cannot be used: a wrong option, dataset, region or path. Change the input. */
export class InvalidInputError extends TaggedError {
  readonly tag = 'invalid-input';
  override readonly name = 'InvalidInputError';
}

/** Characters of a value that a message shows; what was given may be a whole file. */
const MAX_SHOWN = 500;

function cut(text: string): string {
  return text.length <= MAX_SHOWN
    ? text
    : `${text.slice(0, MAX_SHOWN)} ... (${text.length - MAX_SHOWN} characters more)`;
}

/** Whatever it is, also what throws when it is asked. */
function wordsOf(value: unknown): string {
  try {
    if (Array.isArray(value) && value.length === 0) return 'an empty list';
    return String(value);
  } catch {
    return `something that has no words (${typeof value})`;
  }
}

/** Builds the message template every input error follows. */
export function expected(
  what: string,
  subject: string,
  received: unknown,
  todo?: string,
): InvalidInputError {
  const shown = typeof received === 'string' ? `"${cut(received)}"` : cut(wordsOf(received));
  return new InvalidInputError(
    `Expected ${what} for ${subject} but received ${shown}.${todo === undefined ? '' : ` ${todo}`}`,
  );
}

/**
 * Why the store refused.
 * - `not-a-cube`: nothing there, or something that is no cube of ours
 * - `exists`: a cube (or other files) is already there
 * - `conflict`: another writer changed the same chunk or the same metadata; run again
 * - `io`: the storage itself failed (disk full, permission, network)
 */
export type StoreErrorKind = 'not-a-cube' | 'exists' | 'conflict' | 'io';

/** The place a cube is kept in refused or failed; `kind` says how. */
export class StoreError extends TaggedError {
  readonly tag = 'store';
  override readonly name = 'StoreError';
  /** Of kind `io`: a network or a server that is away may come back, and the same may be tried again. */
  readonly isAway: boolean;
  constructor(
    readonly kind: StoreErrorKind,
    message: string,
    { isAway = false, ...options }: ErrorOptions & { readonly isAway?: boolean } = {},
  ) {
    super(message, options);
    this.isAway = isAway;
  }
}

/**
 * What went wrong at Earth Engine, by what the caller can do.
 * - `credentials`: no token, or a refused one; `permission`: the token may not do this
 * - `not-found`: no such asset; `bad-request`: the request is wrong and stays wrong
 * - `quota`: too many requests; `transient`: try again; `too-large`: ask for less at a time
 * - `no-images`: the collection has none in this time step (others may have some), or none that pass its filter
 * - `wrong-reply`: the same request gets the same reply each time, and it is not what was asked for
 * - `unreachable`: nothing answers at the address
 */
export type EarthEngineErrorKind =
  | 'credentials'
  | 'permission'
  | 'not-found'
  | 'bad-request'
  | 'quota'
  | 'transient'
  | 'too-large'
  | 'no-images'
  | 'wrong-reply'
  | 'unreachable';

/**
 * What of its kind an error is, where that changes what is done.
 * - `daily`: a `quota` that comes back on another day
 * - `no-bands`: a `bad-request` for an image without bands, as the mosaic of no images is
 */
export type EarthEngineErrorReason = 'daily' | 'no-bands';

/** What is known of a failure beside its kind and message. */
export interface EarthEngineErrorOptions extends ErrorOptions {
  /** Milliseconds the service asks to wait before the next try. */
  readonly retryAfterMs?: number | undefined;
  readonly reason?: EarthEngineErrorReason | undefined;
  /** What a reply was in place of what was asked for: equal where the same comes again. Absent where none came. */
  readonly mismatch?: string | undefined;
}

/** Earth Engine refused or could not be reached; `kind` says what can be done about it. */
export class EarthEngineError extends TaggedError {
  readonly tag = 'earth-engine';
  override readonly name = 'EarthEngineError';
  /** How often the request was sent before it was given up, where it was sent at all. */
  tries?: number;
  /** Milliseconds the service asks to wait before the next try. */
  readonly retryAfterMs?: number;
  /** What of its kind it is: `daily`, a quota that comes back on another day; `no-bands`, an image without any. */
  readonly reason?: EarthEngineErrorReason;
  /** What the reply was in place of what was asked for: equal where the same comes again. */
  readonly mismatch?: string;
  constructor(
    readonly kind: EarthEngineErrorKind,
    message: string,
    /** HTTP status of the reply; absent when there was none. */
    readonly status?: number,
    { retryAfterMs, reason, mismatch, ...options }: EarthEngineErrorOptions = {},
  ) {
    super(message, options);
    if (retryAfterMs !== undefined) this.retryAfterMs = retryAfterMs;
    if (reason !== undefined) this.reason = reason;
    if (mismatch !== undefined) this.mismatch = mismatch;
  }
}

/** The stage of a tile's life in which a raster could not be processed. */
export type RasterStage = 'decode' | 'warp' | 'fill' | 'encode';

/** A raster is corrupt, or is not what was asked for. Only its own tile fails. */
export class RasterError extends TaggedError {
  readonly tag = 'raster';
  override readonly name = 'RasterError';
  /** The file on disk that the message names. */
  readonly file?: string;
  constructor(
    readonly stage: RasterStage,
    message: string,
    { file, ...options }: ErrorOptions & { readonly file?: string } = {},
  ) {
    super(message, options);
    if (file !== undefined) this.file = file;
  }
}

/**
 * What this machine lacks.
 * - `absent`: a native module or a tool; there may be another way to do without
 * - `environment`: all is there, but a variable or a limit of the system keeps it from working
 */
export type SetupErrorKind = 'absent' | 'environment';

/** This machine is not set up for the work; `kind` says how. The message ends with what to type. */
export class SetupError extends TaggedError {
  readonly tag = 'setup';
  override readonly name = 'SetupError';
  readonly kind: SetupErrorKind;
  constructor(
    message: string,
    { kind = 'absent', ...options }: ErrorOptions & { readonly kind?: SetupErrorKind } = {},
  ) {
    super(message, options);
    this.kind = kind;
  }
}

/** The work was stopped through an `AbortSignal`, whose `reason` is the error's `cause`. */
export class AbortedError extends TaggedError {
  readonly tag = 'aborted';
  override readonly name = 'AbortedError';
}

/** A bug, or a library's error that no class above describes; `cause` keeps the original. */
export class UnexpectedError extends TaggedError {
  readonly tag = 'unexpected';
  override readonly name = 'UnexpectedError';
}

/** An error as plain data, fit for a thread boundary, a log line or a report. */
export interface ErrorRecord {
  readonly tag: ErrorTag;
  readonly message: string;
  /** The tag's own discriminating field: `kind` of a store, Earth Engine or set-up error, `stage` of a raster error. */
  readonly kind?: string;
  readonly status?: number;
  /** What of its kind an error of Earth Engine is. */
  readonly reason?: EarthEngineErrorReason;
  /** How often a request was sent before it was given up. */
  readonly tries?: number;
  readonly stack?: string;
}

/** An error without its stack, which tells of this machine's folders. */
export type PlainError = Omit<ErrorRecord, 'stack'>;

export function withoutStack({ stack: _, ...error }: ErrorRecord): PlainError {
  return error;
}

export function toRecord(error: unknown): ErrorRecord {
  if (!(error instanceof Error)) return { tag: 'unexpected', message: String(error) };
  const stack = error.stack === undefined ? {} : { stack: error.stack };
  const message = error.message;
  if (error instanceof RasterError) return { tag: error.tag, message, kind: error.stage, ...stack };
  if (error instanceof StoreError) return { tag: error.tag, message, kind: error.kind, ...stack };
  if (error instanceof EarthEngineError) {
    const status = error.status === undefined ? {} : { status: error.status };
    const reason = error.reason === undefined ? {} : { reason: error.reason };
    const tries = error.tries === undefined ? {} : { tries: error.tries };
    return { tag: error.tag, message, kind: error.kind, ...status, ...reason, ...tries, ...stack };
  }
  if (error instanceof SetupError) return { tag: error.tag, message, kind: error.kind, ...stack };
  if (error instanceof GeocubesError) return { tag: error.tag, message, ...stack };
  return { tag: 'unexpected', message, ...stack };
}

/** Rebuilds the class a record was made from; the remote stack becomes the stack. */
export function fromRecord(record: ErrorRecord): GeocubesError {
  const error = rebuild(record);
  if (record.stack !== undefined) error.stack = record.stack;
  return error;
}

function rebuild(record: ErrorRecord): GeocubesError {
  switch (record.tag) {
    case 'invalid-input':
      return new InvalidInputError(record.message);
    case 'store':
      return new StoreError(record.kind as StoreErrorKind, record.message);
    case 'earth-engine':
      return new EarthEngineError(
        record.kind as EarthEngineErrorKind,
        record.message,
        record.status,
        { reason: record.reason },
      );
    case 'raster':
      return new RasterError(record.kind as RasterStage, record.message);
    case 'setup':
      return new SetupError(record.message, {
        kind: record.kind === 'environment' ? 'environment' : 'absent',
      });
    case 'aborted':
      return new AbortedError(record.message);
    case 'unexpected':
      return new UnexpectedError(record.message);
  }
}

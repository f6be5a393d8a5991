/** Public functions as they are called from outside: arguments are looked at, and what falls through is told as what it is. */
import { fileURLToPath } from 'node:url';
import { check, checkOptions, type Kind, type OptionKind } from '../arguments.js';
import { AbortedError, GeocubesError, InvalidInputError } from '../errors.js';

/** What one argument has to be; with `?` it may be left out. Options also by name. */
export type Argument =
  | Kind
  | `${Kind}?`
  | { readonly options: Readonly<Record<string, OptionKind>>; readonly needed?: boolean };

export interface Signature {
  readonly takes: readonly Argument[];
  /** Fails by the promise that it gives, as an async function does. */
  readonly isAsync?: boolean;
}

// biome-ignore lint/suspicious/noExplicitAny: whatever the function takes and gives, it stays.
type AnyFunction = (...args: any[]) => any;

/**
 * The function with its arguments looked at first, and with the same type. A `TypeError` of what was not
 * looked at, deep within an argument, becomes an {@link InvalidInputError}, the original being its cause.
 */
export function guarded<F extends AnyFunction>(run: F, name: string, signature: Signature): F {
  const isAsync = signature.isAsync === true || run.constructor.name === 'AsyncFunction';
  const outer = function (this: unknown, ...args: unknown[]): unknown {
    try {
      checkAll(args, name, signature.takes);
      const result: unknown = run.apply(this, args);
      if (result instanceof Promise)
        return result.catch((error: unknown) => {
          throw told(error, name, args);
        });
      return isGenerator(result) ? guardedSteps(result, name, args) : result;
    } catch (error) {
      const failure = told(error, name, args);
      if (isAsync) return Promise.reject(failure);
      throw failure;
    }
  };
  Object.defineProperty(outer, 'name', { value: run.name });
  Object.defineProperty(outer, 'length', { value: run.length });
  return outer as F;
}

/** Guards methods where they are, of objects or (`statics`) of the class. */
export function guardMethods(
  owner: object,
  className: string,
  signatures: Readonly<Record<string, readonly Argument[] | Signature>>,
): void {
  for (const [name, given] of Object.entries(signatures)) {
    const property = Object.getOwnPropertyDescriptor(owner, name);
    if (typeof property?.value !== 'function') continue;
    const signature: Signature = 'takes' in given ? given : { takes: given };
    const value = guarded(property.value as AnyFunction, `${className}.${name}`, signature);
    Object.defineProperty(owner, name, { ...property, value });
  }
}

function checkAll(args: readonly unknown[], name: string, takes: readonly Argument[]): void {
  for (const [i, argument] of takes.entries()) {
    const value = args[i];
    const subject = `argument ${i + 1} of ${name}()`;
    if (typeof argument === 'object') {
      if (value !== undefined || argument.needed)
        checkOptions(value, `the options of ${name}()`, argument.options);
    } else if (argument.endsWith('?')) {
      if (value !== undefined) check(argument.slice(0, -1) as Kind, value, subject);
    } else check(argument as Kind, value, subject);
  }
}

/** Made of an error that nobody looked for: it names the public function that was called, see {@link told}. */
class Misfit extends InvalidInputError {}

function told(error: unknown, name: string, args: readonly unknown[]): unknown {
  if (error instanceof AbortedError) return withReason(error, args);
  if (error instanceof Misfit)
    return isOfOneCall(error.cause) ? misfit(error.cause, name, args) : error;
  if (error instanceof GeocubesError || !isOfArguments(error)) return error;
  return isThrownHere(error) ? misfit(error, name, args) : error;
}

function isOfArguments(error: unknown): error is Error {
  return error instanceof TypeError || error instanceof RangeError || error instanceof SyntaxError;
}

function misfit(cause: Error, name: string, args: readonly unknown[]): Misfit {
  const kinds = args.map((arg) =>
    arg === null ? 'null' : Array.isArray(arg) ? 'list' : typeof arg,
  );
  const message = isOfSize(cause)
    ? `Expected what fits into memory for ${name}() but received arguments that ask for more (${cause.message}). Ask for less at a time.`
    : `Expected what ${name}() is documented to take but received something within its arguments (${kinds.join(', ')}) that it cannot use. The error's cause tells where.`;
  return new Misfit(message, { cause });
}

/** Words of V8 and Node for what is larger than memory, an array, a text or a map can be. */
const TOO_LARGE =
  /allocation failed|^Invalid (?:typed array|array buffer|array|string|count) (?:length|value)|(?:Map|Set) maximum size|Invalid array buffer|larger than/i;

function isOfSize(error: Error): boolean {
  if (!(error instanceof RangeError)) return false;
  const { code } = error as { code?: unknown };
  return (
    TOO_LARGE.test(error.message) ||
    code === 'ERR_BUFFER_TOO_LARGE' ||
    code === 'ERR_STRING_TOO_LONG'
  );
}

/** Whoever stopped the call by a signal said why: what is within knows of signals of its own alone. */
function withReason(error: AbortedError, args: readonly unknown[]): AbortedError {
  const fired = args.map(signalOf).find((signal) => signal?.aborted);
  if (fired !== undefined) error.cause = fired.reason;
  return error;
}

/** An argument that is a signal, or an option of that name. */
function signalOf(arg: unknown): AbortSignal | undefined {
  if (arg instanceof AbortSignal) return arg;
  const { signal } = (arg ?? {}) as { signal?: unknown };
  return signal instanceof AbortSignal ? signal : undefined;
}

/** Where this package's own code lies. */
const OWN = fileURLToPath(new URL('..', import.meta.url));

/** The lines of a stack that tell whose code ran: this package's, or a caller's. */
function* ownersIn({ stack = '' }: Error): Generator<'own' | 'foreign'> {
  for (const frame of stack.split('\n')) {
    if (!/^\s*at /.test(frame)) continue;
    if (frame.includes(OWN)) yield 'own';
    else if (!/<anonymous>|node:|node_modules/.test(frame)) yield 'foreign';
  }
}

/**
 * Whether no function of a caller's stands between what threw and the outermost of our own: then the outermost is
 * what the caller knows of, and the public functions that it uses itself are not.
 */
function isOfOneCall(cause: unknown): cause is Error {
  if (!(cause instanceof Error)) return false;
  let isLeft = false;
  for (const owner of ownersIn(cause)) {
    if (owner === 'own' && isLeft) return false;
    isLeft ||= owner === 'foreign';
  }
  return true;
}

/** Whose code threw: what a caller's function or source throws is the caller's, such as a `fetch()` without a network. */
function isThrownHere(error: Error): boolean {
  for (const owner of ownersIn(error)) return owner === 'own';
  return true;
}

type Steps = Iterator<unknown> | AsyncIterator<unknown>;

function isGenerator(value: unknown): value is Steps {
  return (
    typeof value === 'object' &&
    value !== null &&
    'next' in value &&
    (Symbol.iterator in value || Symbol.asyncIterator in value)
  );
}

/** A generator runs when it is gone through, so that its errors come then. */
function guardedSteps(steps: Steps, name: string, args: readonly unknown[]): Steps {
  const next = steps.next.bind(steps) as () => unknown;
  steps.next = (() => {
    try {
      const result = next();
      if (!(result instanceof Promise)) return result;
      return result.catch((error: unknown) => {
        throw told(error, name, args);
      });
    } catch (error) {
      throw told(error, name, args);
    }
  }) as never;
  return steps;
}

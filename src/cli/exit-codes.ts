import { EarthEngineError, type GeocubesError, StoreError, toRecord } from '../errors.js';

/** What the command ends with; scripts rely on these. */
export const EXIT = {
  done: 0,
  failed: 1,
  /** The call was wrong: an option, a region, a dataset, a store or an endpoint that is none. */
  usage: 2,
  /** The run ended, but some tiles failed. */
  partial: 3,
  /** Credentials or quota. */
  account: 4,
  /** The live check found something that differs, or could not ask. */
  unconfirmed: 5,
  interrupted: 130,
} as const;

export function exitCodeOf(error: unknown): number {
  if (error instanceof StoreError)
    return error.kind === 'not-a-cube' || error.kind === 'exists' ? EXIT.usage : EXIT.failed;
  if (error instanceof EarthEngineError) {
    if (error.kind === 'unreachable' || error.kind === 'not-found') return EXIT.usage;
    return ['credentials', 'permission', 'quota'].includes(error.kind) ? EXIT.account : EXIT.failed;
  }
  switch ((error as Partial<GeocubesError> | undefined)?.tag) {
    case 'invalid-input':
      return EXIT.usage;
    case 'aborted':
      return EXIT.interrupted;
    default:
      return EXIT.failed;
  }
}

/** Characters of a message for people; logs and reports have them all. */
const MAX_LINE = 2_000;

function shortened(line: string): string {
  return line.length <= MAX_LINE ? line : `${line.slice(0, MAX_LINE)} ...`;
}

/** One line for people: what was expected, what came, what to do. */
export function explain(error: unknown): string {
  const { tag, message } = toRecord(error);
  const line = shortened(message.split('\n')[0] ?? '');
  return tag === 'unexpected'
    ? `Unexpected failure: ${line} (set GEOCUBES_DEBUG=1 for the stack)`
    : line;
}

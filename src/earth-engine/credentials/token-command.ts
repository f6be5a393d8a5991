/** Tokens that a command of the user's prints, as kubectl's and AWS's credential processes do. */
import { execFile } from 'node:child_process';
import { EarthEngineError } from '../../errors.js';
import { parseObject, textOf } from './key.js';
import { ONE_RENEWAL_MS, type Tokens } from './tokens.js';

/** A login may ask another machine; nobody waits longer for one. */
const PATIENCE_MS = 60_000;

/** A token takes a few hundred bytes, JSON around it a few kB. */
const MAX_OUTPUT_BYTES = 64 * 1024;

/** A token with an end is replaced this long before it. */
const AHEAD_MS = 5 * 60_000;

/** How a command is started; it can be replaced in a test. */
export type Run = (file: string, args: readonly string[]) => Promise<string>;

interface PrintedToken {
  readonly token: string;
  /** Milliseconds since 1970; absent where the command does not tell: the token is then kept until it is refused. */
  readonly endsAt?: number;
}

/**
 * The words of a command line, which is never given to a shell: separated by blanks; what stands in single or double
 * quotes is one word. Nothing else means anything: no variables, no pipes.
 *
 * @returns a list of at least one word, or the rest of a sentence that says what is wrong.
 */
export function wordsOf(line: string): readonly [string, ...string[]] | string {
  const words: string[] = [];
  const piece = /\s+|((?:[^\s"']|"[^"]*"|'[^']*')+)/gy;
  let end = 0;
  for (const [whole, word] of line.matchAll(piece)) {
    end += whole.length;
    if (word !== undefined)
      words.push(word.replaceAll(/"([^"]*)"|'([^']*)'/g, (_, double, single) => double ?? single));
  }
  if (end !== line.length) return 'has a quote without its end';
  const [file = '', ...args] = words;
  return file === '' ? 'names no program' : [file, ...args];
}

/** Runs the command when the first token is needed, when one is about to end, and when one was refused. */
export class CommandTokens implements Tokens {
  #kept: PrintedToken | undefined;
  #keptSince = Number.NEGATIVE_INFINITY;
  #running: Promise<PrintedToken> | undefined;

  /** @param origin where the command was named, for messages: its words may hold secrets and are never told. */
  constructor(
    private readonly origin: string,
    private readonly words: readonly [string, ...string[]],
    private readonly run: Run = runCommand,
  ) {}

  async token(): Promise<string> {
    const kept = this.#kept;
    const isGood = kept !== undefined && (kept.endsAt ?? Infinity) - Date.now() > AHEAD_MS;
    return (isGood ? kept : await this.#renew()).token;
  }

  async refresh(): Promise<void> {
    if (Math.abs(Date.now() - this.#keptSince) < ONE_RENEWAL_MS) return;
    await this.#renew();
  }

  #renew(): Promise<PrintedToken> {
    this.#running ??= this.#ask().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  async #ask(): Promise<PrintedToken> {
    const [file, ...args] = this.words;
    let output: string;
    try {
      output = await this.run(file, args);
    } catch (cause) {
      throw this.#refuse(`it ${endingOf(cause)}`);
    }
    const printed = readPrinted(output);
    if (printed === undefined) throw this.#refuse('what it printed is none');
    this.#kept = printed;
    this.#keptSince = Date.now();
    return printed;
  }

  /** Neither the command nor anything that it printed is told: both may hold what is secret. */
  #refuse(what: string): EarthEngineError {
    return new EarthEngineError(
      'credentials',
      `Expected ${this.origin} to print a token but ${what}. Run it by hand to see what it says.`,
    );
  }
}

/**
 * A token alone in a line, as gcloud's `print-access-token` has it; or JSON: an OAuth token response (`access_token`,
 * `expires_in` in seconds; RFC 6749, 5.1), a credential of google-auth (`token`, `expiry`), or kubectl's ExecCredential
 * (`status.token`, `status.expirationTimestamp`).
 */
function readPrinted(output: string): PrintedToken | undefined {
  const text = output.trim();
  const json = parseObject(text);
  if (json === undefined) return isToken(text) ? { token: text } : undefined;
  const status = json.status as Record<string, unknown> | undefined;
  const found = typeof status === 'object' && status !== null ? status : json;
  const token = textOf(found.access_token) ?? textOf(found.token);
  if (token === undefined || !isToken(token)) return undefined;
  const endsAt = endOf(found);
  return endsAt === undefined ? { token } : { token, endsAt };
}

function endOf(found: Readonly<Record<string, unknown>>): number | undefined {
  const { expires_in } = found;
  if (typeof expires_in === 'number') return Date.now() + 1000 * expires_in;
  const text = textOf(found.expiry) ?? textOf(found.expirationTimestamp);
  if (text === undefined) return undefined;
  // google-auth prints UTC without saying so.
  const end = Date.parse(/(?:z|[+-]\d\d:?\d\d)$/i.test(text) ? text : `${text}Z`);
  return Number.isNaN(end) ? undefined : end;
}

/** What can stand in a header. */
export function isToken(text: string): boolean {
  return /^[\x21-\x7e]+$/.test(text);
}

function endingOf(cause: unknown): string {
  const { code, killed, signal } = cause as {
    code?: unknown;
    killed?: boolean;
    signal?: string | null;
  };
  if (code === 'ENOENT') return 'names a program that is not there';
  if (code === 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER') return 'printed more than 64 KiB';
  if (killed) return `had not ended after ${PATIENCE_MS / 1000} s`;
  if (typeof signal === 'string') return `was ended by ${signal}`;
  return typeof code === 'number' ? `ended with code ${code}` : `could not be started (${code})`;
}

function runCommand(file: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = execFile(
      file,
      [...args],
      { timeout: PATIENCE_MS, maxBuffer: MAX_OUTPUT_BYTES, shell: false, windowsHide: true },
      (error, stdout) => {
        if (error === null) resolve(stdout);
        else reject(error);
      },
    );
    // Whoever waits for an answer from the keyboard gets none.
    child.stdin?.end();
  });
}

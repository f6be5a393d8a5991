import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ErrorRecord } from '../../src/errors.js';
import type { EncodedTile } from '../../src/tile.js';
import type { Mutant } from './mutants.js';

export type KernelName = 'gdal' | 'js';

/** How one mutant ended in one kernel. */
export type Ending =
  | { readonly kind: 'tile'; readonly tile: EncodedTile }
  | { readonly kind: 'error'; readonly error: ErrorRecord }
  | { readonly kind: 'death'; readonly how: string }
  | { readonly kind: 'hang'; readonly seconds: number };

export interface Reply {
  readonly ending: Ending;
  /** Files that this mutant left behind. */
  readonly leftovers: readonly string[];
}

/** In bytes. */
export interface Memory {
  readonly resident: number;
  readonly peak: number;
}

export interface LaneOptions {
  /** A program that answers as child.mjs does. */
  readonly program: URL;
  /** Without an answer for so long, a mutant counts as hanging, and the child is killed. */
  readonly patienceMs: number;
}

/** Child processes, one after another: each is used until it dies or is killed. */
export class Lane {
  private child: ChildProcess | undefined;
  private stderr = '';
  /** Children started; resident memory can be compared within one only. */
  generation = 0;
  private readonly folder = mkdtempSync(join(tmpdir(), 'geocubes-fuzz-'));

  constructor(private readonly options: LaneOptions) {}

  async run(kernel: KernelName, { tile, recipe }: Mutant): Promise<Reply> {
    const child = await this.start();
    const reply = await this.ask(child, { kernel, tile, recipe });
    return 'ending' in reply
      ? (reply as unknown as Reply)
      : { ending: reply as unknown as Ending, leftovers: [] };
  }

  /** Resident bytes of the child after a garbage collection, and the most they ever were. */
  async memory(): Promise<Memory> {
    const { resident, peak } = await this.ask(await this.start(), { kernel: 'settle' });
    if (typeof resident !== 'number' || typeof peak !== 'number')
      throw new Error('Expected the fuzzed process to tell its memory but received an end.');
    return { resident, peak };
  }

  async close(): Promise<void> {
    const { child } = this;
    this.child = undefined;
    if (child !== undefined && child.exitCode === null && child.signalCode === null) {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    rmSync(this.folder, { recursive: true, force: true });
  }

  private async start(): Promise<ChildProcess> {
    if (this.child !== undefined) return this.child;
    const [temporary, working] = ['temporary', 'working'].map((name) =>
      mkdtempSync(join(this.folder, name)),
    );
    this.stderr = '';
    this.generation++;
    const child = fork(this.options.program, [], {
      serialization: 'advanced',
      execArgv: ['--expose-gc'],
      cwd: working,
      env: { ...process.env, TMPDIR: temporary },
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.stderr = (this.stderr + text).slice(-2000);
    });
    child.on('error', (error) => {
      this.stderr += error.message;
    });
    this.child = child;
    // The first message says that the kernels are there.
    const ready = await this.answer(child, 60_000);
    if (ready.ready !== true) throw new Error(`no child for the fuzzer: ${JSON.stringify(ready)}`);
    return child;
  }

  private ask(child: ChildProcess, message: object): Promise<Record<string, unknown>> {
    const answer = this.answer(child, this.options.patienceMs);
    // A child that died of its last input, after it had answered, is found dead by the next one.
    child.send(message, () => {});
    return answer;
  }

  /** The next message, or an ending in words of ours when the child dies or stays silent. */
  private answer(child: ChildProcess, patienceMs: number): Promise<Record<string, unknown>> {
    return new Promise((resolve) => {
      const settle = (reply: Record<string, unknown>) => {
        clearTimeout(timer);
        child.off('message', onMessage).off('close', onClose);
        resolve(reply);
      };
      const onMessage = (message: unknown) => settle(message as Record<string, unknown>);
      const die = (code: number | null, signal: string | null, when = '') => {
        this.child = undefined;
        const how = `${signal ?? `exit code ${code}`}${when}: ${this.stderr.trim()}`;
        settle({ kind: 'death', how });
      };
      // Not `exit`: by then its last words may not have arrived.
      const onClose = (code: number | null, signal: string | null) => die(code, signal);
      const timer = setTimeout(() => {
        this.child = undefined;
        child.kill('SIGKILL');
        settle({ kind: 'hang', seconds: patienceMs / 1000 });
      }, patienceMs);
      child.on('message', onMessage).on('close', onClose);
      if (child.exitCode !== null || child.signalCode !== null)
        die(child.exitCode, child.signalCode, ', after the input before this one had ended');
    });
  }
}

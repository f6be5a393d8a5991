/** What the command does, from its words to its exit code. */
import { loadProj4 } from '../grid/crs/proj4.js';
import { checkLimits } from '../machine/limits.js';
import { EXIT, exitCodeOf, explain } from './exit-codes.js';
import { endWithReader } from './interrupt.js';
import { complain, tell } from './output/terminal.js';

/** Loads what any command starts with, so that the set-up can keep what V8 makes of it. */
export async function loadAll(): Promise<void> {
  await (await import('./program.js')).createProgram();
  loadProj4();
}

export async function runCommandLine(): Promise<void> {
  endWithReader();
  try {
    checkLimits();
    // Only now: a hundred modules want a hundred open files.
    const { createProgram, joinNumbers } = await import('./program.js');
    const words = joinNumbers(process.argv.slice(2));
    const program = await createProgram(words);
    await program.parseAsync(words, { from: 'user' });
  } catch (error) {
    process.exitCode = endingOf(error);
  }
}

function endingOf(error: unknown): number {
  // Commander has printed its message already; help and version end with 0.
  const { code, exitCode } = error as { code?: unknown; exitCode?: unknown };
  if (typeof code === 'string' && code.startsWith('commander.'))
    return exitCode === 0 ? EXIT.done : EXIT.usage;
  complain(explain(error));
  if (process.env.GEOCUBES_DEBUG !== undefined && error instanceof Error)
    tell(...String(error.stack).split('\n'));
  return exitCodeOf(error);
}

#!/usr/bin/env node
import { CommanderError } from 'commander';
import { EXIT, exitCodeOf, explain } from './exit-codes.js';
import { endWithReader } from './interrupt.js';
import { createProgram } from './program.js';
import { complain, tell } from './terminal.js';

endWithReader();

try {
  await createProgram().parseAsync();
} catch (error) {
  process.exitCode = endingOf(error);
}

function endingOf(error: unknown): number {
  // Commander has printed its message already; help and version end with 0.
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage;
  complain(explain(error));
  if (process.env.GEOCUBES_DEBUG !== undefined && error instanceof Error)
    tell(...String(error.stack).split('\n'));
  return exitCodeOf(error);
}

#!/usr/bin/env node
import { CommanderError } from 'commander';
import { EXIT, exitCodeOf, explain } from './exit-codes.js';
import { endWithReader } from './interrupt.js';
import { createProgram } from './program.js';

endWithReader();

try {
  await createProgram().parseAsync();
} catch (error) {
  process.exitCode = endingOf(error);
}

function endingOf(error: unknown): number {
  // Commander has printed its message already; help and version end with 0.
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage;
  process.stderr.write(`geocubes: ${explain(error)}\n`);
  if (process.env.GEOCUBES_DEBUG !== undefined && error instanceof Error)
    process.stderr.write(`${error.stack}\n`);
  return exitCodeOf(error);
}

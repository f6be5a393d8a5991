#!/usr/bin/env node
/**
 * Starts the command, of one file where the set-up has made it (`scripts/bootstrap/compiled/bundle.mjs`): finding
 * and reading two hundred takes a tenth of a second.
 */
import { bundled } from '../machine/bundled.js';

type CommandLine = typeof import('./command-line.js');

const { runCommandLine } =
  bundled<CommandLine>('command-line') ?? (await import('./command-line.js'));

await runCommandLine();

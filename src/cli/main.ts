#!/usr/bin/env node
/**
 * Starts the command, of few files where the set-up has made them (`scripts/bootstrap/bundle.mjs`): finding
 * and reading two hundred takes a tenth of a second.
 */
import { bundled } from '../machine/bundled.js';

const file = bundled('command-line');

await (file === undefined ? import('./command-line.js') : import(file));

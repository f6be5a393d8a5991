#!/usr/bin/env node
/**
 * Compiles, for whoever installs this package from git: npm runs it there after the development dependencies are
 * in. In a checkout the set-up compiles, and npm may run this before anything can be compiled.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setUpTypescript } from './bootstrap/compiled/typescript.mjs';
import { projectPaths } from './bootstrap/paths.mjs';

const paths = projectPaths();
if (existsSync(join(paths.root, 'node_modules', 'typescript')))
  await setUpTypescript({ paths, cache: '', say: (text) => process.stderr.write(`${text}\n`) });

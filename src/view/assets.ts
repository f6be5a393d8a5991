import { readFileSync } from 'node:fs';
import { SetupError } from '../errors.js';
import type { Body } from './answer.js';

/** What is served as it is, by its path. */
export type Assets = ReadonlyMap<string, Body>;

const FILES = {
  '/': ['index.html', 'text/html; charset=utf-8'],
  '/app.js': ['app.js', 'text/javascript; charset=utf-8'],
  '/app.css': ['app.css', 'text/css; charset=utf-8'],
  '/licenses.txt': ['licenses.txt', 'text/plain; charset=utf-8'],
} as const;

/** Where the set-up puts what it bundles: beside what this file is compiled to, also for whoever runs the source. */
const PLACES = ['page/', '../../dist/view/page/'] as const;

/** @throws {SetupError} where the page was not built. */
export function readAssets(): Assets {
  for (const place of PLACES) {
    const folder = new URL(place, import.meta.url);
    try {
      return new Map(
        Object.entries(FILES).map(([path, [name, type]]) => [
          path,
          { type, bytes: readFileSync(new URL(name, folder)) },
        ]),
      );
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }
  throw new SetupError(
    'Expected the page of the viewer in dist/view/page but it was not built. Run "node scripts/bootstrap.mjs".',
  );
}

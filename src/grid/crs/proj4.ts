import { createRequire } from 'node:module';
import type proj4Module from 'proj4';

const require = createRequire(import.meta.url);

/**
 * proj4, loaded where something is computed with it: it reads its definitions first. As one file, because its
 * modules, one for each projection, take five times as long to load.
 */
export function loadProj4(): typeof proj4Module {
  return require('proj4') as typeof proj4Module;
}

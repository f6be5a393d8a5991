import { createRequire } from 'node:module';
import type proj4Module from 'proj4';

/** proj4 as one file: its modules, one for each projection, take five times as long to load. */
export const proj4 = createRequire(import.meta.url)('proj4') as typeof proj4Module;

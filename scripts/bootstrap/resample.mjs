/**
 * Gives the native kernel the innermost loops of resampling in C, through the addon in `scripts/resample.c`,
 * where there is a C compiler. An extra: without it they run in TypeScript, which takes several times as long.
 */
import { setUpExtra } from './addon.mjs';

/** Of the calls, as `src/kernel/gdal/resample-addon.ts` has it: whoever has another one leaves the addon alone. */
export const VERSION = 4;

/** Loads it, and looks whether it is the one that is asked for, and counts as JavaScript does. */
export const QUESTION = `
const module = { exports: {} };
process.dlopen(module, process.argv[1]);
if (module.exports.version !== ${VERSION}) throw new Error('it is of another version');
const isGap = new Uint8Array(3);
const found = module.exports.missing(Float32Array.of(1, NaN, 7), 7, isGap);
if (found !== 2 || isGap.join() !== '0,1,1') throw new Error('it finds other pixels');
`;

/** @param {import('./paths.mjs').Context} context */
export function setUpResample(context) {
  return setUpExtra(context, {
    name: 'resample',
    // Results are those of TypeScript to the bit: no multiplication may be drawn together with an addition.
    flags: ['-O3', '-ffp-contract=off', '-fno-fast-math'],
    libraries: ['-lm'],
    question: QUESTION,
    state: 'resampling',
    without: 'no resampling addon',
    instead: 'TypeScript resamples instead',
  });
}

/**
 * Gives the native kernel libblosc itself, through the addon in `scripts/blosc.c`, where the system has
 * libblosc with its header and a C compiler (Debian's libgdal-dev brings the former). An extra: without
 * it chunks are compressed through GDAL, more slowly.
 */
import { setUpExtra } from './addon.mjs';

/** Loads it, and takes something there and back. */
const QUESTION = `
const module = { exports: {} };
process.dlopen(module, process.argv[1]);
const { compress, decompress, version } = module.exports;
const pixels = new Uint8Array(1000).fill(7);
const back = new Uint8Array(1000);
decompress(compress(pixels, 1, 2, 'zstd', 1), back);
if (back[999] !== 7) throw new Error('it gives other pixels back');
console.log(version);
`;

/** @param {import('./paths.mjs').Context} context */
export function setUpBlosc(context) {
  return setUpExtra(context, {
    name: 'blosc',
    // Where packages put the header; the compiler looks there by itself.
    headers: ['/usr/include/blosc.h', '/usr/local/include/blosc.h'],
    absent: 'there is no blosc.h (Debian: libblosc-dev)',
    libraries: ['-lblosc'],
    question: QUESTION,
    state: 'Blosc',
    without: 'no Blosc addon',
    instead: 'GDAL compresses instead',
  });
}

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
const { compress, decompress, decompressRows, version } = module.exports;
const pixels = Uint8Array.from({ length: 3000 }, (_, i) => i % 100);
const frame = compress(pixels, 1, 2, 'zstd', 1);
const [back, row] = [new Uint8Array(3000), new Uint8Array(700)];
decompress(frame, back);
const isOwn = decompressRows(frame, 1000, 1, 300, 1, 700, row, 0, 700);
const isWrong = (bytes, first) => bytes.some((byte, i) => byte !== pixels[first + i]);
if (isWrong(back, 0) || (isOwn && isWrong(row, 1300))) throw new Error('it gives other pixels back');
console.log(version);
`;

/** @param {import('./paths.mjs').Context} context */
export function setUpBlosc(context) {
  return setUpExtra(context, {
    name: 'blosc',
    // Where packages put the header; the compiler looks there by itself.
    headers: ['/usr/include/blosc.h', '/usr/local/include/blosc.h'],
    absent: 'there is no blosc.h (Debian: libblosc-dev)',
    flags: ['-O3'],
    libraries: ['-lblosc'],
    question: QUESTION,
    state: 'Blosc',
    without: 'no Blosc addon',
    instead: 'GDAL compresses instead',
  });
}

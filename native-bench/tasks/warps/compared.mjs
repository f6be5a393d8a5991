/** What the tasks of warps share: pixels that are compared, and turns that are taken. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { loadGdal } from '../../../dist/kernel/gdal/load.js';
import { positionsIn } from '../../../dist/kernel/gdal/proj/positions.js';
import { spatialReference } from '../../../dist/kernel/gdal/proj/srs.js';
import { scaleOf, squaresOf } from '../../../dist/kernel/resample/scale.js';
import { Disagreement } from '../../agreement.mjs';
import { runTimed } from '../../contenders/command.mjs';
import { takeTurns } from '../../contenders/rounds.mjs';
import { median } from '../../statistics.mjs';
import { addUp, checkWarp, compareWarps, limitsOf, steepest } from '../../warped-pixels.mjs';

/** What stands for "no value" in scenes. */
const NODATA = 0;

/**
 * @typedef {object} Contender
 * @property {string} name
 * @property {string} kind
 * @property {boolean} isExact whether it transforms every position exactly
 * @property {number} rounds
 * @property {() => Promise<object>} measure warps, timed; what comes before that is not
 * @property {() => Promise<string> | string} pixels path of a GeoTIFF of what it wrote last
 */

/**
 * Compares what all contenders make of a raster with what the first makes of it, then lets them take turns.
 *
 * @param {readonly Contender[]} contenders ours first
 * @param {{ resampling: string, source: string, rounds: number, say: (line: string) => void }} options
 *   `source` is the GeoTIFF that is warped
 */
export async function compareAndTime(contenders, { resampling, source, rounds, say }) {
  const steps = steepestOf(source);
  const [ours, ...others] = contenders;
  const differences = [undefined];
  say(`check ${ours.name}`);
  await ours.measure();
  const wanted = await ours.pixels();
  for (const contender of others) {
    say(`check ${contender.name}`);
    await contender.measure();
    const found = differenceOf(await contender.pixels(), wanted);
    differences.push(found);
    say(`differs from ours in ${JSON.stringify(found)}`);
    const { isExact } = contender;
    const { pixels, outline } = found;
    checkWarp(contender.name, found, limitsOf({ resampling, isExact, steps, outline, pixels }));
  }
  const turns = await takeTurns(
    contenders.map((contender) => ({
      ...{ contender, rounds: Math.min(rounds, contender.rounds) },
      measure: contender.measure,
    })),
    { rounds, warmUps: 0 },
  );
  return contenders.map(({ name, kind, isExact }, i) => ({
    ...{ name, kernel: kind, threads: 1, isExact, difference: differences[i] },
    samples: turns[i].samples,
  }));
}

/**
 * A command, timed, that writes a GeoTIFF which is not there: replacing one costs what its file system makes of that.
 *
 * @param {string} out
 * @param {readonly string[]} words
 */
export function timedInto(out, words) {
  rmSync(out, { force: true });
  return runTimed(words);
}

/**
 * Makes contenders of commands of which each writes a GeoTIFF into a folder, named after its kind.
 *
 * @param {string} folder
 * @param {number} rounds
 */
export function commandsInto(folder, rounds) {
  return (kind, words, more) => {
    const out = join(folder, `${kind}.tif`);
    return { kind, rounds, measure: () => timedInto(out, words), ...more, pixels: () => out };
  };
}

/** Of all bands of two GeoTIFFs. */
function differenceOf(file, wanted) {
  const one = bandsOf(file);
  const other = bandsOf(wanted);
  try {
    const [[height, width], theirs] = [one.shape, other.shape];
    if (theirs.join() !== one.shape.join())
      throw new Disagreement(`Expected ${theirs.join(' x ')} pixels but received ${one.shape}.`);
    const found = one.bands.map((band, i) => compareWarps(band(), other.bands[i](), NODATA));
    // An outline of a turned square is no longer than that of the rectangle around it; two pixels wide.
    return { ...addUp(found), outline: 2 * 2 * (height + width) * found.length };
  } finally {
    one.close();
    other.close();
  }
}

function steepestOf(file) {
  const { shape, bands, close } = bandsOf(file);
  try {
    const each = bands.map((band) => steepest(band(), shape));
    return [0, 1].map((axis) => Math.max(...each.map((steps) => steps[axis])));
  } finally {
    close();
  }
}

/** Each band is read when it is asked for: a raster is hundreds of megabytes. */
function bandsOf(file) {
  const dataset = loadGdal().open(file);
  const { x, y } = dataset.rasterSize;
  const bands = Array.from(
    { length: dataset.bands.count() },
    (_, i) => () => dataset.bands.get(i + 1).pixels.read(0, 0, x, y),
  );
  return { shape: [y, x], bands, close: () => dataset.close() };
}

/**
 * Widths of the kernel with which this project blends pixels onto a grid, as GDAL's warp options. GDAL would
 * measure them for each block that fits its memory anew, and with other widths are other pixels.
 *
 * @param {import('../../inputs/scene.mjs').Grid} source
 * @param {import('../../inputs/scene.mjs').Grid} target
 * @returns {{ XSCALE: number, YSCALE: number }}
 */
export function kernelScale(source, target) {
  const positions = positionsIn(
    { srs: spatialReference(source.crs), lattice: { affine: source.affine } },
    {
      srs: spatialReference(target.crs),
      lattice: { affine: target.affine },
    },
  );
  const [height, width] = target.shape;
  const squares = [...squaresOf({ row: 0, col: 0, height, width }, { height, width })];
  const scales = squares.map(({ square }) => scaleOf(square, positions, undefined));
  const [x, y] = [0, 1].map((axis) => median(scales.map((scale) => scale[axis])));
  return { XSCALE: x, YSCALE: y };
}

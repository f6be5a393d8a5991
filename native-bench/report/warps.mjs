/** The parts of the page on rasters that are put on other grids, and their targets. */
import { spread } from '../statistics.mjs';
import {
  contenderOf,
  milliseconds,
  number,
  percent,
  size,
  table,
  times,
  timesOf,
  withSpread,
} from './numbers.mjs';

/** Times as fast as the command with exact positions, and as the command as it comes. */
const GOALS = {
  'gdalwarp-exact': ['gdalwarp -et 0', 3],
  gdalwarp: ['gdalwarp', 1.2],
};

const RESAMPLINGS = ['near', 'bilinear'];

export function importScene(task) {
  const { side, bands, shape, chunk, threads } = task;
  return [
    '## Import',
    `A scene of ${size([side, side], bands)} uint16 in UTM (10 m; tiled GeoTIFF, DEFLATE, bands interleaved by pixel) onto a grid in degrees of ${size(shape)} pixels, by whole processes from their start to their end, ${threads} threads each. geocubes fills an empty cube of chunks of ${chunk} x ${chunk} (Blosc zstd; the commit waits until it is on the disk), odc-geo with dask writes a plain Zarr directory with the same chunks and xarray's codec, gdalwarp and rasterio tiled GeoTIFFs (${codecOf(task)}).`,
    ...common(task),
  ].join('\n\n');
}

export function loadLike(task) {
  const { side, bands, sourceShape, chunk, threads } = task;
  return [
    '## Load onto the grid of a raster',
    `A cube in degrees (${size(sourceShape, bands)} uint16, chunks of ${chunk} x ${chunk}) onto the grid of a raster of ${size([side, side])} pixels in UTM, to a tiled GeoTIFF (${codecOf(task, 'geocubes')}), by whole processes, ${threads} threads each. geocubes and odc-geo with dask read the cube, gdalwarp and rasterio a tiled GeoTIFF of its pixels.${task.creation === undefined ? '' : ' What other codecs change is on [a page of its own](../file-codecs/README.md).'}`,
    ...common(task),
  ].join('\n\n');
}

/** Runs before 2026-11-29 did not tell all writers the same. */
function codecOf({ creation }, own) {
  if (creation !== undefined) return `${creation.join(', ')}`;
  return own === undefined ? 'DEFLATE 1' : `DEFLATE 1; that of ${own} with predictor 2 too`;
}

function common({ leftOut, cases }) {
  const rows = cases.flatMap(({ resampling, contenders }) => {
    const [ours] = contenders;
    return contenders.map((each) => [
      `${resampling}: ${each.name}`,
      String(each.samples.length),
      milliseconds(each),
      withSpread(spread(each.samples.map(({ cpuMs }) => cpuMs))),
      times(timesOf(each, ours)),
      differing(each),
    ]);
  });
  return [
    [
      "Pixels of geocubes and of gdalwarp -et 0 are those of exact positions; the others interpolate positions with GDAL's default error of up to an eighth of a pixel. What takes long has fewer rounds.",
      'Before anything is timed, pixels are compared with those of geocubes: nearest ones of exact positions are equal (but for ties, one in a million), blended ones within 1; interpolated positions may give a quarter of the nearest pixels a neighbour, and blended ones an eighth of the steepest step.',
      'gdalwarp computes and compresses with all threads (-multi, NUM_THREADS) and has, like rasterio, half a gigabyte of memory (-wm 512). To blend the same pixels all are told the width of the kernel (XSCALE, YSCALE), which GDAL would measure for each block anew.',
      ...leftOut.map((who) => `Left out: ${who}.`),
    ].join(' '),
    table(
      [
        '',
        'rounds',
        'ms',
        'processor time, ms',
        'times geocubes',
        'pixels that differ (at most by)',
      ],
      rows,
    ),
  ];
}

function differing({ difference }) {
  if (difference === undefined) return '';
  const { different, pixels, worst } = difference;
  return different === 0 ? 'none' : `${percent(different / pixels)} (${number(worst)})`;
}

/**
 * @param {object | undefined} task results of `import` or `load-like`
 * @param {string} what
 * @returns {import('./targets.mjs').Target[]}
 */
export function warpTargets(task, what) {
  return RESAMPLINGS.flatMap((resampling) => {
    const entry = task?.cases.find((each) => each.resampling === resampling);
    return Object.entries(GOALS).map(([kind, [name, least]]) => {
      const claim = `${what}, ${resampling}: times as fast as ${name}`;
      const goal = `at least ${least}`;
      const ratios = timesOf(contenderOf(entry, kind), contenderOf(entry, 'geocubes'));
      if (ratios === undefined) return { claim, goal };
      return { claim, goal, measured: withSpread(ratios), isMet: ratios.median >= least };
    });
  });
}

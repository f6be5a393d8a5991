import { join } from 'node:path';
import proj4 from 'proj4';
import { checkEqual, readChunk } from '../agreement.mjs';
import { takeTurns, withContenders } from '../contenders/rounds.mjs';
import { LAYOUTS } from '../inputs/geotiff.mjs';
import { drawBand, drawMask } from '../inputs/pixels.mjs';
import { RESOLUTION } from '../inputs/rasters.mjs';
import { writeTile } from '../inputs/tile.mjs';
import { KERNELS, NO_PROCESSING, recipeFor, record, startKernel } from './setting.mjs';

const POLAR = '+proj=stere +lat_0=90 +lat_ts=71 +lon_0=0 +datum=WGS84 +units=m';
/**
 * On the meridian along which the projection is not turned, and with pixels finer than the source's:
 * towards coarser ones GDAL widens the bilinear kernel by the extents of whatever piece it works on.
 */
const CENTRE = [0, 72.5];
/** The parity tests' own; pixels lie in 0..1 here. */
const TOLERANCE = { near: 0, bilinear: 1e-4 };

/** A reply in EPSG:4326 onto a tile in EPSG:3995. The time is that of decoding and warping, which kernels divide differently. */
export async function run(setting) {
  const { sizes, seed, say, folder } = setting;
  const { side, metres } = sizes.warp;
  const [x, y] = proj4(POLAR, CENTRE).map((value) => Math.round(value / metres) * metres);
  const half = (side / 2) * metres;
  const target = {
    crs: 'EPSG:3995',
    shape: [side, side],
    affine: [metres, 0, x - half, 0, -metres, y + half],
  };
  const raster = drawSource(x, y, half, seed);
  const tile = writeTile(
    join(folder, 'tile'),
    raster,
    { kind: 'file' },
    Object.values(LAYOUTS)[0],
    target,
  );
  const cases = [];
  for (const resampling of ['near', 'bilinear']) {
    say(resampling);
    cases.push(await runCase(resampling, raster, target, tile, setting));
  }
  return { cases };
}

/** Covers the square around (x, y) and two pixels more. */
function drawSource(x, y, half, seed) {
  const edge = Array.from({ length: 65 }, (_, i) => (i / 32 - 1) * half);
  const outline = edge.flatMap((at) => [
    [x + at, y - half],
    [x + at, y + half],
    [x - half, y + at],
    [x + half, y + at],
  ]);
  const places = outline.map((point) => proj4(POLAR).inverse(point));
  const lons = places.map(([lon]) => lon);
  const lats = places.map(([, lat]) => lat);
  const [west, north] = [Math.min(...lons) - 2 * RESOLUTION, Math.max(...lats) + 2 * RESOLUTION];
  const width = Math.ceil((Math.max(...lons) - west) / RESOLUTION) + 2;
  const height = Math.ceil((north - Math.min(...lats)) / RESOLUTION) + 2;
  return {
    geobox: {
      crs: 'EPSG:4326',
      shape: [height, width],
      affine: [RESOLUTION, 0, west, 0, -RESOLUTION, north],
    },
    dtype: 'float32',
    bands: [drawBand(height, width, 'float32', seed)],
    masks: [drawMask(height, width, 0.002, seed)],
  };
}

async function runCase(resampling, raster, target, tile, { folder, sizes }) {
  const recipe = recipeFor(raster, {
    mask: { kind: 'file' },
    chunk: target.shape,
    processing: { ...NO_PROCESSING, resampling },
  });
  const contenders = KERNELS.map((kernel) => startKernel(kernel, 1));
  return withContenders(contenders, async () => {
    const entries = contenders.map((contender) => ({
      contender,
      measure: async (keep) => {
        const { stages } = await contender.ask('tiles', { paths: [tile.path], recipe, keep });
        return { ms: stages.decode + stages.warp, stages };
      },
    }));
    const results = [];
    for (const { contender, measure } of entries) {
      await contender.ask('ready', { tiles: [tile.path] });
      const keep = join(folder, `${resampling}-${contender.kernel}`);
      await measure(keep);
      results.push(await readChunk(`${keep}-0`, recipe));
    }
    const tolerance = TOLERANCE[resampling];
    const [first, ...others] = results;
    for (const other of others)
      checkEqual('the warped tile by pure JS', other, first, { tolerance });
    const turns = await takeTurns(entries, { rounds: sizes.rounds, warmUps: 1 });
    return {
      ...{ resampling, tolerance, shape: target.shape, sourceShape: raster.geobox.shape },
      contenders: contenders.map((contender, i) =>
        record(contender, { samples: turns[i].samples }),
      ),
    };
  });
}

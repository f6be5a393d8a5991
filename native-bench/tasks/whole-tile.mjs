import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkEqual, checkNearest, readChunk } from '../agreement.mjs';
import { takeTurns, withContenders } from '../contenders/rounds.mjs';
import { LAYOUTS } from '../inputs/geotiff.mjs';
import { drawRaster, RESOLUTION, readLandsat } from '../inputs/rasters.mjs';
import { writeTile } from '../inputs/tile.mjs';
import {
  BITS,
  codecFor,
  KERNELS,
  recipeFor,
  record,
  startFloor,
  startKernel,
  startOriginal,
  threadCounts,
} from './setting.mjs';

const GAPS = 0.002;

/** A tile from the bytes of the replies to its encoded chunks, as the replies may look and codecs may be. */
export async function run(setting) {
  const { sizes, seed, say } = setting;
  const synthetic = drawRaster({ side: sizes.wholeTile, gaps: GAPS, seed });
  const [plain, , lzw, deflate] = Object.keys(LAYOUTS);
  const cases = [
    { id: 'default', raster: synthetic, layout: plain, codec: 'default', python: sizes.slowRounds },
    { id: 'lzw', raster: synthetic, layout: lzw, codec: 'default' },
    { id: 'deflate', raster: synthetic, layout: deflate, codec: 'default' },
    {
      ...{ id: 'seed', raster: synthetic, layout: plain, codec: 'seed' },
      ...{ rounds: sizes.slowRounds, warmUps: 0 },
      // Level 9 takes the JavaScript kernel half a minute a tile, and tells nothing more of it.
      kernels: ['gdal'],
    },
  ];
  const landsat = sizes.landsat ? readLandsat() : undefined;
  if (landsat !== undefined) {
    const entry = { id: 'landsat', raster: landsat, layout: plain, codec: 'default' };
    cases.push({ ...entry, python: sizes.slowRounds });
  }
  const results = [];
  for (const entry of cases) {
    say(`${entry.id}: ${entry.layout}, codec ${entry.codec}`);
    results.push(await runCase(entry, setting));
  }
  return { gaps: GAPS, cases: results };
}

async function runCase(
  { id, raster, layout, codec, python, rounds, warmUps, kernels = KERNELS },
  setting,
) {
  const { folder, sizes, threads } = setting;
  const tile = writeTile(join(folder, id), raster, BITS, LAYOUTS[layout]);
  const recipe = recipeFor(raster, { codec: codecFor(raster.dtype, codec, setting) });
  const counts = threadCounts(threads);
  const contenders = [
    ...kernels.flatMap((kernel) => counts.map((n) => startKernel(kernel, n))),
    startFloor(),
    ...(python === undefined || setting.python === undefined ? [] : [startOriginal(setting)]),
  ];
  return withContenders(contenders, async () => {
    const original = python === undefined ? undefined : writeForPython(join(folder, id), raster);
    const entries = contenders.map((contender) => ({
      contender,
      ...(contender.kernel === 'python' ? { rounds: python } : {}),
      measure: (keep) => measure(contender, tile.path, recipe, original, keep),
    }));
    await Promise.all(
      contenders.map(({ kernel, ask }) =>
        ask('ready', kernel === 'python' ? {} : { tiles: [tile.path] }),
      ),
    );
    let probes = 0;
    for (const { contender, measure } of entries) {
      const keep = join(folder, `${id}-${contender.kernel}-${contender.threads}`);
      await measure(keep);
      probes = Math.max(probes, await check(contender, keep, raster, recipe));
    }
    const turns = await takeTurns(entries, {
      rounds: rounds ?? sizes.rounds,
      warmUps: warmUps ?? sizes.warmUps,
    });
    return {
      id,
      layout,
      codec: recipe.codec,
      shape: raster.geobox.shape,
      bands: raster.bands.length,
      gapShare: shareOfGaps(raster),
      bytesIn: tile.bytes,
      requests: tile.requests,
      rawBytes: raster.bands.reduce((sum, { byteLength }) => sum + byteLength, 0),
      probes,
      contenders: contenders.map((contender, i) => record(contender, turns[i])),
    };
  });
}

function measure({ kernel, threads, ask }, path, recipe, original, keep) {
  if (kernel === 'python') return ask('tile', { ...original, ...(keep ? { keep } : {}) });
  if (kernel === 'floor') return ask('floor', { paths: [path], recipe, keep });
  return ask('tiles', { paths: [path], count: threads, recipe, keep });
}

/** @returns {Promise<number>} gap pixels looked at in one band */
async function check({ name, kernel }, keep, { bands, masks, geobox }, recipe) {
  let probes = 0;
  for (const [band, pixels] of bands.entries()) {
    const result = await readChunk(`${keep}-${band}`, recipe);
    const mask = masks[band];
    const who = `band ${band} by ${name}`;
    // The floor fills nothing.
    if (kernel === 'floor') checkEqual(who, result, pixels, { where: mask });
    else probes = checkNearest(who, result, { pixels, mask, shape: geobox.shape });
  }
  return probes;
}

/** The same pixels as the original gets them: decoded, in float32, NaN where masked. */
function writeForPython(stem, { bands, masks, geobox }) {
  const files = bands.map((pixels, band) => {
    const mask = masks[band];
    const values = Float32Array.from(pixels, (value, i) => (mask[i] === 0 ? Number.NaN : value));
    writeFileSync(`${stem}-${band}.f32`, values);
    return `${stem}-${band}.f32`;
  });
  return { bands: files, shape: geobox.shape, resolution: RESOLUTION, clevel: 9 };
}

function shareOfGaps({ masks: [mask] }) {
  return mask.reduce((sum, valid) => sum + 1 - valid, 0) / mask.length;
}

import { join } from 'node:path';
import { checkEqual, checkNearest, readChunk } from '../agreement.mjs';
import { takeTurns, withContenders } from '../contenders/rounds.mjs';
import { LAYOUTS } from '../inputs/geotiff.mjs';
import { drawRaster } from '../inputs/rasters.mjs';
import { writeTile } from '../inputs/tile.mjs';
import { KERNELS, ORIGINAL_PROCESSING, recipeFor, record, startKernel } from './setting.mjs';

const SHARES = [0, 0.002, 0.05, 0.5];
const FILLS = { nearest: null, idw: 100 };

/** Filling the gaps of one band, by how many there are. */
export async function run(setting) {
  const { sizes, seed, say } = setting;
  const contenders = KERNELS.map((kernel) => startKernel(kernel, 1));
  return withContenders(contenders, async () => {
    const cases = [];
    for (const gaps of SHARES) {
      const raster = drawRaster({ side: sizes.fill, bands: 1, gaps, seed });
      for (const fill of Object.keys(FILLS)) {
        say(`${fill}, ${100 * gaps} % gaps`);
        cases.push(await runCase(contenders, raster, gaps, fill, setting));
      }
    }
    return { cases };
  });
}

async function runCase(contenders, raster, gaps, fill, { folder, sizes }) {
  const maxFillDistance = FILLS[fill];
  const recipe = recipeFor(raster, {
    processing: { ...ORIGINAL_PROCESSING, fill, maxFillDistance },
  });
  const stem = join(folder, `${gaps}-${fill}`);
  const tile = writeTile(stem, raster, recipe.mask, Object.values(LAYOUTS)[0]);
  const entries = contenders.map((contender) => ({
    contender,
    measure: async (keep) => {
      const { stages } = await contender.ask('tiles', { paths: [tile.path], recipe, keep });
      return { ms: stages.fill };
    },
  }));
  const { geobox, bands, masks } = raster;
  const source = { pixels: bands[0], mask: masks[0], shape: geobox.shape };
  const results = [];
  for (const { contender, measure } of entries) {
    const keep = `${stem}-${contender.kernel}`;
    await contender.ask('ready', { tiles: [tile.path] });
    await measure(keep);
    const pixels = await readChunk(`${keep}-0`, recipe);
    checkEqual(contender.name, pixels, source.pixels, { where: source.mask });
    if (fill === 'nearest') checkNearest(contender.name, pixels, source);
    results.push(pixels);
  }
  if (fill === 'idw') checkEqual('the filled band by pure JS', results[1], results[0]);
  const turns = await takeTurns(entries, { rounds: sizes.rounds, warmUps: 1 });
  return {
    ...{ fill, gaps, maxFillDistance, shape: geobox.shape },
    contenders: contenders.map((contender, i) => record(contender, { samples: turns[i].samples })),
  };
}

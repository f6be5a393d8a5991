import { join } from 'node:path';
import { checkEqual, readChunk } from '../agreement.mjs';
import { takeTurns, withContenders } from '../contenders/rounds.mjs';
import { LAYOUTS } from '../inputs/geotiff.mjs';
import { drawRaster } from '../inputs/rasters.mjs';
import { writeTile } from '../inputs/tile.mjs';
import { KERNELS, NO_PROCESSING, recipeFor, record, startFloor, startKernel } from './setting.mjs';

/** GeoTIFFs to pixels and masks, by the layouts a reply may have. */
export async function run(setting) {
  const { sizes, seed, say } = setting;
  const contenders = [...KERNELS.map((kernel) => startKernel(kernel, 1)), startFloor()];
  return withContenders(contenders, async () => {
    const cases = [];
    for (const dtype of ['uint8', 'float32']) {
      const bands = dtype === 'uint8' ? 3 : 1;
      const raster = drawRaster({ side: sizes.decode, bands, dtype, gaps: 0.002, seed });
      for (const layout of Object.keys(LAYOUTS)) {
        say(`${dtype}, ${layout}`);
        cases.push(await runCase(contenders, raster, layout, setting));
      }
    }
    return { cases };
  });
}

async function runCase(contenders, raster, layout, { folder, sizes }) {
  const recipe = recipeFor(raster, { processing: NO_PROCESSING });
  const tile = writeTile(
    join(folder, `${raster.dtype}-${layout.replaceAll(/\W+/g, '-')}`),
    raster,
    recipe.mask,
    LAYOUTS[layout],
  );
  const entries = contenders.map((contender) => ({
    contender,
    measure: async (keep) => {
      const action = contender.kernel === 'floor' ? 'floor' : 'tiles';
      const { stages } = await contender.ask(action, { paths: [tile.path], recipe, keep });
      return { ms: stages.decode };
    },
  }));
  await Promise.all(contenders.map(({ ask }) => ask('ready', { tiles: [tile.path] })));
  for (const { contender, measure } of entries) {
    const keep = join(folder, contender.kernel);
    await measure(keep);
    await check(contender, keep, raster, recipe);
  }
  const turns = await takeTurns(entries, { rounds: sizes.rounds, warmUps: 1 });
  return {
    ...{ dtype: raster.dtype, layout, shape: raster.geobox.shape, bands: raster.bands.length },
    bytesIn: tile.bytes,
    contenders: contenders.map((contender, i) => record(contender, { samples: turns[i].samples })),
  };
}

async function check({ name, kernel }, keep, { bands, masks }, recipe) {
  for (const [band, pixels] of bands.entries()) {
    const result = await readChunk(`${keep}-${band}`, recipe);
    const who = `band ${band} by ${name}`;
    checkEqual(who, result, pixels, { where: masks[band] });
    // The floor knows no masks: its gaps hold what travelled.
    if (kernel === 'floor') continue;
    const gaps = masks[band].map((valid) => 1 - valid);
    checkEqual(
      `the gaps of ${who}`,
      result,
      new Float32Array(pixels.length).fill(recipe.fillValue),
      { where: gaps },
    );
  }
}

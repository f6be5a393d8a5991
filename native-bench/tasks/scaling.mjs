import { join } from 'node:path';
import { checkNearest, readChunk } from '../agreement.mjs';
import { takeTurns, withContenders } from '../contenders/rounds.mjs';
import { LAYOUTS } from '../inputs/geotiff.mjs';
import { drawRaster } from '../inputs/rasters.mjs';
import { writeTile } from '../inputs/tile.mjs';
import { codecFor, KERNELS, recipeFor, record, startKernel, threadCounts } from './setting.mjs';

/** Whole tiles a second by threads: several different tiles in turn, so that caches do not hold them. */
export async function run(setting) {
  const { folder, sizes, seed, threads, say } = setting;
  const { side, inputs, tiles } = sizes.scaling;
  let raster;
  const paths = Array.from({ length: inputs }, (_, i) => {
    const drawn = drawRaster({ side, gaps: 0.002, seed: seed + 10 * i });
    raster ??= drawn;
    return writeTile(join(folder, String(i)), drawn, { kind: 'bits' }, Object.values(LAYOUTS)[0])
      .path;
  });
  const recipe = recipeFor(raster, { codec: codecFor(raster.dtype, 'default', setting) });
  const cases = [];
  for (const kernel of KERNELS) {
    say(kernel);
    const contenders = threadCounts(threads).map((n) => startKernel(kernel, n));
    cases.push(
      await withContenders(contenders, async () => {
        const entries = contenders.map((contender) => ({
          contender,
          measure: (keep) =>
            contender.ask('tiles', {
              paths,
              count: Math.max(tiles[kernel], 2 * contender.threads),
              recipe,
              keep,
            }),
        }));
        await Promise.all(contenders.map(({ ask }) => ask('ready', { tiles: paths })));
        for (const { contender, measure } of entries) {
          const keep = join(folder, `${kernel}-${contender.threads}`);
          await measure(keep);
          const pixels = await readChunk(`${keep}-0`, recipe);
          const { geobox, bands, masks } = raster;
          checkNearest(contender.name, pixels, {
            pixels: bands[0],
            mask: masks[0],
            shape: geobox.shape,
          });
        }
        const turns = await takeTurns(entries, { rounds: sizes.scaling.rounds, warmUps: 0 });
        return {
          ...{ kernel, shape: raster.geobox.shape, bands: raster.bands.length },
          ...{ tiles: tiles[kernel], inputs },
          contenders: contenders.map((contender, i) => record(contender, turns[i])),
        };
      }),
    );
  }
  return { cases };
}

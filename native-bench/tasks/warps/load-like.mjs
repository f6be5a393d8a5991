import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runTimed } from '../../contenders/command.mjs';
import { isInstalled, pythonWarp } from '../../contenders/warps.mjs';
import { CREATION, writeScene, writeSceneDataset } from '../../inputs/scene.mjs';
import { withThreads } from '../setting.mjs';
import { commandsInto, compareAndTime, kernelScale } from './compared.mjs';
import { gdalwarps, leftOut, within } from './import.mjs';

const MAIN = fileURLToPath(new URL('../../../dist/cli/main.js', import.meta.url));

/** A cube in degrees onto the grid of a raster in UTM, to a GeoTIFF; the others from a GeoTIFF of the cube's pixels. */
export async function run(setting) {
  const { folder, sizes, seed, say, python, threads } = setting;
  const { side, chunk, slow } = sizes.warps;
  const like = join(folder, 'scene.tif');
  const file = join(folder, 'dataset.json');
  const cube = join(folder, 'cube');
  const source = join(folder, 'source.tif');
  say('filling the cube');
  const scene = writeScene(like, { side, seed, threads });
  const { geobox } = writeSceneDataset(file, { side, chunk }).grid;
  const cli = (...words) => [process.execPath, MAIN, ...words];
  const co = CREATION.flatMap((option) => ['--co', option]);
  await runTimed(cli('create', '--dataset', file, '--store', cube));
  await runTimed(cli('import', like, '--store', cube));
  const box = ['--bbox-crs', geobox.crs, '--bbox', within(geobox).join(',')];
  await runTimed(cli('load', '--store', cube, ...box, ...co, '--out', source, '--overwrite'));
  const hasGdalwarp = await isInstalled('gdalwarp');
  const scale = kernelScale(geobox, scene);
  const cases = [];
  for (const resampling of ['near', 'bilinear']) {
    const rounds = sizes.warps.rounds[resampling];
    const warp = (name, from = source) => ({
      ...{
        source: from,
        out: join(folder, name),
        grid: { ...scene, chunk },
        resampling,
        scale,
        threads,
      },
    });
    const command = commandsInto(folder, rounds);
    const how = ['--like', like, '--resampling', resampling, '--threads', `${threads}`, ...co];
    const out = join(folder, 'geocubes.tif');
    const contenders = [
      command('geocubes', cli('load', '--store', cube, ...how, '--out', out, '--overwrite'), {
        ...{ name: withThreads('geocubes load --like', threads), isExact: true },
      }),
      ...(hasGdalwarp ? gdalwarps(warp, command, slow) : []),
      ...(python === undefined
        ? []
        : [
            command('rasterio', pythonWarp(python, 'rasterio', warp('rasterio.tif')), {
              ...{ name: withThreads('rasterio reproject', threads), isExact: false },
            }),
            command(
              'odc',
              pythonWarp(python, 'odc-load', warp('odc.tif', cube), { sourceCrs: geobox.crs }),
              {
                ...{ name: withThreads('odc-geo and dask, from the cube', threads) },
                ...{ isExact: false, rounds: slow.odc },
              },
            ),
          ]),
    ];
    const options = { resampling, source, rounds, say: (line) => say(`${resampling}: ${line}`) };
    cases.push({ resampling, contenders: await compareAndTime(contenders, options) });
  }
  return {
    ...{ side, bands: scene.bands.length, sourceShape: geobox.shape, chunk, threads },
    creation: CREATION,
    ...{ leftOut: leftOut(hasGdalwarp, python), cases },
  };
}

import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runTimed } from '../../contenders/command.mjs';
import { gdalwarp, isInstalled, pythonWarp } from '../../contenders/warps.mjs';
import { CREATION, writeScene, writeSceneDataset } from '../../inputs/scene.mjs';
import { withThreads } from '../setting.mjs';
import { commandsInto, compareAndTime, kernelScale } from './compared.mjs';

const MAIN = fileURLToPath(new URL('../../../dist/cli/main.js', import.meta.url));

/** A scene in UTM onto a grid in degrees, by whole processes: into a cube, and into what others write. */
export async function run(setting) {
  const { folder, sizes, seed, say, python, threads } = setting;
  const { side, chunk, slow } = sizes.warps;
  const source = join(folder, 'scene.tif');
  say('writing the scene');
  const scene = writeScene(source, { side, seed, threads });
  const file = join(folder, 'dataset.json');
  const grid = { ...writeSceneDataset(file, { side, chunk }).grid.geobox, chunk };
  const hasGdalwarp = await isInstalled('gdalwarp');
  const cases = [];
  const scale = kernelScale(scene, grid);
  for (const resampling of ['near', 'bilinear']) {
    const rounds = sizes.warps.rounds[resampling];
    const contenders = contendersFor(
      { folder, file, source, grid, resampling, scale, threads },
      {
        ...{ hasGdalwarp, python, rounds, slow },
      },
    );
    const options = { resampling, source, rounds, say: (line) => say(`${resampling}: ${line}`) };
    cases.push({ resampling, contenders: await compareAndTime(contenders, options) });
  }
  return {
    ...{ side, bands: scene.bands.length, shape: grid.shape, chunk, threads },
    creation: CREATION,
    leftOut: leftOut(hasGdalwarp, python),
    cases,
  };
}

function contendersFor(scene, { hasGdalwarp, python, rounds, slow }) {
  const { folder, file, source, grid, resampling, scale, threads } = scene;
  const warp = (name) => ({ source, out: join(folder, name), grid, resampling, scale, threads });
  const cube = join(folder, 'cube');
  const cli = (...words) => [process.execPath, MAIN, ...words];
  const command = commandsInto(folder, rounds);
  const ours = {
    name: withThreads('geocubes import', threads),
    ...{ kind: 'geocubes', isExact: true, rounds },
    measure: async () => {
      rmSync(cube, { recursive: true, force: true });
      await runTimed(cli('create', '--dataset', file, '--store', cube));
      const how = ['--resampling', resampling, '--threads', `${threads}`];
      return runTimed(cli('import', source, '--store', cube, ...how));
    },
    pixels: async () => {
      const out = join(folder, 'geocubes.tif');
      const box = ['--bbox-crs', grid.crs, '--bbox', within(grid).join(',')];
      await runTimed(
        cli('load', '--store', cube, ...box, '--co', 'ZLEVEL=1', '--out', out, '--overwrite'),
      );
      return out;
    },
  };
  return [
    ours,
    ...(hasGdalwarp ? gdalwarps(warp, command, slow) : []),
    ...(python === undefined
      ? []
      : [
          command('rasterio', pythonWarp(python, 'rasterio', warp('rasterio.tif')), {
            name: withThreads('rasterio reproject', threads),
            isExact: false,
          }),
          {
            ...command('odc', pythonWarp(python, 'odc-import', warp('odc.zarr')), {
              name: withThreads('odc-geo and dask to Zarr', threads),
              ...{ isExact: false, rounds: slow.odc },
            }),
            pixels: async () => {
              const kept = join(folder, 'odc.tif');
              const words = pythonWarp(python, 'odc-import', warp('odc.zarr'));
              await runTimed([...words, '--keep', kept]);
              return kept;
            },
          },
        ]),
  ];
}

/** Exact positions, and the default. */
export function gdalwarps(warp, command, slow) {
  return [
    command('gdalwarp-exact', gdalwarp(warp('gdalwarp-exact.tif'), '-et', 0), {
      ...{ name: 'gdalwarp -et 0', isExact: true, rounds: slow.exact },
    }),
    command('gdalwarp', gdalwarp(warp('gdalwarp.tif')), {
      ...{ name: 'gdalwarp', isExact: false },
    }),
  ];
}

/** Who is missing, and why. */
export function leftOut(hasGdalwarp, python) {
  return [
    ...(hasGdalwarp ? [] : ['gdalwarp (the command is not installed: Debian has it in gdal-bin)']),
    ...(python === undefined ? ['rasterio and odc-geo (no Python with its packages)'] : []),
  ];
}

/** The box of a grid, a quarter of a pixel within its edges. */
export function within({ affine: [width, , west, , height, north], shape: [rows, columns] }) {
  return [
    ...[west + width / 4, north + (rows - 0.25) * height],
    ...[west + (columns - 0.25) * width, north + height / 4],
  ];
}

import { writeFile } from 'node:fs/promises';
import { Command } from 'commander';
import { Cube, type Region } from '../cube/cube.js';
import { renderQuicklook } from '../picture/quicklook.js';
import { isFloat } from '../raster/dtype.js';
import { storeOption, timeOption } from './options.js';
import { addRegionOptions, type RegionOptions, regionOf } from './region.js';
import { oneStep, timeWords } from './time.js';

interface Options extends RegionOptions {
  readonly store: string;
  readonly png: string;
}

export function loadCommand(): Command {
  const command = new Command('load')
    .description('read a region of a cube into a PNG')
    .addOption(storeOption());
  return addRegionOptions(command)
    .addOption(timeOption())
    .requiredOption(
      '--png <file>',
      'picture to write: the first three bands as red, green, blue, or the first in grey',
    )
    .addHelpText(
      'after',
      '\nExample:\n  $ geocubes load --store cubes/tctrend --bbox 126,72,128,73 --png region.png',
    )
    .action(async (options: Options) => {
      const roi = await regionOf(options);
      const cube = await Cube.open(options.store);
      const region = await cube.load(roi, { time: oneStep(cube, options.time) });
      await writeFile(options.png, await regionPicture(region));
      const missing =
        region.missingTiles > 0 ? `; ${region.missingTiles} tiles of it are not loaded` : '';
      process.stdout.write(
        `Wrote ${options.png}: ${region.geobox}${timeWords(region.steps)}${missing}\n`,
      );
    });
}

/** The first three bands as red, green and blue, or the first in grey. */
export function regionPicture({ geobox, bands, nodata, dtype }: Region): Promise<Buffer> {
  const all = [...bands.values()];
  const hasNodata =
    isFloat(dtype) || nodata !== 0 || all.every((band) => (band as Uint8Array).includes(0));
  return renderQuicklook({
    width: geobox.width,
    height: geobox.height,
    bands: all.length >= 3 ? all.slice(0, 3) : all.slice(0, 1),
    ...(hasNodata ? { nodata } : {}),
  });
}

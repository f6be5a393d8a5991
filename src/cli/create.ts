import { Command, Option } from 'commander';
import { Cube } from '../cube/cube.js';
import type { KernelName } from '../pool/messages.js';
import { datasetOption, readDataset, storeOption } from './options.js';
import { kernelOption, openPool } from './pool.js';

export function createCommand(): Command {
  return new Command('create')
    .description('make an empty cube')
    .addOption(storeOption())
    .addOption(datasetOption())
    .addOption(
      new Option(
        '--icechunk-format <format>',
        'format of the repository; smart-geocubes reads 1 only',
      )
        .choices(['1', '2'])
        .default('1'),
    )
    .addOption(kernelOption())
    .addHelpText('after', '\nExample:\n  $ geocubes create --store cubes/tctrend --dataset TCTrend')
    .action(
      async ({
        store,
        dataset: name,
        icechunkFormat,
        kernel,
      }: {
        store: string;
        dataset: string;
        icechunkFormat: string;
        kernel?: KernelName;
      }) => {
        const dataset = await readDataset(name);
        const pool = await openPool({ threads: 0, ...(kernel === undefined ? {} : { kernel }) });
        const cube = await Cube.create(store, dataset, {
          pool,
          icechunkFormat: icechunkFormat === '2' ? 2 : 1,
        });
        await pool.close();
        const { grid, timeAxis } = cube;
        const time = timeAxis === undefined ? '' : `, ${timeAxis}`;
        process.stdout.write(
          `Made an empty cube at ${store}: ${dataset.title}, ${dataset.bands.length} bands of ${dataset.dtype}, ${grid.rows} x ${grid.cols} tiles, ${grid.geobox}${time}\n`,
        );
      },
    );
}

import { Command, Option } from 'commander';
import { Cube } from '../cube/cube.js';
import { createPool } from '../pool/pool.js';
import { datasetOption, readDataset, storeOption } from './options.js';

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
    .addHelpText('after', '\nExample:\n  $ geocubes create --store cubes/tctrend --dataset TCTrend')
    .action(
      async ({
        store,
        dataset: name,
        icechunkFormat,
      }: {
        store: string;
        dataset: string;
        icechunkFormat: string;
      }) => {
        const dataset = await readDataset(name);
        const pool = createPool({ size: 0 });
        const cube = await Cube.create(store, dataset, {
          pool,
          icechunkFormat: icechunkFormat === '2' ? 2 : 1,
        });
        await pool.close();
        const { grid } = cube;
        process.stdout.write(
          `Made an empty cube at ${store}: ${dataset.title}, ${dataset.bands.length} bands of ${dataset.dtype}, ${grid.rows} x ${grid.cols} tiles, ${grid.geobox}\n`,
        );
      },
    );
}

import { Command } from 'commander';
import { describeDataset } from '../../../cube/datasets/describe-dataset.js';
import { readGeoBox } from '../../../cube/read/raster-files.js';
import { TEMPLATE_NAMES } from '../../../dataset/choose/templates.js';
import { parseDataset } from '../../../dataset/parse.js';
import type { GeoBox } from '../../../grid/geobox.js';
import { type AccountOptions, addAccountOptions } from '../../options/account.js';
import {
  addDatasetOptions,
  type DatasetOptions,
  innerChunkOption,
  wishesOf,
} from '../../options/dataset.js';
import { openPool } from '../../options/pool.js';
import { printJson } from '../../output/terminal.js';

interface Options extends DatasetOptions, AccountOptions {
  readonly innerChunk?: number;
}

export function datasetCommand(): Command {
  const command = new Command('dataset')
    .argument(
      '<asset>',
      `id of an image or a collection at Earth Engine, or ${TEMPLATE_NAMES.join(', ')}`,
    )
    .option('--like <file>', 'raster whose grid the cube takes exactly')
    .addOption(innerChunkOption());
  addDatasetOptions(command);
  addAccountOptions(command);
  return command
    .addHelpText(
      'after',
      [
        '\nEarth Engine is asked for the asset by two small requests. What is not said here is chosen: "notes" in the file say what, and why.',
        '\nExamples:',
        '  $ geocubes dataset sentinel2-monthly --bbox 126.50,72.30,126.60,72.35 --time 2024 > s2.json',
        '  $ geocubes dataset COPERNICUS/DEM/GLO30 --bands DEM --bbox 126.50,72.30,126.60,72.35 > dem.json',
      ].join('\n'),
    )
    .action(run);
}

async function run(asset: string, options: Options): Promise<void> {
  const { endpoint, project, keyFile, tokenCommand, insecureHttp, innerChunk } = options;
  const file = await describeDataset(asset, {
    ...(await wishesOf(options)),
    like: await gridOf(options),
    ...{ endpoint, project, keyFile, tokenCommand, insecureHttp },
  });
  const wanted = innerChunk === undefined ? file : { ...file, innerChunk };
  parseDataset(wanted);
  printJson(wanted);
}

async function gridOf({ like, trustInputs }: Options): Promise<GeoBox | undefined> {
  if (like === undefined) return undefined;
  const pool = await openPool({ threads: 0 });
  try {
    return await readGeoBox(like, { pool, ...(trustInputs === undefined ? {} : { trustInputs }) });
  } finally {
    await pool.close();
  }
}

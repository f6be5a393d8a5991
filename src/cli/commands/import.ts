import { dirname, isAbsolute, join } from 'node:path';
import { Command, Option } from 'commander';
import type { Resampling } from '../../dataset/dataset.js';
import { RESAMPLINGS } from '../../dataset/dataset.js';
import { expected } from '../../errors.js';
import type { Roi } from '../../grid/roi.js';
import { type LocalSource, localFiles } from '../../local/source.js';
import { schemeOf } from '../../machine/local-path.js';
import { readText, textOf } from '../../raster/read-text.js';
import { pathFor, storeOption, timeOption } from '../options/common.js';
import { besidePool } from '../options/pool.js';
import { addRegionOptions, type RegionOptions, regionIn } from '../options/region.js';
import {
  addShardOptions,
  cubeToFill,
  fillBranchOption,
  openToFill,
  ownStoreOption,
  type ShardOptions,
  shardOf,
} from '../options/shard.js';
import { oneStep } from '../options/time.js';
import { plural } from '../output/summary-text.js';
import { complain, tell } from '../output/terminal.js';
import { addRunOptions, type RunOptions, runIngest } from '../run-ingest.js';

interface Options extends RegionOptions, RunOptions, ShardOptions {
  readonly store: string;
  readonly filesFrom?: string;
  readonly order: 'last' | 'first';
  readonly nodata?: number;
  readonly resampling?: Resampling;
  readonly unscale?: boolean;
  readonly ovr: 'none' | 'auto';
  readonly bands?: readonly (string | number)[];
  readonly ownStore?: boolean;
  readonly branch?: string;
}

export function importCommand(): Command {
  const command = new Command('import')
    .argument('[files...]', 'rasters of any CRS and format that GDAL reads; they may overlap')
    .addOption(storeOption())
    .addOption(
      new Option(
        '--files-from <list|->',
        'a file with one path a line, or standard input; after FILES',
      ).argParser(pathFor('--files-from')),
    )
    .addOption(
      new Option('--order <order>', 'the file whose valid pixel is taken where files overlap')
        .choices(['last', 'first'])
        .default('last'),
    )
    .addOption(
      new Option(
        '--nodata <value>',
        "value without meaning, instead of the files' nodata (default: what each file says, else the cube's)",
      ).argParser(number),
    )
    .addOption(
      new Option(
        '--resampling <method>',
        "for files on another grid than the cube's (default: the dataset's)",
      ).choices(RESAMPLINGS),
    )
    .addOption(
      new Option(
        '--bands <list>',
        "the files' bands that become the cube's, in its order: names, or numbers from 1 (default: by name, else by order)",
      ).argParser(bandList),
    );
  command.option(
    '--unscale',
    "store value = number * scale + offset, in cubes of floats (default: the files' numbers, with scale, offset and unit in the cube's attributes)",
  );
  command.addOption(
    new Option(
      '--ovr <which>',
      "overviews of the files: auto reads, as gdalwarp -ovr AUTO does, the one that is as coarse as the cube's pixels allow",
    )
      .choices(['none', 'auto'])
      .default('none'),
  );
  addRegionOptions(command).addOption(timeOption());
  return addRunOptions(
    addShardOptions(command)
      .addOption(ownStoreOption().conflicts('branch'))
      .addOption(fillBranchOption()),
  )
    .addHelpText(
      'after',
      '\nExamples:\n  $ geocubes import scenes/*.tif --store cubes/mine\n  $ find exports -name "*.tif" | geocubes import --files-from - --store cubes/mine --resampling bilinear',
    )
    .action(run);
}

async function run(files: string[], options: Options): Promise<void> {
  const { filesFrom } = options;
  if (filesFrom === '-' && options.roi === '-')
    throw expected('one reader of standard input', '--files-from and --roi', 'two');
  const paths = [...files, ...(filesFrom === undefined ? [] : await pathsIn(filesFrom))];
  if (paths.length === 0)
    throw expected('files', 'the import', 'none', 'Name them, or give --files-from.');
  const part = shardOf(options);
  const region = await regionIn(options);
  // Blocks that neighbouring tiles share, for all threads; else GDAL takes a twentieth of the machine.
  process.env.GDAL_CACHEMAX ??= '256';
  await besidePool(options, (pool) => importFiles(paths, { ...options, part, region, pool }));
}

async function importFiles(
  paths: readonly string[],
  options: Options & Parameters<typeof runIngest>[3] & { readonly region: Roi | undefined },
): Promise<void> {
  const { order, nodata, resampling, bands, trustInputs, unscale, region } = options;
  const cube = await cubeToFill(await openToFill(options), options.part, options);
  if (region !== undefined) cube.windowsOf(region);
  // Files carry no time that could be relied on: those of one call are of one step.
  const time = oneStep(cube, options.time, 'Files are imported into one step.');
  const source = await localFiles(cube.dataset, paths, {
    order,
    nodata,
    resampling,
    bands,
    trustInputs,
    unscale,
    overviews: options.ovr,
  });
  tellOverviews(source, paths.length, options.quiet === true);
  if (source.outside.length > 0)
    complain(
      `${source.outside.length} of ${plural(paths.length, 'file')} ${source.outside.length === 1 ? `lies outside of the cube and is left out: ${source.outside[0]}` : `lie outside of the cube and are left out, the first of them ${source.outside[0]}`}`,
    );
  await runIngest(cube, region ?? cube.grid.geobox, source, { ...options, time });
}

/** Which files are not read themselves; and which are, though they were not to be. */
function tellOverviews({ overviews }: LocalSource, files: number, isQuiet: boolean): void {
  const [first, ...others] = overviews.filter(({ problem }) => problem !== undefined);
  if (first !== undefined)
    complain(
      `the overview of ${first.path} cannot stand for it (${first.problem}), so its own pixels are read${others.length === 0 ? '' : `; the same goes for ${others.length} files more`}`,
    );
  const read = overviews.filter(({ level }) => level !== undefined);
  const [one] = read;
  if (one === undefined || isQuiet) return;
  const [height, width] = one.shape;
  tell(
    `Overviews stand for ${read.length} of ${files} files: for ${one.path} level ${one.level}, ${width} x ${height} px${read.length === 1 ? '' : ', and so on'}`,
  );
}

/** The paths in a list, one a line; relative ones are meant from where the list lies. */
async function pathsIn(list: string): Promise<string[]> {
  const content =
    list === '-'
      ? await textOf(process.stdin, '--files-from', 'standard input')
      : await readText(list, '--files-from');
  const base = list === '-' ? '' : dirname(list);
  return content
    .split(/\r?\n/)
    .filter((line) => line.trim() !== '')
    .map((line) => (isAbsolute(line) || schemeOf(line) === 'file' ? line : join(base, line)));
}

function number(text: string): number {
  if (/^nan$/i.test(text.trim())) return Number.NaN;
  const value = text.trim() === '' ? Number.NaN : Number(text);
  if (Number.isNaN(value)) throw expected('a number', '--nodata', text);
  return value;
}

function bandList(text: string): (string | number)[] {
  return text.split(',').map((band) => {
    const name = band.trim();
    if (name === '') throw expected('names or numbers, separated by commas', '--bands', text);
    return /^\d+$/.test(name) ? Number(name) : name;
  });
}

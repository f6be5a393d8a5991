import { Command, Option } from 'commander';
import { Cube } from '../../cube/cube.js';
import { type StepCounts, TileState } from '../../cube/state/tile-states.js';
import { formatInstant } from '../../dataset/period.js';
import type { TimeStep } from '../../dataset/time-axis.js';
import type { Toi } from '../../dataset/toi.js';
import { expected } from '../../errors.js';
import type { Roi } from '../../grid/roi.js';
import { placeRegion } from '../../grid/shapes/region.js';
import { tileId } from '../../grid/tiling.js';
import type { Areas } from '../../picture/map/areas.js';
import { renderPng } from '../../picture/png.js';
import {
  addFormatWords,
  asOfOption,
  type FormatWords,
  formatOf,
  pathFor,
  readBranchOption,
  storeOption,
  timeOption,
  wholeNumber,
} from '../options/common.js';
import { checkOutput, writeOutput } from '../options/output-file.js';
import { addRegionOptions, type RegionOptions, regionIn } from '../options/region.js';
import { shardsOption } from '../options/shard.js';
import { type ListedTile, readTileList } from '../options/tile-list.js';
import { stepRecord, timeWords } from '../options/time.js';
import { plural } from '../output/summary-text.js';
import { print, printJson } from '../output/terminal.js';
import { writeTileFeatures } from '../output/tile-features.js';
import { writeTileRows } from '../output/tile-rows.js';
import { watchStatus } from '../watch-status.js';

interface Options extends RegionOptions, FormatWords {
  readonly store: string;
  readonly asOf?: string;
  readonly branch?: string;
  readonly png?: string;
  readonly failed?: string;
  readonly tile?: string;
  readonly missing?: boolean;
  readonly list?: boolean;
  readonly format: 'text' | 'csv' | 'json' | 'geojson' | 'ndjson';
  readonly watch?: number | true;
  readonly shards?: number;
}

/** Seconds between looks. */
const DEFAULT_WATCH = 5;

export function statusCommand(): Command {
  const command = new Command('status').addOption(storeOption());
  addRegionOptions(command)
    .addOption(timeOption())
    .addOption(asOfOption())
    .addOption(readBranchOption())
    .addOption(
      new Option(
        '--missing',
        'print the ids of the tiles that are not loaded, one a line, as "--tiles" of other commands takes them',
      ).conflicts(['tile', 'watch']),
    )
    .addOption(
      new Option(
        '--list',
        'print every tile with its state, as CSV; with --missing those that are not loaded',
      ).conflicts(['tile', 'watch']),
    )
    .addOption(
      new Option(
        '--format <format>',
        'what to print; geojson has a feature for each tile, csv and ndjson a line for each of --list, ndjson with --watch a record for each change',
      )
        .choices(['text', 'csv', 'json', 'geojson', 'ndjson'])
        .default('text'),
    );
  return addFormatWords(command, ['json'])
    .addOption(
      new Option(
        '--png <file>',
        'map of the loaded tiles to write; of temporal cubes those loaded at any of the steps',
      ).argParser(pathFor('--png')),
    )
    .addOption(
      new Option(
        '--failed <list>',
        'list of tiles that failed in an ingest (see "ingest --retry-failed"): those still not loaded are told, and drawn, apart',
      ).argParser(pathFor('--failed')),
    )
    .addOption(
      new Option(
        '--tile <id>',
        'of one tile, such as 3-7 (row-column) or 2-3-7 (with the step): its state, when it was fetched, and of what',
      ).conflicts(['bbox', 'roi', 'time', 'png', 'failed']),
    )
    .addOption(
      new Option(
        '--watch [seconds]',
        `follows what others fill, on any machines, until all of it is loaded: looks every so many seconds (default: ${DEFAULT_WATCH}), less often while nothing changes`,
      )
        .argParser(wholeNumber('--watch', 1, 86_400))
        .conflicts(['asOf', 'png', 'failed', 'tile']),
    )
    .addOption(shardsOption('with --watch, of how many shards the region is filled: tells each'))
    .addHelpText(
      'after',
      '\nExamples:\n  $ geocubes status --store cubes/tctrend --png state.png\n  $ geocubes status --store cubes/tctrend --tile 3-7\n  $ geocubes status --store cubes/alphaearth --time 2020/2022\n  $ geocubes status --store cubes/tctrend --format geojson > tiles.geojson\n  $ geocubes status --store cubes/tctrend --roi basins.gpkg\n  $ geocubes status --store cubes/tctrend --failed failed.ndjson --png state.png\n  $ geocubes status --store cubes/tctrend --bbox 122,71.5,130,74 --missing > missing.txt\n  $ geocubes status --store cubes/tctrend --list > tiles.csv\n  $ geocubes status --store cubes/tctrend --bbox 122,71.5,130,74 --watch --shards 4',
    )
    .action(run);
}

async function run(options: Options): Promise<void> {
  const { store, asOf, branch, png, time, watch, shards, tile, missing, list } = options;
  const format = formatOf(options);
  const isListed = missing || list;
  if (watch !== undefined) return watchRegion({ ...options, format }, watch);
  if (shards !== undefined) throw expected('--watch', 'the status beside --shards', 'none');
  if ((format === 'ndjson' || format === 'csv') && !isListed)
    throw expected(
      format === 'csv' ? '--list or --missing' : '--list, --missing or --watch',
      `the status beside --format ${format}`,
      'none',
    );
  if (tile !== undefined) return showTile(tile, { ...options, format });
  if (png !== undefined) await checkOutput(png, '--png');
  const region = await regionIn(options);
  const listed =
    options.failed === undefined ? undefined : await readTileList(options.failed, '--failed');
  const cube = await Cube.open(store, { asOf, branch });
  const roi = region ?? cube.grid.geobox;
  const at = time === undefined ? {} : { time };
  const failed = listed && failuresIn(cube, listed);
  if (format === 'geojson') await writeTileFeatures(cube, roi, at, failed, missing);
  else if (isListed) await writeTileRows(cube, roi, at, { format, list, missing, failed });
  else {
    const counts = await countTiles(cube, roi, at, failed);
    if (format === 'json') printJson(statusRecord(cube, store, counts));
    else print(...statusLines(cube, store, counts));
  }
  if (png === undefined) return;
  await writeOutput(png, await renderPng(await stateMap(cube, region, at, failed)), '--png');
  if (format === 'text' && !isListed) print(`Wrote ${png}`);
}

async function showTile(id: string, { store, asOf, branch, format }: Options): Promise<void> {
  if (format === 'geojson') throw expected('text or json', '--format beside --tile', format);
  const record = await (await Cube.open(store, { asOf, branch })).tileRecord(id);
  if (format === 'json') {
    printJson(record);
    return;
  }
  const { state, bandsWithoutChunk, fetchedAt, source, sourceHash, sourceUpdatedAt } = record;
  print(
    `tile ${record.id}: ${state.replace('-', ' ')}`,
    ...(fetchedAt === undefined
      ? state === 'not-loaded'
        ? []
        : ['fetched: not known']
      : [`fetched: ${fetchedAt.toISOString()}`]),
    ...(source === undefined ? [] : [`source: ${source}`]),
    ...(sourceUpdatedAt === undefined
      ? []
      : [`version of the source: changed ${sourceUpdatedAt.toISOString()}`]),
    ...(sourceHash === undefined ? [] : [`hash of the source: ${sourceHash}`]),
    ...(bandsWithoutChunk === undefined ? [] : [`bands without a chunk: ${bandsWithoutChunk}`]),
  );
}

async function watchRegion(options: Options, watch: number | true): Promise<void> {
  const { store, time, shards, format } = options;
  if (format !== 'text' && format !== 'ndjson')
    throw expected('text or ndjson', '--format beside --watch', format);
  const intervalMs = 1000 * (watch === true ? DEFAULT_WATCH : watch);
  const region = { storage: store, roi: await regionIn(options), time, shards };
  await watchStatus({ ...region, intervalMs, format });
}

/** By id; the last word counts. @throws {InvalidInputError} for tiles that the cube does not have. */
function failuresIn(cube: Cube, listed: readonly ListedTile[]): Map<string, ListedTile> {
  cube.tilesOf(listed.map(({ id }) => id));
  return new Map(listed.map((tile) => [tile.id, tile]));
}

/** `failed`: those of the missing tiles that are in a list of failed ones; absent without a list. */
interface Counts extends Omit<StepCounts, 'step'> {
  readonly failed?: number;
}

type CountsOfStep = Counts & Pick<StepCounts, 'step'>;

async function countTiles(
  cube: Cube,
  roi: Roi,
  at: { readonly time?: Toi },
  failed: ReadonlyMap<string, ListedTile> | undefined,
): Promise<CountsOfStep[]> {
  const counts = await cube.countStates(roi, at);
  if (failed === undefined) return counts;
  const byStep = new Map<number | undefined, number>();
  for await (const { state, ...index } of cube.walkStates(roi, at))
    if (state === TileState.notLoaded && failed.has(tileId(index)))
      byStep.set(index.t, (byStep.get(index.t) ?? 0) + 1);
  return counts.map((count) => ({ ...count, failed: byStep.get(count.step?.index) ?? 0 }));
}

/** One line for each step, and one for all where there are several. */
function statusLines({ dataset }: Cube, store: string, counts: readonly CountsOfStep[]): string[] {
  const lines = counts.map(
    (count) => `${dataset.title} at ${store}${stepWords(count.step)}: ${countWords(count)}`,
  );
  if (counts.length > 1)
    lines.push(`${dataset.title} at ${store}, ${counts.length} steps: ${countWords(sum(counts))}`);
  lines.push(...packedBands(dataset).map(packingWords));
  return lines;
}

interface PackedBand {
  readonly name: string;
  readonly scale_factor?: number;
  readonly add_offset?: number;
  readonly units?: string;
}

/** Bands whose attributes say what the stored numbers stand for. */
function packedBands({ bands }: Cube['dataset']): PackedBand[] {
  return bands.flatMap(({ name, attributes = {} }) => {
    const { scale_factor, add_offset, units } = attributes as Omit<PackedBand, 'name'>;
    const stated = Object.entries({ scale_factor, add_offset, units }).filter(
      ([, value]) => value !== undefined,
    );
    return stated.length === 0 ? [] : { name, ...Object.fromEntries(stated) };
  });
}

function packingWords({
  name,
  scale_factor: scale = 1,
  add_offset: offset = 0,
  units,
}: PackedBand) {
  const product = scale === 1 ? 'number' : `number * ${scale}`;
  const number =
    offset === 0 ? product : `${product} ${offset < 0 ? '-' : '+'} ${Math.abs(offset)}`;
  return `${name}: ${number}${units === undefined ? '' : ` ${units}`}`;
}

function statusRecord({ dataset }: Cube, store: string, counts: readonly CountsOfStep[]) {
  return {
    title: dataset.title,
    store,
    ...withShare(sum(counts)),
    ...(packedBands(dataset).length === 0 ? {} : { bands: packedBands(dataset) }),
    ...(counts[0]?.step === undefined
      ? {}
      : {
          steps: counts.map(({ step, ...rest }) => ({
            ...(step === undefined ? {} : stepRecord(step)),
            ...withShare(rest),
          })),
        }),
  };
}

function sum(counts: readonly Counts[]): Counts {
  const total = (name: 'loaded' | 'empty' | 'missing' | 'failed') =>
    counts.reduce((all, count) => all + (count[name] ?? 0), 0);
  return {
    loaded: total('loaded'),
    empty: total('empty'),
    missing: total('missing'),
    ...(counts[0]?.failed === undefined ? {} : { failed: total('failed') }),
  };
}

/** `share`: of the tiles that are loaded, empty or not; 0 to 1. */
function withShare({ loaded, empty, missing, ...rest }: Counts) {
  const tiles = loaded + empty + missing;
  return {
    tiles,
    loaded,
    empty,
    missing,
    ...rest,
    share: tiles === 0 ? 1 : (loaded + empty) / tiles,
  };
}

function stepWords(step: TimeStep | undefined): string {
  return step === undefined ? '' : `, ${formatInstant(step.start)}`;
}

function countWords(counts: Counts): string {
  const { tiles, loaded, empty, missing, share } = withShare(counts);
  const failed = counts.failed === undefined ? '' : `, ${counts.failed} of them failed`;
  return `${plural(loaded, 'tile')} loaded, ${empty} loaded and empty, ${missing} of ${tiles} not loaded${failed} (${(100 * share).toFixed(1)} % done)`;
}

/**
 * The cube's map as SVG, with a region where one is meant: as it is shaped, what lies outside it dimmed. A tile that is loaded at one step and empty at another counts as loaded; one that
 * failed at any step, and is not loaded there, as failed.
 */
export async function stateMap(
  cube: Cube,
  region: Roi | undefined = undefined,
  at: { readonly time?: Toi } = {},
  failed: ReadonlyMap<string, ListedTile> = new Map(),
  areas?: Areas,
): Promise<string> {
  const { grid } = cube;
  const states = new Uint8Array(grid.rows * grid.cols);
  for await (const { state, ...index } of cube.walkStates(grid.geobox, at)) {
    const place = index.row * grid.cols + index.col;
    if (state === TileState.notLoaded) {
      if (failed.size > 0 && failed.has(tileId(index))) states[place] = FAILED;
    } else if (states[place] !== FAILED && (state === TileState.loaded || states[place] === 0))
      states[place] = state;
  }
  const { drawStateMap } = await import('../../picture/state-map.js');
  return drawStateMap({
    title: `${cube.dataset.title}${timeWords(cube.stepsOf(at.time))}`,
    grid,
    states,
    ...(areas === undefined ? {} : { areas }),
    ...(region === undefined ? {} : { shape: placeRegion(grid.geobox, region) }),
  });
}

/** The picture's number for it, beside the ledger's. */
const FAILED = 3;

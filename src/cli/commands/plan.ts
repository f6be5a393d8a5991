import { availableParallelism } from 'node:os';
import { Command, Option } from 'commander';
import type { IngestEstimate, Rate } from '../../cube/cost/estimate.js';
import { Cube } from '../../cube/cube.js';
import { areasOf } from '../../cube/shards/cut-areas.js';
import { cutTiles } from '../../cube/shards/cut-tiles.js';
import { workloadTagFor } from '../../cube/sources/earth-engine.js';
import { type IngestTarget, isTileList } from '../../cube/tiles.js';
import { expected } from '../../errors.js';
import { tilesIn } from '../../grid/roi.js';
import { renderPng } from '../../picture/png.js';
import { abortOnSignals } from '../interrupt.js';
import {
  formatOption,
  pathFor,
  storeOption,
  threadsOption,
  timeOption,
  wholeNumber,
} from '../options/common.js';
import { checkOutput, writeOutput } from '../options/output-file.js';
import { type ComputeOptions, kernelOption, openPool } from '../options/pool.js';
import { addRegionOptions } from '../options/region.js';
import { memoryOption } from '../options/run-limits.js';
import { addServiceOptions, openService, type ServiceOptions } from '../options/service.js';
import { shardsOption } from '../options/shard.js';
import { type TargetOptions, targetOf, tilesOption } from '../options/subject/tiles.js';
import { estimateText } from '../output/estimate-text.js';
import { print, printJson } from '../output/terminal.js';
import { stateMap } from './status.js';

export interface PlanOptions extends TargetOptions, ServiceOptions, ComputeOptions {
  readonly store: string;
  readonly format: 'text' | 'json';
  readonly rate?: Rate;
  readonly memory?: number;
  readonly sample?: number;
  readonly shards?: number;
  readonly png?: string;
}

export function planCommand(): Command {
  const command = new Command('plan').addOption(storeOption());
  addRegionOptions(command)
    .addOption(timeOption())
    .addOption(tilesOption('shards'))
    .addOption(rateOption())
    .addOption(
      new Option(
        '--sample <n>',
        'fetch so many tiles, spread over the region, without writing them, to measure',
      ).argParser(wholeNumber('--sample', 1, 10_000)),
    );
  return addServiceOptions(command)
    .addOption(threadsOption())
    .addOption(kernelOption())
    .addOption(memoryOption())
    .addOption(
      shardsOption(
        'cuts the region into so many parts, as "ingest --shard" does, and tells of each',
      ),
    )
    .addOption(
      new Option(
        '--png <file>',
        'map of the tiles to write: those that are loaded, and with --shards which part has which',
      ).argParser(pathFor('--png')),
    )
    .addOption(formatOption())
    .addHelpText(
      'after',
      '\nExamples:\n  $ geocubes plan --store cubes/tctrend --bbox 122,71.5,130,74 --rate 30tiles/min\n  $ geocubes plan --store cubes/tctrend --bbox 122,71.5,130,74 --sample 4 --project my-project\n  $ geocubes plan --store cubes/tctrend --bbox 122,71.5,130,74 --shards 4 --png cut.png',
    )
    .action(async (options: PlanOptions) => showPlan(options));
}

export const rateOption = () =>
  new Option(
    '--rate <rate>',
    'how fast tiles come, to tell the time: 30tiles/min, or 12MB/s of what is received',
  ).argParser(parseRate);

/** @throws {InvalidInputError} */
export function parseRate(text: string): Rate {
  const [, number, unit] = /^\s*(\d+(?:\.\d+)?)\s*(tiles\/min|MB\/s)\s*$/i.exec(text) ?? [];
  const value = Number(number);
  if (unit === undefined || !(value > 0))
    throw expected('a rate such as 30tiles/min or 12MB/s', '--rate', text);
  return unit.toLowerCase() === 'mb/s'
    ? { kind: 'bytes', perSecond: value * 1e6 }
    : { kind: 'tiles', perMinute: value };
}

/** What `plan` and `ingest --dry-run` do. */
export async function showPlan(options: PlanOptions): Promise<void> {
  const { png, format, shards, concurrency } = options;
  if (png !== undefined) await checkOutput(png, '--png');
  const target = await targetOf(options);
  const cube = await Cube.open(options.store);
  const threads = options.threads ?? availableParallelism();
  const { time, rate, sample, memory } = options;
  const common = { time, rate, threads, memory, shards, concurrency };
  const estimate =
    sample === undefined
      ? await cube.estimate(target, common)
      : await withSample(cube, options, (source, pool, signal) =>
          cube.estimate(target, { ...common, sample: { tiles: sample, source, pool }, signal }),
        );
  const accounting = accountingOf(cube.dataset, options);
  if (format === 'json') printJson({ ...estimate, ...accounting });
  else
    print(...estimateText(estimate).split('\n'), ...accountingText(accounting, estimate.requests));
  if (png === undefined) return;
  await writeOutput(png, await renderPng(await planMap(cube, target, options)), '--png');
  if (format === 'text') print(`Wrote ${png}`);
}

/** What is loaded, and which shard has which of the region's tiles, as SVG. */
function planMap(cube: Cube, target: IngestTarget, { shards, time }: PlanOptions): Promise<string> {
  const at = time === undefined ? {} : { time };
  if (isTileList(target)) return stateMap(cube, undefined, at);
  if (shards === undefined) return stateMap(cube, target, at);
  const cut = cutTiles(cube, tilesIn(target, cube.grid), cube.stepsOf(time), shards);
  return stateMap(cube, target, at, undefined, areasOf(cut, cube.grid));
}

/** Nobody accounts for what comes from files. */
function accountingOf(
  dataset: Cube['dataset'],
  { workloadTag }: ServiceOptions,
): { readonly workloadTag?: string | null } {
  const { kind } = dataset.source;
  if (kind === 'local' || kind === 'none') return {};
  return { workloadTag: workloadTagFor(dataset, workloadTag) ?? null };
}

function accountingText(
  { workloadTag }: ReturnType<typeof accountingOf>,
  requests: number,
): string[] {
  if (workloadTag === undefined || requests === 0) return [];
  const where =
    workloadTag === null
      ? 'without a workload tag, among all others of the project'
      : `with the workload tag "${workloadTag}"`;
  return [
    `accounting: Earth Engine counts the EECU of these requests ${where}; it tells them afterwards, not in advance`,
  ];
}

async function withSample(
  cube: Cube,
  options: PlanOptions,
  estimate: (
    source: Awaited<ReturnType<typeof openService>>,
    pool: Awaited<ReturnType<typeof openPool>>,
    signal: AbortSignal,
  ) => Promise<IngestEstimate>,
): Promise<IngestEstimate> {
  const source = await openService(cube.dataset, options);
  const pool = await openPool(options).catch(async (error: unknown) => {
    await source.close();
    throw error;
  });
  const interrupt = abortOnSignals('Stopping: nothing was written.');
  try {
    return await estimate(source, pool, interrupt.signal);
  } finally {
    interrupt.release();
    await Promise.all([source.close(), pool.close()]);
  }
}

import { Command } from 'commander';
import { Cube, type Rate } from '../cube/cube.js';
import type { IngestSummary } from '../observe/summary.js';
import { EXIT } from './exit-codes.js';
import { abortOnSignals } from './interrupt.js';
import { createLog, logEvent } from './log.js';
import {
  bboxCrsOption,
  bboxOption,
  formatOption,
  type RegionOptions,
  regionOf,
  storeOption,
  threadsOption,
  timeOption,
} from './options.js';
import { rateOption, showPlan } from './plan.js';
import { type ComputeOptions, kernelOption, openPool } from './pool.js';
import { ProgressBar } from './progress-bar.js';
import {
  concurrencyOption,
  endpointOption,
  keyFileOption,
  openService,
  projectOption,
  type ServiceOptions,
} from './service.js';
import { stageTable, summaryText } from './summary-text.js';

interface Options extends RegionOptions, ServiceOptions, ComputeOptions {
  readonly store: string;
  readonly format: 'text' | 'json';
  readonly verbose?: boolean;
  readonly quiet?: boolean;
  readonly dryRun?: boolean;
  readonly rate?: Rate;
}

export function ingestCommand(): Command {
  return new Command('ingest')
    .description('fetch, process and store the tiles of a region that are not loaded yet')
    .addOption(storeOption())
    .addOption(bboxOption())
    .addOption(bboxCrsOption())
    .addOption(timeOption())
    .addOption(endpointOption())
    .addOption(projectOption())
    .addOption(keyFileOption())
    .addOption(concurrencyOption())
    .addOption(threadsOption())
    .addOption(kernelOption())
    .addOption(formatOption())
    .option(
      '--dry-run',
      'tell what would be fetched and what it would cost, as "geocubes plan" does',
    )
    .addOption(rateOption())
    .option('-v, --verbose', 'log every event to stderr, one JSON record a line')
    .option('-q, --quiet', 'no progress')
    .addHelpText(
      'after',
      '\nExample:\n  $ geocubes ingest --store cubes/tctrend --bbox 122,71.5,130,74 --project my-project',
    )
    .action(run);
}

async function run(options: Options): Promise<void> {
  if (options.dryRun) return showPlan(options);
  const roi = regionOf(options);
  const cube = await Cube.open(options.store);
  // A region or a time outside the cube is told before anyone is asked for credentials.
  cube.windowsOf(roi);
  cube.stepsOf(options.time);
  const source = await openService(cube.dataset, options);
  const pool = await openPool(options).catch(async (error: unknown) => {
    await source.close();
    throw error;
  });
  const bar = options.quiet || options.verbose ? undefined : new ProgressBar(process.stderr);
  const log = options.verbose ? createLog() : undefined;
  const interrupt = abortOnSignals();
  let summary: IngestSummary;
  try {
    summary = await cube.ingest(roi, {
      time: options.time,
      source,
      pool,
      signal: interrupt.signal,
      onEvent: (event) => {
        bar?.onEvent(event);
        if (log !== undefined) logEvent(log, event);
      },
    });
  } finally {
    bar?.stop();
    interrupt.release();
    await Promise.all([source.close(), pool.close()]);
  }
  report(summary, options.format);
  if (summary.failed.length > 0) process.exitCode = EXIT.partial;
}

function report(summary: IngestSummary, format: 'text' | 'json'): void {
  if (format === 'json') {
    process.stdout.write(`${JSON.stringify(summary, undefined, 2)}\n`);
    return;
  }
  process.stdout.write(`${summaryText(summary)}\n`);
  if (summary.committed > 0) process.stdout.write(`${stageTable(summary)}\n`);
  for (const { id, stage, error } of summary.failed)
    process.stdout.write(`failed: tile ${id} at ${stage}: ${error.message}\n`);
}

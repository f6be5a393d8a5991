import { type Command, Option } from 'commander';
import type { Cube, IngestOptions } from '../cube/cube.js';
import { ingestWithReport } from '../cube/report.js';
import type { Toi } from '../dataset/toi.js';
import type { Roi } from '../grid/roi.js';
import type { IngestSummary } from '../observe/summary.js';
import type { TileSource } from '../tile.js';
import { EXIT } from './exit-codes.js';
import { abortOnSignals } from './interrupt.js';
import { createLog, logEvent } from './log.js';
import { formatOption, threadsOption } from './options.js';
import { type ComputeOptions, kernelOption, openPool } from './pool.js';
import { ProgressBar } from './progress-bar.js';
import { stageTable, summaryText } from './summary-text.js';

/** What {@link addRunOptions} adds. */
export interface RunOptions extends ComputeOptions {
  readonly format: 'text' | 'json';
  readonly report?: string;
  readonly verbose?: boolean;
  readonly quiet?: boolean;
}

/** The options of every command that fills a cube, wherever its pixels come from. */
export function addRunOptions(command: Command): Command {
  return command
    .addOption(threadsOption())
    .addOption(kernelOption())
    .addOption(formatOption())
    .option(
      '--report <dir>',
      'folder for a page that shows what happened (report.html), and its numbers (report.json, failures.ndjson)',
    )
    .addOption(new Option('-v, --verbose', 'log every event to stderr, one JSON record a line'))
    .addOption(new Option('-q, --quiet', 'no progress'));
}

/** Fills a region from a source, with progress and a report, and sets the exit code. Closes the source. */
export async function runIngest(
  cube: Cube,
  roi: Roi,
  source: TileSource,
  options: RunOptions & { readonly time?: Toi | undefined },
): Promise<void> {
  const pool = await openPool(options).catch(async (error: unknown) => {
    await source.close();
    throw error;
  });
  const bar = options.quiet || options.verbose ? undefined : new ProgressBar(process.stderr);
  const log = options.verbose ? createLog() : undefined;
  const interrupt = abortOnSignals();
  let summary: IngestSummary;
  let written: string | undefined;
  try {
    const job: IngestOptions = {
      time: options.time,
      source,
      pool,
      signal: interrupt.signal,
      onEvent: (event) => {
        bar?.onEvent(event);
        if (log !== undefined) logEvent(log, event);
      },
    };
    summary =
      options.report === undefined
        ? await cube.ingest(roi, job)
        : await ingestWithReport(cube, roi, job, {
            folder: options.report,
            onWritten: (page) => {
              written = page;
            },
          });
  } finally {
    bar?.stop();
    interrupt.release();
    // On stderr: stdout may be JSON, and a run that was stopped has its report too.
    if (written !== undefined) process.stderr.write(`Report: ${written}\n`);
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

import { type Command, Option } from 'commander';
import type { Logger } from 'pino';
import type { Cube } from '../cube/cube.js';
import type { IngestOptions, IngestTarget } from '../cube/fill/ingest-options.js';
import { ingestWithReport } from '../cube/fill/report.js';
import type { Shard } from '../cube/shards/shard.js';
import type { Toi } from '../dataset/toi.js';
import { StoreError, toRecord, withoutStack } from '../errors.js';
import type { IngestEvent } from '../observe/events.js';
import type { IngestSummary } from '../observe/summary.js';
import type { Pool } from '../pool/pool.js';
import type { PlannedTile, TileSource } from '../tile.js';
import { EXIT, explain } from './exit-codes.js';
import { abortOnSignals } from './interrupt.js';
import {
  durabilityOption,
  pathFor,
  threadsOption,
  trustFileSystemOption,
} from './options/common.js';
import { type ComputeOptions, kernelOption } from './options/pool.js';
import {
  addLimitOptions,
  type CommitEvery,
  commitEveryOption,
  type LimitOptions,
  memoryOption,
  type ServiceLimits,
} from './options/run-limits.js';
import { FailureList } from './options/tile-list.js';
import { eventStream, withoutStacks } from './output/event-stream.js';
import { ProgressBar, waitText } from './output/progress-bar.js';
import { livingText, plural, stageTable, summaryText } from './output/summary-text.js';
import { complain, print, printJson, screen, tell } from './output/terminal.js';
import { openRunView, viewOption } from './run-view.js';

/** What {@link addRunOptions} adds. */
export interface RunOptions extends ComputeOptions, LimitOptions {
  readonly format: 'text' | 'json' | 'ndjson';
  readonly report?: string;
  readonly failed?: string;
  readonly logFile?: string;
  readonly verbose?: boolean;
  readonly quiet?: boolean;
  /** Bytes. */
  readonly memory?: number;
  readonly durability: 'commit' | 'none';
  readonly trustFileSystem?: boolean;
  readonly commitEvery?: CommitEvery;
  /** A port. */
  readonly view?: number;
}

/** The options of every command that fills a cube, wherever its pixels come from. */
export function addRunOptions(command: Command): Command {
  return addLimitOptions(command)
    .addOption(threadsOption())
    .addOption(kernelOption())
    .addOption(memoryOption())
    .addOption(durabilityOption())
    .addOption(trustFileSystemOption())
    .addOption(commitEveryOption())
    .addOption(
      new Option('--format <format>', 'what to print: ndjson is a JSON record for each event')
        .choices(['text', 'json', 'ndjson'])
        .default('text'),
    )
    .addOption(
      new Option(
        '--failed <file>',
        'list to write of the tiles that failed, and of those not come to when the run breaks off, a JSON record a line; "ingest --retry-failed" reads it; of a shard it is failed.shard-3-of-40.ndjson, for failed.ndjson',
      ).argParser(pathFor('--failed')),
    )
    .addOption(
      new Option(
        '--report <dir>',
        'folder for a page that shows what happened (report.html), and its numbers (report.json, failures.ndjson)',
      ).argParser(pathFor('--report')),
    )
    .addOption(
      new Option(
        '--log-file <file>',
        'file to append every event to, one JSON record a line',
      ).argParser(pathFor('--log-file')),
    )
    .addOption(viewOption())
    .addOption(new Option('-v, --verbose', 'log every event to stderr, one JSON record a line'))
    .addOption(new Option('-q, --quiet', 'no progress'));
}

/**
 * Fills a region or a list of tiles from a source, with progress and a report, and sets the exit code. Closes the
 * source.
 */
export async function runIngest(
  cube: Cube,
  target: IngestTarget,
  source: TileSource,
  options: RunOptions &
    ServiceLimits & {
      readonly store: string;
      readonly branch?: string;
      readonly time?: Toi | undefined;
      readonly part?: Shard | undefined;
      readonly mayBorrow?: boolean;
      readonly refresh?: Date;
      readonly ifChanged?: boolean;
      readonly pool: Pool;
    },
): Promise<void> {
  const closing: (() => unknown)[] = [() => source.close()];
  try {
    const failures =
      options.failed === undefined ? undefined : new FailureList(options.failed, options.part);
    await failures?.check();
    const seen = options.view === undefined ? undefined : await openRunView(options.view, options);
    closing.push(() => seen?.close());
    const { logs, logEvent } = await openLogs(options);
    const bar = options.quiet || options.verbose ? undefined : new ProgressBar(screen);
    const interrupt = abortOnSignals();
    closing.push(() => bar?.stop(), interrupt.release);
    const onEvent = (event: IngestEvent) => {
      bar?.onEvent(event);
      for (const log of logs) logEvent(log, event);
      if (options.format === 'ndjson') eventStream.onEvent(event);
      failures?.onEvent(event);
      seen?.onEvent(event);
      // Nobody should wonder why nothing moves, progress wanted or not.
      if (event.type === 'waiting' && bar === undefined && !options.verbose)
        complain(waitText(event));
      if (event.type === 'no-takeover')
        complain(
          'this store does not show who fills which tiles, so each shard does its own alone; what one leaves, the same call fills later',
        );
    };
    const { maxTiles, maxBytes, until, maxOutage, time, part, memory, pool } = options;
    const job: IngestOptions = {
      ...{ time, source, pool, onEvent, signal: interrupt.signal, maxTiles, maxBytes, until },
      ...{ shard: part, mayBorrow: options.mayBorrow, refreshBefore: options.refresh },
      ifChanged: options.ifChanged,
      trustFileSystem: options.trustFileSystem,
      ...(maxOutage === undefined ? {} : { maxOutageMs: maxOutage }),
      ...(memory === undefined ? {} : { memory }),
      ...options.commitEvery,
    };
    const summary = await ingest(cube, target, job, options).catch(async (error: unknown) => {
      bar?.stop();
      // Why the run ended matters more than that its list could not be written.
      await failures
        ?.writeAfter(error, (most) => planOf(cube, target, job, most))
        .catch((cause: unknown) => complain(explain(cause)));
      for (const log of logs) log.error({ error: withoutStack(toRecord(error)) }, 'error');
      throw error;
    });
    bar?.stop();
    for (const log of logs) log.info(plain(summary), 'summary');
    printSummary(summary, options.format, failures?.file);
    if (summary.failed.length > 0) process.exitCode = EXIT.partial;
    if (part === undefined) await updateOverviews(cube, { ...options, signal: interrupt.signal });
    // Last, because the tiles are committed whether or not it can be written.
    await failures?.write();
  } finally {
    for (const close of closing.reverse()) await close();
  }
}

/** A cube that has overviews keeps them: another process that fills it does so at its own end. */
async function updateOverviews(
  cube: Cube,
  {
    pool,
    signal,
    format,
    quiet,
  }: RunOptions & { readonly pool: Pool; readonly signal: AbortSignal },
): Promise<void> {
  if ((await cube.levels()).length === 0) return;
  try {
    const { updated } = await cube.updateOverviews({
      ...{ pool, signal },
      onWait: (processes, ms) => {
        if (!quiet) tell(livingText(processes, ms));
      },
    });
    if (!quiet && format === 'text' && updated > 0)
      print(`overviews: ${updated} tiles were brought up to date`);
  } catch (error) {
    if (!(error instanceof StoreError && error.kind === 'conflict')) throw error;
    complain('another process brings the overviews up to date; "geocubes overviews" does the rest');
  }
}

/** Where every event is logged; what writes logs is loaded where there are any. @throws {InvalidInputError} */
async function openLogs({ verbose, logFile }: RunOptions): Promise<{
  readonly logs: readonly Logger[];
  logEvent(log: Logger, event: IngestEvent): void;
}> {
  if (!verbose && logFile === undefined) return { logs: [], logEvent: () => {} };
  const { createFileLog, createLog, logEvent } = await import('./output/logger.js');
  const logs = [
    ...(verbose ? [createLog()] : []),
    ...(logFile === undefined ? [] : [createFileLog(logFile)]),
  ];
  return { logs, logEvent };
}

/** What a run has left: its plan, made anew. */
async function planOf(
  cube: Cube,
  target: IngestTarget,
  { source, time, shard, refreshBefore, ifChanged }: IngestOptions,
  maxTiles: number,
): Promise<Iterable<Pick<PlannedTile, 'id' | 'index'>>> {
  const plan = await cube.plan(target, source, { time, maxTiles, shard, refreshBefore, ifChanged });
  return plan.plannedTiles();
}

/** With a report, where one is asked for; errors are in the stream of events too. */
async function ingest(
  cube: Cube,
  target: IngestTarget,
  job: IngestOptions,
  { report, format }: RunOptions,
): Promise<IngestSummary> {
  try {
    if (report === undefined) return await cube.ingest(target, job);
    return await ingestWithReport(cube, target, job, {
      folder: report,
      // On stderr: stdout may be JSON, and a run that was stopped has its report too.
      onWritten: (page) => tell(`Report: ${page}`),
    });
  } catch (error) {
    if (format === 'ndjson') eventStream.fail(error);
    throw error;
  }
}

function plain({ failed, ...summary }: IngestSummary) {
  return { ...summary, failed: failed.length };
}

function printSummary(
  summary: IngestSummary,
  format: RunOptions['format'],
  failed: string | undefined,
): void {
  if (format === 'ndjson') {
    eventStream.end(summary);
    return;
  }
  if (format === 'json') {
    printJson(summary, withoutStacks);
    return;
  }
  print(...summaryText(summary).split('\n'));
  if (summary.committed > 0) print(...stageTable(summary).split('\n'));
  for (const { id, stage, error } of summary.failed.slice(0, FAILURES_SHOWN))
    print(`failed: tile ${id} at ${stage}: ${error.message}`);
  const more = summary.failed.length - FAILURES_SHOWN;
  if (more > 0)
    print(
      `failed: ${plural(more, 'tile')} more${failed === undefined ? '; --failed FILE lists them all' : `, all of them in ${failed}`}`,
    );
}

/** Failed tiles on the terminal; a list is for files. */
const FAILURES_SHOWN = 20;

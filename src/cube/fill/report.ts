/** An ingest that leaves a report. */

import { IngestRecorder } from '../../observe/recorder.js';
import type { IngestSummary } from '../../observe/summary.js';
import { checkReportFolder, writeReport } from '../../report/files.js';
import { newShardFolder } from '../../report/merged/shard-folder.js';
import type { Cube } from '../cube.js';
import { drawRegionMap, regionWords, timeWords } from '../state/region-map.js';
import { type IngestOptions, type IngestTarget, isTileList } from './ingest-options.js';

/** Where a report goes, and who is told. */
export interface ReportOptions {
  /**
   * Where the report goes: see `writeReport`. Made where it is missing. That of a shard goes into a folder of its
   * own there, so that all shards may name the same one: see `newShardFolder`.
   */
  readonly folder: string;
  /** Called with the path of the page when it is written, also where the ingest itself then throws. */
  readonly onWritten?: (page: string) => void;
}

/**
 * {@link Cube.ingest}, and a report of it in a folder: a page for people, and its numbers as JSON. It is
 * written when the run ends, however it ends: an interrupted run and one that could not go on have
 * their report too. Only a run that fails before there is a plan leaves none.
 *
 * @throws what {@link Cube.ingest} throws; {@link InvalidInputError} before anything is done when the
 * folder cannot be written in; {@link StoreError} when the ingest went well, but its report could not be written.
 */
export async function ingestWithReport(
  cube: Cube,
  target: IngestTarget,
  options: IngestOptions,
  { folder, onWritten }: ReportOptions,
): Promise<IngestSummary> {
  await checkReportFolder(folder);
  const { shard } = options;
  const steps = cube.stepsOf(options.time);
  const recorder = new IngestRecorder({
    dataset: cube.dataset.title,
    region: isTileList(target) ? `a list of ${target.length} tiles` : regionWords(target),
    ...(steps === undefined ? {} : { time: timeWords(steps) }),
    threads: options.pool.size,
    ...(shard === undefined ? {} : { shard }),
  });
  const write = async (error?: unknown) => {
    // Known since the first tile; where no thread loaded a kernel, that is what ended the run.
    const kernel = await options.pool.ready().catch(() => undefined);
    const record = recorder.end(error, kernel);
    if (!recorder.hasBegun) return;
    const map = await drawRegionMap({
      ...{ grid: cube.grid, title: cube.dataset.title, steps },
      statesAt: (step) =>
        cube.walkStates(
          cube.grid.geobox,
          step === undefined ? {} : { time: { kind: 'at', time: new Date(step.start) } },
        ),
      region: isTileList(target) ? undefined : target,
      failed: record.failures.map(({ index }) => index),
    }).catch(() => undefined);
    const place = shard === undefined ? folder : await newShardFolder(folder, shard);
    const page = await writeReport(place, record, map === undefined ? {} : { map });
    onWritten?.(page);
  };
  let summary: IngestSummary;
  try {
    summary = await cube.ingest(target, {
      ...options,
      onEvent: (event) => {
        recorder.onEvent(event);
        options.onEvent?.(event);
      },
    });
  } catch (error) {
    // Why the run ended matters more than that its report could not be written.
    await write(error).catch(() => {});
    throw error;
  }
  await write();
  return summary;
}

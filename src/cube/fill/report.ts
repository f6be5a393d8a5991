/** An ingest that leaves a report. */

import { formatInstant } from '../../dataset/period.js';
import type { TimeStep } from '../../dataset/time-axis.js';
import { boundsOf } from '../../grid/frame.js';
import type { Roi } from '../../grid/roi.js';
import type { IngestRecord } from '../../observe/record.js';
import { IngestRecorder } from '../../observe/recorder.js';
import type { IngestSummary } from '../../observe/summary.js';
import { drawStateMap } from '../../picture/state-map.js';
import { checkReportFolder, writeReport } from '../../report/files.js';
import type { Cube } from '../cube.js';
import { TileState } from '../state/tile-states.js';
import { type IngestOptions, type IngestTarget, isTileList } from './ingest-options.js';

/** Where a report goes, and who is told. */
export interface ReportOptions {
  /** Where the report goes: see {@link writeReport}. Made where it is missing. */
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
  const steps = cube.stepsOf(options.time);
  const recorder = new IngestRecorder({
    dataset: cube.dataset.title,
    region: isTileList(target) ? `a list of ${target.length} tiles` : regionWords(target),
    ...(steps === undefined ? {} : { time: timeWords(steps) }),
    threads: options.pool.size,
  });
  const write = async (error?: unknown) => {
    const record = recorder.end(error);
    if (!recorder.hasBegun) return;
    const map = await drawMap(cube, target, steps, record).catch(() => undefined);
    onWritten?.(await writeReport(folder, record, map === undefined ? {} : { map }));
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

/** The cube after the run; tiles that failed in it are shown as failed, whatever they are at other steps. */
async function drawMap(
  cube: Cube,
  target: IngestTarget,
  steps: readonly TimeStep[] | undefined,
  { subject, failures }: IngestRecord,
): Promise<string> {
  const { grid } = cube;
  const loaded: { row: number; col: number; state: number }[] = [];
  // One step after the other: together the tiles of a large temporal cube would fill the memory.
  for (const step of steps ?? [undefined]) {
    const time =
      step === undefined ? {} : { time: { kind: 'at', time: new Date(step.start) } as const };
    for (const { row, col, state } of await cube.tileStates(grid.geobox, time))
      if (state !== TileState.notLoaded) loaded.push({ row, col, state });
  }
  // A tile that is loaded at one step and empty at another counts as loaded: the last word is taken.
  loaded.sort((one, other) => other.state - one.state);
  const failed = failures.map(({ index: { row, col } }) => ({ row, col, state: 3 }));
  return drawStateMap({
    title: subject.time === undefined ? subject.dataset : `${subject.dataset}, ${subject.time}`,
    grid,
    states: [...loaded, ...failed],
    ...(isTileList(target) ? {} : { region: cube.windowsOf(target) }),
  });
}

function regionWords(roi: Roi): string {
  if ('type' in roi) return `GeoJSON ${roi.type}`;
  const { west, south, east, north } = 'affine' in roi ? boundsOf(roi) : roi;
  const [w, s, e, n] = [west, south, east, north].map((value) => Number(value.toPrecision(9)));
  return `${w},${s},${e},${n} (${roi.crs.name})`;
}

function timeWords(steps: readonly TimeStep[]): string {
  const [first, last] = [steps[0], steps.at(-1)];
  if (first === undefined || last === undefined) return 'none';
  return `${steps.length === 1 ? '' : `${steps.length} steps, `}${formatInstant(first.start)} to ${formatInstant(last.end)}`;
}

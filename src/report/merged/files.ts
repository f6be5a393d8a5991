/** Where shards leave their reports, and where the one over all of them goes: a folder for each run in the other's. */
import { createReadStream } from 'node:fs';
import { lstat, mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { StoreError } from '../../errors.js';
import { localPath } from '../../machine/local-path.js';
import { readAtMost } from '../../raster/read-at-most.js';
import { REPORT_FILES, replaceFile } from '../files.js';
import { byName, type LeftOut, type MergedRecord, type MergeFacts, Merger } from './merge.js';
import { drawMergedReport, type MergedPageOptions } from './page.js';
import { type RunSubject, readRun, type ShardFailure } from './read-run.js';
import { SHARD_FOLDER, SHARDS } from './shard-folder.js';

/** Runs that are looked at, and bytes of a record: far more than any has. */
const MOST_RUNS = 20_000;
const MOST_BYTES = 64 * 1024 ** 2;

/** What a merged report is about. */
export interface MergeSubject extends Pick<RunSubject, 'dataset' | 'region' | 'time'> {
  /** Shards of the region. Default: what the records say. */
  readonly count?: number | undefined;
}

/**
 * Reads the records that shards have left in the folder of a report, and writes what failed in any of them beside
 * them, as `failures.ndjson`.
 *
 * @param onFailure told of each tile that failed
 * @throws {StoreError} of kind `io` when that cannot be written. What cannot be read is in the record.
 */
export async function mergeRecords(
  given: string,
  subject: MergeSubject,
  onFailure: (failure: ShardFailure) => void,
): Promise<MergedRecord> {
  const folder = localPath(given, 'the folder of the report');
  const path = join(folder, REPORT_FILES.failures);
  const draft = `${path}.${process.pid}.part`;
  return writing(folder, async () => {
    await mkdir(folder, { recursive: true });
    const lines = await open(draft, 'w');
    try {
      const record = await merge(folder, subject, async (failures, shard) => {
        for (const failure of failures) onFailure(failure);
        await lines.write(
          failures.map((each) => `${JSON.stringify({ ...each, shard })}\n`).join(''),
        );
      });
      await rename(draft, path);
      return record;
    } finally {
      await lines.close();
      await rm(draft, { force: true });
    }
  });
}

/**
 * Writes the report over all shards into their folder: `report.json`, then `report.html`.
 * @returns the path of the page.
 * @throws {StoreError} of kind `io` when it cannot be written.
 */
export async function writeMergedReport(
  given: string,
  record: MergedRecord,
  options: MergedPageOptions,
): Promise<string> {
  const folder = localPath(given, 'the folder of the report');
  return writing(folder, async () => {
    await replaceFile(join(folder, REPORT_FILES.record), `${JSON.stringify(record)}\n`);
    const page = join(folder, REPORT_FILES.page);
    await replaceFile(page, drawMergedReport(record, options));
    return page;
  });
}

async function writing<T>(folder: string, task: () => Promise<T>): Promise<T> {
  try {
    return await task();
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    throw new StoreError(
      'io',
      `Expected to write the report of all shards into ${folder} but it failed (${code ?? message}). The cube is as it was; only the report is missing.`,
      { cause },
    );
  }
}

async function merge(
  folder: string,
  { count, ...subject }: MergeSubject,
  onFailures: (failures: readonly ShardFailure[], shard: number) => Promise<void>,
): Promise<MergedRecord> {
  const merger = new Merger();
  const damaged: LeftOut[] = [];
  const others: LeftOut[] = [];
  let shards = count;
  for await (const { file, content, why } of recordsIn(folder)) {
    const read = content === undefined ? (why ?? 'it is missing') : readRun(content);
    if (typeof read === 'string') {
      damaged.push({ file, why: read });
      continue;
    }
    const { run, failures } = read;
    const other = differenceOf(read.subject, { ...subject, shards });
    if (other !== undefined) {
      others.push({ file, why: other });
      continue;
    }
    shards = read.subject.shards;
    merger.add(run, failures, shards ?? 1);
    await onFailures(failures, run.shard);
  }
  const { time, ...about } = subject;
  const facts: MergeFacts = {
    subject: { ...about, ...(time === undefined ? {} : { time }) },
    ...{ damaged, others, count },
  };
  return merger.end(facts);
}

interface Found {
  readonly file: string;
  readonly content?: string;
  /** Why there is none. */
  readonly why?: string;
}

/** One after the other, so that no more than one of them is in memory. */
async function* recordsIn(folder: string): AsyncGenerator<Found> {
  const entries = await readdir(join(folder, SHARDS), { withFileTypes: true }).catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return [];
      throw error;
    },
  );
  const names = entries
    .filter((entry) => entry.isDirectory() && SHARD_FOLDER.test(entry.name))
    .map(({ name }) => name)
    .sort(byName);
  for (const name of names.slice(0, MOST_RUNS))
    yield readRecord(folder, join(SHARDS, name, REPORT_FILES.record));
  if (names.length > MOST_RUNS)
    yield { file: SHARDS, why: `there are ${names.length} reports, and ${MOST_RUNS} are read` };
}

async function readRecord(folder: string, file: string): Promise<Found> {
  const path = join(folder, file);
  try {
    // A pipe has no end, and a link leads elsewhere.
    if (!(await lstat(path)).isFile()) return { file, why: 'it is no file' };
    const { bytes, isCut } = await readAtMost(createReadStream(path), MOST_BYTES);
    return isCut
      ? { file, why: `it has more than ${MOST_BYTES / 1024 ** 2} MiB` }
      : { file, content: bytes.toString('utf8') };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return {
      file,
      why: code === 'ENOENT' ? 'it was never written' : `it cannot be read (${code})`,
    };
  }
}

/** Why a run is none of those that are merged; `undefined` where it is one. */
function differenceOf(run: RunSubject, wanted: RunSubject): string | undefined {
  if (run.shards === undefined) return 'its run had no shard';
  if (run.dataset !== wanted.dataset) return `its dataset is ${run.dataset}`;
  if (run.region !== wanted.region) return `its region is ${run.region}`;
  if (run.time !== wanted.time) return `its time is ${run.time ?? 'none'}`;
  if (wanted.shards !== undefined && run.shards !== wanted.shards)
    return `it is one of ${run.shards} shards`;
  return undefined;
}

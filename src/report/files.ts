import { access, constants, mkdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { InvalidInputError, StoreError } from '../errors.js';
import { localPath } from '../machine/local-path.js';
import type { IngestRecord } from '../observe/record.js';
import { drawReport, type PageOptions } from './page.js';

export const REPORT_FILES = {
  page: 'report.html',
  record: 'report.json',
  failures: 'failures.ndjson',
} as const;

/**
 * Makes sure before a long run that its report can be written after it; nothing is made yet.
 * @throws {InvalidInputError} when the folder, or what would have to hold it, is no folder to write in.
 */
export async function checkReportFolder(folder: string): Promise<void> {
  const refuse = (why: string, cause?: unknown) =>
    new InvalidInputError(
      `Expected a folder to write in for the report but received "${folder}" (${why}). Choose another one.`,
      cause === undefined ? undefined : { cause },
    );
  let path = resolve(localPath(folder, 'the folder of the report'));
  for (;;) {
    const kind = await stat(path).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw refuse(error.code ?? error.message, error);
    });
    if (kind === undefined && dirname(path) !== path) {
      path = dirname(path);
      continue;
    }
    if (kind?.isDirectory() !== true) throw refuse('not a folder');
    await access(path, constants.W_OK | constants.X_OK).catch((error: NodeJS.ErrnoException) => {
      throw refuse(error.code ?? error.message, error);
    });
    return;
  }
}

/**
 * Writes `report.html`, `report.json` and `failures.ndjson` (one failed tile a line) into a folder, which
 * is made where it is missing. Files of these names are replaced, each at once; others are left alone.
 *
 * @returns the path of the page.
 * @throws {StoreError} of kind `io` when they cannot be written.
 */
export async function writeReport(
  given: string,
  record: IngestRecord,
  options: PageOptions = {},
): Promise<string> {
  const folder = localPath(given, 'the folder of the report');
  const lines = record.failures.map((failure) => `${JSON.stringify(failure)}\n`).join('');
  try {
    await mkdir(folder, { recursive: true });
    await replaceFile(join(folder, REPORT_FILES.failures), lines);
    await replaceFile(join(folder, REPORT_FILES.record), `${JSON.stringify(record)}\n`);
    // The page comes last: where it is, the others are.
    const page = join(folder, REPORT_FILES.page);
    await replaceFile(page, drawReport(record, options));
    return page;
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    throw new StoreError(
      'io',
      `Expected to write the report into ${folder} but it failed (${code ?? message}). ${record.summary.committed} tiles are committed; only the report is missing.`,
      { cause },
    );
  }
}

/** A reader sees the old file or the new one, never a part. */
export async function replaceFile(path: string, content: string): Promise<void> {
  const draft = `${path}.${process.pid}.part`;
  try {
    await writeFile(draft, content);
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
}

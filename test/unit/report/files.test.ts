import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { checkReportFolder, writeReport } from '../../../src/report/files.js';
import { failed, planned, recorderOf } from '../observe/events.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'geocubes-report-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const record = recorderOf([planned(2), failed('0-1', 5), failed('1-1', 7)], 10).end();

test('a report is a page, its record and one line for each failed tile, in a folder made for it', async () => {
  const deep = join(folder, 'reports', 'today');
  expect(await writeReport(deep, record)).toBe(join(deep, 'report.html'));
  expect((await readdir(deep)).sort()).toEqual(['failures.ndjson', 'report.html', 'report.json']);
  expect(JSON.parse(await readFile(join(deep, 'report.json'), 'utf8'))).toEqual(record);
  const lines = (await readFile(join(deep, 'failures.ndjson'), 'utf8')).trimEnd().split('\n');
  expect(lines.map((line) => JSON.parse(line))).toEqual(record.failures);
});

test('a second report replaces the files of the first, and no others', async () => {
  await writeFile(join(folder, 'notes.txt'), 'mine');
  await writeReport(folder, record);
  await writeReport(folder, { ...record, failures: [] });
  expect((await readdir(folder)).sort()).toEqual([
    'failures.ndjson',
    'notes.txt',
    'report.html',
    'report.json',
  ]);
  expect(await readFile(join(folder, 'notes.txt'), 'utf8')).toBe('mine');
  expect(await readFile(join(folder, 'failures.ndjson'), 'utf8')).toBe('');
});

test('a report that cannot be written leaves no drafts, and says that the tiles are there', async () => {
  await mkdir(join(folder, 'report.json'));
  await expect(writeReport(folder, record)).rejects.toMatchObject({
    tag: 'store',
    kind: 'io',
    message: expect.stringMatching(/0 tiles are committed; only the report is missing\.$/),
  });
  expect((await readdir(folder)).filter((name) => name.endsWith('.part'))).toEqual([]);
});

test('a folder that does not exist yet is fine, and checking makes nothing', async () => {
  await checkReportFolder(join(folder, 'a', 'b'));
  expect(await readdir(folder)).toEqual([]);
});

test('a file in the place of the folder, or of one above it, is refused', async () => {
  const file = join(folder, 'file');
  await writeFile(file, '');
  for (const place of [file, join(file, 'below')])
    await expect(checkReportFolder(place)).rejects.toMatchObject({
      tag: 'invalid-input',
      message: expect.stringContaining(
        `Expected a folder to write in for the report but received "${place}"`,
      ),
    });
});

test.skipIf(process.getuid?.() === 0)(
  'a folder without permission to write is refused',
  async () => {
    await chmod(folder, 0o500);
    await expect(checkReportFolder(join(folder, 'new'))).rejects.toMatchObject({
      tag: 'invalid-input',
    });
    await chmod(folder, 0o700);
  },
);

import { renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Dataset } from 'gdal-async';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { KeptFiles } from '../../../src/kernel/gdal/files/kept-files.js';
import { makeTemporaryFolder } from '../../../src/machine/temporary.js';

const folder = makeTemporaryFolder('kept-files-');

afterEach(() => vi.useRealTimers());

/** Counts what is opened and closed. */
function openings() {
  const open = new Set<Dataset>();
  let count = 0;
  return {
    open: () => {
      count++;
      const dataset = { close: () => open.delete(dataset) } as unknown as Dataset;
      open.add(dataset);
      return dataset;
    },
    get count() {
      return count;
    },
    get left() {
      return open.size;
    },
  };
}

function fileOf(name: string, content = 'pixels'): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

describe('files that are kept open', () => {
  test('the next tile gets the dataset of the one before, and two at a time get one each', () => {
    const kept = new KeptFiles();
    const files = openings();
    const path = fileOf('a.tif');
    const first = kept.lend({ name: path, formats: ['GTiff'] }, files.open);
    kept.giveBack(first);
    expect(kept.lend({ name: path, formats: ['GTiff'] }, files.open)).toBe(first);
    const second = kept.lend({ name: path, formats: ['GTiff'] }, files.open);
    expect(second).not.toBe(first);
    kept.giveBack(first);
    kept.giveBack(second);
    expect(files.count).toBe(2);
    kept.closeIdle();
    expect(files.left).toBe(0);
  });

  test.each([
    ['is written again', (path: string) => writeFileSync(path, 'other pixels')],
    ['is written again with as many bytes', (path: string) => utimesSync(path, 1, 1)],
    ['is replaced', (path: string) => renameSync(fileOf('other.tif'), path)],
    ['is gone', (path: string) => rmSync(path)],
  ])('a file that %s is opened anew', (_, change) => {
    const kept = new KeptFiles();
    const files = openings();
    const path = fileOf('changing.tif');
    kept.giveBack(kept.lend({ name: path, formats: ['GTiff'] }, files.open));
    change(path);
    kept.giveBack(kept.lend({ name: path, formats: ['GTiff'] }, files.open));
    expect(files.count).toBe(2);
  });

  test.each([
    ['a part of a file', 'NETCDF:"a.nc":b', ['netCDF']],
    ['a VRT that was read', '<VRTDataset></VRTDataset>', ['VRT']],
    ['a file of any format, which may lead to others', fileOf('any.vrt'), 'any'],
  ] as const)('%s is closed when its tile is done', (_, name, formats) => {
    const kept = new KeptFiles();
    const files = openings();
    kept.giveBack(kept.lend({ name, formats }, files.open));
    expect(files.left).toBe(0);
  });

  test('of many files those that were used last stay open, and none for longer than a second', () => {
    vi.useFakeTimers();
    const kept = new KeptFiles();
    const files = openings();
    const paths = Array.from({ length: 20 }, (_, i) => fileOf(`${i}.tif`));
    for (const path of paths)
      kept.giveBack(kept.lend({ name: path, formats: ['GTiff'] }, files.open));
    expect(files.left).toBe(16);
    kept.giveBack(kept.lend({ name: paths[19] as string, formats: ['GTiff'] }, files.open));
    expect(files.count).toBe(20);
    kept.giveBack(kept.lend({ name: paths[0] as string, formats: ['GTiff'] }, files.open));
    expect(files.count).toBe(21);
    vi.advanceTimersByTime(1000);
    expect(files.left).toBe(0);
  });
});

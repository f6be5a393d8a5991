import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readDataset, readText, wholeNumber } from '../../../src/cli/options.js';
import { presetDataset } from '../../../src/dataset/presets.js';
import { InvalidInputError } from '../../../src/errors.js';

describe('wholeNumber', () => {
  const parse = wholeNumber('--threads', 0, 256);

  test.each([
    ['0', 0],
    ['256', 256],
    [' 7 ', 7],
  ])('"%s" is %i', (text, value) => {
    expect(parse(text)).toBe(value);
  });

  test.each(['', ' ', '-1', '257', '1.5', 'many', 'NaN', 'Infinity', '3 4'])(
    '"%s" is refused with the option and its range',
    (text) => {
      expect(() => parse(text)).toThrow(InvalidInputError);
      expect(() => parse(text)).toThrow(
        `Expected a whole number from 0 to 256 for --threads but received "${text}".`,
      );
    },
  );
});

describe('readDataset', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'geocubes-dataset-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  test('takes a preset by its name', async () => {
    expect(await readDataset('demo')).toBe(presetDataset('demo'));
    await expect(readDataset('unknown')).rejects.toThrow('TCTrend2024, AlphaEarth, demo');
  });

  test.skipIf(process.platform === 'win32')(
    'what never ends is read up to a bound, and refused with it',
    async () => {
      await expect(readText('/dev/zero', 'the dataset')).rejects.toThrow(
        'Expected at most 256 MiB for the dataset but received "/dev/zero with more".',
      );
    },
  );

  test('reads a dataset from a JSON file', async () => {
    const path = join(folder, 'mine.json');
    await writeFile(
      path,
      JSON.stringify({
        title: 'Mine',
        image: 'users/me/x',
        bands: ['a'],
        dtype: 'float32',
        grid: { crs: 'EPSG:3413', bounds: [0, 0, 100, 100], resolution: 10, chunk: 5 },
      }),
    );
    expect(await readDataset(path)).toMatchObject({ title: 'Mine', dtype: 'float32' });
  });

  test('a file that is not there, is no JSON or is no dataset is refused by what is wrong', async () => {
    const missing = join(folder, 'missing.json');
    await expect(readDataset(missing)).rejects.toThrow(`received "${missing}" (ENOENT)`);
    const broken = join(folder, 'broken.json');
    await writeFile(broken, '{"title": ');
    await expect(readDataset(broken)).rejects.toThrow('Expected JSON for the dataset');
    await writeFile(broken, '{"title": "x"}');
    await expect(readDataset(broken)).rejects.toThrow(InvalidInputError);
  });
});

import { describe, expect, test } from 'vitest';
import { FILLS, RESAMPLINGS, SOURCES } from '../../../src/dataset/dataset.js';
import { PRESET_NAMES } from '../../../src/dataset/presets.js';
import { DTYPES } from '../../../src/raster/dtype.js';
import type { StorageLocation } from '../../../src/store/storage-url.js';
import { readPages } from '../../pages.js';

const PAGES = new Map(readPages().map(({ file, text }) => [file, text]));

/** How the page of the store writes the places of each kind. */
const PLACES: Readonly<Record<StorageLocation['kind'], string>> = {
  local: '| a path, `file:` |',
  zarr: 'ending in `.zarr` |',
  memory: '| `memory:NAME` |',
  s3: '| `s3://bucket/prefix` |',
  gs: '| `gs://bucket/prefix` |',
  az: '| `az://container/prefix` |',
};

const inCode = (names: readonly string[]) => names.map((name) => `\`${name}\``);

describe('the page of', () => {
  test.each<[string, string, readonly string[]]>([
    ['src/dataset/README.md', 'resamplings', inCode(RESAMPLINGS)],
    ['src/dataset/README.md', 'fills', inCode(FILLS)],
    ['src/dataset/README.md', 'pixel types', inCode(DTYPES)],
    ['src/dataset/README.md', 'presets', inCode(PRESET_NAMES)],
    ['src/dataset/README.md', 'sources', inCode(Object.keys(SOURCES))],
    ['src/kernel/README.md', 'resamplings, with what they are held to', inCode(RESAMPLINGS)],
    ['src/store/README.md', 'kinds of places', Object.values(PLACES)],
  ])('%s names all %s that there are', (file, _, names) => {
    const text = PAGES.get(file) ?? '';
    expect(names.filter((name) => !text.includes(name))).toEqual([]);
  });
});

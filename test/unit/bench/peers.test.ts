import { expect, test } from 'vitest';
import { gdalwarp } from '../../../native-bench/contenders/warps.mjs';
import { writePage } from '../../../native-bench/file-codecs/page.mjs';
import { CREATION } from '../../../native-bench/inputs/scene.mjs';
import { leastRequests } from '../../../native-bench/least-requests.mjs';
import { endToEnd, endToEndTargets } from '../../../native-bench/report/end-to-end.mjs';
import { importScene, warpTargets } from '../../../native-bench/report/warps.mjs';
import { planRequests } from '../../../src/earth-engine/plan-requests.js';
import { parseCrs } from '../../../src/grid/crs/crs.js';
import { GeoBox } from '../../../src/grid/geobox.js';

test('the fewest requests follow from the bytes of a tile and of the band that its masks come in', () => {
  expect(leastRequests([1024, 1024], 3)).toBe(1);
  // 3600 x 3600 x (3 + 1) are 51.8 MB, with a byte for the mask of each 103.7; 48 MiB are 50.3.
  expect(leastRequests([3600, 3600], 3)).toBe(3);
  // Just as much as one may have, and a row more.
  expect(leastRequests([4096, 3072], 1)).toBe(1);
  expect(leastRequests([6144, 1024], 3)).toBe(1);
  expect(leastRequests([6145, 1024], 3)).toBe(2);
  // A ninth band begins another band of masks.
  expect(leastRequests([2048, 1024], 9)).toBe(1);
  expect(leastRequests([2304, 1024], 9)).toBe(2);
});

test.each([1024, 2048, 3600, 4096])('a tile of %i pixels is planned with the fewest', (side) => {
  const crs = parseCrs('EPSG:4326');
  const tile = new GeoBox(crs, { height: side, width: side }, [1e-4, 0, 0, 0, -1e-4, 0]).toRecord();
  const shape = { bands: 3, dtype: 'uint8', mask: { kind: 'bits' } } as const;
  expect(planRequests(tile, shape)).toHaveLength(leastRequests([side, side], 3));
});

test('gdalwarp is told the grid to the last digit, its shape by its edges', () => {
  const grid = {
    crs: 'EPSG:4326',
    shape: [2, 4] as const,
    affine: [0.25, 0, 13.539900000000001, 0, -0.5, 51],
  };
  const warp = {
    ...{ source: 'a.tif', out: 'b.tif', grid, resampling: 'bilinear', threads: 2 },
    scale: { XSCALE: 0.75, YSCALE: 1 },
  };
  const words = gdalwarp(warp, '-et', 0);
  const after = (option: string, count: number) => {
    const at = words.indexOf(option);
    return words.slice(at + 1, at + 1 + count);
  };
  expect(after('-te', 4)).toEqual(['13.539900000000001', '50', '14.539900000000001', '51']);
  expect(after('-tr', 2)).toEqual(['0.25', '0.5']);
  expect(after('-et', 1)).toEqual(['0']);
  expect(words).toEqual(expect.arrayContaining(['NUM_THREADS=2', 'XSCALE=0.75', 'YSCALE=1']));
  expect(words.slice(-2)).toEqual(['a.tif', 'b.tif']);
  expect(gdalwarp(warp)).not.toContain('-et');
});

test('gdalwarp is told of a file what its default and ours differ in', () => {
  const grid = { crs: 'EPSG:4326', shape: [2, 4] as const, affine: [1, 0, 0, 0, -1, 2] };
  const warp = { source: 'a.tif', out: 'b.tif', grid, resampling: 'near', scale: {}, threads: 2 };
  expect(CREATION.join(' ')).toMatch(/INTERLEAVE=BAND.*COMPRESS=DEFLATE ZLEVEL=1 PREDICTOR=2/);
  expect(gdalwarp(warp)).toEqual(expect.arrayContaining([...CREATION]));
  const creation = ['COMPRESS=NONE'];
  const words = gdalwarp({ ...warp, creation });
  expect(words).toContain('COMPRESS=NONE');
  expect(words).not.toContain('COMPRESS=DEFLATE');
});

test('files of several codecs are judged by processor time, round by round', () => {
  const samples = (cpuMs: readonly number[]) => cpuMs.map((each) => ({ ms: 1, cpuMs: each }));
  const text = writePage({
    ...{ date: '2026-01-02', machine: { cpu: 'A', cores: 2, load: 1 }, node: '20.0.0' },
    ...{ side: 6, bands: 4, sourceShape: [5, 8], chunk: 4, threads: 2 },
    cases: [
      {
        ...{ codec: 'none', creation: [] },
        contenders: [
          { name: 'geocubes', kernel: 'geocubes', samples: samples([100, 200]) },
          { name: 'gdalwarp -et 0', kernel: 'gdalwarp-exact', samples: samples([310, 620]) },
          { name: 'gdalwarp', kernel: 'gdalwarp', samples: samples([110, 220]) },
        ],
      },
    ],
  });
  expect(text).toContain('| none: geocubes | 150 (100 to 200) | 1.00 | 1.00 |  |');
  expect(text).toContain('| 3.10 | at least 3: met |');
  expect(text).toContain('| 1.10 | at least 1.2: **not met** |');
});

const timed = (kernel: string, ms: readonly number[], more = {}) => ({
  ...{ name: kernel, kernel, threads: 1 },
  samples: ms.map((each) => ({ ms: each, cpuMs: each, ...more })),
});

const IMPORT = {
  ...{ side: 10, bands: 4, shape: [20, 30], chunk: 8, threads: 2 },
  leftOut: ['gdalwarp (not here)'],
  cases: [
    {
      resampling: 'near',
      contenders: [
        timed('geocubes', [100, 200]),
        {
          ...timed('gdalwarp-exact', [310]),
          difference: { pixels: 1000, different: 0, oneSided: 0, worst: 0 },
        },
        {
          ...timed('gdalwarp', [110, 220]),
          difference: { pixels: 1000, different: 25, oneSided: 0, worst: 7 },
        },
      ],
    },
  ],
};

test('warps are judged by the ratios within rounds, and what was not measured is not', () => {
  expect(warpTargets(IMPORT, 'Import')).toEqual([
    {
      ...{ claim: 'Import, near: times as fast as gdalwarp -et 0', goal: 'at least 3' },
      ...{ measured: '3.10', isMet: true },
    },
    {
      ...{ claim: 'Import, near: times as fast as gdalwarp', goal: 'at least 1.2' },
      ...{ measured: '1.10', isMet: false },
    },
    { claim: 'Import, bilinear: times as fast as gdalwarp -et 0', goal: 'at least 3' },
    { claim: 'Import, bilinear: times as fast as gdalwarp', goal: 'at least 1.2' },
  ]);
  expect(warpTargets(undefined, 'Import')).toHaveLength(4);
});

test('the part on imports says how many pixels differ, and who was left out', () => {
  const text = importScene(IMPORT);
  expect(text).toContain('| near: gdalwarp-exact | 1 | 310 | 310 | 3.10 | none |');
  expect(text).toContain(
    '| near: gdalwarp | 2 | 165 (110 to 220) | 165 (110 to 220) | 1.10 | 2.50 % (7.00) |',
  );
  expect(text).toContain('Left out: gdalwarp (not here).');
  expect(text).not.toContain('undefined');
});

const END_TO_END = {
  ...{ leftOut: [], threads: 2, bands: 3 },
  regions: [
    {
      ...{ chunk: 1024, tiles: [2, 2], shape: [2048, 2048], rounds: 2, least: 4 },
      compared: { looked: 998, pixels: 1000 },
      cases: [
        {
          latency: 200,
          contenders: [
            timed('geocubes', [1000, 2000], { requests: 5 }),
            timed('original', [16_000, 30_000], { requests: 212 }),
          ],
        },
      ],
    },
  ],
};

test('the whole way is judged by its time and by its requests beyond the least', () => {
  expect(endToEndTargets(END_TO_END)).toEqual([
    {
      claim: 'End to end, 4 tiles of 1024, 200 ms: times as fast as smart-geocubes with Xee',
      ...{ goal: 'at least 15', measured: '15.5 (15.0 to 16.0)', isMet: true },
    },
    {
      claim: 'End to end, 4 tiles of 1024: requests beyond the least',
      ...{ goal: 'at most 1', measured: '1', isMet: true },
    },
  ]);
  expect(endToEndTargets(undefined).map(({ measured }) => measured)).toEqual([
    undefined,
    undefined,
  ]);
});

test('the part on the whole way says which pixels were compared, and counts requests', () => {
  const text = endToEnd(END_TO_END);
  expect(text).toContain('99.8 % of those of 4 tiles of 1024 (2048 x 2048 x 3)');
  expect(text).toContain(
    '| 4 tiles of 1024, 200 ms: original | 23,000 (16,000 to 30,000) | 23,000 (16,000 to 30,000) | 15.5 (15.0 to 16.0) | 212 | 4 |',
  );
  expect(text).not.toContain('undefined');
});

import { expect, test } from 'vitest';
import { drawChart } from '../../../native-bench/report/chart.mjs';
import { writeCommandsPage } from '../../../native-bench/report/commands-page.mjs';
import { writePage } from '../../../native-bench/report/page.mjs';
import { judge, trendOf } from '../../../native-bench/report/targets.mjs';
import { putShortTable } from '../../../native-bench/report.mjs';
import { SMALL_RUN } from './small-run.js';

const wholeTile = SMALL_RUN.tasks['whole-tile'].cases[0];

test('targets are judged by the ratios within rounds', () => {
  const found = judge(SMALL_RUN).map(({ measured, isMet }) => [measured, isMet]);
  expect(found).toEqual([
    // The original took part in the first round only: 2000 / 10 and 2000 / 20.
    ['200', true],
    ['100', false],
    // 49 / 10; then 5, 5 and 2.5.
    ['4.90', false],
    ['5.00 (2.50 to 5.00)', true],
    // Native against the floor: 2 in each round, and 30 / 30, 63 / 60 and 70 / 50 ms of the processor.
    ['2.00', false],
    ['1.05 (1.00 to 1.40)', true],
    // No LZW and no DEFLATE case was run.
    ...Array(4).fill([undefined, undefined]),
    // 111 bytes against 100.
    ['11.0 % more', false],
    [undefined, undefined],
    [undefined, undefined],
    [undefined, undefined],
    // 953.6 MiB are 999.9 MB.
    ['1,000 MB', true],
    ['2.96 % over 4 tiles (1.05 MB a tile)', true],
    [undefined, undefined],
    [undefined, undefined],
    [undefined, undefined],
    [undefined, undefined],
    // 190 - 80, 170 - 90 and 150 - 80: 80 in the middle, of 70.
    ['80.0 ms (70.0 ms to 110 ms)', false],
    [undefined, undefined],
    // 230 - 80, 240 - 90 and 220 - 80.
    ['150 ms (140 ms to 150 ms)', true],
    [undefined, undefined],
    // No scene was put on another grid, and no region fetched: four targets, four and two.
    ...Array(10).fill([undefined, undefined]),
  ]);
});

test('a quick run is held to what its small inputs allow, and to the same otherwise', () => {
  const full = judge(SMALL_RUN);
  const quick = judge({ ...SMALL_RUN, mode: 'quick' });
  const changed = quick.flatMap(({ claim, goal }, i) =>
    goal === full[i]?.goal ? [] : [[claim, full[i]?.goal, goal]],
  );
  expect(changed).toEqual([
    [expect.stringContaining('Python original, 2 threads'), 'at least 150', 'at least 100'],
    [expect.stringContaining('Python original, 1 thread'), 'at least 150', 'at least 100'],
    ...['uncompressed', 'LZW', 'DEFLATE'].flatMap((reply) =>
      ['times the floor,', 'processor time'].map((what) => [
        expect.stringContaining(`${reply} replies: ${what}`),
        'at most 1.1',
        'at most 1.3',
      ]),
    ),
    [expect.stringContaining('zarrita'), 'at least 5', 'at least 3'],
    [expect.stringContaining('xarray'), 'at least 1.5', 'at least 1.2'],
  ]);
});

test('codecs are set beside the default by the system library, by what each took and gave', () => {
  const sample = (encodeMs: number, decodeMs: number, bytes: number) => ({
    encodeMs,
    decodeMs,
    bytes,
  });
  const default_ = { name: 'blosc', cname: 'zstd', clevel: 2, shuffle: 'bitshuffle', typesize: 1 };
  const page = writePage({
    ...SMALL_RUN,
    tasks: {
      codecs: {
        rounds: 3,
        libraries: [
          { id: 'system', name: "the system's", version: '1.21.3' },
          { id: 'native', name: 'newer, compiled for this processor', version: '1.21.7' },
        ],
        cases: [
          {
            ...{ name: 'synthetic uint8', dtype: 'uint8', shape: [1000, 1000], rawBytes: 1e6 },
            tried: [
              {
                ...{ codec: { ...default_, blocksize: 1048576 }, choice: 'default' },
                ...{ library: 'system', samples: [4, 2, 5].map((ms) => sample(ms, 1, 500_000)) },
              },
              {
                codec: { ...default_, cname: 'lz4', blocksize: 0 },
                ...{ library: 'native', samples: [sample(1, 0.5, 600_000)] },
              },
            ],
          },
        ],
      },
    },
  });
  expect(page).toContain('### synthetic uint8, 1000 x 1000 uint8');
  expect(page).toContain(
    "| zstd 2, bitshuffle, blocks of 1024 KiB (**default**) | the system's | 250 | 1,000 | 500,000 | 2.00 | 100 % |",
  );
  expect(page).toContain(
    "| lz4 2, bitshuffle, libblosc's own blocks | newer, compiled for this processor | 1,000 | 2,000 | 600,000 | 1.67 | 120 % |",
  );
});

test('memory is judged after the tenth tile', () => {
  const trend = trendOf(SMALL_RUN.tasks.memory);
  expect(trend?.slope).toBeCloseTo(1.048576, 9);
  expect(trend?.growth).toBeCloseTo(3 / 101.5, 9);
  expect(trendOf({ residentMiB: [1, 2, 3] })).toBeUndefined();
});

test('the page holds each task that was run, and says what was not measured', () => {
  const page = writePage(SMALL_RUN);
  expect(page).toContain('## A whole tile');
  expect(page).not.toContain('## Warp');
  expect(page).toContain('| version | 170 (150 to 190) | 340 (300 to 380) |');
  expect(page).toContain('not measured');
  expect(page).toContain('| gdal 1 | 40.0 (20.0 to 200) | 2.00 | 100 | 0.00 | 105, 210 |');
  // 20 of 40 ms decode, 4 fill, 10 encode; 6 are left.
  expect(page).toContain(
    'gdal 1 | 20.0 (50.0 %) | 4.00 (10.0 %) |  | 10.0 (25.0 %) | 6.00 (15.0 %)',
  );
  // Encoding takes 10 ms of 40, and 25 in JavaScript, whose tile takes 100.
  expect(page).toContain(
    'encoding is 25.0 % of the native tile, and takes pure JS 2.50 times as long',
  );
  expect(page).toContain('it would be 10.0 times as fast as pure JS');
  expect(page).toContain('"As the loopback server replies": 5.00 (2.50 to 5.00).');
  expect(page).not.toContain('undefined');
  expect(page).not.toContain('NaN');
});

test('each part has a page with its own tasks and targets alone', () => {
  const kernels = writePage(SMALL_RUN, 'kernels');
  const commands = writeCommandsPage(SMALL_RUN);
  expect(kernels).toContain('## A whole tile');
  expect(kernels).toContain('times as fast as pure JS');
  expect(kernels).not.toMatch(/## Start-up|End to end|--version/);
  expect(commands).toContain('## Start-up');
  expect(commands).toContain('| geocubes --version: processor time');
  expect(commands).toContain('| version | 170 (150 to 190) | 340 (300 to 380) |');
  expect(commands).not.toMatch(/## A whole tile|pure JS/);
  expect(commands).not.toMatch(/undefined|NaN/);
});

test('a run without Python says so', () => {
  const { python: _, ...run } = SMALL_RUN;
  expect(writePage(run)).toContain('The **Python original** is left out');
});

test('bars of the chart grow with the logarithm of the median', () => {
  const chart = drawChart(
    {
      contenders: [
        { name: 'one <&>', kernel: 'gdal', samples: [{ ms: 10 }] },
        { name: 'two', kernel: 'js', samples: [{ ms: 100 }] },
        { name: 'three', kernel: 'python', samples: [{ ms: 1000 }] },
      ],
    },
    'Title',
  );
  const widths = [...chart.matchAll(/<rect [^>]*width="([\d.]+)"/g)].map(([, width]) =>
    Number(width),
  );
  expect(widths[0]).toBe(0);
  expect((widths[2] ?? 0) / (widths[1] ?? 0)).toBeCloseTo(2, 3);
  expect(chart).toContain('one &lt;&amp;>');
  expect(chart).toContain('prefers-color-scheme: dark');
});

test('the short table goes between its marks and nowhere else', () => {
  const text = 'before\n<!-- bench:start -->\nold\n<!-- bench:end -->\nafter\n';
  const changed = putShortTable(text, SMALL_RUN);
  expect(changed).toMatch(/^before\n<!-- bench:start -->\nA 10 x 20 x 3 uint8 tile/);
  expect(changed).toMatch(/<!-- bench:end -->\nafter\n$/);
  expect(changed).toContain('| gdal 2 | 10.0 | 200 |');
  expect(changed).not.toContain('old');
  expect(putShortTable(changed, SMALL_RUN)).toBe(changed);
  expect(() => putShortTable('no marks', SMALL_RUN)).toThrow('bench:start');
  expect(wholeTile?.contenders).toHaveLength(6);
});

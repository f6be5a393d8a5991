import { rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { growthOf, runCampaign } from './campaign.js';
import type { Mutant } from './mutants.js';

const folders = new Set<string>();
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** A tile of 2 x 3 pixels, whose id tells bad-child.mjs how to end it. */
const mutantOf = (id: string, number: number): Mutant => ({
  number,
  seedName: id,
  tile: {
    state: 'fetched',
    id,
    index: { row: 0, col: 0 },
    geobox: { crs: 'EPSG:3413', shape: [2, 3], affine: [1, 0, 0, 0, -1, 0] },
    parts: [],
  },
  recipe: {
    bands: 1,
    dtype: 'uint8',
    fillValue: 0,
    mask: { kind: 'file' },
    processing: { fill: 'none', maxFillDistance: 1, clipToObserved: false, resampling: 'near' },
    chunk: [2, 3],
    codec: { name: 'uncompressed' },
  },
});

async function run(ids: readonly string[]) {
  const report = await runCampaign({
    program: new URL('bad-child.mjs', import.meta.url),
    patienceMs: 5000,
    kernels: ['js'],
    numbers: ids.map((_, i) => i),
    makeMutant: (number) => mutantOf(ids[number] ?? '', number),
    lanes: 1,
  });
  for (const { file } of report.faults) folders.add(dirname(file));
  return report;
}

describe('a campaign notices', () => {
  test.each([
    ['crash', /died: SIGSEGV/],
    ['throw', /died: exit code 1: .*outside every promise/s],
    ['hang', /no answer for 5 s/],
    ['bare-error', /tag unexpected: x is not a function/],
    ['wrong-counts', /6 valid, 1 filled and 0 empty pixels of 6/],
    ['short-chunk', /5 bytes instead of 6/],
    ['leftover', /left behind \/vsimem\/geocubes-1.tif/],
  ])('a %s, and goes on with the next mutant', async (id, what) => {
    const { faults, endings } = await run(['good', id, 'good', 'typed-error']);
    expect(faults.map(({ number }) => number)).toEqual([1]);
    expect(faults[0]?.what).toMatch(what);
    const { tile, error, death, hang } = endings.js;
    expect(tile + error + death + hang).toBe(4);
  });

  test('a crash after the answer, which the next mutant finds', async () => {
    const { faults, endings } = await run(['good', 'late-crash', 'good', 'typed-error']);
    expect(faults.map(({ number }) => number)).toEqual([2]);
    expect(faults[0]?.what).toMatch(/SIGSEGV/);
    expect(endings.js).toEqual({ tile: 2, error: 1, death: 1, hang: 0 });
  });

  test('memory that is not given back', async () => {
    const leaking = await run(Array(60).fill('leak'));
    expect(Math.max(...leaking.memory.map(growthOf))).toBeGreaterThan(30 * 2 ** 20);
    const sound = await run(Array(60).fill('good'));
    expect(Math.max(...sound.memory.map(growthOf))).toBeLessThan(20 * 2 ** 20);
  });
});

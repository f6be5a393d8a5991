import { expect, test } from 'vitest';
import { createGdalKernel } from '../../src/kernel/gdal/kernel.js';
import { type CampaignReport, type Fault, growthOf, runCampaign } from './campaign.js';
import { makeCorpus } from './corpus.js';
import { makeMutant } from './mutants.js';

/**
 * GEOCUBES_FUZZ is how many mutants, GEOCUBES_FUZZ_SEED which ones, GEOCUBES_FUZZ_ONLY the number of the one
 * to run alone. The same seed makes the same mutants with the same GDAL.
 */
const COUNT = Number(process.env.GEOCUBES_FUZZ ?? 3_000);
const SEED = Number(process.env.GEOCUBES_FUZZ_SEED ?? 20_261_122);
const ONLY = process.env.GEOCUBES_FUZZ_ONLY;

/** For one mutant in one kernel, of a few milliseconds: a busy machine is no hang. */
const PATIENCE_MS = 60_000;

/** Processes at a time. */
const LANES = 2;

/**
 * Bytes that a process may hold at the end beyond what it held after its warm-up. Caches of GDAL, of PROJ and
 * of systems by their EPSG code go on filling for some 12,000 inputs, by 40 MB; then memory stays as it is,
 * 30,000 inputs on. A lane of 10,000 mutants passes this with 14 kB lost for each input.
 */
const MOST_GROWTH = 96 * 2 ** 20;

/** Bytes that a process may ever hold: the largest image that is read at all, and half as much again. */
const MOST_MEMORY = 1.5 * 2 ** 30;

test(`${COUNT} mutated GeoTIFFs end in both kernels with a tile or a typed error: no crash, no hang, no growth`, async () => {
  process.stdout.write(`fuzz: GEOCUBES_FUZZ_SEED=${SEED} GEOCUBES_FUZZ=${COUNT}\n`);
  const { hasBlosc } = createGdalKernel().facts;
  const corpus = makeCorpus();
  const numbers = ONLY === undefined ? Array.from({ length: COUNT }, (_, i) => i) : [Number(ONLY)];
  const report = await runCampaign({
    program: new URL('child.mjs', import.meta.url),
    patienceMs: PATIENCE_MS,
    kernels: ['gdal', 'js'],
    numbers,
    makeMutant: (number) => makeMutant(corpus, SEED, number, hasBlosc),
    lanes: LANES,
  });
  process.stdout.write(`fuzz: ${textOf(report)}\n`);
  expect(report.faults.map(lineOf)).toEqual([]);
  expect(report.memory.length).toBe(Math.min(LANES, numbers.length));
  for (const memory of report.memory) {
    expect(growthOf(memory)).toBeLessThan(MOST_GROWTH);
    expect(memory.end.peak).toBeLessThan(MOST_MEMORY);
  }
  // Mutants that all fail at the door, or all come through, would test nothing.
  if (numbers.length >= 1000)
    for (const { tile, error } of Object.values(report.endings)) {
      expect(tile).toBeGreaterThan(numbers.length / 10);
      expect(error).toBeGreaterThan(numbers.length / 10);
    }
}, 3_600_000);

function lineOf({ number, kernel, what, seedName, file }: Fault): string {
  return `mutant ${number} of seed ${SEED} in ${kernel} (${seedName}): ${what} [${file}]`;
}

function textOf({ endings, memory }: CampaignReport): string {
  const mb = (bytes: number) => `${Math.round(bytes / 2 ** 20)} MB`;
  const kernels = Object.entries(endings).map(
    ([kernel, { tile, error }]) => `${kernel} ${tile} tiles and ${error} errors`,
  );
  const resident = memory.map(
    ({ warm, end }) => `${mb(warm.resident)} to ${mb(end.resident)} (peak ${mb(end.peak)})`,
  );
  return `${kernels.join(', ')}; resident ${resident.join(', ')}`;
}

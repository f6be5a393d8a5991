import { onTestFinished, test } from 'vitest';
import { temporaryFolder } from '../../../e2e/loopback-cubes.js';
import { seedOfRun } from '../../../seed.js';
import { killRefreshes } from '../../support/refreshed-cubes.js';

/** Of each format; at least the ten that are promised. */
const KILLS = Math.max(10, Number(process.env.KILLS ?? 10));
const SEED = seedOfRun();

test.each([1, 2] as const)(
  `a refresh of a cube of Icechunk's format %i that is killed at ${KILLS} random moments leaves each tile old or new, and the ledger right`,
  async (format) => {
    const { path, remove } = await temporaryFolder();
    onTestFinished(remove);
    const story = await killRefreshes(path, { kills: KILLS, seed: SEED + format, format });
    console.log(story.join('\n'));
  },
);

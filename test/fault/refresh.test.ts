import { onTestFinished, test } from 'vitest';
import { temporaryFolder } from '../e2e/loopback-cubes.js';
import { killRefreshes } from './support/refreshed-cubes.js';

/** More of it: machines/life/refresh.faults.ts. */
const KILLS = 4;
/** Decides every moment; another one by the environment. */
const SEED = Number(process.env.KILL_SEED ?? 20_261_128);

test(`a refresh killed with SIGKILL ${KILLS} times leaves each tile old or new, whole, and goes on with those that are left`, async () => {
  const { path, remove } = await temporaryFolder();
  onTestFinished(remove);
  const story = await killRefreshes(path, { kills: KILLS, seed: SEED, format: 1 });
  console.log(story.join('\n'));
});

import { memoryOf, resetPeak } from './process.mjs';

/**
 * Lets contenders take turns: A B C, A B C, and so on, so that a machine that drifts drifts for all.
 * What the check before gave, and the warm-up, is not counted.
 *
 * @template T
 * @param {readonly { contender: import('./process.mjs').Contender, rounds?: number, measure: () => Promise<T> }[]} entries
 *   with `rounds`, a slow one leaves after so many
 * @param {{ rounds: number, warmUps: number }} times
 * @returns {Promise<{ samples: T[], memory?: { idle: number, peak: number } }[]>} in the order of the
 *   entries; MiB of resident memory before the first round, and at the highest during all of them
 */
export async function takeTurns(entries, { rounds, warmUps }) {
  for (let i = 0; i < warmUps; i++) {
    for (const { rounds: own = rounds, measure } of entries) if (own >= rounds) await measure();
  }
  const idle = entries.map(({ contender }) => {
    resetPeak(contender);
    return memoryOf(contender)?.now;
  });
  const samples = entries.map(() => []);
  for (let round = 0; round < rounds; round++) {
    for (const [i, { rounds: own = rounds, measure }] of entries.entries()) {
      if (round < own) samples[i].push(await measure());
    }
  }
  return entries.map(({ contender }, i) => {
    const memory = memoryOf(contender);
    return {
      samples: samples[i],
      ...(memory === undefined ? {} : { memory: { idle: idle[i], peak: memory.peak } }),
    };
  });
}

/**
 * Runs `use` with started contenders, and stops them whatever happens.
 *
 * @template T
 * @param {readonly import('./process.mjs').Contender[]} contenders
 * @param {() => Promise<T>} use
 * @returns {Promise<T>}
 */
export async function withContenders(contenders, use) {
  try {
    return await use();
  } finally {
    for (const contender of contenders) contender.stop();
  }
}

import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { Disagreement } from '../agreement.mjs';
import { cpuMsOf } from '../contenders/process.mjs';
import { takeTurns, withContenders } from '../contenders/rounds.mjs';
import { startServer } from '../contenders/server.mjs';
import { writeMosaic } from '../inputs/mosaic.mjs';
import { KERNELS, NAMES, record, startKernel } from './setting.mjs';

/** A cube filled from a server, from the plan to the last commit, by the server's latency. */
export async function run(setting) {
  const { folder, sizes, seed, threads, say } = setting;
  const { side, rows, cols, latencies } = sizes.ingest;
  const dataset = writeMosaic(join(folder, 'rasters'), { side, rows, cols, seed });
  const servers = await Promise.all(
    latencies.map((latency) => startServer(join(folder, 'rasters'), latency)),
  );
  const contenders = servers.flatMap((server, i) =>
    KERNELS.map((kernel) => ({
      ...startKernel(kernel, threads),
      ...{ server, latency: latencies[i], name: `${NAMES[kernel]}, ${latencies[i]} ms` },
    })),
  );
  const bands = dataset.bands.map(({ name }) => name);
  let stores = 0;
  return withContenders([...contenders, ...servers], async () => {
    const entries = contenders.map((contender) => ({
      contender,
      measure: async (keep = false) => {
        const store = join(folder, `cube-${stores++}`);
        const before = cpuMsOf(contender.server);
        const task = { store, dataset, endpoint: contender.server.url };
        const { memory: _, ...run } = await contender.ask('ingest', task);
        const after = cpuMsOf(contender.server);
        if (!keep) rmSync(store, { recursive: true });
        return {
          ...run,
          ...(before === undefined ? {} : { serverCpuMs: after - before }),
          ...(keep ? { store } : {}),
        };
      },
    }));
    await Promise.all(contenders.map(({ ask }) => ask('ready')));
    const digests = new Set();
    for (const { contender, measure } of entries) {
      say(`check ${contender.name}`);
      const { store } = await measure(true);
      const { digests: found } = await contender.ask('load', {
        store,
        names: bands,
        reader: 'cube',
        digest: true,
      });
      digests.add(found.join());
      rmSync(store, { recursive: true });
    }
    // Both kernels search gaps in the same order, so even ties must not differ.
    if (digests.size > 1)
      throw new Disagreement(
        `Expected equal cubes of all but received ${digests.size} different ones.`,
      );
    say('rounds');
    const turns = await takeTurns(entries, { rounds: sizes.slowRounds, warmUps: 0 });
    return {
      ...{ side, tiles: rows * cols, bands: dataset.bands.length },
      rawBytes: rows * cols * side * side * dataset.bands.length,
      contenders: contenders.map((contender, i) => ({
        ...record(contender, turns[i]),
        latency: contender.latency,
      })),
    };
  });
}

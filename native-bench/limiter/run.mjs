/**
 * How well the adaptive limiter does against a service whose limit it is not told, compared with
 * fixed concurrency. Run: node native-bench/limiter/run.mjs
 *
 * The loopback server runs in a process of its own with a latency and a cap on requests at a time;
 * more are refused with 429. Contenders take turns, so that a machine that drifts drifts for all.
 * Results go to native-bench/results/limiter.json and into the README of src/earth-engine.
 */
import { fork } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { availableParallelism, cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { AdaptiveLimiter, earthEngine, parseDataset } from '../../dist/index.js';

const ROUNDS = 3;
const LATENCY_MS = 120;
/** Seconds the best setting would take for one run. */
const SECONDS = 5;
/** The first part of the replies, in which the limiter learns, does not count as settled. */
const LEARNING = 0.25;
const CAPS = [8, 30];
const FIXED = [4, 8, 12, 20, 30, 40];
/** Shorter than the default, for all: with a cap far below its concurrency a contender would sleep for minutes. */
const RETRY = { baseDelayMs: 60, maxDelayMs: 1000, maxTries: 20 };

const root = new URL('../../', import.meta.url);
const dataset = parseDataset({
  title: 'Limiter',
  collection: 'projects/geocubes/assets/demo',
  bands: ['TCB_slope'],
  dtype: 'uint8',
  nodata: 0,
  grid: {
    crs: 'EPSG:4326',
    bounds: [100, 60, 110, 66],
    resolution: 0.00026949458523585647,
    chunk: 32,
  },
});

function startServer(cap) {
  const main = fileURLToPath(new URL('dist/cli/main.js', root));
  const args = [
    'loopback',
    '--port',
    '0',
    '--latency',
    String(LATENCY_MS),
    '--max-concurrency',
    String(cap),
  ];
  const child = fork(main, args, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  return new Promise((resolve) =>
    child.once('message', ({ url }) => resolve({ url, stop: () => child.disconnect() })),
  );
}

async function run(url, limits, requests) {
  const limiter = new AdaptiveLimiter({ ...limits, perSecond: 1000 });
  const source = await earthEngine(dataset, {
    endpoint: url,
    token: 'loopback',
    project: 'bench',
    retry: RETRY,
    limiter,
  });
  const [resolution, , west, , , north] = dataset.grid.geobox.affine;
  let [next, done, failed, refusedInAll, settledReplies, settledRefused] = [0, 0, 0, 0, 0, 0];
  const isSettled = () => next > requests * LEARNING;
  const client = async () => {
    while (next < requests) {
      const i = next++;
      const [row, col] = [Math.floor(i / 200), i % 200];
      const affine = [
        resolution,
        0,
        west + col * 32 * resolution,
        0,
        -resolution,
        north - row * 32 * resolution,
      ];
      const geobox = { crs: 'EPSG:4326', shape: [32, 32], affine };
      const tile = {
        state: 'planned',
        id: `${row}-${col}`,
        index: { row, col },
        geobox,
        requests: source.planRequests(geobox),
      };
      try {
        const fetched = await source.fetch(tile, {
          onEvent: (event) => {
            const isRefusal = event.type === 'retry' && event.error.kind === 'quota';
            if (isRefusal) refusedInAll++;
            if (!isSettled() || (event.type !== 'request' && !isRefusal)) return;
            settledReplies++;
            if (isRefusal) settledRefused++;
          },
        });
        source.release?.(fetched);
        done++;
      } catch {
        failed++;
      }
    }
  };
  const started = performance.now();
  await Promise.all(Array.from({ length: 60 }, client));
  const seconds = (performance.now() - started) / 1000;
  await source.close();
  return {
    perSecond: done / seconds,
    failed,
    refused: refusedInAll,
    settledShare: settledRefused / Math.max(settledReplies, 1),
  };
}

const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];

async function compare(cap) {
  const server = await startServer(cap);
  const requests = Math.round((cap / LATENCY_MS) * 1000 * SECONDS);
  const contenders = [
    { name: 'adaptive', limits: {} },
    ...FIXED.map((n) => ({ name: `fixed ${n}`, limits: { start: n, floor: n, ceiling: n } })),
  ];
  const results = new Map(contenders.map(({ name }) => [name, []]));
  await run(server.url, { start: cap, floor: cap, ceiling: cap }, 100);
  for (let round = 0; round < ROUNDS; round++) {
    for (const { name, limits } of contenders)
      results.get(name).push(await run(server.url, limits, requests));
  }
  server.stop();
  return contenders.map(({ name }) => {
    const runs = results.get(name);
    const rates = runs.map(({ perSecond }) => perSecond);
    return {
      name,
      perSecond: median(rates),
      spread: [Math.min(...rates), Math.max(...rates)],
      refused: median(runs.map(({ refused }) => refused)),
      settledShare: median(runs.map(({ settledShare }) => settledShare)),
      failed: median(runs.map(({ failed }) => failed)),
    };
  });
}

function table(cap, rows) {
  const best = Math.max(
    ...rows.filter(({ name }) => name !== 'adaptive').map(({ perSecond }) => perSecond),
  );
  const lines = rows.map(
    ({ name, perSecond, spread, settledShare, failed }) =>
      `| ${name} | ${perSecond.toFixed(1)} (${spread.map((rate) => rate.toFixed(1)).join(' to ')}) | ${((100 * perSecond) / best).toFixed(0)} % | ${(100 * settledShare).toFixed(1)} % | ${failed} |`,
  );
  return [
    `A service that bears ${cap} at a time:`,
    '',
    '| concurrency | requests a second, median (range) | of the best fixed one | 429 once settled | given up |',
    '|---|---|---|---|---|',
    ...lines,
  ].join('\n');
}

const caps = [];
for (const cap of CAPS) {
  const rows = await compare(cap);
  caps.push({ cap, rows });
  process.stdout.write(`${table(cap, rows)}\n\n`);
}
const machine = {
  cores: availableParallelism(),
  cpu: cpus()[0]?.model,
  node: process.versions.node,
};
const date = new Date().toISOString().slice(0, 10);
await writeFile(
  new URL('native-bench/results/limiter.json', root),
  `${JSON.stringify({ date, machine, latencyMs: LATENCY_MS, rounds: ROUNDS, caps }, undefined, 2)}\n`,
);
const readme = new URL('src/earth-engine/README.md', root);
const text = await readFile(readme, 'utf8');
const body = `<!-- limiter:start -->\nMedians of ${ROUNDS} runs taken in turn, ${date}, ${machine.cores} cores, Node ${machine.node}; loopback server with ${LATENCY_MS} ms of latency in a process of its own; back-off from ${RETRY.baseDelayMs} ms on for all. Throughput counts the time in which the limiter learns; the share of 429 is that of the last ${100 - LEARNING * 100} % of the replies. Made by \`node native-bench/limiter/run.mjs\`.\n\n${caps.map(({ cap, rows }) => table(cap, rows)).join('\n\n')}\n<!-- limiter:end -->`;
await writeFile(readme, text.replace(/<!-- limiter:start -->[\s\S]*<!-- limiter:end -->/, body));

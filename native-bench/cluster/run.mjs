/**
 * Several processes at one cube, on one machine: shards behind a quota server that is killed in the middle, 1 to 16
 * shards of one cube in an S3, and one region that four processes fill without shards.
 *
 * Run: node native-bench/cluster/run.mjs [quota] [scaling] [overlap]
 *
 * The service waits two seconds before it answers, so that the processes wait, as they do on Earth Engine, and two
 * cores are enough for sixteen of them. Results go to native-bench/results/cluster.json and native-bench/cluster/README.md.
 */
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { mostInASecond, served, together } from './figures.mjs';
import { writePage } from './page.mjs';
import {
  command,
  eventsOf,
  started,
  startQuota,
  startS3,
  startService,
  succeed,
} from './processes.mjs';

const LATENCY_MS = 2_000;
/** Requests that each process may have under way. */
const EACH = 5;
const PROCESSES = (process.env.PROCESSES ?? '1,2,4,8,16').split(',').map(Number);
/** For each process. */
const TILES = Number(process.env.TILES ?? 100);
const OVERLAP = { processes: 4, tiles: 300 };
/** Requests at a time and a second, as Earth Engine allows a project. */
const QUOTA = { concurrency: 40, rate: 100 };
/** A latency at which the requests a second are the limit, and not those at a time. */
const SHORT_MS = 200;
/** Seconds of each part: before the server is killed, without it, with the next one. */
const PARTS = { settle: 10, middle: 30, away: 20, back: 20 };
/** Seconds' worth of tiles more: for what is done until all processes are there. */
const STARTING = 40;

const root = new URL('../../', import.meta.url);
const file = new URL('native-bench/results/cluster.json', root);
const say = (line) => process.stderr.write(`${line}\n`);

/** Tiles of 16 x 16 pixels and one band, a third of a degree each. */
const SIDE_DEGREES = 0.32;
const dataset = {
  title: 'Cluster',
  collection: 'projects/geocubes/assets/demo',
  bands: ['TCB_slope'],
  dtype: 'uint8',
  grid: { crs: 'EPSG:4326', bounds: [100, 40, 180, 72], resolution: 0.02, chunk: 16 },
};

const NORTH_WEST = { west: 100, north: 72 };

/** A whole number of rows and columns of tiles, on land. */
function region(tiles) {
  const rows = tiles > 4_000 ? 50 : 20;
  const inset = 0.001;
  const { west, north } = NORTH_WEST;
  const south = north - rows * SIDE_DEGREES + inset;
  const east = west + (tiles / rows) * SIDE_DEGREES - inset;
  return [west, south, east, north].map((each) => Number(each.toFixed(6))).join(',');
}

async function createCube(folder, store, env) {
  const path = join(folder, 'dataset.json');
  await writeFile(path, JSON.stringify(dataset));
  await succeed(['create', '--store', store, '--dataset', path], env);
}

/** Starts ingests that share a store. @returns their logs' files, and a promise of their ends */
function ingests(folder, { count, store, tiles, env, url, args }) {
  const logs = [];
  const runs = Array.from({ length: count }, (_, i) => {
    const log = join(folder, `${Math.random().toString(36).slice(2)}.ndjson`);
    logs.push(log);
    return started(
      [
        ...['ingest', '--store', store, `--bbox=${region(tiles)}`, '--threads', '1', '--quiet'],
        ...['--log-file', log, ...args(i)],
      ],
      { ...env, GEOCUBES_ENDPOINT: url, GEOCUBES_PROJECT: `p${i}` },
    );
  });
  const ended = Promise.all(
    runs.map(async (run) => {
      const { code, stderr } = await run.ended;
      if (code !== 0) throw new Error(`an ingest ended with ${code}: ${stderr}`);
      return stderr;
    }),
  );
  return { logs, ended };
}

/** Whether every tile is there, by the command that a user would ask. */
async function lost(store, tiles, env) {
  const { code, stdout, stderr } = await command(
    ['verify', '--store', store, `--bbox=${region(tiles)}`, '--quick', '--threads', '1'],
    env,
  );
  const [, found] = /(\d[\d,]*) tiles: /.exec(stdout) ?? [];
  if (code !== 0 || found === undefined) throw new Error(`verify: ${code} ${stdout} ${stderr}`);
  const [, loaded = '0', empty = '0'] =
    /: ([\d,]+) loaded, ([\d,]+) loaded and empty/.exec(stdout) ?? [];
  const number = (text) => Number(text.replaceAll(',', ''));
  return tiles - number(loaded) - number(empty);
}

/** One after another: 1, 2, 4, 8 and 16 shards of a cube in an S3. */
async function measureScaling(folder, s3) {
  const service = await startService({ latency: { ms: LATENCY_MS } });
  const rows = [];
  for (const count of PROCESSES) {
    const tiles = TILES * count;
    const store = `s3://cubes/scaling-${count}`;
    await createCube(folder, store, s3.env);
    const load = loadavg()[0];
    const { logs, ended } = ingests(folder, {
      ...{ count, store, tiles, env: s3.env, url: service.url },
      args: (i) => ['--shard', `${i + 1}/${count}`, '--concurrency', `${EACH * count}`],
    });
    await ended;
    const requests = (await service.noted()).length;
    const row = {
      processes: count,
      ...together(logs.map(eventsOf)),
      requests,
      lostTiles: await lost(store, tiles, s3.env),
      load,
    };
    say(JSON.stringify(row));
    rows.push(row);
  }
  service.stop();
  return rows;
}

/** One region, by one process and by several that know nothing of each other, in an S3 and in a folder. */
async function measureOverlap(folder, s3) {
  const service = await startService({ latency: { ms: LATENCY_MS } });
  const rows = [];
  for (const kind of ['S3', 'folder'])
    for (const count of [1, OVERLAP.processes]) {
      const { tiles } = OVERLAP;
      const store =
        kind === 'S3' ? `s3://cubes/overlap-${count}` : join(folder, `overlap-${count}`);
      const env = kind === 'S3' ? s3.env : {};
      await createCube(folder, store, env);
      const load = loadavg()[0];
      const { logs, ended } = ingests(folder, {
        ...{ count, store, tiles, env, url: service.url },
        args: () => ['--concurrency', `${EACH}`],
      });
      await ended;
      const requests = (await service.noted()).length;
      const row = {
        ...{ kind, processes: count },
        ...together(logs.map(eventsOf)),
        requests,
        requestsPerTile: requests / tiles,
        lostTiles: await lost(store, tiles, env),
        load,
      };
      say(JSON.stringify(row));
      rows.push(row);
    }
  service.stop();
  return rows;
}

/** Eight shards, one quota: where its places are the limit, and where its requests a second are. */
async function measureQuota(folder) {
  const rows = [];
  for (const ms of [LATENCY_MS, SHORT_MS]) {
    const service = await startService({
      latency: { ms },
      concurrency: { limit: QUOTA.concurrency },
      rate: { limit: QUOTA.rate },
    });
    const count = 8;
    const most = Math.min((QUOTA.concurrency * 1000) / ms, QUOTA.rate);
    const seconds = Object.values(PARTS).reduce((sum, part) => sum + part, 0) + STARTING;
    const tiles = Math.ceil((most * seconds) / 400) * 400;
    const store = join(folder, `quota-${ms}`);
    await createCube(folder, store);
    const load = loadavg()[0];
    const first = await startQuota(0, QUOTA);
    const { ended, logs } = ingests(folder, {
      ...{ count, store, tiles, env: {}, url: service.url },
      args: (i) => [
        ...['--shard', `${i + 1}/${count}`, '--concurrency', `${QUOTA.concurrency}`],
        ...['--quota', `http://127.0.0.1:${first.port}`],
      ],
    });
    // On two cores it takes eight processes a while to start.
    while (!logs.every((log) => existsSync(log) && readFileSync(log, 'utf8').includes('fetched')))
      await sleep(500);
    await sleep(PARTS.settle * 1000);
    const noted = await service.noted();
    const parts = {};
    const part = async (name) => {
      const from = Date.now();
      await sleep(PARTS[name] * 1000);
      parts[name] = { from, to: Date.now() };
    };
    await part('middle');
    await first.kill();
    await part('away');
    const second = await startQuota(first.port, QUOTA);
    await part('back');
    const said = await ended;
    noted.push(...(await service.noted()));
    await second.kill();
    const row = {
      ...{ latencyMs: ms, most, tiles, requests: noted.length },
      ...Object.fromEntries(
        Object.entries(parts).map(([name, span]) => [name, served(noted, span)]),
      ),
      mostInASecond: mostInASecond(noted),
      refused: noted.filter(({ status }) => status === 429).length,
      told: said.map((stderr) => stderr.trim().split('\n').length),
      lostTiles: await lost(store, tiles),
      load,
    };
    say(JSON.stringify(row));
    rows.push(row);
    service.stop();
  }
  return rows;
}

const wanted = process.argv.slice(2);
const isWanted = (name) => wanted.length === 0 || wanted.includes(name);
const folder = await mkdtemp(join(tmpdir(), 'geocubes-cluster-'));
const results = existsSync(file) ? JSON.parse(await readFile(file, 'utf8')) : {};
const machine = () => ({
  date: new Date().toISOString().slice(0, 10),
  cores: availableParallelism(),
  cpu: cpus()[0]?.model.trim(),
  node: process.versions.node,
});
let s3;
try {
  if (isWanted('quota')) results.quota = { ...machine(), rows: await measureQuota(folder) };
  if (isWanted('scaling') || isWanted('overlap')) {
    await mkdir(join(folder, 's3'));
    s3 = await startS3(join(folder, 's3'));
    if (isWanted('overlap'))
      results.overlap = { ...machine(), ...OVERLAP, rows: await measureOverlap(folder, s3) };
    if (isWanted('scaling'))
      results.scaling = { ...machine(), tilesEach: TILES, rows: await measureScaling(folder, s3) };
  }
  Object.assign(results, { latencyMs: LATENCY_MS, requestsEach: EACH, quotaOf: QUOTA });
  await writeFile(file, `${JSON.stringify(results, undefined, 2)}\n`);
  await writeFile(new URL('native-bench/cluster/README.md', root), writePage(results));
} finally {
  s3?.stop();
  await rm(folder, { recursive: true, force: true });
}

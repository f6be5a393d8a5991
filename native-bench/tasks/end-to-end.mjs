import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Cube, parseDataset } from '../../dist/index.js';
import { Disagreement } from '../agreement.mjs';
import { runTimed } from '../contenders/command.mjs';
import { takeTurns, withContenders } from '../contenders/rounds.mjs';
import { startCounted } from '../contenders/server.mjs';
import { leastRequests } from '../least-requests.mjs';
import { withThreads } from './setting.mjs';

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const SCRIPT = fileURLToPath(new URL('../python/seed.py', import.meta.url));

/** What `smart_geocubes.datasets.tctrend` calls the collection, and what it is and has. */
const TITLE = 'TCTrend2024';
const COLLECTION = 'projects/ee-ingmarnitze/assets/TCTrend_SR_2005-2024_TCVIS';
const BANDS = ['TCB_slope', 'TCG_slope', 'TCW_slope'];
const RESOLUTION = 0.00026949458523585647;
/** A check that takes longer is the measurement, too. */
const LONG_MS = 300_000;

/** Where there is land. */
const [WEST, SOUTH] = [126, 71.5];

/** Regions of an empty cube, by whole processes: this command, and smart-geocubes with Xee, on one server. */
export async function run(setting) {
  const regions = [];
  for (const region of setting.sizes.endToEnd) regions.push(await runRegion(region, setting));
  const leftOut =
    setting.pythonSeed === undefined ? ['smart-geocubes (no Python with its packages)'] : [];
  return { regions, leftOut, threads: setting.threads, bands: BANDS.length };
}

async function runRegion({ chunk, tiles, latencies, rounds }, setting) {
  const { folder, say, threads, pythonSeed: python } = setting;
  const [height, width] = tiles.map((count) => count * chunk);
  const [col, row] = [WEST, SOUTH].map((at) => Math.round(at / RESOLUTION));
  const bounds = [col, row, col + width, row + height].map((at) => at * RESOLUTION);
  const place = { title: TITLE, bounds, resolution: RESOLUTION, chunk };
  const file = join(folder, 'dataset.json');
  const definition = {
    ...{ title: TITLE, collection: COLLECTION, bands: BANDS, dtype: 'uint8' },
    grid: { crs: 'EPSG:4326', bounds, resolution: RESOLUTION, chunk },
  };
  writeFileSync(file, JSON.stringify(definition));
  const { geobox } = parseDataset(definition).grid;
  const name = `${tiles.join(' x ')} tiles of ${chunk}`;
  const ours = oursAt({ file, store: join(folder, 'ours'), geobox, threads });
  const original = originalAt({ ...place, python, store: join(folder, 'original'), folder });
  const contenders = [ours, ...(python === undefined ? [] : [original])];
  const fast = await startCounted(0);
  const servers = await Promise.all(latencies.map(startCounted));
  return withContenders([fast, ...servers], async () => {
    let compared;
    const checks = [];
    for (const contender of contenders) {
      say(`${name}: check ${contender.name}`);
      checks.push(await contender.fill(servers[0]));
    }
    if (python !== undefined) {
      const { pixels, valid } = await original.pixels(fast);
      compared = comparePixels(await ours.pixels(), pixels, valid);
    }
    const cases = [];
    for (const [i, server] of servers.entries()) {
      say(`${name}: ${latencies[i]} ms`);
      const turns = await takeTurns(
        contenders.map((contender, k) => ({
          contender: server,
          // What takes that long is no other the second time.
          measure: () => (i === 0 && checks[k].ms > LONG_MS ? checks[k] : contender.fill(server)),
        })),
        // The check has warmed the first server up.
        { rounds, warmUps: i === 0 ? 0 : 1 },
      );
      cases.push({
        latency: latencies[i],
        contenders: contenders.map(({ name, kind }, k) => ({
          ...{ name, kernel: kind, threads: 1, samples: turns[k].samples },
        })),
      });
    }
    return {
      ...{ chunk, tiles, shape: geobox.shape, rounds, compared, cases },
      least: tiles[0] * tiles[1] * leastRequests([chunk, chunk], BANDS.length),
    };
  });
}

/** Runs a command that fills a cube, and counts what the server was asked for meanwhile. */
async function counted(server, words) {
  const before = await server.counts();
  const time = await runTimed(words);
  const after = await server.counts();
  return {
    ...time,
    requests: after.total - before.total,
    pixelRequests: after.pixels - before.pixels,
  };
}

function oursAt({ file, store, geobox, threads }) {
  const command = (...words) => [process.execPath, MAIN, ...words];
  const { crs, affine, shape } = geobox;
  const [width, , west, , height, north] = affine;
  const box = [
    ...[west + width / 4, north + (shape[0] - 0.25) * height],
    ...[west + (shape[1] - 0.25) * width, north + height / 4],
  ];
  return {
    ...{ name: withThreads('geocubes ingest', threads), kind: 'geocubes' },
    fill: async (server) => {
      rmSync(store, { recursive: true, force: true });
      await runTimed(command('create', '--dataset', file, '--store', store));
      const how = ['--endpoint', server.url, '--project', 'bench', '--threads', `${threads}`];
      return counted(server, [
        ...['env', 'GEOCUBES_TOKEN=loopback'],
        ...command('ingest', '--store', store, '--bbox-crs', crs, '--bbox', box.join(','), ...how),
      ]);
    },
    pixels: async () => {
      const cube = await Cube.open(store);
      const { bands } = await cube.load(cube.grid.geobox);
      return Buffer.concat([...bands.values()]);
    },
  };
}

function originalAt({ python, store, folder, ...place }) {
  const files = { pixels: join(folder, 'original.pixels'), valid: join(folder, 'original.valid') };
  const words = (action, server) => [
    ...[python, SCRIPT, action],
    JSON.stringify({ ...place, ...files, store, server: server.url }),
  ];
  return {
    ...{ name: 'smart-geocubes with Xee', kind: 'original' },
    fill: async (server) => {
      rmSync(store, { recursive: true, force: true });
      await runTimed(words('create', server));
      return counted(server, words('fill', server));
    },
    pixels: async (server) => {
      await runTimed(words('keep', server));
      return { pixels: readFileSync(files.pixels), valid: readFileSync(files.valid) };
    },
  };
}

/** Pixels without a value are filled by each in its own way, so that those alone may differ. */
function comparePixels(ours, theirs, valid) {
  if (ours.length !== theirs.length || valid.length !== ours.length)
    throw new Disagreement(`Expected ${ours.length} pixels but received ${theirs.length}.`);
  let [looked, different] = [0, 0];
  for (let i = 0; i < valid.length; i++) {
    if (valid[i] === 0) continue;
    looked++;
    if (ours[i] !== theirs[i]) different++;
  }
  if (different > 0 || looked < 0.9 * valid.length)
    throw new Disagreement(
      `Expected the pixels of smart-geocubes where the collection has values but ${different} of ${looked} (of ${valid.length}) differ.`,
    );
  return { looked, pixels: valid.length };
}

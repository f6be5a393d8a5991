/**
 * What a year of nightly runs leaves in a cube: a folder's files, and the time to open it, list its history and count its
 * tiles, before the first night and after the last; and what expiring old snapshots gives back.
 *
 *   npm run build && node native-bench/life/history.mjs [PYTHON with icechunk]
 *
 * Each night extends the time axis to the day, ingests what is missing and refreshes what was changed. Nights follow one
 * another without waiting, so "changed" is the word of a source in this program, which lists a change for some nights.
 * Results go to native-bench/results/history.json, and into the README beside this file.
 */
import { execFileSync } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { Cube, createPool, GeoBox, parseDataset, parseToi } from '../../dist/index.js';
import { encodeGeoTiff } from '../../dist/loopback/index.js';
import { median } from '../statistics.mjs';
import { writeHistoryPage } from './history-page.mjs';

const NIGHTS = Number(process.env.NIGHTS ?? 365);
const SIDE = 8;
const CHUNK = 64;
const REPEATS = 5;
const CHANGED_TILES = 3;
const DAY_MS = 86_400_000;
const FIRST_DAY = Date.UTC(2025, 0, 1);
const [python] = process.argv.slice(2);

const dataset = parseDataset({
  title: 'A year of nights',
  collection: 'nights',
  bands: ['B2', 'B3', 'B4', 'B8'],
  dtype: 'uint16',
  nodata: 0,
  grid: {
    crs: 'EPSG:4326',
    bounds: [0, 0, SIDE * CHUNK * 0.001, SIDE * CHUNK * 0.001],
    resolution: 0.001,
    chunk: CHUNK,
  },
  time: { start: '2025-01', step: '1 month', count: 1 },
});

const YEARS = [
  { name: 'one night in seven has changes', hasChanges: (night) => night % 7 === 3 },
  { name: 'every night has changes', hasChanges: () => true },
];

/** Pixels of a night, and which images were changed in it: for each of the changed tiles one, as large as it. */
function sourceOf(night, changed) {
  let fetched = 0;
  return {
    fetched: () => fetched,
    source: {
      mask: { kind: 'sentinel', value: 0 },
      origin: { name: 'nights', hash: '0'.repeat(64) },
      planRequests: (geobox) => [
        {
          window: { row: 0, col: 0, height: geobox.shape[0], width: geobox.shape[1] },
          ...{ geobox, bands: [0, 1, 2, 3], bytes: 1 },
        },
      ],
      check: async () => {},
      close: async () => {},
      async fetch({ id, index, geobox, requests }) {
        fetched++;
        const parts = requests.map((request) => {
          const [height, width] = request.geobox.shape;
          // Noise, so that a chunk has as many bytes as it has pixels.
          const bands = request.bands.map((band) =>
            Uint16Array.from({ length: height * width }, (_, i) => {
              const mixed =
                Math.imul(i + 1, 2_654_435_761) ^ Math.imul(night * 4 + band + 1, 40_503);
              return 1 + ((mixed >>> 7) % 10_000);
            }),
          );
          return {
            request,
            bytes: encodeGeoTiff(GeoBox.fromRecord(request.geobox), bands, 'uint16', 0),
          };
        });
        return { state: 'fetched', id, index, geobox, parts };
      },
      updates: async () =>
        changed.map((bounds) => ({ updatedAt: Number.POSITIVE_INFINITY, bounds })),
    },
  };
}

/** In the middle of tiles that lie side by side, in another row each night. */
function changedPlaces(night) {
  const degrees = CHUNK * 0.001;
  const row = night % SIDE;
  return Array.from({ length: CHANGED_TILES }, (_, i) => {
    const [x, y] = [(i + 0.5) * degrees, (row + 0.5) * degrees];
    return [x, y, x, y];
  });
}

async function year({ name, hasChanges }, pool) {
  const folder = await mkdtemp(join(tmpdir(), 'geocubes-history-'));
  const store = join(folder, 'cube');
  try {
    const cube = await Cube.create(store, dataset, { pool });
    const whole = cube.grid.geobox;
    const first = sourceOf(0, []);
    await cube.ingest(whole, { source: first.source, pool });
    // What a process does for the first time takes longer.
    await look(store);
    const before = await look(store);
    const nights = { quiet: 0, changed: 0, quietCommits: 0, tiles: 0 };
    let commits = before.commits;
    for (let night = 1; night <= NIGHTS; night++) {
      const date = new Date(FIRST_DAY + night * DAY_MS).toISOString().slice(0, 10);
      const changed = hasChanges(night) ? changedPlaces(night) : [];
      const { source, fetched } = sourceOf(night, changed);
      // As a job of its own each night, which knows the cube by its place alone.
      const tonight = await Cube.open(store);
      const { added } = await tonight.extend({ time: parseToi(`../${date}`) });
      await tonight.ingest(whole, { source, pool });
      await tonight.ingest(whole, {
        ...{ source, pool, ifChanged: true },
        refreshBefore: new Date(),
        time: parseToi(date.slice(0, 7)),
      });
      const now = (await tonight.history()).length;
      const isQuiet = changed.length === 0 && added.length === 0;
      nights[isQuiet ? 'quiet' : 'changed']++;
      nights.tiles += fetched();
      if (isQuiet) nights.quietCommits += now - commits;
      commits = now;
    }
    const after = await look(store);
    const tile = await (await Cube.open(store)).load(whole, { time: parseToi('2025-01') });
    return { name, nights, before, after, expired: await expire(store, tile, whole) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The documented command: all states but the newest go, and the files that no other state has. */
async function expire(store, expected, whole) {
  if (python === undefined) return undefined;
  const page = await readFile(new URL('../../src/cube/life/README.md', import.meta.url), 'utf8');
  const [, code] = /```python\n(.*?)```/s.exec(page);
  const program = code
    .replace('"cubes/alphaearth"', JSON.stringify(store))
    .replace('days=30', 'seconds=0');
  if (program === code) throw new Error('the page says something else');
  const started = performance.now();
  execFileSync(python, ['-c', program], { env: { ...process.env, ICECHUNK_LOG: 'error' } });
  const seconds = (performance.now() - started) / 1000;
  const again = await (await Cube.open(store)).load(whole, { time: parseToi('2025-01') });
  for (const [band, pixels] of expected.bands)
    if (!Buffer.from(pixels.buffer).equals(Buffer.from(again.bands.get(band).buffer)))
      throw new Error(`${band} is another after old snapshots were expired`);
  return { ...(await look(store)), seconds };
}

async function look(store) {
  const files = {};
  for (const kind of ['snapshots', 'manifests', 'transactions', 'chunks'])
    files[kind] = await sizeOf(join(store, kind));
  const times = { open: [], log: [], status: [] };
  let commits = 0;
  for (let i = 0; i < REPEATS; i++) {
    let at = performance.now();
    const lap = () => {
      const took = performance.now() - at;
      at = performance.now();
      return took;
    };
    const cube = await Cube.open(store);
    times.open.push(lap());
    commits = (await cube.history()).length;
    times.log.push(lap());
    await cube.countStates(cube.grid.geobox);
    times.status.push(lap());
  }
  const ms = Object.fromEntries(Object.entries(times).map(([what, all]) => [what, median(all)]));
  return { commits, files, ms };
}

async function sizeOf(folder) {
  const names = await readdir(folder).catch(() => []);
  const sizes = await Promise.all(names.map(async (name) => (await stat(join(folder, name))).size));
  return { count: names.length, bytes: sizes.reduce((sum, size) => sum + size, 0) };
}

const pool = createPool({ size: 0 });
try {
  const years = [];
  for (const each of YEARS) years.push(await year(each, pool));
  const machine = `${availableParallelism()} cores (${cpus()[0]?.model.trim()}), Node ${process.versions.node}`;
  const results = {
    ...{ date: new Date().toISOString().slice(0, 10), machine, nights: NIGHTS, repeats: REPEATS },
    ...{ side: SIDE, chunk: CHUNK, changedTiles: CHANGED_TILES, years },
  };
  await writeFile(
    new URL('../results/history.json', import.meta.url),
    `${JSON.stringify(results, undefined, 2)}\n`,
  );
  await writeFile(new URL('README.md', import.meta.url), writeHistoryPage(results));
  process.stdout.write(writeHistoryPage(results));
} finally {
  await pool.close();
}

/**
 * What it costs that each commit waits for the disk (--durability commit), in both kinds of local store.
 * Run: node native-bench/durability/run.mjs [folder on the disk to measure; about 500 MB]
 *
 * Contenders take turns, so that a machine that drifts drifts for all. Results go to
 * native-bench/results/durability.json and into the README of src/store.
 */
import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { metadataOf } from '../../dist/store/metadata/zarr-metadata.js';
import { Repository } from '../../dist/store/repository.js';
import { Committer } from '../../dist/store/tiles/committer.js';
import { dataset, grid } from '../growth/cubes.mjs';
import { median } from '../statistics.mjs';

const ROUNDS = Number(process.env.ROUNDS ?? 20);
const WARM_UP = 2;
/** A commit's tiles, and the bytes of each of their three chunks. */
const GROUP = 16;
const CHUNK_BYTES = 150_000;
const CODEC = { name: 'uncompressed' };
const root = new URL('../../', import.meta.url);

async function emptyCube(location, sync) {
  const repository = await Repository.create(location, { format: 1 }, { sync });
  const session = await repository.writeSession();
  for (const [key, document] of metadataOf(dataset, CODEC, CODEC))
    await session.store.set(key, Buffer.from(JSON.stringify(document)));
  await repository.commit(session, 'Initialize', async () => {});
  return Repository.open(location, { sync });
}

async function commitGroup({ repository, chunks }, round) {
  let ms;
  const committer = new Committer(repository, dataset, {
    groupSize: GROUP,
    onCommit: (_, took) => {
      ms = took;
    },
  });
  const started = performance.now();
  for (let i = 0; i < GROUP; i++) {
    const index = { row: (round + WARM_UP) % grid.rows, col: i };
    const counts = { valid: 1, filled: 0, empty: 0 };
    const encoded = chunks.map((bytes, band) => ({ band, bytes, counts }));
    const id = `${index.row}-${i}`;
    await committer.add({ state: 'encoded', id, index, chunks: encoded, isEmpty: false });
  }
  return { ms, groupMs: performance.now() - started };
}

const folder = process.argv[2] ?? (await mkdtemp(join(tmpdir(), 'geocubes-durability-')));
const load = loadavg()[0];
try {
  const chunks = dataset.bands.map(() => new Uint8Array(randomBytes(CHUNK_BYTES)));
  const contenders = [];
  for (const [kind, name] of [
    ['local', 'Icechunk'],
    ['zarr', 'plain Zarr'],
  ])
    for (const sync of [true, false]) {
      const path = join(folder, `${kind}-${sync}${kind === 'zarr' ? '.zarr' : ''}`);
      const repository = await emptyCube({ kind, path }, sync);
      contenders.push({ name, sync, repository, chunks, runs: [] });
    }
  // As an ingest does for as long as it lasts.
  const leaving = await Promise.all(
    contenders.map(({ repository }) => repository.local.sharing.enter()),
  );
  for (let round = -WARM_UP; round < ROUNDS; round++)
    for (const contender of contenders) {
      const run = await commitGroup(contender, round);
      if (round >= 0) contender.runs.push(run);
    }
  await Promise.all(leaving.map((leave) => leave()));
  const results = contenders.map(({ name, sync, runs }) => ({
    name,
    sync,
    ms: runs.map(({ ms }) => ms),
    groupMs: runs.map(({ groupMs }) => groupMs),
  }));
  const shown = (all) =>
    `${median(all).toFixed(0)} (${Math.min(...all).toFixed(0)} to ${Math.max(...all).toFixed(0)})`;
  const table = [
    '| store | waits for the disk | ms of a commit, median (range) | ms with writing its chunks |',
    '|---|---|---|---|',
    ...results.map(
      ({ name, sync, ms, groupMs }) =>
        `| ${name} | ${sync ? 'yes' : 'no'} | ${shown(ms)} | ${shown(groupMs)} |`,
    ),
  ].join('\n');
  const when = new Date().toISOString().slice(0, 10);
  const words = `A commit of ${GROUP} tiles of ${dataset.bands.length} chunks of ${CHUNK_BYTES / 1000} kB, lock and ledger included; ${ROUNDS} by each store, in turn. ${when}, ${availableParallelism()} cores, Node ${process.versions.node}, local disk; load average ${load.toFixed(1)} at the start, ${loadavg()[0].toFixed(1)} at the end. Made by \`node native-bench/durability/run.mjs\`.`;
  process.stdout.write(`${words}\n\n${table}\n`);
  await writeFile(
    new URL('native-bench/results/durability.json', root),
    `${JSON.stringify({ when, load: [load, loadavg()[0]], group: GROUP, chunkBytes: CHUNK_BYTES, results }, undefined, 2)}\n`,
  );
  const readme = new URL('src/store/README.md', root);
  const marked = /(<!-- durability:start -->\n)[\s\S]*(<!-- durability:end -->)/;
  const text = await readFile(readme, 'utf8');
  await writeFile(readme, text.replace(marked, `$1${words}\n\n${table}\n$2`));
} finally {
  await rm(folder, { recursive: true, force: true });
}

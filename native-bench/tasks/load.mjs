import { join } from 'node:path';
import { Disagreement } from '../agreement.mjs';
import { startNode } from '../contenders/process.mjs';
import { takeTurns, withContenders } from '../contenders/rounds.mjs';
import { startServer } from '../contenders/server.mjs';
import { writeMosaic } from '../inputs/mosaic.mjs';
import { startKernel, startOriginal, withThreads } from './setting.mjs';

/** Those that read no Icechunk get the same pixels in a plain Zarr directory, by the same codec. */
const PYTHON_READERS = {
  xarray: { name: 'xarray open_zarr().load()', isPlain: false },
  tensorstore: { name: 'tensorstore, plain Zarr', isPlain: true },
  zarrs: { name: 'zarr-python with zarrs, plain Zarr', isPlain: true },
};

/** All of a cube into memory. The files are in the system's cache: each contender reads them before it is timed. */
export async function run(setting) {
  const { folder, sizes, seed, say } = setting;
  const { side, rows, cols } = sizes.load;
  const rasters = join(folder, 'rasters');
  const dataset = writeMosaic(rasters, { side, rows, cols, seed });
  const store = join(folder, 'cube');
  say('filling the cube');
  await fill(store, rasters, dataset, setting);
  const plain = join(folder, 'cube.zarr');
  if (setting.python !== undefined) await fill(plain, rasters, dataset, setting);
  const names = dataset.bands.map(({ name }) => name);
  const contenders = [
    {
      reader: 'cube',
      ...startKernel('gdal', setting.threads),
      name: withThreads('Cube.load', setting.threads),
    },
    { reader: 'cube', ...startNode({ name: 'Cube.load, main thread' }) },
    { reader: 'zarrita', ...startNode({ name: 'zarrita.get, main thread' }) },
    ...(setting.python === undefined
      ? []
      : Object.entries(PYTHON_READERS).map(([reader, { name, isPlain }]) => ({
          ...{ reader, isPlain, ...startOriginal(setting), name },
        }))),
  ];
  return withContenders(contenders, async () => {
    const entries = contenders.map((contender) => ({
      contender,
      measure: (digest = false) =>
        contender.ask('load', {
          ...{ store: contender.isPlain ? plain : store, names, digest },
          reader: contender.reader,
        }),
    }));
    await contenders[0].ask('ready');
    let expected;
    let bytes = 0;
    for (const { contender, measure } of entries) {
      say(`check ${contender.name}`);
      const result = await measure(true);
      const digests = result.digests.join();
      expected ??= digests;
      bytes = result.bytes;
      if (digests !== expected)
        throw new Disagreement(
          `Expected the pixels that ${contenders[0].name} read but ${contender.name} read others.`,
        );
    }
    const turns = await takeTurns(entries, { rounds: sizes.rounds, warmUps: 1 });
    return {
      ...{
        side,
        tiles: rows * cols,
        threads: setting.threads,
        bands: names.length,
        rawBytes: bytes,
      },
      contenders: contenders.map(({ name, reader }, i) => ({ name, reader, ...turns[i] })),
    };
  });
}

/** Fills a cube at `store` from the loopback server. */
export async function fill(store, rasters, dataset, { threads }) {
  const server = await startServer(rasters, 0);
  const contender = startKernel('gdal', threads);
  await withContenders([contender, server], async () => {
    await contender.ask('ready');
    await contender.ask('ingest', { store, dataset, endpoint: server.url });
  });
}

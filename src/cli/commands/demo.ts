import { type ChildProcess, fork } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command, Option } from 'commander';
import { Cube } from '../../cube/cube.js';
import { earthEngine } from '../../cube/sources/earth-engine.js';
import { typesInWords } from '../../dataset/band-types.js';
import { presetDataset } from '../../dataset/presets.js';
import { SetupError, StoreError } from '../../errors.js';
import { parseBoundingBox } from '../../grid/roi.js';
import { DEFAULT_TOKEN } from '../../loopback/index.js';
import { makeTemporaryFolder } from '../../machine/temporary.js';
import { renderPng } from '../../picture/png.js';
import type { Pool } from '../../pool/pool.js';
import { EXIT } from '../exit-codes.js';
import { abortOnSignals } from '../interrupt.js';
import { regionPicture } from '../loading/picture.js';
import { pathFor, threadsOption } from '../options/common.js';
import { type ComputeOptions, kernelOption, openPool } from '../options/pool.js';
import { ProgressBar } from '../output/progress-bar.js';
import { stageTable, summaryText } from '../output/summary-text.js';
import { print, screen } from '../output/terminal.js';
import type { LoopbackReady } from './loopback.js';
import { stateMap } from './status.js';

/** The Lena delta and the coast of the Laptev Sea: permafrost, where TCTrend is used. */
const REGION = '122,71,130,74';

interface Options extends ComputeOptions {
  readonly folder?: string;
}

export function demoCommand(): Command {
  return new Command('demo')
    .addOption(
      new Option(
        '--folder <dir>',
        'where the cube and the pictures go (default: a new temporary folder)',
      ).argParser(pathFor('--folder')),
    )
    .addOption(threadsOption())
    .addOption(kernelOption())
    .addHelpText('after', '\nExample:\n  $ geocubes demo --folder /tmp/geocubes-demo')
    .action(run);
}

async function run({ folder, ...compute }: Options): Promise<void> {
  const home = folder === undefined ? makeTemporaryFolder('geocubes-demo-') : resolve(folder);
  await mkdir(home, { recursive: true });
  const store = join(home, 'cube');
  const dataset = presetDataset('demo');
  const roi = parseBoundingBox(REGION);
  say('1. Starting an Earth Engine on this machine, in a process of its own ...');
  const server = await forkLoopback();
  const pool = await openPool(compute).catch((error: unknown) => {
    server.stop();
    throw error;
  });
  const interrupt = abortOnSignals();
  try {
    say(`   ${server.url}`);
    const cube = await openOrCreate(store, pool);
    const { grid } = cube;
    say(
      `2. A cube at ${store}: ${dataset.bands.length} bands of ${typesInWords(dataset)}, ${grid.rows} x ${grid.cols} tiles of ${grid.chunk.height} x ${grid.chunk.width} pixels`,
    );
    const source = await earthEngine(dataset, {
      endpoint: server.url,
      project: 'demo',
      token: DEFAULT_TOKEN,
    });
    const plan = await cube.plan(roi, source);
    say(
      `3. Filling the Lena delta (${REGION}): ${plan.tiles} tiles, ${plan.pending} of them to fetch, ${pool.size} threads`,
    );
    const bar = new ProgressBar(screen);
    try {
      const summary = await cube.ingest(roi, {
        source,
        pool,
        onEvent: bar.onEvent,
        signal: interrupt.signal,
      });
      bar.stop();
      say(indent(summaryText(summary)));
      if (summary.committed > 0) say(indent(stageTable(summary)));
      for (const { id, error } of summary.failed) print(`   failed: tile ${id}: ${error.message}`);
      if (summary.failed.length > 0) process.exitCode = EXIT.partial;
    } finally {
      bar.stop();
      await source.close();
    }
    const region = await cube.load(roi);
    const regionFile = join(home, 'region.png');
    const stateFile = join(home, 'state.png');
    await writeFile(regionFile, await regionPicture(region));
    await writeFile(stateFile, await renderPng(await stateMap(cube)));
    say(
      `4. Read back ${region.geobox.width} x ${region.geobox.height} pixels and drew\n   ${regionFile}   what was loaded\n   ${stateFile}   which tiles are loaded`,
    );
    say(`\nNext:\n${nextSteps(store)}`);
  } finally {
    interrupt.release();
    await pool.close();
    server.stop();
  }
}

async function openOrCreate(store: string, pool: Pool): Promise<Cube> {
  try {
    return await Cube.open(store);
  } catch (error) {
    if (!(error instanceof StoreError) || error.kind !== 'not-a-cube') throw error;
    return Cube.create(store, presetDataset('demo'), { pool });
  }
}

interface LoopbackProcess {
  readonly url: string;
  stop(): void;
}

/** `geocubes loopback` as a child; it ends when this process does, however that happens. */
async function forkLoopback(): Promise<LoopbackProcess> {
  const main = fileURLToPath(new URL('../main.js', import.meta.url));
  const child: ChildProcess = fork(main, ['loopback', '--port', '0'], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const url = await new Promise<string>((ready, fail) => {
    child.once('message', (message) => ready((message as LoopbackReady).url));
    child.once('exit', (code) =>
      fail(
        new SetupError(
          `Expected the loopback server to start but it ended with code ${code}. Run "geocubes doctor".`,
        ),
      ),
    );
  });
  return {
    url,
    stop: () => {
      if (child.connected) child.disconnect();
    },
  };
}

function nextSteps(store: string): string {
  const python = `import icechunk, xarray as xr; repo = icechunk.Repository.open(icechunk.local_filesystem_storage('${store}')); print(xr.open_zarr(repo.readonly_session('main').store, consolidated=False))`;
  return [
    `  npx geocubes status --store ${store}`,
    `  npx geocubes load --store ${store} --bbox 126,72,128,73 --png delta.png`,
    `  python -c "${python}"`,
  ].join('\n');
}

function indent(text: string): string {
  return text.replace(/^/gm, '   ');
}

function say(text: string): void {
  print(...text.split('\n'));
}

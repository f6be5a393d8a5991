import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type FaultPlan, type LoopbackServer, startLoopback } from '../../src/loopback/index.js';
import { dataFile } from '../data.js';
import { runCommand } from './command.js';

/** A folder that is gone when the tests are. */
export async function temporaryFolder(): Promise<{ path: string; remove(): Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'geocubes-test-'));
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}

/** What a command needs to find a loopback server. */
export function environmentFor({ url }: Pick<LoopbackServer, 'url'>): Record<string, string> {
  return { GEOCUBES_ENDPOINT: url, GEOCUBES_TOKEN: 'loopback', GEOCUBES_PROJECT: 'test' };
}

/** A loopback server that serves one real raster as an image asset. */
export async function serveRaster(
  folder: string,
  file: string,
  asset: string,
  bands: readonly string[],
): Promise<LoopbackServer> {
  const rasters = join(folder, 'rasters');
  await mkdir(rasters, { recursive: true });
  await copyFile(dataFile(file), join(rasters, file));
  await writeFile(
    join(rasters, 'manifest.json'),
    JSON.stringify({ assets: [{ id: asset, type: 'IMAGE', images: [{ file, bands }] }] }),
  );
  return startLoopback({ folder: rasters });
}

/** The built-in asset on a grid of 60 small tiles around the Lena delta: quick to fill, some of it sea. */
export const SMALL_DATASET = {
  title: 'Small',
  collection: 'projects/geocubes/assets/demo',
  bands: ['TCB_slope', 'TCG_slope', 'TCW_slope'],
  dtype: 'uint8',
  grid: { crs: 'EPSG:4326', bounds: [120, 70, 130, 76], resolution: 0.01, chunk: 100 },
  fill: 'idw',
  maxFillDistance: 3,
} as const;

export const SMALL_BBOX = '120,70,130,76';

/** The same 60 tiles of one small band each: too little for a request to be cut in two. */
export const TINY_DATASET = {
  ...SMALL_DATASET,
  title: 'Tiny',
  bands: ['TCB_slope'],
  grid: { crs: 'EPSG:4326', bounds: [120, 70, 130, 76], resolution: 0.02, chunk: 50 },
} as const;

/** Refuses these pixel requests, counted from 1, for good: in a cube of {@link TINY_DATASET} a tile each. */
export function refuseRequests(...requests: number[]): FaultPlan {
  const message = 'User memory limit exceeded.';
  return { rules: [{ kind: 'status', status: 400, message, requests }] };
}

/** Makes an empty cube in a folder, by the command. */
export async function createCube(folder: string, name: string, dataset: object): Promise<string> {
  const store = join(folder, name);
  const file = join(folder, `${name}.json`);
  await writeFile(file, JSON.stringify(dataset));
  const { code, stderr } = await runCommand(['create', '--store', store, '--dataset', file, '-q']);
  if (code !== 0) throw new Error(stderr);
  return store;
}

/** The call that fills a cube of these datasets, without a word. */
export function ingestArgs(store: string, ...more: string[]): string[] {
  return ['ingest', '--store', store, '--bbox', SMALL_BBOX, '--threads', '1', '-q', ...more];
}

/** Servers that one test starts, each with faults of its own. */
export class TestServers {
  readonly #servers: LoopbackServer[] = [];

  async start(faults: FaultPlan = {}): Promise<LoopbackServer> {
    const server = await startLoopback({ faults });
    this.#servers.push(server);
    return server;
  }

  /** @returns what a command needs to find a new server. */
  async serve(faults: FaultPlan = {}): Promise<Record<string, string>> {
    return environmentFor(await this.start(faults));
  }

  async close(): Promise<void> {
    for (const server of this.#servers.splice(0)) await server.close();
  }
}

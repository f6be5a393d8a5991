/** What the tests of disturbed ingests share: cubes to disturb, one that was not, and how both are compared. */
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { expect } from 'vitest';
import {
  Cube,
  createPool,
  earthEngine,
  type IngestEvent,
  parseBoundingBox,
  parseDataset,
  type Region,
  TileState,
  type TileStatus,
} from '../../../src/index.js';
import { type FaultRule, startLoopback } from '../../../src/loopback/index.js';
import { SHARING_NAME } from '../../../src/store/sharing/sharing-folder.js';
import { type Ended, type Running, runCommand, startCommand } from '../../e2e/command.js';
import { SMALL_BBOX, SMALL_DATASET, temporaryFolder } from '../../e2e/loopback-cubes.js';

type DatasetInput = Parameters<typeof parseDataset>[0];

export const ROI = parseBoundingBox(SMALL_BBOX);

/** Coast and sea of the built-in asset: with chunks of 20 pixels, 375 tiles, some of them empty. */
export function datasetOf(chunk: number, resolution = 0.02): DatasetInput {
  return {
    ...SMALL_DATASET,
    title: 'Disturbed',
    grid: { ...SMALL_DATASET.grid, resolution, chunk },
  };
}

/** What becomes of a dataset's cube where nothing disturbs. */
export interface Calm {
  readonly tiles: number;
  readonly states: readonly TileStatus[];
  readonly bands: Region['bands'];
  /** Counts as `verify` prints them. */
  readonly loaded: number;
  readonly empty: number;
  readonly dataset: DatasetInput;
}

export async function fillCalmly(dataset: DatasetInput): Promise<Calm> {
  const server = await startLoopback();
  const pool = createPool({ size: 1 });
  const checked = parseDataset(dataset);
  const source = await earthEngine(checked, {
    endpoint: server.url,
    token: 'loopback',
    project: 'test',
  });
  try {
    const cube = await Cube.create('memory:', checked, { pool });
    const { committed } = await cube.ingest(ROI, { source, pool });
    const [counts] = await cube.countStates(ROI);
    const { loaded = 0, empty = 0, missing } = counts ?? {};
    expect(missing).toBe(0);
    expect(Math.min(loaded, empty)).toBeGreaterThan(10);
    const [states, { bands }] = [await cube.tileStates(ROI), await cube.load(ROI)];
    return { tiles: committed, states, bands, loaded, empty, dataset };
  } finally {
    await Promise.all([source.close(), pool.close(), server.close()]);
  }
}

/** A folder with the dataset as a file, in which cubes are made. */
export class Workplace {
  private constructor(
    readonly path: string,
    readonly remove: () => Promise<void>,
  ) {}

  static async open(dataset: DatasetInput): Promise<Workplace> {
    const { path, remove } = await temporaryFolder();
    await writeFile(join(path, 'dataset.json'), JSON.stringify(dataset));
    return new Workplace(path, remove);
  }

  file(name: string): string {
    return join(this.path, name);
  }

  /** An empty cube; in a folder of its own, so that what is left beside it is seen. */
  async createCube(name: string, suffix: '' | '.zarr'): Promise<string> {
    const store = this.file(join(name, `cube${suffix}`));
    const made = await runCommand([
      ...['create', '--store', store, '--dataset', this.file('dataset.json')],
    ]);
    expect(made).toMatchObject({ code: 0, stderr: '' });
    return store;
  }
}

/** Both kinds of local store: the transactional one, and the one that has only the order of its writes. */
export const KINDS = [
  ['an Icechunk repository', ''],
  ['a plain Zarr directory', '.zarr'],
] as const;

export function ingestArgs(store: string, ...more: string[]): string[] {
  return ['ingest', '--store', store, '--bbox', SMALL_BBOX, '--threads', '1', ...more];
}

/** The same tiles in the same states, and every pixel the same; `verify` says so too, and nothing is left beside the cube. */
export async function expectEqualCubes(store: string, calm: Calm): Promise<void> {
  expect(await expectRightPixels(store, calm)).toBe(calm.tiles);
  await expectVerified(store, calm);
  await expectNothingLeft(store);
}

/**
 * What processes leave that were killed after every other had looked for the last time goes with the next that comes,
 * at once: names are whole from their first moment, so that each can be judged.
 */
export async function sweepAfterKills(store: string): Promise<void> {
  if (!(await readdir(store)).includes(SHARING_NAME)) return;
  const args = ['finalise', '--store', store, '--bbox', SMALL_BBOX, '--shards', '1'];
  const { code, stdout } = await runCommand(args);
  expect(code, stdout).toBe(0);
}

export async function expectVerified(
  store: string,
  { tiles, loaded, empty }: Pick<Calm, 'tiles' | 'loaded' | 'empty'>,
  env: Readonly<Record<string, string>> = {},
): Promise<void> {
  const args = ['verify', '--store', store, '--threads', '1'];
  const { code, stdout, stderr } = await runCommand(args, env);
  expect(stdout).toContain(`${tiles} tiles: ${loaded} loaded, ${empty} loaded and empty; `);
  expect(stdout).toContain('\nNo damage found\n');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
}

/** No claims, locks, drafts or other half-made things, beside the cube or in it. */
export async function expectNothingLeft(store: string): Promise<void> {
  expect(await readdir(dirname(store))).toEqual([basename(store)]);
  expect(await readdir(store)).not.toContain(SHARING_NAME);
  if (!store.endsWith('.zarr')) return;
  const files = await readdir(store, { recursive: true });
  expect(files.filter((name) => !/^zarr\.json$|^[\w-]+$/.test(basename(name)))).toEqual([]);
}

/**
 * Every tile that the cube's ledger has is in the undisturbed cube's state, with its pixels, and its chunks
 * are there. In a plain directory chunks may be there that the ledger does not know yet.
 *
 * @returns how many tiles the ledger has.
 */
export async function expectRightPixels(
  store: string,
  calm: Calm,
  {
    verify = true,
    /** Tiles whose state comes from smart-geocubes' list, which knows no empty ones, may count as loaded. */
    emptyIsLoaded = false,
  } = {},
): Promise<number> {
  const cube = await Cube.open(store);
  // Before the pixels: what is loaded meanwhile is not looked at.
  const states = await cube.tileStates(ROI);
  const ours = await cube.load(ROI);
  const wrong: string[] = [];
  let known = 0;
  for (const [i, tile] of states.entries()) {
    if (tile.state === TileState.notLoaded) continue;
    known++;
    const { row, col, height, width } = cube.grid.tileWindow(tile);
    const state = calm.states[i]?.state;
    let isRight =
      tile.state === state ||
      (emptyIsLoaded && state === TileState.empty && tile.state === TileState.loaded);
    for (const [name, pixels] of calm.bands) {
      const found = ours.bands.get(name) ?? [];
      for (let y = row; y < row + height && isRight; y++)
        for (let x = col; x < col + width; x++)
          if (found[y * cube.grid.geobox.width + x] !== pixels[y * cube.grid.geobox.width + x])
            isRight = false;
    }
    if (!isRight) wrong.push(`${tile.row}-${tile.col}`);
  }
  expect(wrong).toEqual([]);
  if (!verify) return known;
  const { byKind } = await cube.verify(ROI, { quick: true });
  expect(byKind).toMatchObject({ missing: 0, unreadable: 0 });
  if (!store.endsWith('.zarr')) expect(byKind['unknown-chunk']).toBe(0);
  return known;
}

/**
 * A list of `--failed` has each tile once that the cube's ledger has not, and no other.
 * @returns how many there are.
 */
export async function expectListsMissing(list: string, store: string): Promise<number> {
  const states = await (await Cube.open(store)).tileStates(ROI);
  const missing = states
    .filter(({ state }) => state === TileState.notLoaded)
    .map(({ row, col }) => `${row}-${col}`);
  const lines = (await readFile(list, 'utf8')).trimEnd().split('\n');
  const listed = lines.map((line) => (JSON.parse(line) as { tile: string }).tile);
  expect(listed.sort()).toEqual(missing.sort());
  return missing.length;
}

/** A command whose `--verbose` events are read as they come. */
export interface Watched extends Running {
  /** Resolves with the `nth` event of a type, or with `undefined` when the command ended before. */
  event(type: IngestEvent['type'], nth?: number): Promise<Logged | undefined>;
  /** Types and tiles of all events so far. */
  readonly events: readonly Logged[];
}

export interface Logged {
  readonly msg: string;
  readonly tile?: string;
  readonly tiles?: readonly string[];
}

/** Starts a command that has `--verbose` among its options. */
export function watchCommand(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  under: readonly string[] = [],
): Watched {
  const running = startCommand(args, env, undefined, under);
  const events: Logged[] = [];
  const waiting: { type: string; nth: number; resolve: (event: Logged | undefined) => void }[] = [];
  const nthOf = (type: string, nth: number) => events.filter(({ msg }) => msg === type)[nth - 1];
  let rest = '';
  running.child.stderr?.on('data', (data) => {
    const lines = (rest + String(data)).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) if (line.startsWith('{')) events.push(JSON.parse(line) as Logged);
    for (const one of waiting) {
      const found = nthOf(one.type, one.nth);
      if (found !== undefined) one.resolve(found);
    }
  });
  const ended: Promise<Ended> = running.ended.then((end) => {
    for (const { resolve } of waiting) resolve(undefined);
    return end;
  });
  return {
    child: running.child,
    ended,
    events,
    event: (type, nth = 1) =>
      new Promise((resolve) => {
        const found = nthOf(type, nth);
        if (found === undefined && running.child.exitCode === null)
          waiting.push({ type, nth, resolve });
        else resolve(found);
      }),
  };
}

/** Resolves when a command has written a text to stderr. */
export function said({ child, ended }: Running, text: string): Promise<void> {
  let all = '';
  return new Promise((resolve, reject) => {
    child.stderr?.on('data', (data) => {
      all += String(data);
      if (all.includes(text)) resolve();
    });
    void ended.then(({ stderr }) =>
      stderr.includes(text) ? resolve() : reject(new Error(`ended without "${text}": ${stderr}`)),
    );
  });
}

/**
 * From a pixel request on, so many are refused with the words of a service that will be away for longer
 * than a request is tried: a tile is lost at once, which else takes most of a minute.
 */
export function awayFrom(
  first: number,
  { count = 10_000, status = 503 }: { count?: number; status?: 429 | 503 } = {},
): FaultRule {
  const requests = Array.from({ length: count }, (_, i) => first + i);
  return { kind: 'status', status, retryAfter: 700, requests };
}

/** Park and Miller's generator: a run is repeated from its seed. @returns numbers from 0 to 1 */
export function randomFrom(seed: number): () => number {
  let state = (seed % 0x7ffffffe) + 1;
  return () => {
    state = (state * 48_271) % 0x7fffffff;
    return state / 0x7fffffff;
  };
}

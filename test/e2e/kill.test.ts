import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { Cube, parseBoundingBox } from '../../src/index.js';
import { startLoopback } from '../../src/loopback/server.js';
import { runCommand, startCommand } from './command.js';
import { environmentFor, SMALL_BBOX, SMALL_DATASET, temporaryFolder } from './loopback-cubes.js';

const KILLS = 4;

/** Park and Miller's generator: enough to choose moments, and a failure can be repeated from its seed. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48_271) % 0x7fffffff;
    return state / 0x7fffffff;
  };
}

/** The transactional kind, and the one that has only the order of its writes. */
test.each([
  ['an Icechunk repository', ''],
  ['a plain Zarr directory', '.zarr'],
])(
  'an ingest into %s killed with SIGKILL again and again and started again ends with the cube of an undisturbed one',
  async (_, suffix) => {
    const seed = Number(process.env.KILL_SEED ?? (Date.now() % 1_000_000) + 1);
    console.log(`KILL_SEED=${seed}`);
    const next = random(seed);
    const folder = await temporaryFolder();
    const server = await startLoopback({});
    const env = environmentFor(server);
    const dataset = join(folder.path, 'small.json');
    await writeFile(dataset, JSON.stringify(SMALL_DATASET));
    const stores = {
      disturbed: join(folder.path, `disturbed${suffix}`),
      calm: join(folder.path, 'calm'),
    };
    for (const store of Object.values(stores)) {
      expect(await runCommand(['create', '--store', store, '--dataset', dataset])).toMatchObject({
        code: 0,
      });
    }
    const ingest = (store: string, ...more: string[]) => [
      'ingest',
      '--store',
      store,
      '--bbox',
      SMALL_BBOX,
      '--threads',
      '1',
      ...more,
    ];

    let killed = 0;
    for (let i = 0; i < KILLS; i++) {
      const { child, ended } = startCommand(ingest(stores.disturbed, '--verbose'), env);
      // From the first reply on: before it, there is nothing to disturb.
      await new Promise<void>((resolve) => {
        child.stderr?.on('data', (data) => String(data).includes('"fetched"') && resolve());
        void ended.then(() => resolve());
      });
      await sleep(next() * 1500);
      child.kill('SIGKILL');
      if ((await ended).code === null) killed++;
      const cube = await Cube.open(stores.disturbed);
      const states = await cube.tileStates(parseBoundingBox(SMALL_BBOX));
      console.log(
        `after kill ${i + 1}: ${states.filter(({ state }) => state !== 0).length} of ${states.length} tiles committed`,
      );
    }
    expect(killed).toBeGreaterThan(0);

    const last = await runCommand(ingest(stores.disturbed, '--format', 'json', '--quiet'), env);
    expect(last).toMatchObject({ code: 0, stderr: '' });
    expect(await runCommand(ingest(stores.calm, '--quiet'), env)).toMatchObject({ code: 0 });
    const summary = JSON.parse(last.stdout) as {
      tiles: number;
      alreadyLoaded: number;
      committed: number;
    };
    expect(summary.tiles + summary.alreadyLoaded).toBe(60);
    expect(summary.committed).toBe(summary.tiles);

    const roi = parseBoundingBox(SMALL_BBOX);
    const [disturbed, calm] = [await Cube.open(stores.disturbed), await Cube.open(stores.calm)];
    expect(await disturbed.tileStates(roi)).toEqual(await calm.tileStates(roi));
    const [ours, theirs] = [await disturbed.load(roi), await calm.load(roi)];
    expect(ours.missingTiles).toBe(0);
    for (const [name, pixels] of theirs.bands) {
      expect(
        Buffer.compare(
          Buffer.from(pixels.buffer),
          Buffer.from(ours.bands.get(name)?.buffer ?? new ArrayBuffer(0)),
        ),
      ).toBe(0);
      expect((pixels as Uint8Array).some((value) => value !== 0)).toBe(true);
    }
    await server.close();
    await folder.remove();
  },
  180_000,
);

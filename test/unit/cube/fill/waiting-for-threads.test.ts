import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Cube } from '../../../../src/cube/cube.js';
import { SetupError } from '../../../../src/errors.js';
import type { KernelFacts } from '../../../../src/kernel/kernel.js';
import { createPool, type Pool } from '../../../../src/pool/pool.js';
import { poolToBe } from '../../../../src/pool/pool-to-be.js';
import { bandedSource, cut, DATASET, inGroups } from './banded-source.js';

const inline = createPool({ size: 0 });

let path: string;
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'geocubes-threads-'));
  path = join(folder, 'cube.zarr');
  await Cube.create(path, DATASET, { pool: inline });
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** Fills the cube from a source that tells when it is first asked, with the pool that `make` makes of that. */
async function fill(make: (asked: Promise<void>) => Pool) {
  let tell = () => {};
  const asked = new Promise<void>((resolve) => {
    tell = resolve;
  });
  const source = bandedSource(inGroups(cut(8)), async () => {
    tell();
    return undefined;
  });
  const cube = await Cube.open(path, { sync: false });
  const pool = make(asked);
  return { source, summary: await cube.ingest(cube.grid.geobox, { source, pool }) };
}

describe('pixels are asked for while threads load their kernel', () => {
  test('and processed when all of them have', async () => {
    const { summary } = await fill((asked) =>
      poolToBe(
        asked.then(() => inline),
        1,
      ),
    );
    expect(summary).toMatchObject({ committed: 9, failed: [] });
  });

  test('and the run ends with what keeps the threads from it', async () => {
    const opening = (asked: Promise<void>) =>
      asked.then(() => Promise.reject(new SetupError('no kernel here')));
    await expect(fill((asked) => poolToBe(opening(asked), 1))).rejects.toThrow('no kernel here');
  });

  test('and the run ends where they cannot write this cube', async () => {
    const facts: KernelFacts = { kernel: 'js', hasBlosc: false, encoder: 'none' };
    await expect(
      fill((asked) => ({ ...inline, ready: () => asked.then(() => facts) })),
    ).rejects.toThrow(/^Expected a Blosc encoder for this cube/);
  });

  test('and where there is nothing to ask for, threads without a kernel are told all the same', async () => {
    await fill(() => inline);
    const none = poolToBe(Promise.reject(new SetupError('no kernel here')), 1);
    await expect(fill(() => none)).rejects.toThrow('no kernel here');
  });
});

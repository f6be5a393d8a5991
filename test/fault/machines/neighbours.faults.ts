/** What lies beside a store, or in it, and is not ours: left as it is, by every command that fills, checks or ends. */
import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type LoopbackServer, startLoopback } from '../../../src/loopback/index.js';
import { SHARING_NAME } from '../../../src/store/sharing/sharing-folder.js';
import { runCommand } from '../../e2e/command.js';
import { environmentFor } from '../../e2e/loopback-cubes.js';
import {
  type Calm,
  datasetOf,
  expectRightPixels,
  expectVerified,
  fillCalmly,
  ingestArgs,
  KINDS,
  Workplace,
  watchCommand,
} from '../support/disturbed-cubes.js';

let calm: Calm;
let server: LoopbackServer;
let place: Workplace;

beforeAll(async () => {
  calm = await fillCalmly(datasetOf(50));
  server = await startLoopback({ faults: { latency: { ms: 30 } } });
  place = await Workplace.open(calm.dataset);
});

afterAll(async () => {
  await server?.close();
  await place?.remove();
});

/** Every file, folder and link below a folder, with what it holds. */
function treeOf(folder: string, except?: string): Record<string, string> {
  const found: Record<string, string> = {};
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    if (path === except) continue;
    const stat = lstatSync(path);
    if (stat.isSymbolicLink()) found[name] = `link to ${readlinkSync(path)}`;
    else if (stat.isDirectory()) Object.assign(found, { [name]: 'folder' }, inside(path, name));
    else found[name] = readFileSync(path, 'utf8');
  }
  return found;
}

const inside = (path: string, name: string) =>
  Object.fromEntries(Object.entries(treeOf(path)).map(([key, value]) => [join(name, key), value]));

function put(path: string, content = `content of ${path}`): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
}

describe.each(KINDS)('%s', (_, suffix) => {
  test('filled, killed, filled again and repaired, leaves every file beside it as it was', async () => {
    const store = await place.createCube(`beside${suffix}`, suffix);
    const folder = dirname(store);
    put(`${store}.lock`);
    put(join(folder, 'flake.lock'));
    put(join(folder, 'door.lock', 'key.txt'));
    put(`${`${store}.claims`.replace('cube', 'insurance')}/claim-2026.pdf`);
    put(join(folder, 'elsewhere', '1-2.json'), '{}');
    symlinkSync(join(folder, 'elsewhere'), `${store}.claims`);
    symlinkSync(join(folder, 'elsewhere'), `${store}.drafts`);
    put(join(folder, `.${'cube'}.partial`));
    const before = treeOf(folder, store);
    const command = watchCommand(ingestArgs(store, '--verbose'), environmentFor(server));
    await command.event('written', 5);
    command.child.kill('SIGKILL');
    await command.ended;
    const last = await runCommand(ingestArgs(store, '--quiet'), environmentFor(server));
    expect(last).toMatchObject({ code: 0, stderr: '' });
    await expectVerified(store, calm);
    const repaired = await runCommand(['verify', '--repair', '--store', store]);
    expect(repaired).toMatchObject({ code: 0, stderr: '' });
    expect(treeOf(folder, store)).toEqual(before);
  });

  test.each([
    ['the folder itself is a link', ''],
    ['its claims are a link', 'claims'],
    ['its list of processes is a link', 'processes'],
    ['its lock is a link', 'lock'],
  ])('with a .geocubes in which %s touches nothing behind it', async (what, link) => {
    const store = await place.createCube(`linked-${link}${suffix}`, suffix);
    const behind = place.file(`behind-${link}${suffix}`);
    put(join(behind, '0-0.json'), '{"geocubes":"claim","owner":"someone"}');
    put(join(behind, 'owner.json'), '{"geocubes":"lock","token":"","owner":"someone"}');
    put(join(behind, 'thesis.txt'));
    const before = treeOf(behind);
    const sharing = join(store, SHARING_NAME);
    if (link === '') symlinkSync(behind, sharing);
    else {
      mkdirSync(sharing);
      symlinkSync(behind, join(sharing, link));
    }
    const { code, stderr } = await runCommand(ingestArgs(store, '--quiet'), environmentFor(server));
    expect(stderr, what).toMatch(/^geocubes: Expected .*left as it is\. Move it away.*\n$/);
    expect(code).toBe(1);
    expect(treeOf(behind)).toEqual(before);
    expect(await expectRightPixels(store, calm)).toBe(0);
  });

  test('with files of others in its .geocubes is filled, and they stay', async () => {
    const store = await place.createCube(`guests${suffix}`, suffix);
    const sharing = join(store, SHARING_NAME);
    put(join(sharing, 'notes.txt'));
    put(join(sharing, 'claims', 'claim-2026.pdf'));
    put(join(sharing, 'processes', 'readme'));
    const before = treeOf(sharing);
    const run = ingestArgs(store, '--quiet');
    expect(await runCommand(run, environmentFor(server))).toMatchObject({ code: 0, stderr: '' });
    expect(await expectRightPixels(store, calm)).toBe(calm.tiles);
    expect(treeOf(sharing)).toEqual(before);
  });
});

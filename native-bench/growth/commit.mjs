/**
 * Commits of groups of tiles into a cube that has some, in a process of its own, so that its peak memory is its own:
 * node commit.mjs PATH FIRST_TILE TILES ROUNDS
 */

import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { tileId } from '../../dist/grid/tiling.js';
import { Repository } from '../../dist/store/repository.js';
import { Committer } from '../../dist/store/tiles/committer.js';
import { alphaEarth, walk } from './large-cubes.mjs';

const [path, first, group, rounds] = process.argv
  .slice(2)
  .map((each, i) => (i === 0 ? each : Number(each)));
const FOLDERS = ['snapshots', 'manifests', 'transactions'];

function sizes() {
  return FOLDERS.map((name) => {
    const folder = join(path, name);
    return new Map(readdirSync(folder).map((file) => [file, statSync(join(folder, file)).size]));
  });
}

const written = (before, after) =>
  [...after]
    .filter(([file]) => !before.has(file))
    .reduce(({ files, bytes }, [, size]) => ({ files: files + 1, bytes: bytes + size }), {
      files: 0,
      bytes: 0,
    });

const tiles = [];
let at = 0;
for (const index of walk(alphaEarth)) {
  if (at >= first + group * rounds) break;
  if (at++ >= first) tiles.push(index);
}
const repository = await Repository.open({ kind: 'local', path });
const runs = [];
for (let round = 0; round < rounds; round++) {
  const before = sizes();
  let ms;
  const committer = new Committer(repository, alphaEarth, {
    groupSize: group,
    onCommit: (_, took) => {
      ms = took;
    },
  });
  for (const index of tiles.slice(round * group, (round + 1) * group)) {
    const counts = { valid: 1, filled: 0, empty: 0 };
    await committer.add({
      ...{ state: 'encoded', id: tileId(index), index, isEmpty: false },
      chunks: alphaEarth.bands.map((_, band) => ({ band, bytes: randomBytes(12), counts })),
    });
  }
  await committer.flush();
  const after = sizes();
  const [snapshots, manifests, transactions] = FOLDERS.map((_, i) => written(before[i], after[i]));
  runs.push({ ms, snapshots, manifests, transactions });
}
const peak = /^VmHWM:\s*(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
process.stdout.write(JSON.stringify({ runs, megabytes: Number(peak) / 1024 }));

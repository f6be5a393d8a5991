/** The page of growth to 48 million chunks: numbers of its results, and arithmetic on them. */
import { median, slope } from '../statistics.mjs';

const n = (value, digits = 0) =>
  value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });
const kB = (bytes) => n(bytes / 1e3, bytes < 1e5 ? 1 : 0);
/** In the unit that leaves one to three digits before the point. */
function size(bytes) {
  const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];
  const at = Math.min(Math.max(Math.floor(Math.log10(Math.max(bytes, 1)) / 3), 0), 5);
  const value = bytes / 1000 ** at;
  return `${n(value, value < 10 ? 1 : 0)} ${units[at]}`;
}
function time(seconds) {
  if (seconds < 120) return `${n(seconds, 1)} s`;
  if (seconds < 7200) return `${n(seconds / 60)} min`;
  return seconds < 172_800 ? `${n(seconds / 3600, 1)} h` : `${n(seconds / 86_400, 1)} days`;
}
const table = (head, rows) =>
  [head, head.map((_, i) => (i === 0 ? '---' : '---:')), ...rows]
    .map((cells) => `| ${cells.join(' | ')} |`)
    .join('\n');

/**
 * What a commit writes, as a line through what was measured: a snapshot has so many bytes and some for each manifest
 * that is there; a manifest so many for each reference in its square; a transaction log so many for each tile.
 */
export function coefficients({ points, cubes: { alphaEarth } }) {
  const { bands } = alphaEarth;
  const ofOne = ({ groups }) => groups.find(({ group }) => group === 1);
  const snapshots = points.map((point) => [point.squares * bands, ofOne(point).snapshotBytes]);
  const perManifest = slope(snapshots);
  const mean = (i) => snapshots.reduce((sum, pair) => sum + pair[i], 0) / snapshots.length;
  const perReference = median(
    points.map((point) => ofOne(point).manifestBytes / (point.inSquare * bands)),
  );
  const last = points.at(-1);
  const most = last.groups.at(-1);
  return {
    perManifest,
    snapshotBase: mean(1) - perManifest * mean(0),
    perReference,
    perTile: most.transactionBytes / most.group,
  };
}

/** Bytes that one commit of `group` tiles writes, on the average over the filling of a cube, and when it is full. */
function commitBytes({ perManifest, snapshotBase, perReference, perTile }, cube, group) {
  const { bands, side, manifests, rows, cols } = cube;
  const square = Math.min(side, rows) * Math.min(side, cols);
  // A square's manifests grow from one commit to the next that touches them: half of them on the average.
  const manifest = bands * perReference * (square / 2);
  const log = perTile * group;
  return {
    mean: snapshotBase + perManifest * (manifests / 2) + manifest + log,
    end: snapshotBase + perManifest * manifests + manifest + log,
  };
}

/** @param {object} result as large.mjs writes it */
export function writeLargePage(result) {
  const { date, machine, rounds, cubes, plans, points, bytes } = result;
  const { alphaEarth, tcTrend } = cubes;
  const found = coefficients(result);
  const last = points.at(-1);
  const ofLast = (group) => last.groups.find((each) => each.group === group);
  /** Milliseconds for a byte of metadata, at the largest cube that was made. */
  const msPerByte = (group) => {
    const { ms, snapshotBytes, manifestBytes, transactionBytes } = ofLast(group);
    return ms / (snapshotBytes + manifestBytes + transactionBytes);
  };
  const projected = (cube, group) => {
    const each = commitBytes(found, cube, group);
    const commits = cube.tiles / group;
    const endSeconds = (each.end * msPerByte(group)) / 1000;
    return {
      ...each,
      commits,
      total: commits * each.mean,
      endSeconds,
      seconds: (commits * each.mean * msPerByte(group)) / 1000,
    };
  };
  const pixels = ({ references }, bytesOfPixel) => references * 3600 ** 2 * bytesOfPixel;
  const sections = [
    '# Growth to 48 million chunks, and to pan-Arctic TCTrend',
    `Written by \`node native-bench/growth/large.mjs\` from [its results](../results/growth-large.json). ${date}, ${machine.cores} cores (${machine.cpu}), Node ${machine.node}, local disk; medians of ${rounds}. A reference is a chunk of 12 bytes that lies in its manifest, as many as the id in a reference to an object; no pixel is fetched. The cube is that of AlphaEarth, 64 bands and nine years, from 60 degrees north on: ${n(alphaEarth.tiles)} tiles, ${n(alphaEarth.references)} chunks, manifests of ${alphaEarth.side} x ${alphaEarth.side} tiles.`,
    '## Measured: a commit into what is there',
    'Tiles are filled in the order of the manifests\' squares. "Peak" is the memory of a process that does nothing but these commits.',
    table(
      [
        'references there',
        'manifests',
        'tiles in a commit',
        'ms, median (range)',
        'snapshot, kB',
        'manifests, files',
        'kB of them',
        'transaction log, kB',
        'metadata a tile, kB',
        'peak, MB',
        'load',
      ],
      points.flatMap((point) =>
        point.groups.map((row) => {
          const all = row.snapshotBytes + row.manifestBytes + row.transactionBytes;
          return [
            n(point.references),
            n(point.squares * alphaEarth.bands),
            n(row.group),
            `${n(row.ms)} (${n(row.leastMs)} to ${n(row.mostMs)})`,
            kB(row.snapshotBytes),
            n(row.manifestFiles),
            kB(row.manifestBytes),
            kB(row.transactionBytes),
            kB(all / row.group),
            n(row.megabytes),
            n(point.load, 1),
          ];
        }),
      ),
    ),
    `After all of these the repository's snapshots, manifests and transaction logs have ${size(bytes.snapshots)}, ${size(bytes.manifests)} and ${size(bytes.transactions)}.`,
    '## Measured: planning the whole',
    table(
      ['cube', 'tiles', 'requests', 'bytes to receive', 's', 'MB of the process at its peak'],
      plans.map((row) => [
        row.name,
        n(row.tiles),
        n(row.requests),
        size(row.bytes),
        n(row.seconds, 2),
        n(row.megabytes),
      ]),
    ),
    '## Arithmetic: the cubes when they are full',
    `From a line through the points above: a snapshot has ${size(found.snapshotBase)} and ${n(found.perManifest, 1)} bytes for each manifest; a manifest ${n(found.perReference, 1)} for each reference; a transaction log ${size(found.perTile)} for each tile. Times are those of ${n(last.references)} references, in proportion to the bytes; an object store adds the time of its requests, two for each band's manifest.`,
    table(
      [
        'cube, tiles in a commit',
        'commits',
        'bytes of the last one',
        's of the last one',
        'metadata of all',
        'of the pixels, uncompressed',
        'all commits, one after the other',
      ],
      [
        ['AlphaEarth north of 60 degrees', alphaEarth, 4],
        ['pan-Arctic TCTrend', tcTrend, 1],
      ].flatMap(([name, cube, bytesOfPixel]) =>
        last.groups.map(({ group }) => {
          const { commits, end, endSeconds, total, seconds } = projected(cube, group);
          return [
            `${name}, ${n(group)}`,
            n(commits),
            size(end),
            n(endSeconds, 2),
            size(total),
            `${n((100 * total) / pixels(cube, bytesOfPixel), 3)} %`,
            time(seconds),
          ];
        }),
      ),
    ),
    policySection(plans[0], projected(alphaEarth, 1), projected(alphaEarth, 16)),
  ];
  return `${sections.join('\n\n')}\n`;
}

/** Requests at a time that a project may have, and how long one of AlphaEarth's may take: an assumption, and said so. */
const QUOTA = 40;
const REQUEST_SECONDS = 5;

function policySection({ tiles, requests }, one, sixteen) {
  const tileSeconds = (requests / tiles / QUOTA) * REQUEST_SECONDS;
  const restSeconds = 19 * one.endSeconds;
  const together = Math.max(restSeconds / tileSeconds, 1);
  return [
    '## What follows for commits',
    `What a commit writes hardly depends on the number of its tiles, so that sixteen of them in one cost ${n((100 * sixteen.total) / one.total, 1)} % of what they cost one by one (${size(sixteen.total)} in place of ${size(one.total)}). Large tiles were committed one by one, whatever the group was to be; they are committed in groups as all others are.`,
    `A group is committed when it has 16 tiles or is ten seconds old, but no sooner than 19 times after the last commit as commits take: they have a twentieth of a writer's time at the most, and wait five minutes at the most ([commit-pace.ts](../../src/store/tiles/commit-pace.ts)). With ${n(QUOTA)} requests at a time of ${n(REQUEST_SECONDS)} s each (assumed) a tile of AlphaEarth comes every ${n(tileSeconds, 1)} s, all writers together: one writer makes groups of ${n(together, together < 10 ? 1 : 0)} tiles by that rule alone; more writers have a tile each in a commit, and commits have ${n((100 * one.endSeconds) / tileSeconds, 1)} % of the time when the cube is full, all writers together. \`--commit-every 16\` or \`--commit-every 30min\` makes them rarer, at the price of what a killed process loses.`,
  ].join('\n\n');
}

/** The page of what run.mjs has measured: every number comes from its results. */

const n = (value, digits = 0) =>
  value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });
const percent = (value, digits = 1) => `${n(100 * value, digits)} %`;
const table = (head, rows) =>
  [head, head.map((_, i) => (i === 0 ? '---' : '---:')), ...rows]
    .map((cells) => `| ${cells.join(' | ')} |`)
    .join('\n');
const machineOf = ({ date, cores, cpu, node }) => `${date}, ${cores} cores (${cpu}), Node ${node}`;

/** @param {object} results as run.mjs writes them */
export function writePage(results) {
  return `${[
    '# Several processes at one cube',
    `Written by \`node native-bench/cluster/run.mjs\` from [its results](../results/cluster.json). All processes run on one machine; the service answers a request after ${n(results.latencyMs / 1000)} s, as Earth Engine may, so that they wait rather than compute. Load is the system's of the minute before.`,
    ...(results.quota === undefined ? [] : [quotaSection(results)]),
    ...(results.scaling === undefined ? [] : [scalingSection(results)]),
    ...(results.overlap === undefined ? [] : [overlapSection(results)]),
  ].join('\n\n')}\n`;
}

const PARTS = { middle: 'in the middle', away: 'server killed', back: 'server started again' };

function quotaSection({ quota, quotaOf }) {
  const rows = quota.rows.flatMap((row) =>
    Object.entries(PARTS).map(([part, words]) => {
      const { meanMs, underWay, refused, least, most, jain } = row[part];
      // Requests begin and end all at once where places are the limit: the ends of a stretch would count a burst whole or
      // not at all. So one counts by the part of it that lies in the stretch, of which underWay is the mean.
      const perSecond = (underWay * 1000) / meanMs;
      // What the service could have served in that time, by how long a request took it.
      const limit = Math.min((quotaOf.concurrency * 1000) / meanMs, quotaOf.rate);
      return [
        `${n(row.latencyMs)} ms, ${words}`,
        n(perSecond, 2),
        percent(perSecond / limit),
        n(underWay, 1),
        n(refused),
        `${n(least)} to ${n(most)}`,
        n(jain, 4),
      ];
    }),
  );
  const ends = quota.rows.map(
    (row) =>
      `${n(row.latencyMs)} ms: ${n(row.tiles)} tiles, ${n(row.requests)} requests, ${n(row.refused)} refused, ${n(row.lostTiles)} tiles lost, at most ${n(row.mostInASecond)} requests begun in a second; load ${n(row.load, 1)}`,
  );
  return [
    '## Eight shards behind a quota server',
    `Eight ingests of a cube in a folder, each with \`--shard i/8 --quota\`; the service bears ${n(quotaOf.concurrency)} requests at a time and ${n(quotaOf.rate)} a second, and refuses what is beyond with 429. The server that lends them is killed with SIGKILL in the middle, and started again. With the longer latency the places are the limit, with the shorter one the requests a second. "Of the limit" is against what the service could have served in the time that a request took it, by its own clock; a request counts by the part of it that lies in the stretch. ${machineOf(quota)}.`,
    table(
      [
        'latency, part',
        'served a second',
        'of the limit',
        'under way, mean',
        '429',
        'by process',
        "Jain's index",
      ],
      rows,
    ),
    `In all: ${ends.join('. ')}.`,
  ].join('\n\n');
}

function scalingSection({ scaling, requestsEach }) {
  const [one] = scaling.rows;
  const rows = scaling.rows.map((row) => [
    n(row.processes),
    n(row.perSecond, 2),
    percent(row.perSecond / (one.perSecond * (row.processes / one.processes)), 0),
    n(row.wholePerSecond, 2),
    n(row.commits),
    n(row.lostRaces),
    percent(row.commitShare),
    `${n(row.commitMs)} / ${n(row.longestCommitMs)}`,
    n(row.slowestToMean, 2),
    n(row.requests / row.tiles, 3),
    n(row.lostTiles),
    n(row.load, 1),
  ]);
  return [
    '## One to sixteen shards of a cube in an S3',
    `${n(scaling.tilesEach)} tiles and ${n(requestsEach)} requests at a time for each process, versitygw as the S3. "Together" is the stretch in which all of them are at work; the whole run has the start of all processes on these cores in it, and its end, when some are done. ${machineOf(scaling)}.`,
    table(
      [
        'processes',
        'tiles/s together',
        `of ${n(one.processes)} times as many`,
        'tiles/s of the whole run',
        'commits',
        'lost races',
        'time in commits',
        'ms of a commit: median / longest',
        'slowest to mean',
        'requests a tile',
        'tiles lost',
        'load',
      ],
      rows,
    ),
  ].join('\n\n');
}

function overlapSection({ overlap, requestsEach }) {
  const rows = overlap.rows.map((row) => {
    const one = overlap.rows.find(({ kind, processes }) => kind === row.kind && processes === 1);
    return [
      row.kind,
      n(row.processes),
      n(row.perSecond, 2),
      n(row.perSecond / one.perSecond, 2),
      n(row.wholeSeconds, 1),
      n(one.wholeSeconds / row.wholeSeconds, 2),
      n(row.requestsPerTile, 3),
      n(row.lostRaces),
      n(row.lostTiles),
      n(row.load, 1),
    ];
  });
  return [
    '## The same region by several processes without shards',
    `${n(overlap.tiles)} tiles, ${n(requestsEach)} requests at a time for each process; none is told of the others, claims keep them apart. ${machineOf(overlap)}.`,
    table(
      [
        'store',
        'processes',
        'tiles/s together',
        'times one',
        's of the whole run',
        'times as quick',
        'requests a tile',
        'lost races',
        'tiles lost',
        'load',
      ],
      rows,
    ),
  ].join('\n\n');
}

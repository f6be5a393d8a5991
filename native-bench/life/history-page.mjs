/** The page of a year of nightly runs: numbers of its results, and nothing else. */

const n = (value, digits = 0) =>
  value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });
const size = (bytes) => (bytes < 1e6 ? `${n(bytes / 1e3, 1)} kB` : `${n(bytes / 1e6, 1)} MB`);
const table = (head, rows) =>
  [head, head.map((_, i) => (i === 0 ? '---' : '---:')), ...rows]
    .map((cells) => `| ${cells.join(' | ')} |`)
    .join('\n');
const metadataOf = ({ files }) =>
  ['snapshots', 'manifests', 'transactions'].reduce((sum, kind) => sum + files[kind].bytes, 0);

export function writeHistoryPage({
  machine,
  date,
  years,
  nights,
  repeats,
  side,
  chunk,
  changedTiles,
}) {
  const stages = (each) => [
    ['filled', each.before],
    [`after ${nights} nights`, each.after],
    ...(each.expired === undefined ? [] : [['old snapshots expired', each.expired]]),
  ];
  const filesOf = ({ files }, kind) => `${n(files[kind].count)} (${size(files[kind].bytes)})`;
  const rows = years.flatMap((each) =>
    stages(each).map(([stage, at]) => [
      `${each.name}: ${stage}`,
      n(at.commits),
      ...['snapshots', 'manifests', 'transactions'].map((kind) => filesOf(at, kind)),
      size(metadataOf(at)),
      filesOf(at, 'chunks'),
      ...['open', 'log', 'status'].map((what) => n(at.ms[what], 1)),
    ]),
  );
  const said = years.map(({ name, nights: made, before, after, expired }) => {
    const commits = after.commits - before.commits;
    const grown = metadataOf(after) - metadataOf(before);
    const pixels = after.files.chunks.bytes;
    const back =
      expired === undefined
        ? ''
        : ` Expiring all but the newest state took ${n(expired.seconds, 1)} s and left ${size(metadataOf(expired))} of metadata and ${size(expired.files.chunks.bytes)} of chunks; the pixels were the same before and after.`;
    return `- ${name}: ${n(made.changed)} nights that changed or added something made ${n(commits)} commits of ${n(made.tiles)} tiles, ${n(made.quiet)} others made ${n(made.quietCommits)}. A commit added ${size(grown / commits)} of metadata, all of them ${size(grown)}: ${n((100 * grown) / pixels, 1)} % of the chunks.${back}`;
  });
  return `# A year of nightly runs

Written by \`node native-bench/life/history.mjs\` from [its results](../results/history.json). ${date}, ${machine}, local disk; medians of ${repeats}. The cube has ${side} x ${side} tiles of ${chunk} x ${chunk} pixels, four bands of uint16 and a step for each month. Each night extends it to that day, ingests what is missing (${side * side} tiles when a month begins) and refreshes what was changed in the newest month (${changedTiles} tiles in a night with changes).

${table(['state', 'commits', 'snapshots', 'manifests', 'transaction logs', 'metadata', 'chunks', 'open, ms', 'log, ms', 'status, ms'], rows)}

${said.join('\n')}

What stays of old states are, for the most part, their chunks: each refresh keeps the pixels it replaced, until [old snapshots are expired](../../src/cube/life/README.md#old-snapshots).
`;
}

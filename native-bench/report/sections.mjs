/** One part of the page for each task: a heading, what was done, a table. */
import { median, spread } from '../statistics.mjs';
import { codecs } from './codecs.mjs';
import { endToEnd } from './end-to-end.mjs';
import {
  bytesOf,
  caseOf,
  codecName,
  contenderOf,
  fromMiB,
  megabytes,
  milliseconds,
  msOf,
  number,
  percent,
  size,
  stagesOf,
  table,
  times,
  timesOf,
  withSpread,
} from './numbers.mjs';
import { save } from './save.mjs';
import { startUp } from './start-up.mjs';
import { SETTLING_TILES, trendOf } from './targets.mjs';
import { importScene, loadLike } from './warps.mjs';

/** By task; each takes the task's results and gives Markdown. */
export const SECTIONS = {
  'whole-tile': wholeTile,
  decode,
  warp,
  fill,
  encode,
  scaling,
  ingest,
  memory,
  load,
  'start-up': startUp,
  save,
  import: importScene,
  'load-like': loadLike,
  'end-to-end': endToEnd,
  codecs,
};

const CASE_NAMES = {
  default: 'As the loopback server replies',
  lzw: 'LZW replies',
  deflate: 'DEFLATE replies',
  seed: 'With the codec of the original',
  landsat: 'A Landsat scene',
};

function wholeTile({ cases }) {
  const parts = cases.map((entry) => {
    const { id, shape, bands, gapShare, layout, codec, requests, bytesIn, probes, contenders } =
      entry;
    const floor = contenderOf(entry, 'floor');
    const original = contenderOf(entry, 'python');
    const rows = contenders.map((each) => [
      each.name,
      milliseconds(each),
      times(timesOf(each, floor)),
      times(timesOf(original, each)),
      megabytes(bytesOf(each)),
      memoryCell(each),
    ]);
    return [
      `### ${CASE_NAMES[id]}`,
      `${size(shape, bands)} uint8, ${percent(gapShare)} gaps; ${layout}; ${requests} ${requests === 1 ? 'request' : 'requests'} of ${megabytes(bytesIn)} MB in all; chunks in ${codecName(codec)}. Checked before it was timed: every valid pixel, and ${number(probes)} gap pixels of each band against all of their nearest valid pixels.`,
      table(
        [
          'contender',
          'ms a tile',
          'times the floor',
          'times as fast as the original',
          'chunks, MB',
          'memory, MB: idle, peak',
        ],
        rows,
      ),
    ].join('\n\n');
  });
  return [
    '## A whole tile',
    'From the bytes of the replies to the encoded chunks: decode, find the gaps, fill them with the nearest pixel without limit, clip to the observed range, encode. With several threads a tile counts as its share: as many tiles as threads at once, and the time divided by their number.',
    ...parts,
    profile(cases),
  ].join('\n\n');
}

function memoryCell({ memory }) {
  return memory === undefined
    ? ''
    : `${number(fromMiB(memory.idle))}, ${number(fromMiB(memory.peak))}`;
}

/** Where the time of one thread goes, so that a reader sees why a ratio is what it is. */
function profile(cases) {
  const rows = cases.flatMap((entry) =>
    entry.contenders
      .filter(({ threads }) => threads === 1)
      .map((each) => {
        const { decode, warp = 0, fill, clip, encode } = stagesOf(each);
        const total = median(msOf(each));
        const known = [decode, warp, fill, clip, encode].reduce((sum, ms) => sum + (ms ?? 0), 0);
        const share = (ms) =>
          ms === undefined ? '' : `${number(ms)} (${number((100 * ms) / total)} %)`;
        return [
          `${CASE_NAMES[entry.id]}: ${each.name}`,
          ...[decode, fill, clip, encode, Math.max(total - known, 0)].map(share),
        ];
      }),
  );
  return [
    '### Profile',
    'Median ms of each stage in one thread, and its share of the median tile. What is left over is the way into the thread and back. The original gets its pixels decoded; its range, clip and cast are a stage of their own, which the kernels have within filling.',
    table(['', 'decode', 'fill', 'range, clip, cast', 'encode', 'rest'], rows),
    ...boundAgainstJs(cases),
  ].join('\n\n');
}

/** How far from pure JS the native kernel can be at all, and where it is farthest. */
function boundAgainstJs(cases) {
  const [native, js] = ['gdal', 'js'].map((kernel) =>
    contenderOf(caseOf({ cases }, 'default'), kernel),
  );
  if (native === undefined || js === undefined) return [];
  const [encode, slowEncode] = [native, js].map((each) => stagesOf(each).encode);
  const ratios = cases.flatMap((entry) => {
    const ratio = timesOf(contenderOf(entry, 'js'), contenderOf(entry, 'gdal'));
    return ratio === undefined ? [] : [{ name: CASE_NAMES[entry.id], ratio }];
  });
  const [best] = ratios.sort((one, other) => other.ratio.median - one.ratio.median);
  return [
    `How far apart the kernels can be: encoding is ${percent(encode / median(msOf(native)))} of the native tile, and takes pure JS ${number(slowEncode / encode)} times as long, because its zstd is WebAssembly. If the native kernel did everything else in no time, it would be ${number(median(msOf(js)) / encode)} times as fast as pure JS. The largest ratio of these cases, one thread each, is that of "${best.name}": ${withSpread(best.ratio)}.`,
  ];
}

function decode({ cases }) {
  const rows = cases.map((entry) => [
    `${entry.dtype}, ${size(entry.shape, entry.bands)}, ${entry.layout}`,
    megabytes(entry.bytesIn),
    ...['gdal', 'js', 'floor'].map((kernel) => milliseconds(contenderOf(entry, kernel))),
    times(timesOf(contenderOf(entry, 'js'), contenderOf(entry, 'gdal'))),
    times(timesOf(contenderOf(entry, 'gdal'), contenderOf(entry, 'floor'))),
  ]);
  return [
    '## Decode',
    "GeoTIFF to pixels and masks, one thread, ms by the kernels' own stopwatch. uint8 has its masks in a band of bits, float32 in a sentinel. The floor reads the same bands and makes no masks.",
    table(['', 'MB', 'native', 'pure JS', 'floor', 'pure JS / native', 'native / floor'], rows),
  ].join('\n\n');
}

function warp({ cases }) {
  const [{ shape, sourceShape }] = cases;
  const rows = cases.map((entry) => [
    entry.resampling,
    ...['gdal', 'js'].map((kernel) => milliseconds(contenderOf(entry, kernel))),
    times(timesOf(contenderOf(entry, 'js'), contenderOf(entry, 'gdal'))),
    entry.tolerance === 0 ? 'exactly' : `within ${entry.tolerance}`,
  ]);
  return [
    '## Warp',
    `A reply of ${size(sourceShape)} float32 in EPSG:4326 onto a tile of ${size(shape)} in EPSG:3995, each pixel transformed exactly; decoding and warping, one thread, ms. Values lie in 0..1.`,
    table(['resampling', 'native', 'pure JS', 'pure JS / native', 'agree'], rows),
  ].join('\n\n');
}

function fill({ cases }) {
  const [{ shape }] = cases;
  const rows = cases.map((entry) => [
    `${entry.fill}${entry.maxFillDistance === null ? ', no limit' : `, ${entry.maxFillDistance} pixels`}`,
    percent(entry.gaps),
    ...['gdal', 'js'].map((kernel) => milliseconds(contenderOf(entry, kernel))),
    // A band without gaps takes no time that could be divided by.
    entry.gaps === 0 ? '' : times(timesOf(contenderOf(entry, 'js'), contenderOf(entry, 'gdal'))),
  ]);
  return [
    '## Fill',
    `One uint8 band of ${size(shape)}, one thread, ms. Small shares are specks of up to five pixels; from 5 % on there are discs of up to 80 pixels among them. \`nearest\` is one function that both kernels share, so its ratio should be 1.`,
    table(['fill', 'gaps', 'native', 'pure JS', 'pure JS / native'], rows),
  ].join('\n\n');
}

function encode({ cases }) {
  const rows = cases.flatMap((entry) => {
    const level9 = cases.find((other) => other.dtype === entry.dtype && other.clevel === 9);
    return entry.contenders.map((each) => {
      const best = level9?.contenders.find(({ kernel }) => kernel === 'gdal');
      return [
        `${entry.dtype}, ${entry.codec}`,
        each.name,
        milliseconds(each),
        number(entry.rawBytes / 1000 / median(msOf(each))),
        number(entry.rawBytes / bytesOf(each)),
        best === undefined ? '' : percent(bytesOf(each) / bytesOf(best)),
      ];
    });
  });
  const shapes = new Map(cases.map(({ dtype, shape }) => [dtype, size(shape)]));
  return [
    '## Encode',
    `One band without gaps to one chunk (${[...shapes].map(([dtype, shape]) => `${dtype} ${shape}`).join(', ')}); bitshuffle for uint8, shuffle for float32. The kernels use one thread; numcodecs in Python as many as it takes by default. Slow codecs have fewer rounds.`,
    table(['codec', 'encoder', 'ms', 'MB/s', 'ratio', 'size of native level 9'], rows),
  ].join('\n\n');
}

function scaling({ cases }) {
  const rows = cases.flatMap((entry) => {
    const one = contenderOf(entry, entry.kernel, 1);
    return entry.contenders.map((each) => [
      each.name,
      withSpread(spread(msOf(each).map((ms) => 1000 / ms))),
      times(timesOf(one, each)),
      memoryCell(each),
    ]);
  });
  const [{ shape, bands, inputs }] = cases;
  return [
    '## Threads',
    `Whole tiles of ${size(shape, bands)} a second, ${inputs} different ones in turn: ${cases.map(({ kernel, tiles }) => `${tiles} (or twice the threads) a round by ${kernel === 'gdal' ? 'native' : 'pure JS'}`).join(', ')}, ${cases[0].contenders[0].samples.length} rounds, all of a round handed to the pool at once: enough of them that it weighs little how long one thread still works when the other has ended.`,
    table(['contender', 'tiles/s', 'times one thread', 'memory, MB: idle, peak'], rows),
  ].join('\n\n');
}

function ingest({ side, tiles, bands, rawBytes, contenders }) {
  const middle = (each, read) => median(each.samples.map(read));
  const rows = contenders.map((each) => {
    const work = (sample) =>
      ['decode', 'warp', 'fill', 'encode'].reduce((sum, stage) => sum + sample.stages[stage], 0);
    const share = (read) => percent(middle(each, (sample) => read(sample) / sample.ms));
    const hasServer = each.samples.every(({ serverCpuMs }) => serverCpuMs !== undefined);
    return [
      each.name,
      withSpread(spread(each.samples.map(({ ms }) => (1000 * tiles) / ms))),
      number(middle(each, ({ ms }) => rawBytes / 1000 / ms)),
      number(middle(each, ({ ms, bytesIn }) => bytesIn / 1000 / ms)),
      ...['decode', 'fill', 'encode'].map((stage) =>
        percent(middle(each, (sample) => sample.stages[stage] / work(sample))),
      ),
      share(({ stages }) => stages.write + stages.commit),
      share(({ cpuMs }) => cpuMs),
      hasServer ? share(({ serverCpuMs }) => serverCpuMs) : '',
    ];
  });
  return [
    '## Ingest',
    `A cube of ${tiles} tiles of ${side} x ${side} x ${bands} filled from the loopback server, a process of its own on the same cores, from the plan to the last commit. Latency is what the server waits before it answers. Cubes of all contenders are equal. Shares of decode, fill and encode are of the threads' work; those of writing (with the wait for the committer) and of the processor (100 % is one core) are of the time that passed. With no latency the server takes cores that the contenders would use.`,
    table(
      [
        'kernel, latency',
        'tiles/s',
        'pixels, MB/s',
        'received, MB/s',
        'decode',
        'fill',
        'encode',
        'write and commit',
        'processor',
        "server's processor",
      ],
      rows,
    ),
  ].join('\n\n');
}

function memory(task) {
  const { side, tiles, bands, threads, residentMiB, peakMiB } = task;
  const trend = trendOf(task);
  const at = [1, SETTLING_TILES, ...[0.25, 0.5, 0.75, 1].map((part) => Math.round(part * tiles))];
  const marks = [...new Set(at)].filter((tile) => tile >= 1 && tile <= tiles).sort((a, b) => a - b);
  return [
    '## Memory',
    `Resident memory of a process that fills a cube of ${tiles} tiles of ${side} x ${side} x ${bands} with ${threads} threads, read each time a tile was written to the store. Peak: ${number(fromMiB(peakMiB))} MB.${trend === undefined ? '' : ` Least-squares line after tile ${SETTLING_TILES}: ${number(trend.slope)} MB a tile, ${percent(trend.growth)} of the mean over ${trend.tiles} tiles.`}`,
    table(
      ['after tile', ...marks.map(String)],
      [['MB', ...marks.map((tile) => number(fromMiB(residentMiB[tile - 1])))]],
    ),
  ].join('\n\n');
}

function load({ side, tiles, bands, rawBytes, contenders }) {
  const [ours] = contenders;
  const rows = contenders.map((each) => [
    each.name,
    milliseconds(each),
    number(rawBytes / 1000 / median(msOf(each))),
    times(timesOf(each, ours)),
    memoryCell(each),
  ]);
  return [
    '## Load',
    `All of a cube of ${tiles} tiles of ${side} x ${side} x ${bands} uint8 (${megabytes(rawBytes)} MB) into memory, from opening it; files in the system's cache; the pool's threads, like the imports of all contenders, are there already. tensorstore and zarrs, which read no Icechunk, read a plain Zarr directory of the same chunks: fewer files to look at, in their favour; the others read Icechunk. All read the same pixels (SHA-256).`,
    table(['reader', 'ms', 'MB/s', `times ${ours.name}`, 'memory, MB: idle, peak'], rows),
  ].join('\n\n');
}

/** The short table for the project's own README. */
export function shortTable({ tasks }) {
  const entry = caseOf(tasks['whole-tile'], 'default');
  if (entry === undefined) return undefined;
  const original = contenderOf(entry, 'python');
  return table(
    ['', 'ms a tile', ...(original === undefined ? [] : ['times as fast'])],
    entry.contenders.map((each) => [
      each.name,
      milliseconds(each),
      ...(original === undefined ? [] : [number(timesOf(original, each).median)]),
    ]),
  );
}

/** What the project set out to reach, each with what was measured and whether that is enough. */
import { ratio, slope } from '../statistics.mjs';
import { endToEndTargets } from './end-to-end.mjs';
import {
  bytesOf,
  caseOf,
  contenderOf,
  fromMiB,
  number,
  percent,
  timesOf,
  withSpread,
} from './numbers.mjs';
import { startUpTargets } from './start-up.mjs';
import { warpTargets } from './warps.mjs';

/** Tiles at the start that do not count: pools, caches and the allocator fill first. */
export const SETTLING_TILES = 10;

const GOALS = {
  original: 150,
  js: 5,
  floor: 1.1,
  size: 1.1,
  scaling: 1.8,
  megabytes: 1000,
  growth: 0.1,
  zarrita: 5,
  xarray: 1.5,
  tensorstore: 1,
  zarrs: 1,
};

/**
 * What differs for the small inputs of a quick run. A tile of 1024 x 1024 is decoded and encoded in some 15 ms,
 * beside which the way into a thread and back, the opening of a reply, and code that V8 has not compiled yet weigh
 * a tenth and more (the first three tiles took 1.3 to 2.2 times the floor); the original has less of
 * the pixels that it is slow at; and of a load of 50 MB opening the cube is a good part, which is the same for all.
 */
const QUICK_GOALS = { original: 100, floor: 1.3, zarrita: 3, xarray: 1.2 };

/** @param {string} mode of the run */
export const goalsOf = (mode) => (mode === 'quick' ? { ...GOALS, ...QUICK_GOALS } : GOALS);

/**
 * @typedef {object} Target
 * @property {string} claim
 * @property {string} goal
 * @property {string} [measured] absent when the run did not measure it
 * @property {boolean} [isMet]
 */

/**
 * @param {object} results as run.mjs writes them
 * @returns {Target[]}
 */
export function judge(results) {
  return [...judgeKernels(results), ...judgeCommands(results)];
}

/** Of the part of that name. */
export function judgeKernels({ tasks, mode }) {
  const goals = goalsOf(mode);
  return [
    ...againstOriginal(tasks, goals),
    ...againstJs(tasks),
    ...againstFloor(tasks, goals),
    ...sizes(tasks),
    scaling(tasks),
    ...memory(tasks),
    ...loads(tasks, goals),
  ];
}

/** Of the part of that name. */
export function judgeCommands({ tasks }) {
  return [
    ...startUpTargets(tasks['start-up']),
    ...warpTargets(tasks.import, 'Import of a scene'),
    ...warpTargets(tasks['load-like'], 'Load onto the grid of a raster'),
    ...endToEndTargets(tasks['end-to-end']),
  ];
}

function target(claim, goal, ratios, isEnough) {
  if (ratios === undefined) return { claim, goal };
  return { claim, goal, measured: withSpread(ratios), isMet: isEnough(ratios.median) };
}

/** Thread counts that the native kernel ran with, the most first. */
function threadsOf(entry) {
  const native = entry?.contenders.filter(({ kernel }) => kernel === 'gdal') ?? [];
  return native.length === 0 ? [1] : native.map(({ threads }) => threads).reverse();
}

const named = (threads) => `${threads} ${threads === 1 ? 'thread' : 'threads'}`;

function againstOriginal(tasks, goals) {
  const entry = caseOf(tasks['whole-tile'], 'default');
  return threadsOf(entry).map((threads) =>
    target(
      `Whole tile: times as fast as the Python original, ${named(threads)}`,
      `at least ${goals.original}`,
      timesOf(contenderOf(entry, 'python'), contenderOf(entry, 'gdal', threads)),
      (value) => value >= goals.original,
    ),
  );
}

function againstJs(tasks) {
  const entry = caseOf(tasks['whole-tile'], 'default');
  return threadsOf(entry).map((threads) =>
    target(
      `Whole tile: times as fast as pure JS, ${named(threads)} each`,
      `at least ${GOALS.js}`,
      timesOf(contenderOf(entry, 'js', threads), contenderOf(entry, 'gdal', threads)),
      (value) => value >= GOALS.js,
    ),
  );
}

const FLOOR_CASES = { default: 'uncompressed', lzw: 'LZW', deflate: 'DEFLATE' };

function againstFloor(tasks, goals) {
  return Object.entries(FLOOR_CASES).flatMap(([id, reply]) => {
    const entry = caseOf(tasks['whole-tile'], id);
    const [native, floor] = ['gdal', 'floor'].map((kernel) => contenderOf(entry, kernel));
    const judged = (what, ratios) =>
      target(
        `Whole tile, ${reply} replies: ${what}, 1 thread`,
        `at most ${goals.floor}`,
        ratios,
        (value) => value <= goals.floor,
      );
    return [
      judged('times the floor', timesOf(native, floor)),
      judged("processor time, times the floor's", cpuTimesOf(native, floor)),
    ];
  });
}

/** The ratio that holds on a machine that does something else as well; runs before it was counted have none. */
function cpuTimesOf(contender, base) {
  const [values, bases] = [contender, base].map((each) =>
    (each?.samples ?? []).map(({ cpuMs }) => cpuMs),
  );
  const isCounted = [values, bases].every(
    (list) => list.length > 0 && list.every((cpuMs) => cpuMs !== undefined),
  );
  return isCounted ? ratio(values, bases) : undefined;
}

function sizes(tasks) {
  const goal = `at most ${number(100 * (GOALS.size - 1))} % more`;
  const judgeSize = (claim, ours, best) => {
    if (ours === undefined || best === undefined) return { claim, goal };
    const share = bytesOf(ours) / bytesOf(best);
    return { claim, goal, measured: `${percent(share - 1)} more`, isMet: share <= GOALS.size };
  };
  const whole = tasks['whole-tile'];
  const floats = (isWanted) =>
    contenderOf(
      tasks.encode?.cases.find((entry) => entry.dtype === 'float32' && isWanted(entry)),
      'gdal',
    );
  return [
    judgeSize(
      'Chunks of the uint8 tile: bytes of the default codec against level 9',
      contenderOf(caseOf(whole, 'default'), 'gdal'),
      contenderOf(caseOf(whole, 'seed'), 'gdal'),
    ),
    judgeSize(
      "Chunks of the Landsat scene: bytes of the default codec against the original's level 9",
      contenderOf(caseOf(whole, 'landsat'), 'gdal'),
      contenderOf(caseOf(whole, 'landsat'), 'python'),
    ),
    judgeSize(
      'A float32 chunk: bytes of the default codec against level 9',
      floats(({ isDefault }) => isDefault),
      floats(({ codec, clevel }) => /zstd/.test(codec) && clevel === 9),
    ),
  ];
}

function scaling(tasks) {
  const entry = tasks.scaling?.cases.find(({ kernel }) => kernel === 'gdal');
  return target(
    'Tiles a second: two threads against one',
    `at least ${GOALS.scaling} times`,
    timesOf(contenderOf(entry, 'gdal', 1), contenderOf(entry, 'gdal', 2)),
    (value) => value >= GOALS.scaling,
  );
}

const READERS = {
  zarrita: 'zarrita.get on the main thread',
  xarray: 'open_zarr().load() of xarray',
  tensorstore: 'tensorstore, from plain Zarr',
  zarrs: 'zarr-python with zarrs, from plain Zarr',
};

function loads({ load }, goals) {
  const ours = load?.contenders[0];
  return Object.entries(READERS).map(([reader, name]) => {
    const other = load?.contenders.find((each) => each.reader === reader);
    return target(
      `Load of a gigabyte, ${named(load?.threads ?? 2)}: times as fast as ${name}`,
      `at least ${goals[reader]}`,
      other === undefined ? undefined : timesOf(other, ours),
      (value) => value >= goals[reader],
    );
  });
}

function memory({ memory: task }) {
  const peak = {
    claim: 'Ingest with two threads: peak resident memory',
    goal: `below ${number(GOALS.megabytes)} MB`,
  };
  const flat = {
    claim: `Ingest: growth of resident memory after tile ${SETTLING_TILES}, by a straight line, against its mean`,
    goal: `at most ${number(100 * GOALS.growth)} %`,
  };
  const trend = task === undefined ? undefined : trendOf(task);
  if (trend === undefined) return [peak, flat];
  const megabytes = fromMiB(task.peakMiB);
  return [
    { ...peak, measured: `${number(megabytes)} MB`, isMet: megabytes < GOALS.megabytes },
    {
      ...flat,
      measured: `${percent(trend.growth)} over ${trend.tiles} tiles (${number(trend.slope)} MB a tile)`,
      isMet: trend.growth <= GOALS.growth,
    },
  ];
}

/**
 * The least-squares line through resident memory after the settling tiles.
 *
 * @param {{ residentMiB: readonly number[] }} task
 * @returns {{ slope: number, growth: number, tiles: number } | undefined} MB for each tile; the line's
 *   rise over all of those tiles as a share of their mean; `undefined` with too few tiles
 */
export function trendOf({ residentMiB }) {
  const settled = residentMiB.slice(SETTLING_TILES).map(fromMiB);
  if (settled.length < 2) return undefined;
  const perTile = slope(settled.map((value, tile) => [tile, value]));
  const mean = settled.reduce((sum, value) => sum + value, 0) / settled.length;
  return { slope: perTile, growth: (perTile * (settled.length - 1)) / mean, tiles: settled.length };
}

/** The part of the page on commands as whole processes, and its targets. */
import { median, spread } from '../statistics.mjs';
import { contenderOf, milliseconds, number, size, table, withSpread } from './numbers.mjs';

/** Processor time in ms beyond that of node alone: 150, 250 and 500 where node alone takes 80. */
const GOALS = {
  version: ['geocubes --version', 70],
  help: ['geocubes --help', 70],
  status: ['geocubes status', 170],
  window: ['A window of a chunk to a file', 420],
};

const cpuOf = ({ samples }) => samples.map(({ cpuMs }) => cpuMs);

export function startUp({ side, window, bands, rounds, contenders }) {
  const rows = contenders.map((each) => [
    each.name,
    withSpread(spread(cpuOf(each))),
    milliseconds(each),
  ]);
  return [
    '## Start-up',
    `Whole processes from their start to their end, ${rounds} rounds, files in the system's cache. The cube has one tile of ${size([side, side], bands)} uint8; a window of ${window} x ${window} pixels of its bands becomes a GeoTIFF (tiled, DEFLATE). rasterio reads it from a tiled GeoTIFF of the same pixels. All windows hold the same pixels.`,
    table(['', 'processor time, ms', 'time that passed, ms'], rows),
  ].join('\n\n');
}

/** @returns {import('./targets.mjs').Target[]} */
export function startUpTargets(task) {
  const node = contenderOf(task, 'node');
  return Object.entries(GOALS).map(([kind, [name, most]]) => {
    const claim = `${name}: processor time beyond that of node alone`;
    const goal = `at most ${most} ms`;
    const command = contenderOf(task, kind);
    if (node === undefined || command === undefined) return { claim, goal };
    const bare = cpuOf(node);
    const beyond = cpuOf(command).map((ms, round) => ms - bare[round]);
    const measured = withSpread(spread(beyond), (ms) => `${number(ms)} ms`);
    return { claim, goal, measured, isMet: median(beyond) <= most };
  });
}

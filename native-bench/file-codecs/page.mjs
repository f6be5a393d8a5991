/** The page of what run.mjs has measured: every number comes from its results. */
import { milliseconds, number, size, table, withSpread } from '../report/numbers.mjs';
import { ratio, spread } from '../statistics.mjs';

/** Times as fast as the command with exact positions, and as the command as it comes. */
const GOALS = { 'gdalwarp-exact': 3, gdalwarp: 1.2 };

const cpuOf = ({ samples }) => samples.map(({ cpuMs }) => cpuMs);

/** @param {object} results as run.mjs writes them */
export function writePage({ date, machine, node, cases, ...run }) {
  const { side, bands, sourceShape, chunk, threads } = run;
  const rounds = cases[0].contenders[0].samples.length;
  const rows = cases.flatMap(({ codec, contenders }) =>
    contenders.map((each) => {
      const times = ratio(cpuOf(each), cpuOf(contenders[0]));
      const goal = GOALS[each.kernel];
      return [
        `${codec}: ${each.name}`,
        withSpread(spread(cpuOf(each))),
        milliseconds(each),
        withSpread(times),
        goal === undefined
          ? ''
          : `at least ${goal}: ${times.median >= goal ? 'met' : '**not met**'}`,
      ];
    }),
  );
  return `${[
    '# Loads onto another grid, to files of several codecs',
    `Written by \`node native-bench/file-codecs/run.mjs\` from [its results](../results/file-codecs.json). A cube in degrees (${size(sourceShape, bands)} uint16, chunks of ${chunk} x ${chunk}) onto the grid of a raster of ${side} x ${side} pixels in UTM by \`near\`, by whole processes that take turns, ${threads} threads each; gdalwarp reads a GeoTIFF of the cube's pixels. All write tiles of 512 x 512, bands one after the other, with the codec that the row says: libdeflate, which both take DEFLATE from, costs as much for both. Pixels are compared before anything is timed: those of gdalwarp -et 0 are the same. Judged by processor time, since others computed on the machine too: ${rounds === 1 ? 'one round' : `medians and ranges of ${rounds} rounds`}, ${date}, ${machine.cores} cores (${machine.cpu}), Node ${node}, load before the rounds ${number(machine.load)}.`,
    table(['', 'processor time, ms', 'ms', 'times geocubes, by processor time', 'target'], rows),
  ].join('\n\n')}\n`;
}

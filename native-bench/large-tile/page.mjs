/** The page of what run.mjs has measured: every number comes from its results. */
import { median } from '../statistics.mjs';

/** Of this version: bytes at the peak, and times as fast as the version before. */
const GOAL = { peak: 1.5e9, times: 2 };

const n = (value, digits = 0) =>
  value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });
const gigabytes = (bytes) => `${n(bytes / 1e9, 2)} GB`;
const table = (head, rows) =>
  [head, head.map((_, i) => (i === 0 ? '---' : '---:')), ...rows]
    .map((cells) => `| ${cells.join(' | ')} |`)
    .join('\n');

/** @param {object} results as run.mjs writes them */
export function writePage({ date, cpu, cores, node, load, side, bands, versions }) {
  const rows = versions.map(({ name, samples }) => [
    name,
    spread(samples, ({ ms }) => n(ms / 1000, 1)),
    spread(samples, ({ cpuMs }) => n(cpuMs / 1000, 1)),
    spread(samples, ({ peak }) => gigabytes(peak)),
    spread(samples, ({ requests }) => n(requests)),
    spread(samples, ({ bytes }) => gigabytes(bytes)),
  ]);
  const own = versions.at(-1);
  const peak = median(own.samples.map((sample) => sample.peak));
  const met = (isMet) => (isMet ? 'met' : '**not met**');
  const targets = [
    ['peak of memory', `below ${gigabytes(GOAL.peak)}`, gigabytes(peak), met(peak < GOAL.peak)],
    ...(own.planned === undefined
      ? []
      : [
          [
            'what `plan` tells, against the peak',
            'at least 1, at most 1.2',
            n(own.planned / peak, 2),
            met(own.planned >= peak && own.planned <= 1.2 * peak),
          ],
        ]),
    ...versions.slice(0, -1).map(({ name, samples }) => {
      const times = median(samples.map(({ ms }, i) => ms / own.samples[i].ms));
      return [
        `times as fast as ${name}`,
        `at least ${GOAL.times}`,
        n(times, 2),
        met(times >= GOAL.times),
      ];
    }),
  ];
  return `${[
    '# A large tile',
    `Written by \`node native-bench/large-tile/run.mjs\` from [its results](../results/large-tile.json). One tile of ${bands} bands of float32, ${n(side)} x ${n(side)} pixels (${gigabytes(4 * bands * side * side)}), from a service that reads its replies from files, by whole processes that take turns; pixels of all versions are the same. Medians and ranges of ${n(own.samples.length)} rounds; ${date}, ${cores} cores (${cpu}), Node ${node}, load before the rounds ${n(load, 1)}.`,
    table(['', 's', 'processor time, s', 'peak of memory', 'requests', 'received'], rows),
    table(['this version', 'target', 'measured', ''], targets),
  ].join('\n\n')}\n`;
}

function spread(samples, format) {
  const words = samples.map(format);
  const values = samples.map((sample) => Number.parseFloat(format(sample).replaceAll(',', '')));
  const at = (value) => words[values.indexOf(value)];
  const middle = [...values].sort((one, other) => one - other)[Math.floor(values.length / 2)];
  const [least, most] = [Math.min(...values), Math.max(...values)];
  return least === most ? at(least) : `${at(middle)} (${at(least)} to ${at(most)})`;
}

/** The part of the page on whole regions fetched from a server, and its targets. */
import { median, spread } from '../statistics.mjs';
import {
  contenderOf,
  milliseconds,
  percent,
  size,
  table,
  times,
  timesOf,
  withSpread,
} from './numbers.mjs';

/** Times as fast as the original, where a request for pixels takes so many ms. */
const GOAL = { times: 15, latency: 200, moreRequests: 1 };

const nameOf = ({ tiles: [rows, cols], chunk }) =>
  rows * cols === 1 ? `1 tile of ${chunk}` : `${rows * cols} tiles of ${chunk}`;

export function endToEnd({ regions, leftOut, threads, bands }) {
  const rows = regions.flatMap((region) =>
    region.cases.flatMap(({ latency, contenders }) => {
      const ours = contenderOf({ contenders }, 'geocubes');
      return contenders.map((each) => [
        `${nameOf(region)}, ${latency} ms: ${each.name}`,
        milliseconds(each),
        withSpread(spread(each.samples.map(({ cpuMs }) => cpuMs))),
        times(timesOf(each, ours)),
        requestsOf(each),
        whole(region.least),
      ]);
    }),
  );
  const rounds = regions.map((region) => `${region.rounds} of ${nameOf(region)}`).join(', ');
  const compared = regions.flatMap((region) =>
    region.compared === undefined
      ? []
      : `${percent(region.compared.looked / region.compared.pixels)} of those of ${nameOf(region)} (${size(region.shape, bands)})`,
  );
  return [
    '## End to end',
    [
      `Regions of a TCVIS cube (${bands} bands of uint8; 3600 is the size of its chunks in smart-geocubes) filled from nothing, by whole processes on one loopback server: geocubes with ${threads} threads, and smart-geocubes with Xee and its own threads, unchanged. Making the empty cube is not timed. Rounds: ${rounds}.`,
      'Latency is what the server waits before it answers a request for pixels; it answers all others at once, of which smart-geocubes makes more. Pixels it has computed at the check of each contender, and gives again: the service computes on machines of its own, and this one has the cores of its clients.',
      ...(compared.length === 0
        ? []
        : [
            `Before anything is timed, pixels are compared where the clipped collection has values: ${compared.join(', ')}; elsewhere each fills in its own way.`,
          ]),
      "The server counts requests of any kind. The least is what the bytes of a tile ask for by the service's limit: its bands, the band of bits that their masks come in (masked pixels come as 0, which is a value here), and a byte for the mask of each, as the service counts them. The one request beyond it asks, once in a run, whether the collection is there.",
      ...leftOut.map((who) => `Left out: ${who}.`),
    ].join(' '),
    table(['', 'ms', 'processor time, ms', 'times geocubes', 'requests', 'the least'], rows),
  ].join('\n\n');
}

const requestsOf = ({ samples }) =>
  withSpread(spread(samples.map(({ requests }) => requests)), whole);

const whole = (value) => value.toLocaleString('en');

/** @param {object | undefined} task @returns {import('./targets.mjs').Target[]} */
export function endToEndTargets(task) {
  return (task?.regions ?? [undefined]).flatMap((region) => {
    const entry = region?.cases.find(({ latency }) => latency === GOAL.latency);
    const ours = contenderOf(entry, 'geocubes');
    const where = `End to end, ${region === undefined ? 'tiles' : nameOf(region)}`;
    const speed = {
      claim: `${where}, ${GOAL.latency} ms: times as fast as smart-geocubes with Xee`,
      goal: `at least ${GOAL.times}`,
    };
    const count = {
      claim: `${where}: requests beyond the least`,
      goal: `at most ${GOAL.moreRequests}`,
    };
    if (ours === undefined) return [speed, count];
    const ratios = timesOf(contenderOf(entry, 'original'), ours);
    const more = median(ours.samples.map(({ requests }) => requests)) - region.least;
    return [
      ratios === undefined
        ? speed
        : { ...speed, measured: withSpread(ratios), isMet: ratios.median >= GOAL.times },
      { ...count, measured: whole(more), isMet: more <= GOAL.moreRequests },
    ];
  });
}

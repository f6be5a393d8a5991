import { expect, test } from 'vitest';
import { parseRate } from '../../../src/cli/commands/plan.js';
import { estimateText } from '../../../src/cli/output/estimate-text.js';
import { estimateIngest } from '../../../src/cube/cost/estimate.js';
import { planMemory } from '../../../src/cube/fill/run/memory-plan.js';
import { presetDataset } from '../../../src/dataset/presets.js';
import { InvalidInputError } from '../../../src/errors.js';

test.each([
  ['30tiles/min', { kind: 'tiles', perMinute: 30 }],
  [' 2.5 tiles/min ', { kind: 'tiles', perMinute: 2.5 }],
  ['12MB/s', { kind: 'bytes', perSecond: 12e6 }],
  ['12 mb/s', { kind: 'bytes', perSecond: 12e6 }],
])('"%s" is a rate', (text, rate) => {
  expect(parseRate(text)).toEqual(rate);
});

test.each(['', '30', '0tiles/min', '-1MB/s', '1e3MB/s', '30tiles/h', 'MB/s'])(
  '"%s" is none, which is told with one that is',
  (text) => {
    expect(() => parseRate(text)).toThrow(InvalidInputError);
    expect(() => parseRate(text)).toThrow('30tiles/min');
  },
);

test('an estimate reads as lines for people', () => {
  const plan = { tiles: 12, alreadyLoaded: 2, pending: 10, requests: 20, bytes: 780e6 };
  const dataset = presetDataset('TCTrend');
  const memory = planMemory({
    ...{ dataset, plan, tile: { requests: [] }, mask: { kind: 'bits' }, threads: 2 },
  });
  const estimate = estimateIngest(plan, {
    ...{ dataset, threads: 2, memory },
    rate: { kind: 'tiles', perMinute: 5 },
  });
  expect(estimateText(estimate).split('\n')).toEqual([
    '12 tiles: 2 loaded already, 10 to fetch',
    '20 requests for 780.0 MB of pixels, uncompressed, as Earth Engine counts them',
    'over the wire: 780.0 MB at the most; on disk: 388.8 MB at the most',
    expect.stringMatching(/^memory: about .* at the most, with \d+ tiles under way at a time$/),
    'time: 2 min 0 s at the given rate',
    "quota of 100 requests a second: 0.2 s at the least, less than 0.1 % of a day's",
  ]);
});

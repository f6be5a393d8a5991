/** The collections that the presets are of. */
import { presetDataset } from '../../../dataset/presets.js';
import { assetName } from '../../asset-name.js';
import { requestExpression } from '../../expressions/expression.js';
import { maskTransportOf } from '../../source.js';
import {
  type Ask,
  confirmed,
  differs,
  isJudgement,
  type Probe,
  rastersOf,
  unasked,
  withoutPixels,
} from '../probe.js';
import { box } from './images.js';
import { OCEAN } from './masks.js';
import { refusal } from './refusals.js';

const TCTREND = presetDataset('TCTrend');
const ALPHA_EARTH = presetDataset('AlphaEarth');
const COLLECTION = TCTREND.source.kind === 'collection' ? TCTREND.source.id : '';

const year = (first: number) => ({ start: Date.UTC(first, 0), end: Date.UTC(first + 1, 0) });

/** The fields of Bavaria. */
const LAND = box(11, 48.2, 1e-4, [16, 16]);

const masks = maskTransportOf(ALPHA_EARTH);
const [band] = [0];

const embedding = (from: number, geobox = LAND, dtype = ALPHA_EARTH.dtype): Ask => ({
  kind: 'pixels',
  expression: requestExpression({ ...ALPHA_EARTH, dtype }, [band], masks, year(from)),
  format: 'GEO_TIFF',
  geobox,
});

export const DATASET_ASKS: Readonly<Record<string, Ask>> = {
  collection: { kind: 'get', path: `/v1/${assetName(COLLECTION)}` },
  'embedding-2020': embedding(2020),
  'embedding-2020-double': embedding(2020, LAND, 'float64'),
  'embedding-1900': embedding(1900),
  'embedding-ocean': embedding(2020, OCEAN),
  'embedding-as-it-is': {
    ...(embedding(2020) as Extract<Ask, { kind: 'pixels' }>),
    expression: uncast(),
    format: 'NPY',
  },
};

/** The first band as the service has it, without a cast. */
function uncast() {
  const { values } = requestExpression(ALPHA_EARTH, [band], { kind: 'file' }, year(2020));
  const { pixels } = values as {
    readonly pixels: {
      readonly functionInvocationValue: { readonly arguments: { readonly value: unknown } };
    };
  };
  return {
    result: 'uncast',
    values: { ...values, uncast: pixels.functionInvocationValue.arguments.value },
  };
}

const isMasked = (value: number) => masks.kind === 'sentinel' && value === masks.value;

export const DATASET_PROBES: readonly Probe[] = [
  {
    id: 'collection',
    title: 'GET of a collection needs no more than read permission',
    expected: '200, an IMAGE_COLLECTION',
    asks: ['collection'],
    judge([answer]) {
      if (answer === undefined || answer.kind === 'pixels') return unasked('nothing was asked');
      if (answer.kind !== 'json') return withoutPixels(answer);
      const { type } = answer.value as { readonly type?: unknown };
      return type === 'IMAGE_COLLECTION' ? confirmed(String(type)) : differs(`type ${type}`);
    },
  },
  {
    id: 'date-range',
    title:
      'DateRange takes milliseconds, and images of a temporal collection have system:time_start',
    expected: 'valid pixels of 2020 on land',
    asks: ['embedding-2020'],
    judge(answers) {
      const rasters = rastersOf(answers);
      if (isJudgement(rasters)) return rasters;
      const values = Array.from(rasters[0]?.bands[0] ?? []);
      const valid = values.filter((value) => !isMasked(value)).length;
      const words = `${valid} of ${values.length} pixels are valid`;
      return valid > 0 ? confirmed(words) : differs(words);
    },
  },
  {
    id: 'empty-mosaic',
    title: 'A mosaic of no images',
    expected: '400, "... was applied to an Image with no bands"',
    asks: ['embedding-1900'],
    judge: ([answer]) =>
      answer?.kind === 'refusal' && answer.taken === 'not-found'
        ? unasked(`${answer.status}: ${answer.message}`)
        : refusal(answer, 400, 'bad-request', 'with no bands'),
  },
  {
    id: 'embedding-masks',
    title: 'The bands of AlphaEarth are masked outside their images',
    expected: 'masked pixels in the middle of the ocean, or no images there',
    asks: ['embedding-ocean'],
    judge(answers) {
      const rasters = rastersOf(answers);
      if (isJudgement(rasters)) return rasters;
      const values = Array.from(rasters[0]?.bands[0] ?? []);
      return values.every(isMasked)
        ? confirmed('masked pixels')
        : differs(`pixels of ${[...new Set(values)].slice(0, 4).join(' ')}`);
    },
  },
  {
    id: 'embedding-float32',
    title: 'The bands of AlphaEarth fit float32 without loss',
    expected: 'the same numbers cast to float32 and to float64',
    asks: ['embedding-2020', 'embedding-2020-double'],
    judge(answers) {
      const rasters = rastersOf(answers);
      if (isJudgement(rasters)) return rasters;
      const [single, double] = rasters.map(({ bands }) => Array.from(bands[0] ?? []));
      const errors = (double ?? []).map((value, i) =>
        Math.abs(value - (single?.[i] ?? Number.NaN)),
      );
      const worst = errors.reduce((most, error) => (error <= most ? most : error), 0);
      return worst === 0 ? confirmed('the same numbers') : differs(`they are up to ${worst} apart`);
    },
  },
  {
    id: 'embedding-type',
    title: 'The type of A00 of AlphaEarth',
    expected: 'float64 or float32',
    asks: ['embedding-as-it-is'],
    judge(answers) {
      const rasters = rastersOf(answers);
      if (isJudgement(rasters)) return rasters;
      const [dtype = 'none'] = rasters[0]?.dtypes ?? [];
      return ['<f8', '<f4'].includes(dtype) ? confirmed(dtype) : differs(dtype);
    },
  },
];

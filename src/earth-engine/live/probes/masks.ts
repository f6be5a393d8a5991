/** Masks and types. */
import { presetDataset } from '../../../dataset/presets.js';
import { WORK_TYPES, type WorkType } from '../../../raster/dtype.js';
import { requestExpression } from '../../expressions/expression.js';
import { type Ask, confirmed, differs, isJudgement, type Probe, rastersOf } from '../probe.js';
import { textOf } from '../tiff-tags.js';
import { box, castsUnmasked, halfMasked, maskedOfEach, pixels, SMALL } from './images.js';

/** The middle of the Pacific: inside no image's footprint. */
export const OCEAN = box(-150, 35, 0.001, [4, 4]);

const halves = WORK_TYPES.map((dtype) => `half-masked-${dtype}`);

export const MASK_ASKS: Readonly<Record<string, Ask>> = {
  ...Object.fromEntries(
    WORK_TYPES.map((dtype): [string, Ask] => [`half-masked-${dtype}`, pixels(halfMasked(dtype))]),
  ),
  'masked-npy': pixels(maskedOfEach, SMALL, { format: 'NPY' }),
  casts: pixels(castsUnmasked),
  ocean: {
    kind: 'pixels',
    expression: requestExpression(presetDataset('TCTrend'), [0, 1, 2], { kind: 'bits' }),
    format: 'GEO_TIFF',
    geobox: OCEAN,
  },
};

export const MASK_PROBES: readonly Probe[] = [
  {
    id: 'masked-geotiff',
    title: 'Masked pixels of a GeoTIFF, for each type',
    expected: 'zero, and valid pixels as they are',
    asks: halves,
    judge(answers) {
      const rasters = rastersOf(answers);
      if (isJudgement(rasters)) return rasters;
      const values = rasters.map(({ bands }, i) => {
        const [valid, masked] = bands.map((band) => [...new Set(Array.from(band))].join(' '));
        return `${WORK_TYPES[i]} ${masked}${valid === '7' ? '' : ` (valid ones ${valid}, not 7)`}`;
      });
      const isRight = values.every((words, i) => words === `${WORK_TYPES[i]} 0`);
      return isRight ? confirmed(values.join(', ')) : differs(values.join(', '));
    },
  },
  {
    id: 'nodata-tag',
    title: 'The nodata tag of a GeoTIFF, for each type',
    expected:
      'as the table of geedim has it: 0 of unsigned types, the lowest of signed ones, -inf of floats; the client does not go by it',
    asks: halves,
    judge(answers) {
      const rasters = rastersOf(answers);
      if (isJudgement(rasters)) return rasters;
      const came = answers.map((answer) =>
        answer.kind === 'pixels' ? (textOf(answer.tags, 42113) ?? 'none') : 'none',
      );
      const words = came.map((value, i) => `${WORK_TYPES[i]} ${value}`).join(', ');
      const isRight = came.every((value, i) => isNodataOf(WORK_TYPES[i] as WorkType, value));
      return isRight ? confirmed(words) : differs(words);
    },
  },
  {
    id: 'masked-npy',
    title: 'Masked pixels of an NPY, for each type',
    expected: 'zero, in one file with all types',
    asks: ['masked-npy'],
    judge(answers) {
      const rasters = rastersOf(answers);
      if (isJudgement(rasters)) return rasters;
      const [raster] = rasters;
      const words = raster?.names.map(
        (name, i) =>
          `${name} ${raster.dtypes[i]} ${[...new Set(Array.from(raster.bands[i] ?? []))].join(' ')}`,
      );
      const isRight = raster?.bands.every((band) => Array.from(band).every((value) => value === 0));
      return isRight ? confirmed(String(words?.join(', '))) : differs(String(words?.join(', ')));
    },
  },
  {
    id: 'casts',
    title: 'Casts keep masks',
    expected:
      'a masked 7 is still masked after each cast, and becomes 9 where it is unmasked with 9',
    asks: ['casts'],
    judge(answers) {
      const rasters = rastersOf(answers);
      if (isJudgement(rasters)) return rasters;
      const wrong = rasters[0]?.bands.flatMap((band, i) =>
        Array.from(band).every((value) => value === 9) ? [] : [`${WORK_TYPES[i]} ${band[0]}`],
      );
      return wrong?.length === 0
        ? confirmed(`9 in all ${rasters[0]?.bands.length} bands`)
        : differs(String(wrong?.join(', ')));
    },
  },
  {
    id: 'mask-outside',
    title: 'Image.mask may be unmasked with 0 outside the footprint',
    expected: 'mask bits of 0 in the middle of the ocean',
    asks: ['ocean'],
    judge(answers) {
      const rasters = rastersOf(answers);
      if (isJudgement(rasters)) return rasters;
      const bits = [...new Set(Array.from(rasters[0]?.bands[3] ?? []))].join(' ');
      return bits === '0'
        ? confirmed('0')
        : differs(`${rasters[0]?.bands.length} bands, bits ${bits}`);
    },
  },
];

const LOWEST: Readonly<Record<WorkType, number>> = {
  ...{ uint8: 0, uint16: 0, uint32: 0, int16: -(2 ** 15), int32: -(2 ** 31) },
  ...{ float32: Number.NEGATIVE_INFINITY, float64: Number.NEGATIVE_INFINITY },
};

function isNodataOf(dtype: WorkType, text: string): boolean {
  const value = /^-inf/i.test(text) ? Number.NEGATIVE_INFINITY : Number(text);
  return text !== '' && value === LOWEST[dtype];
}

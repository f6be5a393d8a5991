import { expect, test } from 'vitest';
import { checkReply, type ExpectedReply } from '../../../../src/earth-engine/check-reply.js';
import { EarthEngineError } from '../../../../src/errors.js';
import { GeoBox } from '../../../../src/grid/geobox.js';
import {
  changeBands,
  changeCrs,
  changeSize,
  encodeGeoTiff,
  exchangeTags,
  inFormat,
  parseReplyFormat,
  shiftGrid,
} from '../../../../src/loopback/index.js';

const GEOBOX = GeoBox.fromRecord({
  crs: 'EPSG:32631',
  shape: [40, 60],
  affine: [30, 0, 500_010, 0, -30, 4_600_020],
});

const WANTED: ExpectedReply = {
  request: {
    window: { row: 0, col: 0, height: 40, width: 60 },
    geobox: GEOBOX.toRecord(),
    bands: [0, 1],
    bytes: 0,
  },
  bands: 2,
  dtype: 'int16',
};

const pixels = () => new Int16Array(40 * 60).fill(7);
const right = encodeGeoTiff(GEOBOX, [pixels(), pixels()], 'int16');

/** Each with what was expected and what came, in the words of the refusal. */
const WRONGS: readonly [string, Uint8Array, RegExp][] = [
  ['another size', changeSize(right), /Expected 60 x 40 pixels .* received 59 x 40\./],
  ['another number of bands', changeBands(right), /Expected 2 bands .* received 1\./],
  [
    'an origin one column off',
    shiftGrid(right, 1),
    /Expected the transform 30 0 500010 0 -30 4600020 .* received 30 0 500040 0 -30 4600020\./,
  ],
  [
    'an origin half a column off',
    shiftGrid(right, 0.5),
    /Expected the transform 30 0 500010 .* received 30 0 500025 0 -30 4600020\./,
  ],
  ['another CRS', changeCrs(right, 'EPSG:32632'), /Expected EPSG:32631 .* received EPSG:32632\./],
  ['the CRS of degrees', changeCrs(right, 'EPSG:4326'), /Expected EPSG:32631 .* EPSG:4326\./],
];

const PLACEMENTS = ['tiepoint', 'tiepoints', 'matrix'].flatMap((tags) => [tags, `${tags},point`]);
const LAYOUTS = [
  'striped=7',
  'big-endian,tiled=16',
  'bigtiff,lzw,predictor=2',
  'pixel-interleaved',
];
const FORMS = PLACEMENTS.flatMap((placement) => LAYOUTS.map((layout) => `${placement},${layout}`));

async function refusalOf(bytes: Uint8Array): Promise<EarthEngineError | undefined> {
  const reply = { bytes: Uint8Array.from(bytes), contentType: 'image/tiff' };
  return checkReply(reply as Parameters<typeof checkReply>[0], WANTED).then(
    () => undefined,
    (error: EarthEngineError) => error,
  );
}

test('the right pixels are taken in every form', async () => {
  for (const form of FORMS)
    expect(await refusalOf(inFormat(right, parseReplyFormat(form))), form).toBeUndefined();
});

test.each(WRONGS)(
  '%s is refused in every form, with what was expected',
  async (_, wrong, words) => {
    for (const form of FORMS) {
      const error = await refusalOf(inFormat(wrong, parseReplyFormat(form)));
      expect(error, form).toBeInstanceOf(EarthEngineError);
      expect(error?.message, form).toMatch(words);
    }
  },
);

test('rows that go up are refused, by a matrix as well', async () => {
  const up = [30, 0, 0, 500_010, 0, 30, 0, 4_600_020, 0, 0, 0, 0, 0, 0, 0, 1];
  for (const layout of LAYOUTS) {
    const reply = inFormat(right, parseReplyFormat(`matrix,${layout}`));
    const error = await refusalOf(exchangeTags(reply, new Map([[34264, up]])));
    expect(error?.message, layout).toMatch(/received 30 0 500010 0 30 4600020\./);
  }
});

test('a matrix of points is not taken for one of areas, nor the other way round', async () => {
  const area = [30, 0, 0, 500_010, 0, -30, 0, 4_600_020, 0, 0, 0, 0, 0, 0, 0, 1];
  const point = area.with(3, 500_025).with(7, 4_600_005);
  for (const [form, matrix] of [
    ['matrix,point', area],
    ['matrix,area', point],
  ] as const) {
    const reply = inFormat(right, parseReplyFormat(form));
    const error = await refusalOf(exchangeTags(reply, new Map([[34264, matrix]])));
    expect(error?.message, form).toMatch(/Expected the transform 30 0 500010 0 -30 4600020/);
  }
});

test('tie points without a scale, which place no pixel, are refused', async () => {
  const reply = inFormat(right, parseReplyFormat('tiepoints'));
  const error = await refusalOf(exchangeTags(reply, new Map([[33550, undefined]])));
  expect(error?.message).toMatch(/Expected a georeferenced GeoTIFF .* one without a transform/);
});

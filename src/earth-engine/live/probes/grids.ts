/** Grids, and the form of what comes back. */
import { presetDataset } from '../../../dataset/presets.js';
import { image } from '../../expressions/expression.js';
import {
  type Answer,
  type Ask,
  confirmed,
  differs,
  isJudgement,
  type Probe,
  rastersOf,
  unasked,
  withoutPixels,
} from '../probe.js';
import { numberOf, type TiffTag, textOf } from '../tiff-tags.js';
import { box, cast, longitude, pixels, SMALL, stack } from './images.js';

const [resolution, , west, , , north] = presetDataset('TCTrend').grid.geobox.affine;
/** The first columns of TCTrend's grid, at rows of the middle of Europe. */
const FIRST = box(west, north - 150_000 * resolution, resolution, [4, 8]);
const BEYOND = box(-183, 48, 1, [2, 6]);
const WIDE = box(1_224_000, 6_130_000, 100, [260, 300], 'EPSG:3857');

const one = cast('uint8', image(7));
const three = stack({
  one: cast('uint8', image(1)),
  two: cast('uint8', image(2)),
  three: cast('uint8', image(3)),
});

export const GRID_ASKS: Readonly<Record<string, Ask>> = {
  'first-column': pixels(one, FIRST, { takes: { bands: 1, dtype: 'uint8' } }),
  'first-column-longitude': pixels(longitude, FIRST),
  'beyond-180-longitude': pixels(longitude, BEYOND),
  'three-bands': pixels(three, WIDE, { takes: { bands: 3, dtype: 'uint8' } }),
  'npy-gzip': pixels(one, SMALL, { format: 'NPY', acceptEncoding: 'gzip' }),
};

export const GRID_PROBES: readonly Probe[] = [
  {
    id: 'first-column',
    title: 'A grid whose first column starts a hair west of -180 degrees',
    expected: `pixels on the grid asked for, which starts at ${FIRST.affine[2]}; longitudes are counted on`,
    asks: ['first-column', 'first-column-longitude'],
    judge([answer, longitudes]) {
      const served = taken(answer);
      if (served.verdict !== 'confirmed' || longitudes === undefined) return served;
      const rasters = rastersOf([longitudes]);
      if (isJudgement(rasters))
        return confirmed(
          `${served.came}; where it takes the first pixel to be is not known (${rasters.came})`,
        );
      const centre = west + resolution / 2;
      const came = rasters[0]?.bands[0]?.[0] ?? Number.NaN;
      const words = `${served.came}; it takes the first pixel to be at ${came}`;
      return Math.abs(came - centre) < resolution / 2 ? confirmed(words) : differs(words);
    },
  },
  {
    id: 'columns-beyond-180',
    title: 'Whole columns west of -180 degrees',
    expected:
      'an answer; nothing depends on which (pixels of the other side, masked ones, or a refusal)',
    asks: ['beyond-180-longitude'],
    judge([answer]) {
      if (answer === undefined || answer.kind === 'none') return none(answer);
      const rasters = rastersOf([answer]);
      if (isJudgement(rasters))
        return rasters.verdict === 'differs' ? confirmed(`refused, ${rasters.came}`) : rasters;
      return confirmed(
        `longitudes ${Array.from(rasters[0]?.bands[0] ?? [])
          .slice(0, 6)
          .join(', ')} (-9999: masked)`,
      );
    },
  },
  {
    id: 'geotiff',
    title:
      'computePixels answers a GeoTIFF with the size, bands, type, transform and CRS asked for',
    expected: 'three bands of 1, 2 and 3, which the client takes',
    asks: ['three-bands'],
    judge([answer]) {
      const served = taken(answer);
      if (served.verdict !== 'confirmed' || answer === undefined) return served;
      const rasters = rastersOf([answer]);
      if (isJudgement(rasters)) return rasters;
      const bands = rasters[0]?.bands ?? [];
      const values = bands.map((band) => [...new Set(Array.from(band))].join(' '));
      return values.join() === '1,2,3'
        ? served
        : differs(`bands with the values ${values.join('; ')}`);
    },
  },
  {
    id: 'tags',
    title: 'Compression and layout of the reply',
    expected:
      'no compression, LZW, Deflate or PackBits, in strips or tiles, which both kernels decode',
    asks: ['three-bands'],
    judge: ([answer]) =>
      withTags(answer, (tags) => {
        const compression = numberOf(tags, 259) ?? 1;
        const words = layoutOf(tags, compression);
        return compression in COMPRESSIONS ? confirmed(words) : differs(words);
      }),
  },
  {
    id: 'georeferencing',
    title: 'The tags that georeference the reply',
    expected: 'pixel scale and tie point, or a transformation matrix; pixels as areas',
    asks: ['three-bands'],
    judge: ([answer]) =>
      withTags(answer, (tags) => {
        const has = (id: number) => tags.some((tag) => tag.id === id);
        const words = tags
          .filter(({ id }) => [33550, 33922, 34264, 34735].includes(id))
          .map(
            ({ name, value }) => `${name} ${typeof value === 'string' ? value : value.join(' ')}`,
          )
          .join('; ');
        const isPoint = rasterTypeOf(tags) === 2;
        return ((has(33550) && has(33922)) || has(34264)) && !isPoint
          ? confirmed(words)
          : differs(`${isPoint ? 'pixels as points; ' : ''}${words === '' ? 'none' : words}`);
      }),
  },
  {
    id: 'content-type',
    title: 'The content type of pixels',
    expected:
      'image/tiff; the client tells replies by their first bytes, and errors by application/json',
    asks: ['three-bands'],
    judge([answer]) {
      if (answer?.kind !== 'pixels') return none(answer);
      return /^image\/(geo)?tiff\b/.test(answer.contentType)
        ? confirmed(answer.contentType)
        : differs(answer.contentType === '' ? 'none' : answer.contentType);
    },
  },
  {
    id: 'content-encoding',
    title: 'No content encoding comes unasked',
    expected: 'none: the client asks for none and undoes none',
    asks: ['three-bands'],
    judge([answer]) {
      if (answer?.kind !== 'pixels') return none(answer);
      const { contentEncoding = 'none' } = answer;
      return ['none', 'identity'].includes(contentEncoding)
        ? confirmed('none')
        : differs(contentEncoding);
    },
  },
  {
    id: 'gzip',
    title: 'What comes where gzip is asked for',
    expected: 'the same pixels, with or without gzip; nothing depends on which',
    asks: ['npy-gzip'],
    judge([answer]) {
      if (answer?.kind !== 'pixels') return none(answer);
      const rasters = rastersOf([answer]);
      if (isJudgement(rasters)) return rasters;
      const isRight = Array.from(rasters[0]?.bands[0] ?? []).every((value) => value === 7);
      const words = `content-encoding: ${answer.contentEncoding ?? 'none'}`;
      return isRight ? confirmed(words) : differs(`${words}, other pixels`);
    },
  },
];

const COMPRESSIONS: Readonly<Record<number, string>> = {
  1: 'no compression',
  5: 'LZW',
  8: 'Deflate',
  32946: 'Deflate (its older number)',
  32773: 'PackBits',
};

/** Whether the client takes the reply, and how large it is. */
function taken(answer: Answer | undefined) {
  if (answer?.kind !== 'pixels') return none(answer);
  if (answer.mismatch !== undefined) return differs(answer.mismatch);
  return typeof answer.raster === 'string'
    ? differs(answer.raster)
    : confirmed(
        `a ${answer.raster.format} of ${answer.raster.width} x ${answer.raster.height} pixels in ${answer.raster.bands.length} bands of ${answer.raster.dtypes[0]}, which the client takes`,
      );
}

function none(answer: Answer | undefined) {
  return answer === undefined || answer.kind === 'pixels'
    ? unasked('nothing was asked')
    : withoutPixels(answer);
}

function withTags(
  answer: Answer | undefined,
  judge: (tags: readonly TiffTag[]) => ReturnType<Probe['judge']>,
) {
  if (answer?.kind !== 'pixels') return none(answer);
  return answer.tags.length === 0 ? differs('no TIFF') : judge(answer.tags);
}

function layoutOf(tags: readonly TiffTag[], compression: number): string {
  const [tile, strip] = [numberOf(tags, 322), numberOf(tags, 278)];
  return [
    COMPRESSIONS[compression] ?? `compression ${compression}`,
    `predictor ${numberOf(tags, 317) ?? 1}`,
    tile === undefined ? `strips of ${strip} rows` : `tiles of ${tile} x ${numberOf(tags, 323)}`,
    numberOf(tags, 284) === 2 ? 'band after band' : 'pixel after pixel',
    `nodata ${textOf(tags, 42113) ?? 'none'}`,
  ].join(', ');
}

/** GTRasterTypeGeoKey: 1 area, 2 point. */
function rasterTypeOf(tags: readonly TiffTag[]): number {
  const keys = tags.find(({ id }) => id === 34735)?.value;
  if (keys === undefined || typeof keys === 'string') return 1;
  for (let at = 4; at + 3 < keys.length; at += 4) if (keys[at] === 1025) return keys[at + 3] ?? 1;
  return 1;
}

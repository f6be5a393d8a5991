/** The images that are asked for, and small grids to ask for them on. */
import { parseCrs } from '../../../grid/crs/crs.js';
import { GeoBox, type GeoBoxRecord } from '../../../grid/geobox.js';
import { WORK_TYPES, type WorkType } from '../../../raster/dtype.js';
import {
  CASTS,
  call,
  constant,
  type Expression,
  image,
  type Node,
  unmask,
} from '../../expressions/expression.js';
import type { Ask } from '../probe.js';

export const result = (node: Node): Expression => ({ result: '0', values: { 0: node } });

export const cast = (dtype: WorkType, value: Node): Node => call(CASTS[dtype], { value });

/** 7 everywhere, and masked everywhere. */
export const MASKED = call('Image.updateMask', { image: image(7), mask: image(0) });

const rename = (input: Node, names: readonly string[]): Node =>
  call('Image.rename', { input, names: constant(names) });

/** Images of one band each as the bands of one. */
export function stack(bands: Readonly<Record<string, Node>>): Node {
  return Object.entries(bands)
    .map(([name, band]) => rename(band, [name]))
    .reduce((dstImg, srcImg) => call('Image.addBands', { dstImg, srcImg }));
}

/** A band that is valid, and one that is masked. */
export const halfMasked = (dtype: WorkType): Node =>
  stack({ valid: cast(dtype, image(7)), masked: cast(dtype, MASKED) });

/** A masked band of each type, as they are. */
export const maskedOfEach = stack(
  Object.fromEntries(WORK_TYPES.map((dtype) => [dtype, cast(dtype, MASKED)])),
);

/** 9 in each band where its cast has kept the mask. */
export const castsUnmasked = stack(
  Object.fromEntries(
    WORK_TYPES.map((dtype) => [dtype, cast('float64', unmask(cast(dtype, MASKED), 9))]),
  ),
);

export const longitude = cast(
  'float64',
  unmask(
    call('Image.select', {
      input: call('Image.pixelLonLat', {}),
      bandSelectors: constant(['longitude']),
    }),
    -9999,
  ),
);

export function box(
  west: number,
  north: number,
  resolution: number,
  [height, width]: readonly [number, number],
  crs = 'EPSG:4326',
): GeoBoxRecord {
  const affine = [resolution, 0, west, 0, -resolution, north] as const;
  return new GeoBox(parseCrs(crs), { height, width }, affine).toRecord();
}

/** The question for an image's pixels. */
export const pixels = (
  node: Node,
  geobox: GeoBoxRecord = SMALL,
  more: Partial<PixelsAsk> = {},
): PixelsAsk => ({
  ...{ kind: 'pixels', expression: result(node), format: 'GEO_TIFF', geobox },
  ...more,
});

type PixelsAsk = Extract<Ask, { kind: 'pixels' }>;

/** Somewhere on land. */
export const SMALL = box(11, 48.2, 0.001, [4, 4]);

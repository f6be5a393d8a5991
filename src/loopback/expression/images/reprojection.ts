import { compose, shift } from '../../../grid/affine.js';
import { boundsIn, type Geometry, outlinesIn, type Projection } from '../../geometry/geometry.js';
import { insideMask } from '../../geometry/inside.js';
import { nominalScale, scaled } from '../../geometry/projections.js';
import { commonProjection, cropped, projectionOf, withoutOrigin } from '../../image/grids.js';
import type { BandGrid, Frame, Image, ImageBand, Mask } from '../../image/image.js';
import { dtypeOf } from '../../image/pixel-type.js';
import { intersectMasks, updateMask } from '../../image/pixels.js';
import { resampled } from '../../image/resampled.js';
import type { Definitions } from '../algorithm.js';
import type { Arguments } from '../arguments.js';
import { FOOTPRINT, propertyOf } from '../element.js';
import { isKind } from '../value.js';

const TARGET =
  '(image: Image, crs: Projection, crsTransform: List<Float> = null, scale: Float = null) => Image';

/** Other grids, and parts of images. */
export const REPROJECTION: Definitions = {
  'Image.reproject': {
    description: 'The image computed in a projection; other grids take the nearest pixels of that.',
    signature: TARGET,
    evaluate: (given) => {
      const image = given.image('image');
      const { crs, transform } = given.targetProjection();
      const grid = bounded({ crs, affine: transform }, image);
      const key = {};
      const unbounded = { crs, affine: transform };
      return {
        ...image,
        bands: image.bands.map((band) => ({
          ...band,
          grid,
          source: resampled(band.source, band.type, unbounded, key),
        })),
      };
    },
  },
  'Image.setDefaultProjection': {
    description: 'The image with another default projection.',
    signature: TARGET,
    evaluate: (given) => {
      const image = given.image('image');
      const { crs, transform } = given.targetProjection();
      const grid = bounded({ crs, affine: transform }, image);
      return { ...image, bands: image.bands.map((band) => ({ ...band, grid })) };
    },
  },
  'Image.clip': {
    description:
      'The image, masked outside of a geometry: where the centre of a pixel lies decides.',
    signature: '(input: Image, geometry: Object) => Image',
    evaluate: (given) => clip(given.image('input'), given.geometry('geometry')),
  },
  'Image.clipToBoundsAndScale': {
    description:
      "The image within a geometry's bounds in its projection, at another scale or of another size.",
    signature:
      '(input: Image, geometry: Geometry = null, width: Integer = null, height: Integer = null, maxDimension: Integer = null, scale: Float = null) => Image',
    evaluate: clipToBoundsAndScale,
  },
  'Image.resample': {
    description: 'Refused: pixels are always the nearest ones here.',
    signature: '(image: Image, mode: String = "bilinear") => Image',
    evaluate: (given) => {
      throw given.refuse(
        'The loopback Earth Engine has nearest pixels only; it neither interpolates nor has pyramids.',
      );
    },
  },
};

/** The grid with the shape that the image's footprint has on it, where it has a footprint. */
function bounded(grid: BandGrid, image: Image): BandGrid {
  const footprint = propertyOf(image, FOOTPRINT);
  if (!isKind(footprint, 'Geometry')) return grid;
  return cropped({ kind: 'Projection', crs: grid.crs, transform: grid.affine }, footprint);
}

function clip(image: Image, geometry: Geometry): Image {
  const inside = (frame: Frame): Mask =>
    frame.once(geometry, () => insideMask(outlinesIn(geometry, frame.geobox.crs), frame));
  const isArea = geometry.type.endsWith('Polygon') || geometry.type === 'LinearRing';
  const maskOf = (frame: Frame): Mask => (isArea ? inside(frame) : new Uint8Array(frame.length));
  const bands = image.bands.map((band): ImageBand => {
    const { source, type } = band;
    return {
      ...band,
      grid: cropped(projectionOf(band), geometry, band.grid),
      source: {
        compute: (frame) => {
          const by = { pixels: maskOf(frame) };
          return updateMask(frame.planeOf(source), by, dtypeOf(type), frame.length);
        },
        footprint: (frame) => intersectMasks(maskOf(frame), source.footprint?.(frame)) as Mask,
      },
    };
  });
  return { ...image, properties: { ...image.properties, [FOOTPRINT]: geometry }, bands };
}

function clipToBoundsAndScale(given: Arguments): Image {
  const image = given.image('input');
  const projection = commonProjection(image);
  const geometry = given.optional('geometry') ?? propertyOf(image, FOOTPRINT);
  if (!isKind(geometry, 'Geometry')) {
    throw given.refuse('The image is unbounded; a geometry must be given.');
  }
  const grid = scaledGrid(projection, geometry, given);
  const key = {};
  return {
    ...image,
    properties: { ...image.properties, [FOOTPRINT]: geometry },
    bands: image.bands.map((band) => ({
      ...band,
      grid,
      source: resampled(band.source, band.type, grid, key),
    })),
  };
}

/** The projection's pixels, or others in their place, that cover the bounds of the geometry. */
function scaledGrid(projection: Projection, geometry: Geometry, given: Arguments): BandGrid {
  const has = (name: string) => given.optional(name) !== undefined;
  const ways = [has('width') || has('height'), has('maxDimension'), has('scale')];
  if (ways.filter(Boolean).length > 1 || has('width') !== has('height')) {
    throw given.refuse(
      "'width' and 'height' go together, and exclude 'maxDimension' and 'scale', which exclude each other.",
    );
  }
  if (has('scale')) {
    const factor = given.number('scale') / nominalScale(projection);
    return withoutOrigin(cropped(scaled(projection, factor, factor), geometry));
  }
  const whole = withoutOrigin(cropped(projection, geometry));
  if (!has('width') && !has('maxDimension')) return whole;
  const box = boundsIn(geometry, projection);
  if (box === undefined) throw given.refuse('The geometry has no bounds in this projection.');
  const [across, down] = [box.east - box.west, box.north - box.south];
  const most = has('maxDimension') ? given.integer('maxDimension') : 0;
  const width = has('width')
    ? given.integer('width')
    : Math.round((most * across) / Math.max(across, down));
  const height = has('height')
    ? given.integer('height')
    : Math.round((most * down) / Math.max(across, down));
  if (!(width > 0 && height > 0)) throw given.refuse('The size must be at least 1 x 1.');
  const corner = shift(projection.transform, box.west, box.south);
  const affine = compose(corner, [across / width, 0, 0, 0, down / height, 0]);
  return { crs: projection.crs, affine, shape: [height, width] };
}

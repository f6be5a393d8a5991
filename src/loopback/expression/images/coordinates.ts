import { apply, invert } from '../../../grid/affine.js';
import { parseCrs, transformer } from '../../../grid/crs/crs.js';
import { type Projection, WGS84 } from '../../geometry/geometry.js';
import { commonProjection } from '../../image/grids.js';
import type { BandSource, Frame, Image } from '../../image/image.js';
import { DOUBLE } from '../../image/pixel-type.js';
import type { Definitions } from '../algorithm.js';

/** Where pixels are, as images. */
export const COORDINATES: Definitions = {
  'Image.projection': {
    description: 'The projection that all the bands have by default.',
    signature: '(image: Image) => Projection',
    evaluate: (given) => commonProjection(given.image('image')),
  },
  'Image.pixelCoordinates': {
    description: "The x and y of each pixel's centre in pixels of a projection.",
    signature: '(projection: Projection) => Image',
    evaluate: (given) => coordinates(given.projection('projection'), ['x', 'y']),
  },
  'Image.pixelLonLat': {
    description: "The longitude and latitude of each pixel's centre, in degrees.",
    signature: '() => Image',
    evaluate: () => coordinates(WGS84, ['longitude', 'latitude']),
  },
};

function coordinates(projection: Projection, names: readonly [string, string]): Image {
  const key = {};
  const source = (axis: 0 | 1): BandSource => ({
    compute: (frame) => ({ pixels: frame.once(key, () => compute(projection, frame))[axis] }),
  });
  const grid = { crs: projection.crs, affine: projection.transform };
  return {
    kind: 'Image',
    properties: {},
    bands: [
      { name: names[0], type: DOUBLE, source: source(0), grid },
      { name: names[1], type: DOUBLE, source: source(1), grid },
    ],
  };
}

function compute({ crs, transform }: Projection, { geobox, width, height, length }: Frame) {
  const toCrs = transformer(geobox.crs, parseCrs(crs));
  const toPixels = invert(transform);
  const xs = new Float64Array(length);
  const ys = new Float64Array(length);
  for (let row = 0, i = 0; row < height; row++) {
    for (let col = 0; col < width; col++, i++) {
      const place = toCrs(...apply(geobox.affine, col + 0.5, row + 0.5));
      [xs[i], ys[i]] = apply(toPixels, ...place);
    }
  }
  return [xs, ys] as const;
}

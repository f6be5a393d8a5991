import { shift } from '../../../grid/affine.js';
import { parseCrs } from '../../../grid/crs/crs.js';
import type { Projection } from '../../geometry/geometry.js';
import { atScale, nominalScale, scaled } from '../../geometry/projections.js';
import type { Definition, Definitions } from '../algorithm.js';

const CONSTRUCTOR: Definition = {
  description: 'A projection: a CRS by code or WKT, and the transform from pixels to it.',
  signature:
    '(crs: Object, transform: List<Object> = null, transformWkt: String = null) => Projection',
  evaluate: (given) => {
    if (given.optional('transformWkt') !== undefined) {
      throw given.refuse("'transformWkt' is not known to the loopback Earth Engine.");
    }
    const projection = given.projection('crs');
    if (given.optional('transform') === undefined) return projection;
    return { ...projection, transform: given.affine('transform') };
  },
};

export const PROJECTIONS: Definitions = {
  Projection: CONSTRUCTOR,
  Proj: CONSTRUCTOR,
  'Projection.atScale': {
    description: 'The projection with pixels of so many metres.',
    signature: '(projection: Projection, meters: Float) => Projection',
    evaluate: (given) => atScale(given.projection('projection'), given.number('meters')),
  },
  'Projection.crs': {
    description: 'The code of the CRS, or its WKT where it has none.',
    signature: '(projection: Projection) => String',
    evaluate: (given) => given.projection('projection').crs,
  },
  'Projection.nominalScale': {
    description: 'Metres across a pixel.',
    signature: '(proj: Projection) => Float',
    evaluate: (given) => nominalScale(given.projection('proj')),
  },
  'Projection.scale': {
    description: 'The projection with pixels so many times as large.',
    signature: '(projection: Projection, x: Float, y: Float) => Projection',
    evaluate: (given) =>
      scaled(given.projection('projection'), given.number('x'), given.number('y')),
  },
  'Projection.translate': {
    description: 'The projection moved by so many pixels.',
    signature: '(projection: Projection, x: Float, y: Float) => Projection',
    evaluate: (given) => {
      const projection: Projection = given.projection('projection');
      const transform = shift(projection.transform, given.number('x'), given.number('y'));
      return { ...projection, transform };
    },
  },
  'Projection.transform': {
    description: 'The transform as WKT.',
    signature: '(projection: Projection) => String',
    evaluate: (given) => transformWkt(given.projection('projection')),
  },
  'Projection.wkt': {
    description: 'The CRS as WKT.',
    signature: '(projection: Projection) => String',
    evaluate: (given) => parseCrs(given.projection('projection').crs).wkt,
  },
};

function transformWkt({ transform }: Projection): string {
  const values = transform.map(
    (value, at) => `PARAMETER["elt_${at < 3 ? 0 : 1}_${at % 3}", ${value}]`,
  );
  return `PARAM_MT["Affine", PARAMETER["num_row", 3], PARAMETER["num_col", 3], ${values.join(', ')}]`;
}

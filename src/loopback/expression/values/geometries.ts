import {
  boundsIn,
  boxGeometry,
  GEOMETRY_TYPES,
  type Geometry,
  type GeometryType,
  isPoint,
  type Nested,
  type Projection,
  WGS84,
} from '../../geometry/geometry.js';
import type { Definition, Definitions } from '../algorithm.js';
import type { Arguments } from '../arguments.js';
import { isKind, isList, type Value } from '../value.js';

const GEOMETRY = 'geometry: Geometry';

const WITH_EDGES =
  'coordinates: List<Object>, crs: Projection = null, geodesic: Boolean = null, maxError: ErrorMargin = null';

/** What each type's constructor takes. */
const PARAMETERS: Readonly<Record<GeometryType, string>> = {
  Point: 'coordinates: List<Number>, crs: Projection = null',
  MultiPoint: 'coordinates: List<Object>, crs: Projection = null',
  LineString: WITH_EDGES,
  LinearRing: WITH_EDGES,
  MultiLineString: WITH_EDGES,
  Polygon: `${WITH_EDGES}, evenOdd: Boolean = true`,
  MultiPolygon: `${WITH_EDGES}, evenOdd: Boolean = true`,
};

/** Lists around a point in each type. */
const DEPTHS: Readonly<Record<GeometryType, number>> = {
  Point: 0,
  MultiPoint: 1,
  LineString: 1,
  LinearRing: 1,
  MultiLineString: 2,
  Polygon: 2,
  MultiPolygon: 3,
};

export const GEOMETRIES: Definitions = {
  ...Object.fromEntries(
    GEOMETRY_TYPES.map((type): [string, Definition] => [
      `GeometryConstructors.${type}`,
      {
        description: `A ${type}; edges are geodesics unless told otherwise.`,
        signature: `(${PARAMETERS[type]}) => Geometry`,
        evaluate: (given) => construct(type, given),
      },
    ]),
  ),
  'GeometryConstructors.Rectangle': {
    description: 'A rectangle by two corners, or by its least x and y and its greatest.',
    signature:
      '(coordinates: List<Object>, crs: Projection = null, geodesic: Boolean = null, evenOdd: Boolean = true) => Geometry',
    evaluate: (given) => {
      const [x0, y0, x1, y1] = given.list('coordinates').flat() as Value[];
      const corners = [x0, y0, x1, y1].map((value) => {
        if (typeof value === 'number') return value;
        throw given.refuse('A rectangle takes two points or four numbers.');
      });
      const [west = 0, south = 0, east = 0, north = 0] = corners;
      const box = boxGeometry({ west, south, east, north }, projectionOf(given));
      return { ...box, geodesic: given.boolean('geodesic', true) };
    },
  },
  'GeometryConstructors.BBox': {
    description: 'A rectangle of parallels and meridians.',
    signature: '(west: Float, south: Float, east: Float, north: Float) => Geometry',
    evaluate: (given) =>
      boxGeometry(
        {
          west: given.number('west'),
          south: Math.max(-90, given.number('south')),
          east: given.number('east'),
          north: Math.min(90, given.number('north')),
        },
        WGS84,
      ),
  },
  'Geometry.bounds': {
    description: 'The rectangle around the geometry in a projection, EPSG:4326 unless named.',
    signature: `(${GEOMETRY}, maxError: ErrorMargin = null, proj: Projection = null) => Geometry`,
    evaluate: (given) => {
      const projection = given.optional('proj') === undefined ? WGS84 : given.projection('proj');
      const box = boundsIn(given.geometry('geometry'), projection);
      if (box === undefined) throw given.refuse('The geometry has no bounds in this projection.');
      return boxGeometry(box, projection);
    },
  },
  'Geometry.coordinates': {
    description: 'The coordinates as in GeoJSON.',
    signature: `(${GEOMETRY}) => List<Object>`,
    evaluate: (given) => given.geometry('geometry').coordinates as Value,
  },
  'Geometry.type': {
    description: 'The type as in GeoJSON.',
    signature: `(${GEOMETRY}) => String`,
    evaluate: (given) => given.geometry('geometry').type,
  },
  'Geometry.projection': {
    description: 'The projection of the coordinates.',
    signature: `(${GEOMETRY}) => Projection`,
    evaluate: (given) => given.geometry('geometry').projection,
  },
  'Geometry.geodesic': geodesic(),
  'Geometry.edgesAreGeodesics': geodesic(),
  ErrorMargin: {
    description: 'How exact a result must be. It is always as exact as it can be.',
    signature: '(value: Float = null, unit: String = "meters") => ErrorMargin',
    evaluate: (given) => ({
      kind: 'ErrorMargin',
      value: given.optional('value') === undefined ? 0 : given.number('value'),
      unit: given.optional('unit') === undefined ? 'meters' : given.string('unit'),
    }),
  },
};

function geodesic(): Definition {
  return {
    description: 'Whether edges follow the shortest way on the sphere.',
    signature: `(${GEOMETRY}) => Boolean`,
    evaluate: (given) => given.geometry('geometry').geodesic,
  };
}

function construct(type: GeometryType, given: Arguments): Geometry {
  if (given.optional('evenOdd') !== undefined && !given.boolean('evenOdd', true)) {
    throw given.refuse('Only the even-odd rule is known to the loopback Earth Engine.');
  }
  const coordinates = nest(given.list('coordinates'), DEPTHS[type], given);
  const hasEdges = type !== 'Point' && type !== 'MultiPoint';
  return {
    kind: 'Geometry',
    type,
    coordinates,
    projection: projectionOf(given),
    geodesic: hasEdges && given.boolean('geodesic', true),
  };
}

function projectionOf(given: Arguments): Projection {
  return given.optional('crs') === undefined ? WGS84 : given.projection('crs');
}

/** Points as pairs, in as many lists as the type wants; rings may leave out the repeated first point. */
function nest(values: readonly Value[], depth: number, given: Arguments): Nested {
  const nested = values.map((value): Nested => {
    if (typeof value === 'number') return value;
    if (isList(value)) return nest(value, depth - 1, given);
    if (isKind(value, 'Geometry')) return value.coordinates;
    throw given.refuse('Coordinates must be numbers in lists.');
  });
  if (depth > 0 ? nested.every((item) => typeof item !== 'number') : isPoint(nested)) return nested;
  throw given.refuse('The coordinates are not nested as the type wants them.');
}

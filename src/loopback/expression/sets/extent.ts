import { parseCrs } from '../../../grid/crs/crs.js';
import {
  boundsIn,
  boxGeometry,
  type Geometry,
  outlinesIn,
  WGS84,
} from '../../geometry/geometry.js';
import type { Definitions } from '../algorithm.js';
import type { Arguments } from '../arguments.js';
import { FOOTPRINT, propertyOf } from '../element.js';
import { isKind } from '../value.js';

const MARGIN = 'maxError: ErrorMargin = {"type": "ErrorMargin", "unit": "meters", "value": 0}';

/** Where the images of a collection are. */
export const EXTENT: Definitions = {
  'Collection.geometry': {
    description: 'The footprints of all images as one geometry.',
    signature: `(collection: FeatureCollection, ${MARGIN}) => Geometry`,
    evaluate: merged,
  },
  'Collection.bounds': {
    description: 'The rectangle around the footprints of all images.',
    signature: `(collection: FeatureCollection, ${MARGIN}, proj: Projection = {"type": "Projection", "crs": "EPSG:4326", "transform": [1, 0, 0, 0, 1, 0]}) => Geometry`,
    evaluate: (given) => {
      const projection = given.optional('proj') === undefined ? WGS84 : given.projection('proj');
      const boxes = footprints(given).map((footprint) => boundsIn(footprint, projection));
      const [first, ...others] = boxes.filter((box) => box !== undefined);
      if (first === undefined) throw given.refuse('The collection has no footprints.');
      const around = others.reduce(
        (one, other) => ({
          west: Math.min(one.west, other.west),
          south: Math.min(one.south, other.south),
          east: Math.max(one.east, other.east),
          north: Math.max(one.north, other.north),
        }),
        first,
      );
      return boxGeometry(around, projection);
    },
  },
};

function footprints(given: Arguments): Geometry[] {
  return given.collection('collection').images.map((image) => {
    const footprint = propertyOf(image, FOOTPRINT);
    if (isKind(footprint, 'Geometry')) return footprint;
    throw given.refuse('An image of the collection is unbounded.');
  });
}

/** Equal footprints count once; what is left must lie apart, because nothing here dissolves polygons. */
function merged(given: Arguments): Geometry {
  const crs = parseCrs('EPSG:4326');
  const all = footprints(given);
  const distinct = new Map(all.map((each) => [JSON.stringify(outlinesIn(each, crs)), each]));
  const [first, ...others] = distinct.values();
  if (first === undefined) throw given.refuse('The collection is empty.');
  if (others.length === 0) return first;
  const boxes = [...distinct.values()].map((each) => boundsIn(each, WGS84));
  const overlaps = boxes.some((one, at) =>
    boxes
      .slice(at + 1)
      .some(
        (other) =>
          one === undefined ||
          other === undefined ||
          (one.west < other.east &&
            other.west < one.east &&
            one.south < other.north &&
            other.south < one.north),
      ),
  );
  if (overlaps) {
    throw given.refuse(
      'Footprints that overlap are not merged by the loopback Earth Engine; use bounds.',
    );
  }
  const polygons = [...distinct.values()].map((each) =>
    outlinesIn(each, crs).map((ring) => [...ring, ...ring.slice(0, 1)]),
  );
  return {
    kind: 'Geometry',
    type: 'MultiPolygon',
    coordinates: polygons,
    projection: WGS84,
    geodesic: false,
  };
}

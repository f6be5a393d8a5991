/** Assets and values as the service's JSON. */
import { EPSG_4326, parseCrs } from '../../grid/crs/crs.js';
import { FOOTPRINT, propertiesOf } from '../expression/element.js';
import type { Value } from '../expression/value.js';
import { isList } from '../expression/value.js';
import { type Geometry, outlinesIn, type Projection, WGS84 } from '../geometry/geometry.js';
import { withoutOrigin } from '../image/grids.js';
import type { BandGrid, Image } from '../image/image.js';
import { toDataType, toDataTypeValue } from '../image/pixel-type.js';
import { refuse } from '../refusal.js';
import type { Asset } from './catalogue.js';
import { toAssetName } from './names.js';

/** The reply to `GET /v1/{asset name}`. As at Earth Engine, a collection's bands are those of its images. */
export function describeAsset(asset: Asset): object {
  const { type, id } = asset;
  const head = { type, name: toAssetName(id), id };
  if (asset.type === 'TABLE') return head;
  if (asset.type === 'IMAGE_COLLECTION')
    return asset.properties === undefined
      ? head
      : { ...head, properties: describeProperties(asset.properties as Record<string, Value>) };
  const { properties, bands } = asset.image;
  const { [FOOTPRINT]: footprint, ...others } = propertiesOf(asset.image);
  return {
    ...head,
    ...times(properties),
    ...(footprint === undefined ? {} : { geometry: describeValue(footprint) }),
    properties: describeProperties(others),
    bands: bands.map((band) => ({
      id: band.name,
      dataType: toDataType(band.type),
      ...(band.grid === undefined ? {} : { grid: toPixelGrid(band.grid) }),
      pyramidingPolicy: band.pyramiding ?? 'MEAN',
    })),
  };
}

function times(properties: Image['properties']): object {
  const iso = (key: string) => new Date(Number(properties[key])).toISOString();
  return {
    ...('system:time_start' in properties ? { startTime: iso('system:time_start') } : {}),
    ...('system:time_end' in properties ? { endTime: iso('system:time_end') } : {}),
    // A version is the microsecond of the last change.
    ...('system:version' in properties
      ? { updateTime: new Date(Number(properties['system:version']) / 1000).toISOString() }
      : {}),
  };
}

function toPixelGrid(grid: BandGrid): object {
  const { crs, shape, affine } = withoutOrigin(grid);
  const [scaleX, shearX, translateX, shearY, scaleY, translateY] = affine;
  return {
    ...(isCode(crs) ? { crsCode: crs } : { crsWkt: crs }),
    ...(shape === undefined ? {} : { dimensions: { width: shape[1], height: shape[0] } }),
    affineTransform: { scaleX, shearX, translateX, shearY, scaleY, translateY },
  };
}

function isCode(crs: string): boolean {
  return /^[A-Z-]+:\d+$/.test(crs);
}

/** The `result` of `value:compute`, as `getInfo()` of the official clients shows it. */
export function describeValue(value: Value): unknown {
  if (value === null || typeof value !== 'object') return value;
  if (isList(value)) return value.map(describeValue);
  switch (value.kind) {
    case 'Dictionary':
      return Object.fromEntries(
        [...value.entries].map(([key, entry]) => [key, describeValue(entry)]),
      );
    case 'Image':
      return describeImage(value);
    case 'ImageCollection':
      return {
        type: 'ImageCollection',
        ...(value.id === undefined ? {} : { id: value.id }),
        bands: [],
        ...(value.properties === undefined
          ? {}
          : { properties: describeProperties(value.properties) }),
        features: value.images.map(describeImage),
      };
    case 'Date':
      return { type: 'Date', value: value.time };
    case 'DateRange':
      return { type: 'DateRange', dates: [value.start, value.end] };
    case 'Projection':
      return { type: 'Projection', ...describeProjection(value), transform: value.transform };
    case 'PixelType':
      return toDataTypeValue(value.type);
    case 'ErrorMargin':
      return { type: 'ErrorMargin', unit: value.unit, value: value.value };
    case 'Geometry':
      return describeGeometry(value);
    default:
      throw refuse(
        `A value of type ${value.kind} cannot be computed by the loopback Earth Engine.`,
      );
  }
}

function describeImage(image: Image): object {
  const { id, bands } = image;
  return {
    type: 'Image',
    ...(id === undefined ? {} : { id }),
    bands: bands.map(({ name, type, grid }) => ({
      id: name,
      data_type: toDataTypeValue(type),
      ...(grid === undefined
        ? { crs: WGS84.crs, crs_transform: WGS84.transform }
        : describeGrid(grid)),
    })),
    properties: describeProperties(propertiesOf(image)),
  };
}

function describeProperties(properties: Readonly<Record<string, Value>>): object {
  return Object.fromEntries(
    Object.entries(properties).map(([name, value]) => [name, describeValue(value)]),
  );
}

function describeGrid({ crs, shape, affine, origin }: BandGrid): object {
  return {
    ...(shape === undefined ? {} : { dimensions: [shape[1], shape[0]] }),
    ...(origin === undefined ? {} : { origin }),
    ...describeProjection({ kind: 'Projection', crs, transform: affine }),
    crs_transform: affine,
  };
}

/** The code of the CRS; the whole of it where it has none. */
function describeProjection({ crs }: Projection): object {
  return isCode(crs) ? { crs } : { wkt: parseCrs(crs).wkt, crs };
}

/** As GeoJSON in longitude and latitude, or in its own projection where that has another CRS. */
function describeGeometry(geometry: Geometry): object {
  const { type, coordinates, projection, geodesic } = geometry;
  const isPlain = projection.crs === EPSG_4326 && projection.transform.join() === '1,0,0,0,1,0';
  const isPolygon = type === 'Polygon';
  if (isPlain || !isPolygon) {
    const crs = isPlain ? {} : { crs: { type: 'name', properties: { name: projection.crs } } };
    return { type, coordinates, ...(type.endsWith('Point') ? {} : { geodesic }), ...crs };
  }
  const rings = outlinesIn(geometry, parseCrs(EPSG_4326));
  return {
    type,
    coordinates: rings.map((ring) => [...ring, ...ring.slice(0, 1)]),
    geodesic: false,
  };
}

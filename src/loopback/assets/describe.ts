/** Assets and values as the service's JSON. */
import type { GeoBoxRecord } from '../../grid/geobox.js';
import type { Value } from '../expression/value.js';
import { isList } from '../expression/value.js';
import type { Image } from '../image/image.js';
import { toDataType, toDataTypeValue } from '../image/pixel-type.js';
import { refuse } from '../refusal.js';
import type { Asset } from './catalogue.js';
import { toAssetName } from './names.js';

/** The reply to `GET /v1/{asset name}`. As at Earth Engine, a collection's bands are those of its images. */
export function describeAsset(asset: Asset): object {
  const { type, id } = asset;
  const head = { type, name: toAssetName(id), id };
  if (asset.type === 'IMAGE_COLLECTION') return head;
  const { properties, bands } = asset.image;
  return {
    ...head,
    ...times(properties),
    properties,
    bands: bands.map((band) => ({
      id: band.name,
      dataType: toDataType(band.type),
      ...(band.grid === undefined ? {} : { grid: toPixelGrid(band.grid) }),
      pyramidingPolicy: 'MEAN',
    })),
  };
}

function times(properties: Image['properties']): object {
  const iso = (key: string) => new Date(Number(properties[key])).toISOString();
  return {
    ...('system:time_start' in properties ? { startTime: iso('system:time_start') } : {}),
    ...('system:time_end' in properties ? { endTime: iso('system:time_end') } : {}),
  };
}

function toPixelGrid({ crs, shape: [height, width], affine }: GeoBoxRecord): object {
  const [scaleX, shearX, translateX, shearY, scaleY, translateY] = affine;
  return {
    ...(isCode(crs) ? { crsCode: crs } : { crsWkt: crs }),
    dimensions: { width, height },
    affineTransform: { scaleX, shearX, translateX, shearY, scaleY, translateY },
  };
}

function isCode(crs: string): boolean {
  return crs.startsWith('EPSG:');
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
        id: value.id,
        bands: [],
        features: value.images.map(describeImage),
      };
    case 'Date':
      return { type: 'Date', value: value.time };
    case 'DateRange':
      return { type: 'DateRange', dates: [value.start, value.end] };
    default:
      throw refuse(
        `A value of type ${value.kind} cannot be computed by the loopback Earth Engine.`,
      );
  }
}

/** What Earth Engine gives bands without a grid of their own: one-degree pixels. */
const DEFAULT_PROJECTION = { crs: 'EPSG:4326', crs_transform: [1, 0, 0, 0, 1, 0] };

function describeImage({ id, properties, bands }: Image): object {
  return {
    type: 'Image',
    ...(id === undefined ? {} : { id }),
    bands: bands.map(({ name, type, grid }) => ({
      id: name,
      data_type: toDataTypeValue(type),
      ...(grid === undefined ? DEFAULT_PROJECTION : toProjection(grid)),
    })),
    properties,
  };
}

function toProjection({ crs, shape: [height, width], affine }: GeoBoxRecord): object {
  return {
    dimensions: [width, height],
    ...(isCode(crs) ? { crs } : { crs_wkt: crs }),
    crs_transform: affine,
  };
}

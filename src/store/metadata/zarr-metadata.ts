/**
 * The `zarr.json` documents of a cube. Names and layout are those of a smart-geocubes cube; added are
 * what xarray, GDAL and QGIS need to find the CRS of a band by themselves (`grid_mapping`), the attributes
 * of the `proj` and `spatial` conventions, and a group of our own beside the bands.
 *
 * All of it is frozen once the cube exists: in Icechunk, two writers that change the same document
 * cannot be merged.
 */
import { typedFor } from '../../dataset/band-types.js';
import { type Dataset, fillValueOf } from '../../dataset/dataset.js';
import { arrayCodecOf } from '../../dataset/grid/inner-chunk.js';
import { TimeAxis } from '../../dataset/time-axis.js';
import { toGeoTransform } from '../../grid/affine.js';
import type { Crs } from '../../grid/crs/crs.js';
import type { GeoBox } from '../../grid/geobox.js';
import { Grid, type TileIndex } from '../../grid/tiling.js';
import type { ArrayCodec, Codec } from '../../raster/codec.js';
import { bytesOf, type DType, isFloat } from '../../raster/dtype.js';
import { type CubeLayout, layoutOf } from './cube-layout.js';
import { timeCoordinate } from './time-coordinate.js';

type Json = Readonly<Record<string, unknown>>;

/** Path of the ledger's array in the cube; in a group of its own, so that it never shows among the bands. */
export const LEDGER_PATH = 'geocubes/ledger';

/** Tiles along one side of a ledger chunk: 4 KB of states, written again with every commit that touches it. */
export const LEDGER_CHUNK = 64;

/** What the attributes of the group `geocubes` say: all that is needed to fill the cube further. */
export interface CubeRecord extends CubeLayout {
  readonly dataset: Dataset;
  /** Of the bands' chunks; of another dtype than the dataset's, with what goes with that. */
  readonly codec: Codec;
  /** Where scale, offset and unit of bands come from: the first files that were imported. Absent: the dataset's author. */
  readonly packedBy?: 'files';
}

/** Path of the group whose attributes are a {@link CubeRecord}. */
export const CUBE_RECORD_PATH = 'geocubes';

/** Every metadata document of a cube, by its path in the store. */
export function metadataOf(
  dataset: Dataset,
  codec: Codec,
  coordinateCodec: Codec,
): Map<string, Json> {
  const grid = Grid.fromRecord(dataset.grid);
  const { geobox, chunk } = grid;
  const axis = dataset.time === undefined ? undefined : TimeAxis.fromRecord(dataset.time);
  /** Every array by tile or pixel has a chunk of its own for each time step. */
  const [steps, step, time] = axis === undefined ? [[], [], []] : [[axis.length], [1], ['time']];
  const documents = new Map<string, Json>([
    ['zarr.json', group(rootAttributes(dataset, geobox))],
    [
      'spatial_ref/zarr.json',
      array([], [], 'int32', 0, { name: 'uncompressed' }, crsAttributes(geobox), []),
    ],
    // Not among the root's attributes: xarray copies those into files that hold no objects.
    ['geocubes/zarr.json', group({ ...layoutOf(dataset), dataset, codec } satisfies CubeRecord)],
    [
      `${LEDGER_PATH}/zarr.json`,
      array(
        [...steps, grid.rows, grid.cols],
        [...step, LEDGER_CHUNK, LEDGER_CHUNK],
        'uint8',
        0,
        { name: 'gzip', level: 1 },
        {
          long_name:
            'state of each tile, in the lower two bits: 0 not loaded, 1 loaded, 2 loaded and empty; in the upper six: bands of it without a chunk, 63 where that is not known',
        },
        [...time, 'tile_row', 'tile_col'],
      ),
    ],
  ]);
  for (const axis of ['y', 'x'] as const)
    documents.set(`${axis}/zarr.json`, axisDocument(geobox, axis, coordinateCodec));
  for (const band of dataset.bands) {
    const typed = typedFor(dataset, band);
    documents.set(
      `${band.name}/zarr.json`,
      array(
        [...steps, geobox.height, geobox.width],
        [...step, chunk.height, chunk.width],
        typed.dtype,
        fillValueOf(typed),
        arrayCodecOf(typed, codec),
        {
          ...band.attributes,
          ...nodataAttributes(typed),
          grid_mapping: 'spatial_ref',
          // Makes it a coordinate for xarray, and so the CRS known to rioxarray, without further options.
          coordinates: 'spatial_ref',
        },
        [...time, 'y', 'x'],
      ),
    );
  }
  if (axis !== undefined)
    documents.set(
      'time/zarr.json',
      array([axis.length], [axis.length], 'int64', 0, coordinateCodec, timeAttributes(axis), [
        'time',
      ]),
    );
  return documents;
}

/** Key of a tile's chunk of one band. */
export function chunkKey(band: string, { t, row, col }: TileIndex): string {
  return `${band}/c/${t === undefined ? '' : `${t}/`}${row}/${col}`;
}

/** NaN as xarray stores it in an attribute of a Zarr v3 array: base64 of the little-endian float64. */
const ENCODED_NAN = 'AAAAAAAA+H8=';

/** `_FillValue` is what CF readers mask: a number for integers, encoded for floats. */
function nodataAttributes({ dtype, nodata }: Dataset): Json {
  if (isFloat(dtype)) return { _FillValue: ENCODED_NAN };
  return nodata === undefined ? {} : { _FillValue: nodata };
}

function rootAttributes(dataset: Dataset, geobox: GeoBox): Json {
  return {
    title: dataset.title,
    loaded_patches: [],
    Conventions: 'CF-1.10',
    ...placeAttributes(geobox),
  };
}

/**
 * Where the arrays of a group lie, in the attributes of the conventions `proj` and `spatial`: numbers and text, which
 * every format holds. That they are meant so is declared by objects, which files of other formats cannot hold, so only
 * where readers go by them: {@link declarationsFor}.
 */
export function placeAttributes(geobox: GeoBox): Json {
  const { crs, affine, height, width } = geobox;
  return {
    ...projAttributes(crs),
    'spatial:dimensions': ['y', 'x'],
    'spatial:shape': [height, width],
    'spatial:transform': affine,
    'spatial:bbox': boundsOnEarth(geobox),
  };
}

/** What says that the attributes of {@link placeAttributes} are those of the conventions. */
export function declarationsFor({ crs }: GeoBox): readonly Json[] {
  return Object.keys(projAttributes(crs)).length === 0
    ? [SPATIAL_CONVENTION]
    : [PROJ_CONVENTION, SPATIAL_CONVENTION];
}

/** The `proj` convention knows codes and WKT 2; a CRS known by WKT 1 alone is left to `crs_wkt`. */
function projAttributes({ epsg, wkt }: Crs): Json {
  if (epsg !== undefined) return { 'proj:code': `EPSG:${epsg}` };
  return isWkt2(wkt) ? { 'proj:wkt2': wkt } : {};
}

/**
 * West, south, east and north. Grids of the whole earth may end within a pixel beyond it, which readers refuse as bounds;
 * those that go on around it by more keep their longitudes.
 */
function boundsOnEarth({ crs, bounds, resolution }: GeoBox): readonly number[] {
  const { west, south, east, north } = bounds;
  if (!crs.isGeographic) return [west, south, east, north];
  const [dx, dy] = resolution;
  const within = (value: number, limit: number, pixel: number) =>
    Math.abs(value) > limit && Math.abs(value) < limit + Math.abs(pixel)
      ? Math.sign(value) * limit
      : value;
  return [
    within(west, 180, dx),
    within(south, 90, dy),
    within(east, 180, dx),
    within(north, 90, dy),
  ];
}

function isWkt2(wkt: string): boolean {
  return /^(?:GEOGCRS|GEODCRS|PROJCRS|BOUNDCRS|COMPOUNDCRS)\[/i.test(wkt);
}

function crsAttributes({ crs, affine }: GeoBox): Json {
  return {
    spatial_ref: crs.wkt,
    crs_wkt: crs.wkt,
    ...(crs.isGeographic ? { grid_mapping_name: 'latitude_longitude' } : {}),
    GeoTransform: toGeoTransform(affine).join(' '),
  };
}

/** The array of a coordinate, in one chunk: the centres of the pixels along an axis. */
export function axisDocument(geobox: GeoBox, axis: 'x' | 'y', codec: Codec): Json {
  const length = axis === 'x' ? geobox.width : geobox.height;
  return array([length], [length], 'float64', 0, codec, coordinateAttributes(geobox, axis), [axis]);
}

function coordinateAttributes({ crs, resolution }: GeoBox, axis: 'x' | 'y'): Json {
  const isX = axis === 'x';
  return {
    ...(crs.isGeographic
      ? {
          standard_name: isX ? 'longitude' : 'latitude',
          units: isX ? 'degrees_east' : 'degrees_north',
        }
      : { standard_name: `projection_${axis}_coordinate`, units: crs.unit }),
    axis: axis.toUpperCase(),
    resolution: isX ? resolution[0] : resolution[1],
    crs: crs.name,
  };
}

function timeAttributes({ steps }: TimeAxis): Json {
  return {
    standard_name: 'time',
    axis: 'T',
    units: timeCoordinate(steps).units,
    calendar: 'proleptic_gregorian',
  };
}

export function group(attributes: Json): Json {
  return { attributes, zarr_format: 3, node_type: 'group' };
}

/** Times are 64-bit integers, which no band can be. */
type ZarrType = DType | 'int64';

function array(
  shape: readonly number[],
  chunkShape: readonly number[],
  dtype: ZarrType,
  fillValue: number,
  codec: ArrayCodec,
  attributes: Json,
  dimensionNames: readonly string[],
): Json {
  return {
    shape,
    data_type: dtype,
    chunk_grid: { name: 'regular', configuration: { chunk_shape: chunkShape } },
    chunk_key_encoding: { name: 'default', configuration: { separator: '/' } },
    fill_value: fillOf(dtype, fillValue),
    codecs: codecsOf(dtype, codec, chunkShape.length),
    attributes,
    dimension_names: dimensionNames,
    zarr_format: 3,
    node_type: 'array',
    storage_transformers: [],
  };
}

function fillOf(dtype: ZarrType, value: number): number | boolean | string {
  if (dtype === 'bool') return value !== 0;
  return Number.isNaN(value) ? 'NaN' : value;
}

function codecsOf(dtype: ZarrType, codec: ArrayCodec, dimensions: number): Json[] {
  if (codec.name !== 'inner chunks') return [bytesCodec(dtype), ...compressor(codec)];
  const lead = Array.from({ length: dimensions - codec.chunk.length }, () => 1);
  return [
    {
      name: 'sharding_indexed',
      configuration: {
        chunk_shape: [...lead, ...codec.chunk],
        codecs: [bytesCodec(dtype), ...compressor(codec.codec)],
        index_codecs: [{ name: 'bytes', configuration: { endian: 'little' } }, { name: 'crc32c' }],
        index_location: 'end',
      },
    },
  ];
}

function bytesCodec(dtype: ZarrType): Json {
  return dtype !== 'int64' && bytesOf(dtype) === 1
    ? { name: 'bytes' }
    : { name: 'bytes', configuration: { endian: 'little' } };
}

function compressor(codec: Codec): Json[] {
  switch (codec.name) {
    case 'blosc': {
      const { typesize, cname, clevel, shuffle, blocksize = 0 } = codec;
      return [{ name: 'blosc', configuration: { typesize, cname, clevel, shuffle, blocksize } }];
    }
    case 'gzip':
      return [{ name: 'gzip', configuration: { level: codec.level } }];
    case 'uncompressed':
      return [];
  }
}

/** https://github.com/zarr-conventions, at tag v0.1: each object is fixed by its own schema. */
const PROJ_CONVENTION = {
  uuid: 'f17cb550-5864-4468-aeb7-f3180cfb622f',
  schema_url: 'https://raw.githubusercontent.com/zarr-conventions/proj/refs/tags/v0.1/schema.json',
  spec_url: 'https://github.com/zarr-conventions/proj/blob/v0.1/README.md',
  name: 'proj',
  description: 'Coordinate reference system information for geospatial data',
};
const SPATIAL_CONVENTION = {
  uuid: '689b58e2-cf7b-45e0-9fff-9cfc0883d6b4',
  schema_url:
    'https://raw.githubusercontent.com/zarr-conventions/spatial/refs/tags/v0.1/schema.json',
  spec_url: 'https://github.com/zarr-conventions/spatial/blob/v0.1/README.md',
  name: 'spatial',
  description: 'Spatial coordinate information',
};

/** The ids of those that {@link declarationsFor} declares. */
export const PLACE_CONVENTIONS: ReadonlySet<unknown> = new Set([
  PROJ_CONVENTION.uuid,
  SPATIAL_CONVENTION.uuid,
]);

import type { Dataset, Feature, Layer, SpatialReference } from 'gdal-async';
import type { Feature as GeoJsonFeature, Geometry } from 'geojson';
import { expected, GeocubesError, InvalidInputError } from '../errors.js';
import { parseCrs } from '../grid/crs/crs.js';
import type { GeoJsonRegion } from '../grid/roi.js';
import {
  type CheckedInput,
  checkVector,
  checkVectorText,
  openChecked,
} from '../kernel/gdal/inputs/open.js';
import { loadGdal, uniqueName } from '../kernel/gdal/load.js';
import { readAtMost } from '../raster/read-at-most.js';

/** Which features of a vector file are meant. */
export interface ReadRoiOptions {
  /** Which features: the WHERE clause of SQL, as OGR reads it, such as `name = 'Lena' AND area > 10`. Default: all. */
  readonly where?: string | undefined;
  /** Which layer of the file. Default: its only one. */
  readonly layer?: string | undefined;
  /** Takes formats that lead to other files and services too: see {@link LocalFilesOptions.trustInputs}. */
  readonly trustInputs?: boolean | undefined;
}

/** Names standard input, as it does on the command line. */
const STDIN = '-';

/** It is kept in memory: larger regions are read from a file. */
const MAX_STDIN_BYTES = 256 * 1024 ** 2;

/**
 * A region from the features of a vector file, of any format that GDAL reads (GeoJSON, GeoPackage,
 * Shapefile, FlatGeobuf, KML, ...), in the file's own CRS.
 *
 * @param path a file, or `-` for GeoJSON from standard input
 * @returns a FeatureCollection without properties, its CRS in the member `crs`
 * @throws {InvalidInputError} when there is no such file or layer, the filter is no filter, or no feature
 * with a geometry is left.
 */
export async function readRoi(path: string, options: ReadRoiOptions = {}): Promise<GeoJsonRegion> {
  if (path === STDIN) {
    const { bytes, isCut } = await readAtMost(process.stdin, MAX_STDIN_BYTES);
    if (isCut) throw expected('at most 256 MiB', 'the region', 'more on standard input');
    if (bytes.length === 0) throw expected('GeoJSON on standard input', 'the region', 'nothing');
    const gdal = loadGdal();
    const name = uniqueName('.geojson');
    gdal.vsimem.set(bytes, name);
    try {
      const input = checkVectorText(name, bytes.toString('latin1'), 'standard input');
      return read(input, 'standard input', options);
    } finally {
      gdal.vsimem.release(name);
    }
  }
  return read(checkVector(path, 'the region', options), path, options);
}

function read(input: CheckedInput, shown: string, options: ReadRoiOptions): GeoJsonRegion {
  const dataset = openVector(input, shown);
  try {
    const layer = layerOf(dataset, shown, options.layer);
    filter(layer, options.where);
    const gdal = loadGdal();
    gdal.lastError = null;
    const features = [...geometriesOf(layer, shown)].map(
      (geometry): GeoJsonFeature => ({ type: 'Feature', properties: null, geometry }),
    );
    // Databases look at a filter when they are read, and tell of it in no other way.
    const { message } = (gdal.lastError ?? {}) as { message?: string };
    if (features.length === 0 && options.where !== undefined && message !== undefined)
      throw noFilter(layer, options.where, message);
    if (features.length === 0)
      throw expected(
        options.where === undefined
          ? 'features with a geometry'
          : `features that satisfy ${options.where}`,
        `the region in ${shown}`,
        'none',
      );
    return {
      type: 'FeatureCollection',
      features,
      crs: { type: 'name', properties: { name: crsName(layer.srs, shown) } },
    } as GeoJsonRegion;
  } catch (cause) {
    if (cause instanceof GeocubesError) throw cause;
    throw unreadable(shown, cause);
  } finally {
    dataset.close();
  }
}

function openVector(input: CheckedInput, shown: string): Dataset {
  let dataset: Dataset;
  try {
    dataset = openChecked(input, true);
  } catch (cause) {
    if (cause instanceof GeocubesError) throw cause;
    throw unreadable(shown, cause);
  }
  if (dataset.layers.count() > 0) return dataset;
  const isRaster = dataset.bands.count() > 0;
  dataset.close();
  throw expected('a vector file', 'the region', shown, isRaster ? 'It is a raster.' : undefined);
}

function unreadable(shown: string, cause: unknown): InvalidInputError {
  const reason = cause instanceof Error ? (cause.message.split('\n')[0] ?? '') : String(cause);
  return new InvalidInputError(
    `Expected a vector file that GDAL can read for the region but received "${shown}": ${reason || 'unknown content'}`,
    { cause },
  );
}

function layerOf(dataset: Dataset, shown: string, wanted: string | undefined): Layer {
  const layers = dataset.layers.map((layer) => layer);
  const [first] = layers;
  if (wanted === undefined && layers.length === 1 && first !== undefined) return first;
  const found = layers.find(({ name }) => name === wanted);
  if (found !== undefined) return found;
  const names = layers.map(({ name }) => name).join(', ');
  throw wanted === undefined
    ? expected('one layer', `the region in ${shown}`, names, 'Name one with --layer.')
    : expected(`one of the layers ${names}`, `the layer of ${shown}`, wanted);
}

function filter(layer: Layer, where: string | undefined): void {
  if (where === undefined) return;
  try {
    layer.setAttributeFilter(where);
  } catch (cause) {
    throw noFilter(layer, where, (cause as Error).message);
  }
}

function noFilter(layer: Layer, where: string, reason: string): InvalidInputError {
  const fields = layer.fields.getNames().join(', ') || 'none';
  return expected(
    `a condition on the fields of the layer (${fields})`,
    '--where',
    where,
    reason.split('\n')[0],
  );
}

function* geometriesOf(layer: Layer, shown: string): Generator<Geometry> {
  for (let feature = layer.features.first(); feature; feature = layer.features.next()) {
    const geometry = geometryOf(feature, shown);
    if (geometry !== null && !geometry.isEmpty()) yield geometry.toObject() as Geometry;
  }
}

/** The binding has no word for curves. */
function geometryOf(feature: Feature, shown: string): ReturnType<Feature['getGeometry']> {
  try {
    return feature.getGeometry();
  } catch (cause) {
    throw expected(
      'geometries without curves',
      `the region in ${shown}`,
      (cause as Error).message,
      'Straighten them with ogr2ogr -nlt CONVERT_TO_LINEAR.',
    );
  }
}

function crsName(srs: SpatialReference | null, shown: string): string {
  if (srs === null)
    throw expected('a CRS', `the region in ${shown}`, 'none', 'Assign one with ogr2ogr -a_srs.');
  const code = srs.getAuthorityName() === 'EPSG' ? [`EPSG:${srs.getAuthorityCode()}`] : [];
  for (const text of [...code, srs.toWKT(), srs.toProj4()]) {
    try {
      return parseCrs(text).name;
    } catch {
      // Newer than the register here, or of a kind that is better said in another way.
    }
  }
  throw expected(
    'a CRS that can be computed with',
    `the region in ${shown}`,
    srs.toWKT().slice(0, 80),
    'Warp it to another one with ogr2ogr -t_srs.',
  );
}

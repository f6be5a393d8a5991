import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { GeoBoxRecord } from '../../../src/grid/geobox.js';
import { loadGdal, uniqueName } from '../../../src/kernel/gdal/load.js';
import { DEFAULT_TOKEN, type LoopbackServer } from '../../../src/loopback/server.js';
import type { PixelArray } from '../../../src/raster/dtype.js';

type Node = Readonly<Record<string, unknown>>;

/** A value node of a call. */
export function call(functionName: string, args: Readonly<Record<string, Node>>): Node {
  return { functionInvocationValue: { functionName, arguments: args } };
}

export function constant(value: unknown): Node {
  return { constantValue: value };
}

export function expression(result: Node): object {
  return { result: '0', values: { 0: result } };
}

export const TCVIS = 'projects/ee-ingmarnitze/assets/TCTrend_SR_2005-2024_TCVIS';

export function mosaicOf(id: string): Node {
  return call('ImageCollection.mosaic', {
    collection: call('ImageCollection.load', { id: constant(id) }),
  });
}

/** The bands of `image`, and after them one that is 1 where the first of them is valid. */
export function withMask(image: Node): Node {
  const first = call('Image.select', { input: image, bandSelectors: constant([0]) });
  const mask = call('Image.gt', {
    image1: call('Image.mask', { image: first }),
    image2: constant(0),
  });
  return call('Image.addBands', {
    dstImg: image,
    srcImg: call('Image.rename', { input: mask, names: constant(['valid']) }),
  });
}

/** The pixel size of the TCVIS cube, in degrees. */
export const RESOLUTION = 0.00026949458523585647;

/** A window of the TCVIS grid; its north-west corner is the grid's corner nearest to (lon, lat). */
export function windowAt(
  lon: number,
  lat: number,
  width: number,
  height = width,
  step = 1,
): GeoBoxRecord {
  const x = Math.round(lon / RESOLUTION) * RESOLUTION;
  const y = Math.round(lat / RESOLUTION) * RESOLUTION;
  return {
    crs: 'EPSG:4326',
    shape: [height, width],
    affine: [RESOLUTION * step, 0, x, 0, -RESOLUTION * step, y],
  };
}

export function toPixelGrid({ crs, shape: [height, width], affine }: GeoBoxRecord): object {
  const [scaleX, shearX, translateX, shearY, scaleY, translateY] = affine;
  return {
    dimensions: { width, height },
    affineTransform: { scaleX, shearX, translateX, shearY, scaleY, translateY },
    crsCode: crs,
  };
}

export function pixelBody(result: Node, geobox: GeoBoxRecord): object {
  return {
    expression: expression(result),
    fileFormat: 'GEO_TIFF',
    grid: toPixelGrid(geobox),
  };
}

export function post(
  server: LoopbackServer,
  path: string,
  body: unknown,
  token = DEFAULT_TOKEN,
): Promise<Response> {
  return fetch(`${server.url}/v1/${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}` },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
}

export const COMPUTE = 'projects/demo/image:computePixels';

/** The message of an error reply, after a look at its shape. */
export async function messageOf(response: Response, status: number): Promise<string> {
  const { error } = (await response.json()) as { error: { code: number; message: string } };
  if (response.status !== status || error.code !== status) {
    throw new Error(`Expected status ${status} but received ${response.status}: ${error.message}`);
  }
  return error.message;
}

export interface Tiff {
  readonly bands: readonly PixelArray[];
  readonly types: readonly (string | null)[];
  readonly geoTransform: readonly number[];
  readonly wkt: string;
}

export function readTiff(bytes: Uint8Array): Tiff {
  const gdal = loadGdal();
  const name = uniqueName('.tif');
  const buffer = Buffer.from(bytes);
  gdal.vsimem.set(buffer, name);
  const dataset = gdal.open(name);
  try {
    const { x, y } = dataset.rasterSize;
    return {
      bands: dataset.bands.map((band) => band.pixels.read(0, 0, x, y) as PixelArray),
      types: dataset.bands.map((band) => band.dataType),
      geoTransform: dataset.geoTransform ?? [],
      wkt: dataset.srs?.toWKT() ?? '',
    };
  } finally {
    dataset.close();
    gdal.vsimem.release(name);
  }
}

/** @throws with the service's message when the reply is an error. */
export async function fetchTiff(server: LoopbackServer, body: unknown): Promise<Tiff> {
  const response = await post(server, COMPUTE, body);
  if (!response.ok) throw new Error(await response.text());
  return readTiff(new Uint8Array(await response.arrayBuffer()));
}

/** Real rasters beside the project; absent in a user's own checkout. */
export const DATA = resolve(import.meta.dirname, '../../../../shared/data');

/** A reason to skip the tests that need {@link DATA}, except in CI, where they must run. */
export const LACKS_DATA = !existsSync(DATA) && process.env.CI !== 'true';

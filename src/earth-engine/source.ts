import { type Dataset, fillValueOf } from '../dataset/dataset.js';
import { EarthEngineError } from '../errors.js';
import { parseCrs } from '../grid/crs.js';
import { isFloat } from '../raster/dtype.js';
import type {
  FetchedPart,
  FetchedTile,
  MaskTransport,
  PixelRequest,
  PlannedTile,
  TileSource,
} from '../tile.js';
import { assetName } from './asset-name.js';
import { EarthEngineClient, type OnRetry } from './client.js';
import type { Credentials } from './credentials.js';
import { type Expression, requestExpression } from './expression.js';
import { Limiter } from './limiter.js';
import { planRequests } from './plan-requests.js';

export interface EarthEngineOptions {
  /** Base URL; {@link STANDARD_ENDPOINT} or {@link HIGH_VOLUME_ENDPOINT}. */
  readonly endpoint: string;
  readonly credentials: Credentials;
  /** Requests in flight at a time. The service's default quota is 40 for a project. */
  readonly concurrency?: number;
  readonly onRetry?: OnRetry;
}

export const DEFAULT_CONCURRENCY = 20;

/** The lowest float32, exact in both float types and far outside any data. */
const FLOAT_SENTINEL = -3.4028234663852886e38;

/** How a dataset's masks travel: in the pixels where the type has a code to spare, else as bits. */
export function maskTransportOf(dataset: Pick<Dataset, 'dtype' | 'nodata'>): MaskTransport {
  if (isFloat(dataset.dtype)) return { kind: 'sentinel', value: FLOAT_SENTINEL };
  return dataset.nodata === undefined
    ? { kind: 'bits' }
    : { kind: 'sentinel', value: fillValueOf(dataset) };
}

/** Earth Engine as a source of tiles. */
export function earthEngineSource(dataset: Dataset, options: EarthEngineOptions): TileSource {
  const concurrency = options.concurrency ?? DEFAULT_CONCURRENCY;
  const client = new EarthEngineClient(options.endpoint, options.credentials, concurrency);
  const limiter = new Limiter(concurrency);
  const mask = maskTransportOf(dataset);
  const expressions = new Map<string, Expression>();

  const expressionFor = (bands: readonly number[]): Expression => {
    const key = bands.join(' ');
    const known = expressions.get(key) ?? requestExpression(dataset, bands, mask);
    expressions.set(key, known);
    return known;
  };

  const fetchPart = async (
    request: PixelRequest,
    signal: AbortSignal | undefined,
  ): Promise<FetchedPart> => {
    const body = {
      expression: expressionFor(request.bands),
      fileFormat: 'GEO_TIFF',
      grid: gridOf(request),
    };
    const path = `/v1/projects/${client.project}/image:computePixels`;
    const { bytes, contentType } = await client.send('POST', path, body, signal, options.onRetry);
    if (!looksLikeTiff(bytes)) {
      throw new EarthEngineError(
        'transient',
        `Expected a GeoTIFF for the pixels but received ${bytes.length} bytes of ${contentType || 'no type'}.`,
      );
    }
    return { request, bytes };
  };

  return {
    mask,
    planRequests: (geobox) =>
      planRequests(geobox, { bands: dataset.bands.length, dtype: dataset.dtype, mask }),
    async check(signal) {
      if (dataset.source.kind === 'expression') return;
      await client.send('GET', `/v1/${assetName(dataset.source.id)}`, undefined, signal);
    },
    async fetch(tile: PlannedTile, signal): Promise<FetchedTile> {
      const parts = await Promise.all(
        tile.requests.map((request) => limiter.run(() => fetchPart(request, signal))),
      );
      return { state: 'fetched', id: tile.id, index: tile.index, geobox: tile.geobox, parts };
    },
    close: () => client.close(),
  };
}

/** The full explicit grid: with anything less the service would choose a part of it. */
function gridOf({ geobox: { crs, shape, affine } }: PixelRequest) {
  const [height, width] = shape;
  const [scaleX, shearX, translateX, shearY, scaleY, translateY] = affine;
  const parsed = parseCrs(crs);
  return {
    dimensions: { width, height },
    affineTransform: { scaleX, shearX, translateX, shearY, scaleY, translateY },
    ...(parsed.epsg === undefined ? { crsWkt: parsed.wkt } : { crsCode: `EPSG:${parsed.epsg}` }),
  };
}

/** `II*\0` or `MM\0*`, and the same of BigTIFF. */
function looksLikeTiff(bytes: Uint8Array): boolean {
  const [a, b, c, d] = bytes;
  return (
    (a === 0x49 && b === 0x49 && (c === 42 || c === 43) && d === 0) ||
    (a === 0x4d && b === 0x4d && c === 0 && (d === 42 || d === 43))
  );
}

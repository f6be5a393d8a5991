/**
 * Planned tiles come in, fetched ones go out: the bytes of each request's GeoTIFF, checked and whole, in memory that
 * is lent. Next on a tile's way: `pool/pool.ts`. (Files on disk are another source: `local/source.ts`.)
 */
import { setMaxListeners } from 'node:events';
import { type TypeGroup, typeGroups } from '../dataset/band-types.js';
import { type Dataset, fillValueOf, RESAMPLING_RADII } from '../dataset/dataset.js';
import { originOf } from '../dataset/origin.js';
import type { TimeSpan } from '../dataset/period.js';
import { AbortedError, EarthEngineError, toRecord } from '../errors.js';
import { parseCrs, wkt1Of } from '../grid/crs/crs.js';
import { GeoBox } from '../grid/geobox.js';
import { requestGeoBox, requestRatio } from '../grid/onto/request-grid.js';
import { isFloat, workTypeOf } from '../raster/dtype.js';
import { LentMemory } from '../raster/lent-memory.js';
import type {
  FetchContext,
  FetchedPart,
  FetchedTile,
  MaskTransport,
  PixelRequest,
  PlannedTile,
  TileSource,
} from '../tile.js';
import { AdaptiveLimiter } from './adaptive-limiter.js';
import { assetName } from './asset-name.js';
import { listUpdates, updatedAtOf } from './assets/updates.js';
import { checkMetadata, checkReply } from './check-reply.js';
import { EarthEngineClient, type RetryOptions } from './client.js';
import type { Credentials } from './credentials.js';
import { assetIdOf, type Expression, requestExpression } from './expressions/expression.js';
import { maxReplyBytes, planRequests, type RequestShape, replyBands } from './plan-requests.js';
import { withoutImages } from './replies/without-images.js';
import { splitRequest } from './split-request.js';

export interface EarthEngineOptions {
  /** Base URL; {@link STANDARD_ENDPOINT} or {@link HIGH_VOLUME_ENDPOINT}. */
  readonly endpoint: string;
  readonly credentials: Credentials;
  /** The project's limiter; share one among all sources that use the project. Default: a new one. */
  readonly limiter?: AdaptiveLimiter | undefined;
  readonly retry?: RetryOptions | undefined;
  /** Goes with each request for pixels, into the service's accounting. */
  readonly workloadTag?: string | undefined;
}

/** The lowest float32, exact in both float types and far outside any data. */
const FLOAT_SENTINEL = -3.4028234663852886e38;

/** How a dataset's masks travel: in the pixels where the type has a code to spare, else as bits. */
export function maskTransportOf(dataset: Pick<Dataset, 'dtype' | 'nodata'>): MaskTransport {
  if (isFloat(dataset.dtype)) return { kind: 'sentinel', value: FLOAT_SENTINEL };
  return dataset.nodata === undefined
    ? { kind: 'bits' }
    : { kind: 'sentinel', value: fillValueOf(dataset) };
}

/** What Earth Engine would be asked for: arithmetic, without credentials and without asking. */
export type RequestPlanner = Pick<TileSource, 'mask' | 'maskOf' | 'planRequests' | 'requestGeobox'>;

export function earthEnginePlanner(dataset: Dataset): RequestPlanner {
  const kinds = kindsOf(dataset);
  const [{ shape }] = kinds;
  return {
    mask: shape.mask,
    ...(kinds.length === 1 ? {} : { maskOf: (band) => kindOf(kinds, [band]).shape.mask }),
    planRequests: (geobox) =>
      kinds.flatMap((kind) =>
        planRequests(geobox, kind.shape).map((request) => ({
          ...request,
          bands: request.bands.map((at) => kind.bands[at] ?? at),
        })),
      ),
    ...requestGridOf(dataset),
  };
}

/** Bands of one type, which come in requests of their own: a GeoTIFF has one type, and the service widens to it. */
interface RequestKind extends TypeGroup {
  readonly shape: RequestShape;
}

type RequestKinds = readonly [RequestKind, ...RequestKind[]];

function kindsOf(dataset: Dataset): RequestKinds {
  return typeGroups(dataset).map((group) => ({
    ...group,
    shape: {
      bands: group.bands.length,
      dtype: workTypeOf(group.dataset.dtype),
      mask: maskTransportOf(group.dataset),
    },
  })) as [RequestKind, ...RequestKind[]];
}

/** What a request is for, all of whose bands are of one type. */
function kindOf(kinds: RequestKinds, [band = 0]: readonly number[]): RequestKind {
  return kinds.find(({ bands }) => bands.includes(band)) ?? kinds[0];
}

/** Earth Engine as a source of tiles. */
export function earthEngineSource(dataset: Dataset, options: EarthEngineOptions): TileSource {
  const client = new EarthEngineClient(
    options.endpoint,
    options.credentials,
    options.limiter ?? new AdaptiveLimiter(),
    options.retry,
  );
  const pixels = new PixelFetcher(client, dataset, kindsOf(dataset), options.workloadTag);
  let updatedAt: number | undefined;
  return {
    ...earthEnginePlanner(dataset),
    origin: originOf(dataset.source),
    async check(signal) {
      const asset = assetIdOf(dataset.source);
      if (asset === undefined) {
        // There is no asset to ask for; credentials that do not work still show at once.
        await options.credentials.headers();
        return;
      }
      const { bytes } = await client.send({
        method: 'GET',
        path: `/v1/${assetName(asset)}`,
        signal,
        check: checkMetadata,
      });
      updatedAt = updatedAtOf(bytes);
    },
    updatedAt: () => updatedAt,
    fetch: (tile, context = {}) => pixels.fetchTile(tile, context),
    async updates(time, signal) {
      const all = await listUpdates(client, dataset.source, time, signal);
      const whole = all.find(({ isWhole }) => isWhole);
      if (whole !== undefined && Number.isFinite(whole.updatedAt)) updatedAt = whole.updatedAt;
      return all;
    },
    release: (tile) => pixels.release(tile.parts),
    close: () => client.close(),
  };
}

function requestGridOf({
  requestGrid,
  processing,
  grid,
}: Dataset): Pick<TileSource, 'requestGeobox'> {
  if (requestGrid === undefined) return {};
  // Of what a pixel covers, the corners are half a pixel away; one more is at hand.
  const radius = Math.max(RESAMPLING_RADII[processing.resampling], 1);
  const ratio = requestRatio(GeoBox.fromRecord(grid.geobox), requestGrid);
  return {
    requestGeobox: (tile) =>
      requestGeoBox(GeoBox.fromRecord(tile), requestGrid, radius, ratio).toRecord(),
  };
}

/** What is known of requests of one size. */
interface SizeRecord {
  passed: number;
  refused: number;
}

/** What one tile's requests share. */
interface PartContext {
  readonly time: TimeSpan | undefined;
  readonly onEvent: FetchContext['onEvent'];
  readonly signal: AbortSignal;
  /** Parts that have come so far. */
  readonly arrived: FetchedPart[];
}

/** Expressions kept: one for each group of bands and time step, of which only the last steps are needed again. */
const MAX_EXPRESSIONS = 1024;

class PixelFetcher {
  readonly #memory = new LentMemory();
  readonly #expressions = new Map<string, Expression>();
  /** By uncompressed bytes: sizes that never passed are cut without asking again. */
  readonly #sizes = new Map<number, SizeRecord>();
  /** By the start of the time step: what need not be asked for a second time. */
  readonly #withoutImages = new Map<number | undefined, EarthEngineError>();

  constructor(
    private readonly client: EarthEngineClient,
    private readonly dataset: Dataset,
    private readonly kinds: RequestKinds,
    private readonly workloadTag: string | undefined,
  ) {}

  async fetchTile(tile: PlannedTile, { signal, onEvent }: FetchContext): Promise<FetchedTile> {
    const { id, index, geobox, requestGeobox, requests, time } = tile;
    const known = this.#withoutImages.get(time?.start);
    if (known !== undefined) throw known;
    // When one part fails for good, the others are of no use.
    const siblings = new AbortController();
    const stop =
      signal === undefined ? siblings.signal : AbortSignal.any([signal, siblings.signal]);
    // Each request waits with a listener of its own: Node would warn of a leak from the eleventh on.
    setMaxListeners(0, stop);
    const context: PartContext = { onEvent, time, signal: stop, arrived: [] };
    try {
      const parts = await Promise.all(
        requests.map((request) => this.#fetchParts(request, context)),
      );
      return {
        state: 'fetched',
        id,
        index,
        geobox,
        ...(requestGeobox === undefined ? {} : { requestGeobox }),
        parts: parts.flat(),
      };
    } catch (error) {
      siblings.abort();
      this.release(context.arrived);
      throw signal?.aborted
        ? new AbortedError('The tile was stopped.')
        : this.#explain(error, time);
    }
  }

  release(parts: readonly FetchedPart[]): void {
    for (const { bytes } of parts) this.#memory.giveBack(bytes);
  }

  /**
   * A mosaic of no images has no bands, which is all that the service says of it. So has an expression without a time
   * for other reasons, which stay the service's own.
   */
  #explain(error: unknown, time: TimeSpan | undefined): unknown {
    if (!(error instanceof EarthEngineError) || error.reason !== 'no-bands') return error;
    const { source } = this.dataset;
    if (time === undefined && source.kind !== 'collection') return error;
    const explained = withoutImages(source, time, error);
    this.#withoutImages.set(time?.start, explained);
    return explained;
  }

  /** One request's pixels, in as many pieces as the service can bear. */
  async #fetchParts(request: PixelRequest, context: PartContext): Promise<FetchedPart[]> {
    const size = this.#sizes.get(request.bytes) ?? { passed: 0, refused: 0 };
    this.#sizes.set(request.bytes, size);
    if (size.refused > 1 && size.passed === 0) {
      const halves = splitRequest(request, kindOf(this.kinds, request.bands).shape);
      if (halves !== undefined) return this.#fetchBoth(halves, context);
    }
    try {
      const part = await this.#fetchPart(request, context);
      size.passed++;
      return [part];
    } catch (error) {
      if (!(error instanceof EarthEngineError && error.kind === 'too-large')) throw error;
      const halves = splitRequest(request, kindOf(this.kinds, request.bands).shape);
      if (halves === undefined) throw error;
      size.refused++;
      context.onEvent?.({
        type: 'split',
        error: toRecord(error),
        window: request.window,
        bands: request.bands.length,
      });
      return this.#fetchBoth(halves, context);
    }
  }

  async #fetchBoth(halves: readonly PixelRequest[], context: PartContext): Promise<FetchedPart[]> {
    return (await Promise.all(halves.map((half) => this.#fetchParts(half, context)))).flat();
  }

  async #fetchPart(
    request: PixelRequest,
    { signal, onEvent, time, arrived }: PartContext,
  ): Promise<FetchedPart> {
    const { client, workloadTag } = this;
    const { shape } = kindOf(this.kinds, request.bands);
    const started = performance.now();
    const { bytes } = await client.send({
      method: 'POST',
      path: `/v1/projects/${client.project}/image:computePixels`,
      body: {
        expression: this.#expressionFor(request.bands, time),
        fileFormat: 'GEO_TIFF',
        grid: gridOf(request),
        ...(workloadTag === undefined ? {} : { workloadTag }),
      },
      signal,
      onEvent,
      memory: this.#memory,
      maxBytes: maxReplyBytes(request),
      check: (reply) =>
        checkReply(reply, {
          request,
          bands: replyBands(request.bands.length, shape.mask),
          dtype: shape.dtype,
        }),
    });
    onEvent?.({ type: 'request', bytes: bytes.byteLength, ms: performance.now() - started });
    const part = { request, bytes };
    // Too late: the tile has failed, and what had come of it has been given back.
    if (signal.aborted) {
      this.release([part]);
      throw new AbortedError('The tile was stopped.');
    }
    arrived.push(part);
    return part;
  }

  #expressionFor(bands: readonly number[], time: TimeSpan | undefined): Expression {
    const key = `${time?.start} ${bands.join(' ')}`;
    const { dataset, shape } = kindOf(this.kinds, bands);
    const known = this.#expressions.get(key) ?? requestExpression(dataset, bands, shape.mask, time);
    if (this.#expressions.size >= MAX_EXPRESSIONS) this.#expressions.clear();
    this.#expressions.set(key, known);
    return known;
  }
}

/** The full explicit grid: with anything less the service would choose a part of it. */
export function gridOf({ geobox: { crs, shape, affine } }: Pick<PixelRequest, 'geobox'>) {
  const [height, width] = shape;
  const [scaleX, shearX, translateX, shearY, scaleY, translateY] = affine;
  const parsed = parseCrs(crs);
  return {
    dimensions: { width, height },
    affineTransform: { scaleX, shearX, translateX, shearY, scaleY, translateY },
    ...(parsed.epsg === undefined
      ? { crsWkt: wkt1Of(parsed) }
      : { crsCode: `EPSG:${parsed.epsg}` }),
  };
}

import { composeDataset, type DatasetWishes } from '../../dataset/choose/compose.js';
import { nearNames } from '../../dataset/choose/near.js';
import { geographicBounds } from '../../dataset/choose/place.js';
import { PUBLISHED_IDS } from '../../dataset/choose/published/assets.js';
import { TEMPLATE_NAMES, templateOf } from '../../dataset/choose/templates.js';
import { spanOfEntry, timeEntryOf } from '../../dataset/choose/time-words.js';
import type { DatasetFile } from '../../dataset/file/dataset-file.js';
import { parseDataset } from '../../dataset/parse.js';
import { AdaptiveLimiter } from '../../earth-engine/adaptive-limiter.js';
import { describeAsset, type Sample } from '../../earth-engine/assets/describe.js';
import {
  EarthEngineClient,
  HIGH_VOLUME_ENDPOINT,
  normaliseEndpoint,
} from '../../earth-engine/client.js';
import { findCredentials } from '../../earth-engine/credentials.js';
import { MAX_REQUEST_BYTES } from '../../earth-engine/limits.js';
import type { EarthEngineAccountOptions } from '../sources/earth-engine.js';

/** What a dataset is to be like, all of it optional but a region of a collection, and the account to ask with. */
export interface DescribeDatasetOptions
  extends EarthEngineAccountOptions,
    Omit<DatasetWishes, 'note'> {
  readonly signal?: AbortSignal | undefined;
}

/**
 * A dataset file for an asset of Earth Engine, which is asked for it with two small requests:
 *
 * ```ts
 * const file = await describeDataset('COPERNICUS/S2_SR_HARMONIZED', {
 *   region: parseBoundingBox('126.5,72.3,126.6,72.35'),
 *   bands: ['B4', 'B3', 'B2'], time: '2024', step: '1 month', mask: 's2-scl', reduce: 'median',
 * });
 * const cube = await Cube.create('cubes/s2', parseDataset(file), { pool });
 * ```
 *
 * What is not asked for is chosen, and `notes` of the file says what and why: the dtype is the smallest that holds
 * what bands and recipe can give, `nodata` a code that is none of these values, the CRS the UTM zone of the region
 * (polar stereographic beyond 84 N and 80 S; the source's own where its pixels have more than a kilometre or the
 * region is wider than a zone), the resolution that of the finest band, the chunk one request.
 *
 * @param asset an id such as `COPERNICUS/DEM/GLO30`, or the name of a template such as `sentinel2-monthly`, whose
 * fields `options` may say otherwise
 * @throws {InvalidInputError} for an asset or a band that is not there, with names near it; for tables, collections
 * without images in that time and region, and whatever makes no dataset.
 * @throws {EarthEngineError} where the service cannot be asked, or may not be.
 */
export async function describeDataset(
  asset: string,
  options: DescribeDatasetOptions = {},
): Promise<DatasetFile> {
  const { endpoint: given, signal, ...rest } = options;
  const { project, token, tokenCommand, keyFile, insecureHttp, scopes, ...wanted } = rest;
  const account = { project, token, tokenCommand, keyFile, insecureHttp, scopes };
  const { asset: id = asset, ...template } = templateOf(asset) ?? {};
  const wishes: DatasetWishes = { ...template, ...withoutUndefined(wanted) };
  const sample = sampleOf(wishes, signal);
  const endpoint = normaliseEndpoint(given ?? HIGH_VOLUME_ENDPOINT);
  const credentials = await findCredentials({ ...account, endpoint });
  const client = new EarthEngineClient(endpoint, credentials, new AdaptiveLimiter());
  try {
    const described = await describeAsset(client, id, sample, (names) => nearText(id, names));
    const file = composeDataset(described, wishes, MAX_REQUEST_BYTES);
    // Whatever else is wrong with it is told here, by the names of its fields.
    parseDataset(file);
    return file;
  } finally {
    await client.close();
  }
}

/** A value that is `undefined` asks for nothing, and leaves what a template has. */
function withoutUndefined(wishes: DatasetWishes): DatasetWishes {
  return Object.fromEntries(Object.entries(wishes).filter(([, value]) => value !== undefined));
}

function nearText(id: string, beside: readonly string[]): string | undefined {
  const near = nearNames(id, [...beside, ...PUBLISHED_IDS, ...TEMPLATE_NAMES]);
  return near.length === 0 ? undefined : `Near it: ${near.join(', ')}.`;
}

/** Which images show what the dataset's will be like. */
function sampleOf(
  { region, like, time, step }: DatasetWishes,
  signal: AbortSignal | undefined,
): Sample {
  const place = like ?? region;
  const bounds = place === undefined ? undefined : geographicBounds(place);
  const isNarrow = bounds !== undefined && bounds.east <= 180 && bounds.east - bounds.west < 180;
  return {
    ...(isNarrow ? { bounds: [bounds.west, bounds.south, bounds.east, bounds.north] } : {}),
    ...(time === undefined ? {} : { time: spanOfEntry(timeEntryOf(time, step)) }),
    signal,
  };
}

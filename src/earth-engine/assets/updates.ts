/** When the assets of a dataset's source were changed last, as the service lists them. */
import type { Source } from '../../dataset/dataset.js';
import type { TimeSpan } from '../../dataset/period.js';
import { EarthEngineError, expected } from '../../errors.js';
import type { SourceUpdate } from '../../tile.js';
import { assetName } from '../asset-name.js';
import { checkMetadata } from '../check-reply.js';
import type { EarthEngineClient } from '../client.js';

/** The service's own greatest. */
const PAGE_SIZE = 1000;

/** As much of an asset as is read here (https://developers.google.com/earth-engine/reference/rest/v1/projects.assets). */
interface ListedAsset {
  readonly updateTime?: unknown;
  readonly startTime?: unknown;
  readonly geometry?: unknown;
}

/**
 * Of an image itself; of a collection the images that begin in a time, or all of them.
 *
 * @throws {InvalidInputError} for other sources: what an expression is made of is not looked for in it.
 * @throws {EarthEngineError} also where a listing is not what the service documents.
 */
export async function listUpdates(
  client: EarthEngineClient,
  source: Source,
  time: TimeSpan | undefined,
  signal?: AbortSignal,
): Promise<SourceUpdate[]> {
  const get = async (path: string): Promise<Readonly<Record<string, unknown>>> => {
    const { bytes } = await client.send({
      ...{ method: 'GET', path, check: checkMetadata },
      ...(signal === undefined ? {} : { signal }),
    });
    return JSON.parse(Buffer.from(bytes).toString('utf8')) as Record<string, unknown>;
  };
  switch (source.kind) {
    case 'image':
      return [{ ...updateOf(await get(`/v1/${assetName(source.id)}`)), isWhole: true }];
    case 'collection':
      return (await listImages(source.id, time, get)).map(updateOf);
    default:
      throw expected(
        'a collection or an image',
        'the source whose changes are looked for',
        source.kind,
        'Refresh without looking for changes.',
      );
  }
}

async function listImages(
  id: string,
  time: TimeSpan | undefined,
  get: (path: string) => Promise<Readonly<Record<string, unknown>>>,
): Promise<ListedAsset[]> {
  const images: ListedAsset[] = [];
  let page: unknown;
  do {
    const query = new URLSearchParams({ pageSize: `${PAGE_SIZE}`, view: 'BASIC' });
    if (time !== undefined) {
      query.set('startTime', new Date(time.start).toISOString());
      query.set('endTime', new Date(time.end).toISOString());
    }
    if (page !== undefined) query.set('pageToken', String(page));
    const reply = await get(`/v1/${assetName(id)}:listImages?${query}`);
    const listed = reply.images ?? [];
    if (!Array.isArray(listed))
      throw new EarthEngineError(
        'wrong-reply',
        `Expected a list of images of ${id} but received ${typeof listed}.`,
      );
    for (const image of listed as ListedAsset[]) if (beginsIn(image, time)) images.push(image);
    page = reply.nextPageToken || undefined;
  } while (page !== undefined);
  return images;
}

/** The service may list an image that reaches into the time, which is of an earlier step. */
function beginsIn({ startTime }: ListedAsset, time: TimeSpan | undefined): boolean {
  const start = Date.parse(String(startTime));
  return time === undefined || Number.isNaN(start) || (start >= time.start && start < time.end);
}

/** When the asset in the body of a reply was changed; `undefined` where it does not tell. */
export function updatedAtOf(bytes: Uint8Array): number | undefined {
  const { updateTime } = JSON.parse(Buffer.from(bytes).toString('utf8')) as ListedAsset;
  const updatedAt = Date.parse(String(updateTime));
  return Number.isNaN(updatedAt) ? undefined : updatedAt;
}

/** What does not tell when it was changed may have been at any time. */
function updateOf({ updateTime, geometry }: ListedAsset): SourceUpdate {
  const updatedAt = Date.parse(String(updateTime));
  const bounds = boundsOf(geometry);
  return {
    updatedAt: Number.isNaN(updatedAt) ? Number.POSITIVE_INFINITY : updatedAt,
    ...(bounds === undefined ? {} : { bounds }),
  };
}

/** Degrees added at least: footprints are simplified. */
const LEAST_MARGIN = 0.1;

/**
 * What holds a footprint for sure: edges are geodesics, which go further than their ends, and a footprint around a pole
 * has no corner there. Half of the longer side is more than either adds.
 *
 * @returns west, south, east, north; `undefined` where it is not known, or goes on beyond the antimeridian.
 */
function boundsOf(geometry: unknown): SourceUpdate['bounds'] {
  let [west, south, east, north] = [Infinity, Infinity, -Infinity, -Infinity];
  const walk = (value: unknown): void => {
    if (!Array.isArray(value)) return;
    if (typeof value[0] !== 'number') {
      for (const each of value) walk(each);
      return;
    }
    const [x, y] = value as [number, number];
    west = Math.min(west, x);
    east = Math.max(east, x);
    south = Math.min(south, y);
    north = Math.max(north, y);
  };
  walk((geometry as { coordinates?: unknown } | undefined)?.coordinates);
  if (!(west >= -180 && east <= 180 && south >= -90 && north <= 90)) return undefined;
  const margin = Math.max(LEAST_MARGIN, (east - west) / 2, (north - south) / 2);
  return [west - margin, south - margin, east + margin, north + margin];
}

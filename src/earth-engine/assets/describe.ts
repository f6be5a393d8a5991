/** What an asset is, by what the service says of it: kind, bands, their types and grids, dates. */
import type { SourceAsset, SourceBand } from '../../dataset/choose/source-asset.js';
import type { PixelDataType } from '../../dataset/choose/values.js';
import type { TimeSpan } from '../../dataset/period.js';
import { EarthEngineError, expected } from '../../errors.js';
import { assetName } from '../asset-name.js';
import { checkMetadata } from '../check-reply.js';
import type { EarthEngineClient } from '../client.js';
import { imagesIn } from '../expressions/expression.js';
import { call, constant } from '../expressions/nodes.js';
import { readBand, readImage, wordsOf } from './read-asset.js';

/** Which of a collection's images are looked at. */
export interface Sample {
  readonly time?: TimeSpan | undefined;
  /** West, south, east, north in degrees. */
  readonly bounds?: readonly [number, number, number, number] | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Enough to see that images differ, and no long reply. */
const IMAGES = 5;

/**
 * Asks with two requests that compute nothing: for the asset, and for a few images of a collection. Who may not list
 * images has the first one computed.
 *
 * @throws {InvalidInputError} for what has no pixels, a collection without images there, or an asset that is not
 * there, with the names of those that lie beside it.
 * @throws {EarthEngineError}
 */
export async function describeAsset(
  client: EarthEngineClient,
  id: string,
  sample: Sample = {},
  onMissing: (names: readonly string[]) => string | undefined = () => undefined,
): Promise<SourceAsset> {
  const ask = new Asking(client, sample.signal);
  const asset = await ask.get(`/v1/${assetName(id)}`).catch(async (error: unknown) => {
    if (!(error instanceof EarthEngineError && error.kind === 'not-found')) throw error;
    const names = await ask.beside(id);
    throw expected(
      'an asset that is there and may be read',
      'the asset',
      id,
      onMissing(names) ?? 'The catalogue of Earth Engine has the ids.',
    );
  });
  const properties = (asset.properties ?? {}) as Readonly<Record<string, unknown>>;
  const head = { id, title: wordsOf(asset.title) ?? wordsOf(properties.title), ...dates(asset) };
  switch (asset.type) {
    case 'IMAGE':
      return { ...head, kind: 'image', ...united([readImage(asset)]), images: [] };
    case 'IMAGE_COLLECTION': {
      const { images, among } = await ask.images(id, sample);
      if (images.length === 0) throw empty(id, among, head);
      return {
        ...head,
        kind: 'collection',
        ...united(images.map(({ bands }) => bands)),
        images: images.map(({ name }) => name),
      };
    }
    default:
      throw expected(
        'an image or a collection of images',
        'the asset',
        `${id}, a ${String(asset.type ?? 'thing without a type').toLowerCase()}`,
        asset.type === 'TABLE' ? 'Features have no pixels.' : undefined,
      );
  }
}

function dates({ startTime, endTime, properties }: Readonly<Record<string, unknown>>): {
  start?: number;
  end?: number;
} {
  const { date_range: range } = (properties ?? {}) as { date_range?: unknown };
  const [from, to] = Array.isArray(range) ? range : [];
  const timeOf = (text: unknown, number: unknown) => {
    const time = typeof text === 'string' ? Date.parse(text) : Number(number ?? Number.NaN);
    return Number.isFinite(time) ? time : undefined;
  };
  const [start, end] = [timeOf(startTime, from), timeOf(endTime, to)];
  return { ...(start === undefined ? {} : { start }), ...(end === undefined ? {} : { end }) };
}

function empty(id: string, { time, bounds }: Sample, { start }: { start?: number }) {
  const where = [
    ...(time === undefined ? [] : ['in that time']),
    ...(bounds === undefined ? [] : ['in that region']),
  ].join(' and ');
  const since =
    start === undefined ? '' : ` It begins on ${new Date(start).toISOString().slice(0, 10)}.`;
  return expected(
    `images${where === '' ? '' : ` ${where}`}`,
    `the collection ${id}`,
    'none',
    where === '' ? 'It is empty.' : `Choose others.${since}`,
  );
}

/** The bands of all images, with types that hold those of each. */
function united(images: readonly (readonly SourceBand[])[]): {
  readonly bands: readonly SourceBand[];
  readonly differing: readonly string[];
} {
  const bands = new Map<string, SourceBand>();
  const counts = new Map<string, number>();
  const differing = new Set<string>();
  for (const band of images.flat()) {
    const known = bands.get(band.name);
    counts.set(band.name, (counts.get(band.name) ?? 0) + 1);
    if (known === undefined) {
      bands.set(band.name, band);
      continue;
    }
    if (JSON.stringify(known.type) !== JSON.stringify(band.type)) differing.add(band.name);
    bands.set(band.name, { ...known, type: unite(known.type, band.type) });
  }
  for (const [name, count] of counts) if (count < images.length) differing.add(name);
  return { bands: [...bands.values()], differing: [...differing] };
}

const PRECISIONS = ['INT', 'FLOAT', 'DOUBLE'] as const;

function unite(one: PixelDataType, other: PixelDataType): PixelDataType {
  const wider = PRECISIONS.indexOf(one.precision) < PRECISIONS.indexOf(other.precision);
  const { precision } = wider ? other : one;
  const isKnown = [one, other].every(({ min, max }) => min !== undefined && max !== undefined);
  if (!isKnown) return { precision };
  return {
    precision,
    min: Math.min(one.min as number, other.min as number),
    max: Math.max(one.max as number, other.max as number),
  };
}

interface LookedAt {
  readonly name: string;
  readonly bands: readonly SourceBand[];
}

class Asking {
  constructor(
    private readonly client: EarthEngineClient,
    private readonly signal: AbortSignal | undefined,
  ) {}

  get(path: string): Promise<Readonly<Record<string, unknown>>> {
    return this.#send({ method: 'GET', path });
  }

  async #send(
    request: Pick<Parameters<EarthEngineClient['send']>[0], 'method' | 'path' | 'body'>,
  ): Promise<Readonly<Record<string, unknown>>> {
    const { bytes } = await this.client.send({
      ...request,
      check: checkMetadata,
      signal: this.signal,
    });
    const reply: unknown = JSON.parse(Buffer.from(bytes).toString('utf8'));
    if (typeof reply === 'object' && reply !== null) return reply as Record<string, unknown>;
    throw new EarthEngineError(
      'wrong-reply',
      `Expected an object for the reply but received ${String(reply)}.`,
    );
  }

  /** `among` is what they were looked for by. */
  async images(
    id: string,
    sample: Sample,
  ): Promise<{ readonly images: readonly LookedAt[]; readonly among: Sample }> {
    try {
      const reply = await this.get(`/v1/${assetName(id)}:listImages?${queryOf(sample)}`);
      const images = Array.isArray(reply.images) ? (reply.images as Record<string, unknown>[]) : [];
      return {
        among: sample,
        images: images.map((image) => ({
          name: wordsOf(image.id) ?? wordsOf(image.name) ?? id,
          bands: readImage(image),
        })),
      };
    } catch (error) {
      if (!(error instanceof EarthEngineError && error.kind === 'permission')) throw error;
      const { time } = sample;
      const among = time === undefined ? {} : { time };
      return { among, images: await this.#firstComputed(id, among) };
    }
  }

  /** Costs a little of the quota of computations, which listing does not. */
  async #firstComputed(id: string, { time }: Sample): Promise<LookedAt[]> {
    const all = call('ImageCollection.load', { id: constant(id) });
    const expression = {
      result: '0',
      values: {
        0: call('Collection.first', { collection: time === undefined ? all : imagesIn(all, time) }),
      },
    };
    const path = `/v1/projects/${this.client.project}/value:compute`;
    const { result } = await this.#send({ method: 'POST', path, body: { expression } });
    const image = result as { id?: unknown; bands?: unknown } | null;
    const bands = Array.isArray(image?.bands) ? image.bands.map(readBand) : [];
    return image === null ? [] : [{ name: wordsOf(image?.id) ?? id, bands }];
  }

  /** Ids of what lies in the same folder, where that may be listed. */
  async beside(id: string): Promise<string[]> {
    const folder = id.slice(0, Math.max(0, id.lastIndexOf('/')));
    if (folder === '') return [];
    try {
      const { assets } = await this.get(`/v1/${assetName(folder)}:listAssets?pageSize=1000`);
      return (Array.isArray(assets) ? assets : []).flatMap(
        (each: { id?: unknown }) => wordsOf(each.id) ?? [],
      );
    } catch {
      return [];
    }
  }
}

function queryOf({ time, bounds }: Sample): URLSearchParams {
  const query = new URLSearchParams({ pageSize: `${IMAGES}`, view: 'FULL' });
  if (time !== undefined) {
    query.set('startTime', new Date(time.start).toISOString());
    query.set('endTime', new Date(time.end).toISOString());
  }
  if (bounds !== undefined) {
    const [west, south, east, north] = bounds;
    const ring = [
      [west, south],
      [east, south],
      [east, north],
      [west, north],
      [west, south],
    ];
    query.set('region', JSON.stringify({ type: 'Polygon', coordinates: [ring] }));
  }
  return query;
}

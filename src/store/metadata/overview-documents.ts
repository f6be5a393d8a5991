/**
 * The documents of a cube's reduced levels: a group for each, beside the bands, with arrays of the same names, which
 * the root's attributes list by the conventions `multiscales`, `proj` and `spatial`
 * (https://github.com/zarr-conventions). The root's arrays stay as they are, and readers of groups see no more in it
 * than before.
 */
import { isDeepStrictEqual } from 'node:util';
import { expected } from '../../errors.js';
import { toGeoTransform } from '../../grid/affine.js';
import type { GeoBox } from '../../grid/geobox.js';
import { type Codec, codecFor } from '../../raster/codec.js';
import type { CubeStore } from '../session.js';
import { numbersDocument } from '../tiles/tile-numbers.js';
import { attributesOf, lineKeys } from './array-document.js';
import { type Document, readDocument, writeDocument } from './documents.js';
import {
  axisDocument,
  declarationsFor,
  group,
  PLACE_CONVENTIONS,
  placeAttributes,
} from './zarr-metadata.js';

/** The group that the levels are in. */
export const OVERVIEWS_GROUP = 'overviews';

/** What the levels hold of each tile: an array beside the ledger, whose attributes say which levels there are. */
export const OVERVIEW_TILES_PATH = 'geocubes/overviews';

/** Field 0 is what the ledger said of the tile, field 1 when it was fetched. */
export const OVERVIEW_FIELDS = 2;

/** How a cell's value comes from its pixels, by band; kernel/region/reduce.ts computes it. */
export type BandReductions = Readonly<Record<string, 'near' | 'average' | 'mode'>>;

/** As the attributes of that array have it. */
export interface OverviewRecord {
  /** Of the rules by which values are made. */
  readonly rules: 1;
  /** Pixels of the bands along a side of one of the level's, from the finest level on. */
  readonly factors: readonly number[];
  readonly reductions: BandReductions;
}

/** One level, and where it lies. */
export interface LevelPlace {
  readonly factor: number;
  /** Of the group, in the cube. */
  readonly path: string;
  readonly geobox: GeoBox;
  readonly chunk: readonly [height: number, width: number];
}

/** What the cube says of its levels; `undefined` where it has none. */
export async function readOverviewRecord(
  store: Pick<CubeStore, 'get' | 'set'>,
): Promise<OverviewRecord | undefined> {
  const attributes = (await readDocument(store, OVERVIEW_TILES_PATH))?.attributes;
  if (attributes === undefined) return undefined;
  const { rules, factors, reductions } = attributes as Partial<OverviewRecord>;
  if (rules === 1 && Array.isArray(factors) && reductions !== undefined)
    return { rules, factors, reductions };
  throw expected(
    'overviews by rules of version 1',
    'the cube',
    `version ${String(rules)}`,
    'Update smart-geocubes-native.',
  );
}

/** Documents and chunks of levels, by key. */
export type LevelEntries = ReadonlyMap<string, Buffer>;

/**
 * Writes what of the levels' documents is not there, or is not as the bands are by now (longer axes, attributes that came
 * with the first files).
 *
 * @param coordinates chunks of the levels' x and y, by key
 */
export async function writeLevelDocuments(
  store: CubeStore,
  {
    record,
    levels,
    base,
    codec,
    coordinates,
  }: {
    readonly record: OverviewRecord;
    readonly levels: readonly LevelPlace[];
    readonly base: GeoBox;
    readonly codec: Codec;
    readonly coordinates: LevelEntries;
  },
): Promise<void> {
  const bands = Object.keys(record.reductions);
  const put = async (path: string, document: object) => {
    if (!isDeepStrictEqual(await readDocument(store, path), asJson(document)))
      await writeDocument(store, path, document);
  };
  await put(
    OVERVIEW_TILES_PATH,
    await numbersDocument(store, OVERVIEW_FIELDS, {
      long_name:
        "what the overviews hold of each tile: field 0: the ledger's byte of it by then; field 1: when it had been fetched, milliseconds since 1970-01-01 (UTC), 0 where that was not known. A tile of which either differs by now is not in the overviews as it is",
      ...record,
    }),
  );
  await put(OVERVIEWS_GROUP, group({ long_name: 'the bands at coarser resolutions' }));
  for (const level of levels) {
    await put(level.path, group(placeAttributes(level.geobox)));
    for (const name of bands) {
      const band = await readDocument(store, name);
      if (band !== undefined) await put(`${level.path}/${name}`, levelDocument(band, level));
    }
    await copyCoordinates(store, level, put);
    for (const axis of ['y', 'x'] as const)
      await put(
        `${level.path}/${axis}`,
        axisDocument(level.geobox, axis, codecFor(codec, 'float64')),
      );
  }
  for (const [key, bytes] of coordinates) {
    const known = (await store.get(key)) ?? undefined;
    if (known === undefined || !bytes.equals(known)) await store.set(key, bytes);
  }
  const root = (await readDocument(store, '')) ?? group({});
  await put('', {
    ...root,
    attributes: rootAttributes(attributesOf(root), { record, levels, base }),
  });
}

/** A level's array of a band is the band's own, of another shape; its chunks are small enough to be encoded whole. */
export function levelDocument(band: Document, { geobox, chunk }: LevelPlace): Document {
  const lead = (band.shape as number[]).slice(0, -2);
  const [codec] = band.codecs as { name: string; configuration?: { codecs?: unknown } }[];
  return {
    ...band,
    ...(codec?.name === 'sharding_indexed' ? { codecs: codec.configuration?.codecs } : {}),
    shape: [...lead, geobox.height, geobox.width],
    chunk_grid: {
      name: 'regular',
      configuration: { chunk_shape: [...lead.map(() => 1), ...chunk] },
    },
  };
}

/** Time is the root's own, and so is the CRS, whose GDAL attribute has the level's place. */
async function copyCoordinates(
  store: CubeStore,
  { path, geobox }: LevelPlace,
  put: (path: string, document: object) => Promise<void>,
): Promise<void> {
  for (const name of ['spatial_ref', 'time']) {
    const document = await readDocument(store, name);
    if (document === undefined) continue;
    const attributes: Readonly<Record<string, unknown>> = document.attributes ?? {};
    const placed: Readonly<Record<string, unknown>> =
      attributes.GeoTransform === undefined
        ? attributes
        : { ...attributes, GeoTransform: toGeoTransform(geobox.affine).join(' ') };
    await put(`${path}/${name}`, { ...document, attributes: placed });
    for (const key of await lineKeys({ store }, name)) {
      const bytes = (await store.get(key)) ?? undefined;
      const known = (await store.get(`${path}/${key}`)) ?? undefined;
      if (bytes !== undefined && (known === undefined || !Buffer.from(bytes).equals(known)))
        await store.set(`${path}/${key}`, Buffer.from(bytes));
    }
  }
}

interface Convention {
  readonly uuid?: unknown;
}

/** What the root says of its levels; nothing else of it changes. */
function rootAttributes(
  attributes: Readonly<Record<string, unknown>>,
  {
    record: { reductions },
    levels,
    base,
  }: {
    readonly record: OverviewRecord;
    readonly levels: readonly LevelPlace[];
    readonly base: GeoBox;
  },
) {
  const own: Readonly<Record<string, unknown>> = placeAttributes(base);
  const declared = (attributes.zarr_conventions ?? declarationsFor(base)) as Convention[];
  const methods = new Set(Object.values(reductions));
  const [method] = methods;
  return {
    ...own,
    ...attributes,
    zarr_conventions: [
      ...declared.filter(({ uuid }) => uuid !== MULTISCALES_CONVENTION.uuid),
      MULTISCALES_CONVENTION,
    ],
    multiscales: {
      layout: [
        {
          asset: ROOT_ASSET,
          transform: { scale: [1, 1], translation: [0, 0] },
          'spatial:shape': [base.height, base.width],
          'spatial:transform': base.affine,
        },
        ...levels.map(({ path, factor, geobox }) => ({
          asset: path,
          derived_from: ROOT_ASSET,
          transform: { scale: [factor, factor], translation: [0, 0] },
          'spatial:shape': [geobox.height, geobox.width],
          'spatial:transform': geobox.affine,
        })),
      ],
      ...(methods.size === 1 ? { resampling_method: NAMES[method ?? 'average'] } : {}),
    },
  };
}

/** Removes what {@link writeLevelDocuments} has put there. */
export function withoutMultiscales(
  attributes: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  const { multiscales, zarr_conventions: declared, ...rest } = attributes;
  if (multiscales === undefined) return attributes;
  const others = ((declared ?? []) as Convention[]).filter(
    ({ uuid }) => uuid !== MULTISCALES_CONVENTION.uuid,
  );
  // Of the place alone a cube without levels declares nothing: see placeAttributes.
  const isOfPlace = others.every(({ uuid }) => PLACE_CONVENTIONS.has(uuid));
  return isOfPlace ? rest : { ...rest, zarr_conventions: others };
}

/** The group that the convention's attributes are of. */
const ROOT_ASSET = '.';

/** As the convention has them. */
const NAMES = { near: 'nearest', average: 'average', mode: 'mode' } as const;

/** At the version that all readers of it know: each object is fixed by its own schema. */
const MULTISCALES_CONVENTION = {
  uuid: 'd35379db-88df-4056-af3a-620245f8e347',
  schema_url:
    'https://raw.githubusercontent.com/zarr-conventions/multiscales/refs/tags/v1/schema.json',
  spec_url: 'https://github.com/zarr-conventions/multiscales/blob/v1/README.md',
  name: 'multiscales',
  description: 'Multiscale layout of zarr datasets',
};

function asJson(document: object): unknown {
  return JSON.parse(JSON.stringify(document));
}

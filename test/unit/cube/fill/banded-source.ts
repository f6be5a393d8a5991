import { parseDataset } from '../../../../src/dataset/parse.js';
import { AbortedError } from '../../../../src/errors.js';
import { GeoBox, type GeoBoxRecord } from '../../../../src/grid/geobox.js';
import { LentMemory } from '../../../../src/raster/lent-memory.js';
import type { FetchedTile, PixelRequest, PlannedTile, TileSource } from '../../../../src/tile.js';
import { writeGeoTiff } from '../../kernel/geotiff.js';

export const BANDS = 16;

/** 25 rows and 34 columns in chunks of 10 x 12: 3 x 3 tiles, smaller ones at the edges; masks come as bits. */
export const DATASET = parseDataset({
  title: 'many bands',
  collection: 'c',
  bands: Array.from({ length: BANDS }, (_, band) => `b${band}`),
  dtype: 'uint8',
  grid: { crs: 'EPSG:3413', bounds: [0, 0, 340, 250], resolution: 10, chunk: [10, 12] },
  fill: 'idw',
  maxFillDistance: 2,
});

/** Each request has some bands, and rows of the tile by their share of its height. */
export interface Grouping {
  readonly bands: readonly number[];
  readonly from: number;
  readonly to: number;
}

/** A group for each of the lists of bands, in so many blocks of rows. */
export const inGroups = (lists: readonly (readonly number[])[], blocks = 2): Grouping[] =>
  lists.flatMap((bands) =>
    Array.from({ length: blocks }, (_, i) => ({
      bands,
      from: i / blocks,
      to: (i + 1) / blocks,
    })),
  );

export const ALL = Array.from({ length: BANDS }, (_, band) => band);

/** Bands cut in pieces of so many. */
export const cut = (size: number) =>
  Array.from({ length: Math.ceil(BANDS / size) }, (_, i) => ALL.slice(i * size, (i + 1) * size));

/** Tile 1-1 has no valid pixel; band 3 none anywhere; others have gaps of their own. */
function isValid(band: number, row: number, col: number): boolean {
  if (band === 3) return false;
  if (row >= 10 && row < 20 && col >= 12 && col < 24) return false;
  return (row * 5 + col * 3 + band * 7) % 11 > 1;
}

/** Never 0, but for band 5, which holds the fill value alone: it has valid pixels and no chunk. */
function pixelOf(band: number, row: number, col: number): number {
  return band === 5 ? 0 : 1 + ((band * 41 + row * 7 + col * 3) % 250);
}

export interface BandedSource extends TileSource {
  /** `id:first band` of each fetch, in order. */
  readonly asked: string[];
  /** Bytes of requests asked for and not released, at the moment and at the most. */
  readonly held: { now: number; most: number };
}

/** Pixels of {@link DATASET}, by whatever requests; its replies lie in memory that it lends. */
export function bandedSource(
  groupings: readonly Grouping[],
  answer: (
    tile: PlannedTile,
    signal: AbortSignal | undefined,
  ) => Promise<Uint8Array | undefined> = async () => undefined,
  isLent = true,
): BandedSource {
  const memory = new LentMemory();
  const asked: string[] = [];
  const held = { now: 0, most: 0 };
  const sizeOf = (requests: readonly PixelRequest[]) =>
    requests.reduce((sum, { bytes }) => sum + bytes, 0);
  const ofTile = new WeakMap<FetchedTile, number>();
  return {
    mask: { kind: 'bits' },
    asked,
    held,
    planRequests: (geobox) => requestsOf(geobox, groupings),
    check: async () => {},
    close: async () => {},
    release(fetched) {
      held.now -= ofTile.get(fetched) ?? 0;
      for (const { bytes } of fetched.parts) memory.giveBack(bytes);
    },
    async fetch(tile, { signal } = {}) {
      const { id, index, geobox, requests } = tile;
      asked.push(`${id}:${requests[0]?.bands[0]}`);
      const size = sizeOf(requests);
      held.now += size;
      held.most = Math.max(held.most, held.now);
      try {
        const other = await answer(tile, signal);
        if (signal?.aborted) throw new AbortedError('stopped');
        const parts = requests.map((request) => {
          const reply = other ?? replyTo(request);
          if (!isLent) return { request, bytes: reply.slice() };
          const bytes = memory.lend(reply.length);
          bytes.set(reply);
          return { request, bytes };
        });
        const fetched: FetchedTile = { state: 'fetched', id, index, geobox, parts };
        ofTile.set(fetched, size);
        return fetched;
      } catch (error) {
        held.now -= size;
        throw error;
      }
    },
  };
}

function requestsOf(record: GeoBoxRecord, groupings: readonly Grouping[]): PixelRequest[] {
  const geobox = GeoBox.fromRecord(record);
  const { height, width } = geobox;
  return groupings.map(({ bands, from, to }) => {
    const row = Math.round(height * from);
    const window = { row, col: 0, height: Math.round(height * to) - row, width };
    const bytes = window.height * width * 2 * (bands.length + Math.ceil(bands.length / 8));
    return { window, geobox: geobox.crop(window).toRecord(), bands, bytes };
  });
}

function replyTo({ geobox, bands }: PixelRequest): Uint8Array {
  const { height, width, affine } = GeoBox.fromRecord(geobox);
  const [left, top] = [Math.round(affine[2] / 10), Math.round((250 - affine[5]) / 10)];
  const raster = (make: (row: number, col: number) => number) =>
    Array.from({ length: height * width }, (_, i) =>
      make(top + Math.floor(i / width), left + (i % width)),
    );
  const masks = Array.from({ length: Math.ceil(bands.length / 8) }, (_, group) =>
    raster((row, col) =>
      bands
        .slice(group * 8, group * 8 + 8)
        .reduce((bits, band, i) => bits + (isValid(band, row, col) ? 1 << i : 0), 0),
    ),
  );
  const pixels = bands.map((band) =>
    raster((row, col) => (isValid(band, row, col) ? pixelOf(band, row, col) : 0)),
  );
  return writeGeoTiff({ geobox, dtype: 'uint8', bands: [...pixels, ...masks] });
}

import { parseDataset } from '../../../src/dataset/parse.js';
import { AbortedError } from '../../../src/errors.js';
import { GeoBox, type GeoBoxRecord } from '../../../src/grid/geobox.js';
import type { PixelRequest, PlannedTile, TileSource } from '../../../src/tile.js';
import { writeGeoTiff } from '../kernel/geotiff.js';

/** 25 rows and 34 columns in chunks of 10 x 12: 3 x 3 tiles, the last row 5 high, the last column 10 wide. */
export const DATASET = parseDataset({
  title: 'small',
  collection: 'c',
  bands: [{ name: 'one', attributes: { long_name: 'first' } }, 'two'],
  dtype: 'uint8',
  grid: { crs: 'EPSG:3413', bounds: [0, 0, 340, 250], resolution: 10, chunk: [10, 12] },
});

export const HEIGHT = 25;
export const WIDTH = 34;

/** The true pixel of the whole grid: never 0, and different in each band, row and column nearby. */
export function pixelAt(band: number, row: number, col: number): number {
  return 1 + ((band * 101 + row * 7 + col * 3) % 250);
}

export interface FakeOptions {
  /** True where the pixel is masked, in rows and columns of the grid. */
  readonly isMasked?: (band: number, row: number, col: number) => boolean;
  /** Called before each tile is answered; may throw, wait, or answer other bytes. */
  readonly before?: (
    tile: PlannedTile,
    signal: AbortSignal | undefined,
  ) => Promise<Uint8Array<ArrayBuffer> | undefined>;
}

export interface FakeSource extends TileSource {
  /** Ids of the tiles that were asked for, in order. */
  readonly asked: string[];
  /** Ids of the tiles that were released; their bytes are overwritten then, as they would be by later replies. */
  readonly released: string[];
}

/** A source of tiles in memory: GeoTIFFs with mask bits, two requests a tile (upper and lower half). */
export function fakeSource({ isMasked = () => false, before }: FakeOptions = {}): FakeSource {
  const asked: string[] = [];
  const released: string[] = [];
  const bytesOf = ({ geobox: record }: PixelRequest) => {
    const { height, width, affine } = GeoBox.fromRecord(record);
    const [left, top] = [Math.round(affine[2] / 10), Math.round((250 - affine[5]) / 10)];
    const at = (make: (row: number, col: number) => number) =>
      Array.from({ length: height * width }, (_, i) =>
        make(top + Math.floor(i / width), left + (i % width)),
      );
    return writeGeoTiff({
      geobox: record,
      dtype: 'uint8',
      bands: [
        at((row, col) => pixelAt(0, row, col)),
        at((row, col) => pixelAt(1, row, col)),
        at((row, col) => (isMasked(0, row, col) ? 0 : 1) + (isMasked(1, row, col) ? 0 : 2)),
      ],
    });
  };
  return {
    mask: { kind: 'bits' },
    asked,
    released,
    planRequests: halves,
    check: async () => {},
    close: async () => {},
    release({ id, parts }) {
      released.push(id);
      // Those that a thread took are gone.
      for (const { bytes } of parts) if (bytes.length > 0) bytes.fill(0xaa);
    },
    async fetch(tile, { signal } = {}) {
      asked.push(tile.id);
      const other = await before?.(tile, signal);
      if (signal?.aborted) throw new AbortedError('stopped');
      const parts = tile.requests.map((request) => ({
        request,
        bytes: other === undefined ? bytesOf(request) : other.slice(),
      }));
      return { state: 'fetched', id: tile.id, index: tile.index, geobox: tile.geobox, parts };
    },
  };
}

function halves(record: GeoBoxRecord): PixelRequest[] {
  const geobox = GeoBox.fromRecord(record);
  const { height, width } = geobox;
  const upper = Math.ceil(height / 2);
  return [
    { row: 0, col: 0, height: upper, width },
    { row: upper, col: 0, height: height - upper, width },
  ].map((window) => ({
    window,
    geobox: geobox.crop(window).toRecord(),
    bands: [0, 1],
    bytes: window.height * window.width * 6,
  }));
}

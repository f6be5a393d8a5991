/** A cube of 3 x 3 tiles for each of three years, and a source whose pixels tell year and band. */
import { parseDataset } from '../../../../src/dataset/parse.js';
import { parseCrs } from '../../../../src/grid/crs/crs.js';
import { parseBoundingBox } from '../../../../src/grid/roi.js';
import type { PlannedTile, TileSource } from '../../../../src/tile.js';
import { writeGeoTiff } from '../../kernel/geotiff.js';

export const YEARLY = parseDataset({
  title: 'small and yearly',
  collection: 'c',
  bands: ['one', 'two'],
  dtype: 'uint8',
  nodata: 0,
  grid: { crs: 'EPSG:3413', bounds: [0, 0, 340, 250], resolution: 10, chunk: [10, 12] },
  time: { start: '2018', step: '1 year', end: '2020' },
});

export const WHOLE = parseBoundingBox('0,0,340,250', parseCrs('EPSG:3413'));
/** The four tiles of the upper left corner. */
export const CORNER = parseBoundingBox('0,60,200,250', parseCrs('EPSG:3413'));
/** The first of them. */
export const FIRST = parseBoundingBox('0,160,100,250', parseCrs('EPSG:3413'));

/** One value for each band and year; `more` for pixels that are of a later version. */
export const pixelOf = (band: number, year: number, more = 0) => 10 * (year - 2010) + band + more;

export interface YearlyOptions {
  /** Called before a tile is answered; may wait. */
  readonly before?: (tile: PlannedTile) => Promise<void> | void;
  readonly more?: number;
  /** Bands whose pixels are all masked. */
  readonly masked?: readonly number[];
}

export function yearlySource({ before, more = 0, masked = [] }: YearlyOptions = {}) {
  const asked: string[] = [];
  const source: TileSource = {
    mask: { kind: 'sentinel', value: 0 },
    origin: { name: `c${more}`, hash: 'f'.repeat(64) },
    planRequests: (geobox) => [
      {
        window: { row: 0, col: 0, height: geobox.shape[0], width: geobox.shape[1] },
        geobox,
        bands: [0, 1],
        bytes: 1,
      },
    ],
    check: async () => {},
    close: async () => {},
    async fetch(tile) {
      asked.push(tile.id);
      await before?.(tile);
      const year = new Date(tile.time?.start ?? Number.NaN).getUTCFullYear();
      const parts = tile.requests.map((request) => {
        const [height, width] = request.geobox.shape;
        const bands = [0, 1].map((band) =>
          Array(height * width).fill(masked.includes(band) ? 0 : pixelOf(band, year, more)),
        );
        return {
          request,
          bytes: writeGeoTiff({ geobox: request.geobox, dtype: 'uint8', bands }),
        };
      });
      const { id, index, geobox } = tile;
      return { state: 'fetched', id, index, geobox, parts };
    },
  };
  return { source, asked };
}

/** Something that others wait for until it is let go. */
export function gate() {
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

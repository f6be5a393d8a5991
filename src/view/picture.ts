/** The pictures that the map is made of: pixels of a level in colours, and the states of tiles. */
import { TileState } from '../cube/state/tile-states.js';
import type { TileIndex } from '../grid/tiling.js';
import { COLOURS } from '../picture/colours.js';
import { encodePicture } from '../picture/picture-file.js';
import { renderQuicklook } from '../picture/quicklook.js';
import type { LoadedPixels } from '../raster/loaded-pixels.js';
import { sourceOf, TILE_PX } from './levels.js';
import type { Overview } from './pixels/overview.js';
import type { LevelWindow, PixelReader } from './pixels/reader.js';
import type { Snapshot } from './snapshot.js';
import type { Style } from './style.js';

/** What a picture shows. */
export interface Place {
  readonly window: LevelWindow;
  readonly t: number | undefined;
}

/** How it is drawn, and which reduced level each of the style's bands is read from. */
interface Drawing {
  readonly style: Style;
  readonly overviews: readonly (Overview | undefined)[];
}

/**
 * A PNG of {@link TILE_PX} pixels on a side, transparent where one of the bands has no value or no tile is loaded.
 * @returns `undefined` where too many pixels would have to be decoded.
 */
export async function drawPixels(
  reader: PixelReader,
  snapshot: Snapshot,
  { window, t }: Place,
  { style, overviews }: Drawing,
  signal: AbortSignal,
): Promise<Buffer | undefined> {
  const mask = new Uint8Array(TILE_PX ** 2);
  const bands: LoadedPixels[] = [];
  for (const [i, band] of style.bands.entries()) {
    const from = { window, overview: overviews[i] };
    const read = await reader.readFrom(snapshot, { band, t }, from, signal);
    if (read === undefined) return undefined;
    const { nodata } = await snapshot.band(band);
    const pixels = new (read.pixels.constructor as new (length: number) => LoadedPixels)(
      TILE_PX ** 2,
    );
    for (let y = 0; y < window.height; y++)
      for (let x = 0; x < window.width; x++) {
        const at = y * TILE_PX + x;
        const value = read.pixels[y * window.width + x] as number;
        pixels[at] = value;
        const isThere = read.isLoaded[y * window.width + x] === 1 && value !== nodata;
        if (i === 0) mask[at] = isThere ? 1 : 0;
        else if (!isThere) mask[at] = 0;
      }
    bands.push(pixels);
  }
  return renderQuicklook({
    ...{ width: TILE_PX, height: TILE_PX, bands, mask, maxSide: TILE_PX },
    ...{ stretch: style.ranges, colormap: style.colormap, gamma: style.gamma },
  });
}

type Colour = readonly [red: number, green: number, blue: number, alpha: number];

const colour = (hex: string, alpha: number): Colour => {
  const [red, green, blue] = [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16));
  return [red as number, green as number, blue as number, alpha];
};

/** Inside and along the edges of a tile; hatched where `hatch` says so. */
const LOOKS: Readonly<Record<TileState, { fill: Colour; edge: Colour; hatch: boolean }>> = {
  [TileState.notLoaded]: {
    fill: colour(COLOURS.faintInk, 110),
    edge: colour(COLOURS.faintInk, 150),
    hatch: true,
  },
  [TileState.loaded]: {
    fill: colour(COLOURS.loaded, 0),
    edge: colour(COLOURS.loaded, 255),
    hatch: false,
  },
  [TileState.empty]: {
    fill: colour(COLOURS.empty, 70),
    edge: colour(COLOURS.empty, 255),
    hatch: false,
  },
};

/** Of tiles that are narrower on the screen, the whole is coloured: edges would be all there is. */
const NARROW_PX = 6;
const HATCH_PX = 8;

/** A PNG of the states of tiles, of the same size and place as {@link drawPixels}. */
export async function drawStates(snapshot: Snapshot, { window, t }: Place): Promise<Buffer> {
  const { grid } = snapshot.cube;
  const { height, width } = grid.geobox;
  const { level } = window;
  const rgba = new Uint8Array(4 * TILE_PX ** 2);
  const rows = tilesAlong(window.row, window.height, level, height, grid.chunk.height);
  const cols = tilesAlong(window.col, window.width, level, width, grid.chunk.width);
  const isNarrow = Math.min(grid.chunk.height, grid.chunk.width) / 2 ** level < NARROW_PX;
  let known: { row: number; col: number; state: TileState } | undefined;
  for (const [y, { tile: row, isEdge: isRowEdge }] of rows.entries())
    for (const [x, { tile: col, isEdge: isColEdge }] of cols.entries()) {
      if (known?.row !== row || known.col !== col) {
        const index: TileIndex = t === undefined ? { row, col } : { t, row, col };
        known = { row, col, state: await snapshot.stateOf(index) };
      }
      const { fill, edge, hatch } = LOOKS[known.state];
      const isEdge = isNarrow ? known.state !== TileState.notLoaded : isRowEdge || isColEdge;
      const isDrawn = !hatch || (window.row + y + window.col + x) % HATCH_PX < 2;
      if (isEdge) rgba.set(isNarrow ? [...edge.slice(0, 3), 150] : edge, 4 * (y * TILE_PX + x));
      else if (isDrawn) rgba.set(fill, 4 * (y * TILE_PX + x));
    }
  return encodePicture({ width: TILE_PX, height: TILE_PX, rgba }, { format: 'png', isExact: true });
}

/** Of each pixel along a side, the tile that it shows, and whether that is its first. */
function tilesAlong(start: number, count: number, level: number, length: number, chunk: number) {
  const tileOf = (i: number) => Math.floor(sourceOf(i, level, length) / chunk);
  return Array.from({ length: count }, (_, i) => ({
    tile: tileOf(start + i),
    isEdge: start + i === 0 || tileOf(start + i) !== tileOf(start + i - 1),
  }));
}

/** Names of all that a window's pixels depend on, for the browser to ask whether it has them already. */
export async function stampsOf(
  snapshot: Snapshot,
  { window: { level, row, col, height, width }, t }: Place,
): Promise<string[]> {
  const { grid } = snapshot.cube;
  const { height: rows, width: cols } = grid.geobox;
  const [top, left] = [sourceOf(row, level, rows), sourceOf(col, level, cols)];
  const tiles = grid.tilesIn([
    {
      row: top,
      col: left,
      height: sourceOf(row + height - 1, level, rows) - top + 1,
      width: sourceOf(col + width - 1, level, cols) - left + 1,
    },
  ]);
  const stamps: string[] = [];
  for (const tile of tiles)
    stamps.push(await snapshot.stampOf(t === undefined ? tile : { t, ...tile }));
  // Large areas of nothing are named shortly.
  return stamps.every((stamp) => stamp === '-') ? ['-'] : stamps;
}

import type { XY } from '../../grid/affine.js';
import { EPSG_4326, parseCrs } from '../../grid/crs/crs.js';
import type { Grid } from '../../grid/tiling.js';
import { COLOURS } from '../colours.js';
import type { TileStates } from '../tile-states.js';
import { drawCoastlines } from './coastlines.js';
import { type GeographicWindow, geographicWindow } from './geographic-window.js';
import { pathData } from './path.js';
import { type Frame, MapProjection } from './projection.js';
import { outlineOf, projectLine } from './shapes.js';
import { drawTiles, shapesOf } from './tiles.js';
import { fitRatio, wholeView } from './view.js';

export interface Locator {
  readonly title: string;
  readonly svg: string;
  readonly height: number;
}

/** A map that shows this part of the cube, or of the world in degrees, is itself overview enough. */
const OVERVIEW_PART = 0.6;
const OVERVIEW_DEGREES = 60;

/** A mark smaller than this, in picture units, gets a ring around it. */
const SMALLEST_MARK = 8;

/**
 * A small map of where the main one lies: in the cube, or in the world where the main map shows most
 * of a cube that is itself small. Nothing where the main map is overview enough.
 */
export function drawLocator(
  grid: Grid,
  states: TileStates,
  main: MapProjection,
  window: GeographicWindow,
  place: Pick<Frame, 'x' | 'y' | 'width'>,
): Locator | undefined {
  const cube = grid.geobox.bounds;
  const part = Math.max(
    (main.bounds.east - main.bounds.west) / (cube.east - cube.west),
    (main.bounds.north - main.bounds.south) / (cube.north - cube.south),
  );
  if (part < OVERVIEW_PART) return drawInCube(grid, states, main, place);
  const degrees = Math.max(window.north - window.south, (window.east - window.west) / 2);
  if (degrees > OVERVIEW_DEGREES || window.pole !== undefined) return undefined;
  return drawInWorld(main, place);
}

function drawInCube(
  grid: Grid,
  states: TileStates,
  main: MapProjection,
  place: Pick<Frame, 'x' | 'y' | 'width'>,
): Locator {
  const { crs } = grid.geobox;
  const { bounds, ratio } = fitRatio(wholeView(grid), crs.isGeographic);
  const small = new MapProjection(crs, bounds, { ...place, height: place.width / ratio });
  const whole = { row: 0, col: 0, height: grid.geobox.height, width: grid.geobox.width };
  const extent = `<path class="extent" fill="none" stroke="${COLOURS.extent}" stroke-width="0.8" d="${pathData(shapesOf(whole, grid, small), true)}"/>`;
  const { west, south, east, north } = main.bounds;
  const turns = crs.isGeographic ? [-360, 0, 360] : [0];
  const marks = turns.map((turn) => [
    small.toPicture(west + turn, north),
    small.toPicture(east + turn, north),
    small.toPicture(east + turn, south),
    small.toPicture(west + turn, south),
    small.toPicture(west + turn, north),
  ]);
  const tiles = drawTiles(grid, states, small).fills;
  return compose('Where in the cube', small, [tiles, extent], marks);
}

function drawInWorld(main: MapProjection, place: Pick<Frame, 'x' | 'y' | 'width'>): Locator {
  const bounds = { west: -180, south: -90, east: 180, north: 90 };
  const frame = { ...place, height: place.width / 2 };
  const world = new MapProjection(parseCrs(EPSG_4326), bounds, frame);
  const outline = outlineOf(frameOnEarth(main));
  const marks = projectLine(outline, world, geographicWindow(world));
  return compose('Where in the world', world, [], marks);
}

/** The edge of the main map in longitude and latitude. */
function frameOnEarth(main: MapProjection): XY[] {
  const { x, y, width, height } = main.frame;
  const steps = Array.from({ length: 21 }, (_, i) => i / 20);
  return [
    ...steps.map((t) => main.unproject(x + t * width, y)),
    ...steps.map((t) => main.unproject(x + width, y + t * height)),
    ...steps.map((t) => main.unproject(x + width - t * width, y + height)),
    ...steps.map((t) => main.unproject(x, y + height - t * height)),
  ].filter(([lon]) => Number.isFinite(lon));
}

function compose(
  title: string,
  small: MapProjection,
  layers: readonly string[],
  marks: readonly (readonly XY[])[],
): Locator {
  const { x, y, width, height } = small.frame;
  const { sea, land, coasts } = drawCoastlines(small, geographicWindow(small), '110m');
  const mark = `<path class="mark" fill="none" stroke="${COLOURS.locator}" stroke-width="1.6" d="${pathData(marks, false)}"/>`;
  const rings = marks.map((ring) => ringAround(ring, small)).join('');
  const svg = [
    `<svg class="locator" x="${x}" y="${y}" width="${width}" height="${height}" viewBox="${x} ${y} ${width} ${height}">`,
    sea,
    land,
    coasts,
    ...layers,
    mark,
    rings,
    `<rect x="${x}" y="${y}" width="${width}" height="${height}" fill="none" stroke="${COLOURS.frame}" stroke-width="1.2"/>`,
    '</svg>',
  ].join('\n');
  return { title, svg, height };
}

function ringAround(mark: readonly XY[], { frame }: MapProjection): string {
  const [xs, ys] = [mark.map(([x]) => x), mark.map(([, y]) => y)];
  const [left, right] = [Math.min(...xs), Math.max(...xs)];
  const [top, bottom] = [Math.min(...ys), Math.max(...ys)];
  const [x, y] = [(left + right) / 2, (top + bottom) / 2];
  const isSmall = right - left < SMALLEST_MARK && bottom - top < SMALLEST_MARK;
  const isInside =
    x >= frame.x && x <= frame.x + frame.width && y >= frame.y && y <= frame.y + frame.height;
  if (!isSmall || !isInside) return '';
  return `<circle cx="${x.toFixed(1)}" cy="${y.toFixed(1)}" r="${SMALLEST_MARK}" fill="none" stroke="${COLOURS.locator}" stroke-width="1.4"/>`;
}

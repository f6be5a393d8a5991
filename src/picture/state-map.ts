import { expected } from '../errors.js';
import { boundingWindows } from '../grid/shapes/pixel-windows.js';
import type { Shapes } from '../grid/shapes/place.js';
import type { Grid } from '../grid/tiling.js';
import type { Window } from '../grid/window.js';
import { COLOURS } from './colours.js';
import {
  type Block,
  drawCaption,
  drawHeading,
  drawLegend,
  drawScaleBar,
  EXTENT_STROKE,
  REGION_STROKE,
} from './legend.js';
import { type Areas, checkAreas, drawAreas } from './map/areas.js';
import { drawCoastlines } from './map/coastlines.js';
import { type GeographicWindow, geographicWindow } from './map/geographic-window.js';
import { drawGraticule } from './map/graticule.js';
import { drawLocator } from './map/locator.js';
import { pathData } from './map/path.js';
import { type Frame, MapProjection } from './map/projection.js';
import { drawRegion } from './map/region.js';
import { drawTiles, shapesOf } from './map/tiles.js';
import { fitRatio, viewOf, windowView } from './map/view.js';
import { drawText, escapeXml, shortenText } from './text.js';
import { readStates, STATE_NAMES, type TileState, type TileStates } from './tile-states.js';

export type { Area, Areas } from './map/areas.js';
export { renderPng } from './png.js';

export interface StateMapOptions {
  readonly title: string;
  readonly grid: Grid;
  /**
   * Per tile, [rows, cols] row-major: 0 not loaded, 1 loaded, 2 loaded and empty, 3 failed. Or only
   * the tiles that have a state, in any order.
   */
  readonly states: Uint8Array | Iterable<TileState>;
  /** The part to show, in pixels of the grid. Default: the tiles with a state, the region, and what lies around. */
  readonly view?: Window;
  /** Width of the picture; its height follows from the view. Default {@link DEFAULT_WIDTH_PX}. */
  readonly widthPx?: number;
  /** What was asked for, in pixels of the grid: drawn as outlines. */
  readonly region?: readonly Window[];
  /**
   * The same as it is shaped, in pixels of the grid (col, row) with holes: outlined, and what lies outside its polygons
   * is dimmed. Without a `view` the map shows it and what lies around.
   */
  readonly shape?: Shapes;
  /** Parts of the grid to tell apart, such as shards: each in a colour of its own with its name, below the states. */
  readonly areas?: Areas;
}

/** A column and a half of a journal page at 200 dots per inch. */
export const DEFAULT_WIDTH_PX = 1200;

/** Everything is laid out in a picture this wide, and scaled to the width asked for. */
const WIDTH = 1200;
const MARGIN = 18;
const PANEL_WIDTH = 226;
const PANEL_X = WIDTH - MARGIN - PANEL_WIDTH;

/**
 * A map of which tiles of a cube are loaded, in the cube's own CRS, with coasts, borders, graticule,
 * legend, scale, and a small map of where it lies.
 *
 * Drawn without fonts: every letter is an outline, so it looks the same on every machine.
 *
 * @returns a whole SVG document of some 200 to 400 kB; more only where neighbouring tiles differ in
 * state all over a cube of many thousand tiles.
 * @throws {InvalidInputError} when the states do not fit the grid.
 */
export function drawStateMap(options: StateMapOptions): string {
  const { title, grid, widthPx = DEFAULT_WIDTH_PX } = options;
  if (!(widthPx >= 1 && Number.isFinite(widthPx))) {
    throw expected('a positive number of pixels', 'the width of the map', widthPx);
  }
  const states = readStates(grid, options.states);
  checkAreas(options.areas, grid);
  const projection = layOut(grid, states, options);
  const window = geographicWindow(projection);
  const panel = drawPanel(grid, states, projection, window, options);
  const { frame } = projection;
  const height = Math.ceil(Math.max(frame.y + frame.height + 34, frame.y + panel.height + MARGIN));
  const [notLoaded, ...others] = states.counts;
  const summary = [
    ...others.map((count, i) => [count, STATE_NAMES[i + 1]]),
    [notLoaded, STATE_NAMES[0]],
  ]
    .map(([count, name]) => `${name} ${count}`)
    .join('; ');
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" role="img" width="${widthPx}" height="${Math.round((height * widthPx) / WIDTH)}" viewBox="0 0 ${WIDTH} ${height}">`,
    `<title>${escapeXml(title)}</title>`,
    `<desc>Tiles ${summary}.</desc>`,
    `<rect width="${WIDTH}" height="${height}" fill="${COLOURS.paper}"/>`,
    drawTitle(title),
    drawMap(grid, states, projection, window, options),
    panel.svg,
    '</svg>',
    '',
  ].join('\n');
}

/** Chooses what is shown and where the map stands in the picture. */
function layOut(grid: Grid, states: TileStates, options: StateMapOptions): MapProjection {
  const { crs } = grid.geobox;
  const { region = [], areas, shape } = options;
  const shown =
    shape === undefined
      ? [...states.tiles, ...(areas?.each ?? []).flatMap(({ tiles }) => tiles)]
          .map((tile) => grid.tileWindow(tile))
          .concat(region)
      : boundingWindows(shape, grid.geobox);
  const view = options.view === undefined ? viewOf(grid, shown) : windowView(grid, options.view);
  const { bounds, ratio } = fitRatio(view, crs.isGeographic);
  // In a projected CRS meridians and parallels end on all four sides, and so do their labels.
  const x = 64;
  const y = crs.isGeographic ? 54 : 72;
  const width = PANEL_X - (crs.isGeographic ? 24 : 62) - x;
  return new MapProjection(crs, bounds, { x, y, width, height: Math.round(width / ratio) });
}

function drawTitle(title: string): string {
  const style = { size: 19, colour: COLOURS.ink, weight: 'bold' } as const;
  const shown = shortenText(title.replaceAll(/\s+/g, ' '), style.size, WIDTH - 2 * MARGIN, 'bold');
  return drawText(shown, MARGIN, 36, style);
}

function drawMap(
  grid: Grid,
  states: TileStates,
  projection: MapProjection,
  window: GeographicWindow,
  { region = [], areas, shape }: Pick<StateMapOptions, 'region' | 'areas' | 'shape'>,
): string {
  const { x, y, width, height } = projection.frame;
  const ground = drawCoastlines(projection, window);
  const graticule = drawGraticule(projection, window);
  const tiles = drawTiles(grid, states, projection);
  const parts = drawAreas(grid, areas, states, projection);
  const wanted = shape === undefined ? undefined : drawRegion(shape, grid, projection);
  const whole = { row: 0, col: 0, height: grid.geobox.height, width: grid.geobox.width };
  return [
    // A nested svg cuts off what reaches over its frame, without an id that could clash in a page.
    `<svg class="map" x="${x}" y="${y}" width="${width}" height="${height}" viewBox="${x} ${y} ${width} ${height}">`,
    ground.sea,
    ground.land,
    ground.borders,
    parts.fills,
    tiles.fills,
    graticule.lines,
    ground.coasts,
    tiles.edges,
    parts.edges,
    wanted?.veil ?? '',
    drawOutline('extent', [whole], grid, projection, COLOURS.extent, EXTENT_STROKE),
    drawOutline('region', region, grid, projection, COLOURS.region, REGION_STROKE),
    wanted?.outline ?? '',
    '</svg>',
    drawFrame(projection.frame),
    graticule.labels,
  ].join('\n');
}

function drawOutline(
  name: string,
  windows: readonly Window[],
  grid: Grid,
  projection: MapProjection,
  colour: string,
  stroke: number,
): string {
  const rings = windows.flatMap((window) => shapesOf(window, grid, projection));
  if (rings.length === 0) return '';
  return `<path class="${name}" fill="none" stroke="${colour}" stroke-width="${stroke}" d="${pathData(rings, true)}"/>`;
}

function drawFrame({ x, y, width, height }: Frame): string {
  return `<rect class="frame" x="${x}" y="${y}" width="${width}" height="${height}" fill="none" stroke="${COLOURS.frame}" stroke-width="1"/>`;
}

/** Legend, scale, locator and caption, one below the other beside the map. */
function drawPanel(
  grid: Grid,
  states: TileStates,
  projection: MapProjection,
  window: GeographicWindow,
  { region = [], areas, shape }: Pick<StateMapOptions, 'region' | 'areas' | 'shape'>,
): Block {
  const top = projection.frame.y;
  const hasRegion = region.length > 0 || shape !== undefined;
  const parts: string[] = [];
  let y = top;
  const add = ({ svg, height }: Block, space: number) => {
    parts.push(svg);
    y += height + space;
  };
  add(drawLegend({ states, hasRegion, areas }, PANEL_X, y, PANEL_WIDTH), 8);
  const metres = projection.groundScale();
  // Across half the world no one scale holds.
  const isRegional = window.east - window.west < 90 || window.pole !== undefined;
  if (isRegional && metres > 0) add(drawScaleBar(metres, PANEL_X, y, PANEL_WIDTH), 12);
  const headed = y + drawHeading('', PANEL_X, y).height;
  const place = { x: PANEL_X, y: headed, width: PANEL_WIDTH };
  const locator = drawLocator(grid, states, projection, window, place);
  if (locator !== undefined) {
    add(drawHeading(locator.title, PANEL_X, y), 0);
    add(locator, 14);
  }
  add(drawCaption(grid, PANEL_X, y, PANEL_WIDTH), 0);
  return { svg: parts.join('\n'), height: y - top };
}

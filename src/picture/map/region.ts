/** A region as it is shaped, on a map: its outline, and what lies outside it dimmed. */
import { createHash } from 'node:crypto';
import { apply, type XY } from '../../grid/affine.js';
import type { Shapes } from '../../grid/shapes/place.js';
import type { Grid } from '../../grid/tiling.js';
import { COLOURS } from '../colours.js';
import { REGION_STROKE } from '../legend.js';
import { clipLine, clipPolygon } from './clip.js';
import { pathData } from './path.js';
import type { MapProjection } from './projection.js';
import { turnsOf } from './tiles.js';

/** How much of what lies outside is hidden. */
const DIMMED = 0.55;

/** Picture units beyond the frame at which shapes are cut off. */
const MARGIN = 8;

const POINT_RADIUS = 3.5;

/**
 * @param shapes in pixels of the grid (col, row)
 * @returns the veil over all that is outside its polygons, empty where it has none, and the outline over that
 */
export function drawRegion(
  { points, lines, polygons }: Shapes,
  grid: Grid,
  projection: MapProjection,
): { readonly veil: string; readonly outline: string } {
  const box = projection.clipBox(MARGIN);
  const places = turnsOf(grid).map((turn) => ([col, row]: XY): XY => {
    const [x, y] = apply(grid.geobox.affine, col, row);
    return projection.toPicture(x + turn, y);
  });
  const inPicture = (path: readonly XY[]) => places.map((place) => path.map(place));
  const areas = polygons
    .map((rings) =>
      rings
        .flatMap(inPicture)
        .map((ring) => clipPolygon(ring, box))
        .filter(({ length }) => length > 2),
    )
    .filter(({ length }) => length > 0)
    .map((rings) => pathData(rings, true));
  const strokes = lines.flatMap(inPicture).flatMap((line) => clipLine(line, box));
  const dots = inPicture(points)
    .flat()
    .filter(([x, y]) => x >= box.xLow && x <= box.xHigh && y >= box.yLow && y <= box.yHigh);
  return {
    veil: polygons.length === 0 ? '' : veilOf(areas, projection),
    outline: [
      `<path class="region" fill="none" stroke="${COLOURS.region}" stroke-width="${REGION_STROKE}" stroke-linejoin="round" d="${areas.join('')}${pathData(strokes, false)}"/>`,
      ...dots.map(
        ([x, y]) =>
          `<circle class="region" cx="${x.toFixed(1)}" cy="${y.toFixed(1)}" r="${POINT_RADIUS}" fill="none" stroke="${COLOURS.region}" stroke-width="${REGION_STROKE}"/>`,
      ),
    ].join('\n'),
  };
}

/** Each polygon is a hole of its own, so that those that overlap are holes too. */
function veilOf(areas: readonly string[], { frame }: MapProjection): string {
  const { x, y, width, height } = frame;
  const whole = `x="${x}" y="${y}" width="${width}" height="${height}"`;
  // Two maps in one page have one id only where they have one region and one frame.
  const id = `outside-${createHash('sha256')
    .update([whole, ...areas].join())
    .digest('hex')
    .slice(0, 12)}`;
  return [
    `<mask id="${id}" maskUnits="userSpaceOnUse" ${whole}>`,
    `<rect ${whole} fill="white"/>`,
    ...areas.map((area) => `<path fill="black" fill-rule="evenodd" d="${area}"/>`),
    '</mask>',
    `<rect class="outside" ${whole} fill="${COLOURS.paper}" fill-opacity="${DIMMED}" mask="url(#${id})"/>`,
  ].join('\n');
}

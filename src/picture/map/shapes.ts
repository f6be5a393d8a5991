import type { XY } from '../../grid/affine.js';
import { clipLine, clipPolygon } from './clip.js';
import type { GeographicWindow } from './geographic-window.js';
import type { MapProjection } from './projection.js';

/** A ring or a line in longitude and latitude that makes no jump at the antimeridian, with its box. */
export interface Outline {
  readonly points: readonly XY[];
  readonly west: number;
  readonly south: number;
  readonly east: number;
  readonly north: number;
}

/** Picture units beyond the frame that are still drawn, so that strokes do not end inside it. */
const MARGIN = 12;

/** Outlines' copies at other turns of the earth, where they touch the window. */
function* copies(outline: Outline, window: GeographicWindow): Generator<number> {
  if (outline.north < window.south || outline.south > window.north) return;
  const first = Math.ceil((window.west - outline.east) / 360);
  const last = Math.floor((window.east - outline.west) / 360);
  for (let turn = first; turn <= last; turn++) yield turn * 360;
}

function moved(points: readonly XY[], offset: number): readonly XY[] {
  return offset === 0 ? points : points.map(([lon, lat]) => [lon + offset, lat] as const);
}

function boxOf({ west, east, south, north }: GeographicWindow) {
  return { xLow: west, xHigh: east, yLow: south, yHigh: north };
}

/** The areas of the picture that a ring covers. */
export function projectArea(
  ring: Outline,
  projection: MapProjection,
  window: GeographicWindow,
): (readonly XY[])[] {
  const areas: (readonly XY[])[] = [];
  for (const offset of copies(ring, window)) {
    const cut = clipPolygon(moved(ring.points, offset), boxOf(window));
    const [start] = cut;
    if (start === undefined) continue;
    const places = place([...cut, start], projection, window).filter(isFinitePoint);
    const area = clipPolygon(places, projection.clipBox(MARGIN));
    if (area.length > 2) areas.push(area);
  }
  return areas;
}

/** The lines of the picture that a line on the earth becomes: broken where it leaves the view or tears. */
export function projectLine(
  line: Outline,
  projection: MapProjection,
  window: GeographicWindow,
  margin = MARGIN,
): XY[][] {
  const lines: XY[][] = [];
  const box = projection.clipBox(margin);
  for (const offset of copies(line, window)) {
    for (const cut of clipLine(moved(line.points, offset), boxOf(window))) {
      for (const whole of tear(place(cut, projection, window), projection)) {
        lines.push(...clipLine(whole, box));
      }
    }
  }
  return lines;
}

/** Projects the points, and enough between them that straight edges bend as the projection does. */
function place(points: readonly XY[], projection: MapProjection, window: GeographicWindow): XY[] {
  const span = Math.max(window.north - window.south, Math.min(window.east - window.west, 90));
  const step = projection.crs.isGeographic ? Number.POSITIVE_INFINITY : Math.min(2, span / 60);
  const places: XY[] = [];
  points.forEach(([lon, lat], index) => {
    const [lon0, lat0] = points[Math.max(index - 1, 0)] as XY;
    const count = Math.ceil(Math.max(Math.abs(lon - lon0), Math.abs(lat - lat0)) / step);
    for (let i = 1; i < count; i++) {
      places.push(
        projection.project(lon0 + ((lon - lon0) * i) / count, lat0 + ((lat - lat0) * i) / count),
      );
    }
    places.push(projection.project(lon, lat));
  });
  return places;
}

/** Cuts a line at points without a place and at jumps, which would be streaks across the map. */
function tear(points: readonly XY[], { crs, frame }: MapProjection): XY[][] {
  const longest = crs.isGeographic
    ? Number.POSITIVE_INFINITY
    : Math.max(frame.width, frame.height) / 4;
  const parts: XY[][] = [];
  let part: XY[] = [];
  for (const point of points) {
    const last = part.at(-1);
    const isTorn =
      !isFinitePoint(point) ||
      (last !== undefined && Math.hypot(point[0] - last[0], point[1] - last[1]) > longest);
    if (isTorn) {
      if (part.length > 1) parts.push(part);
      part = isFinitePoint(point) ? [point] : [];
    } else {
      part.push(point);
    }
  }
  if (part.length > 1) parts.push(part);
  return parts;
}

function isFinitePoint([x, y]: XY): boolean {
  return Number.isFinite(x) && Number.isFinite(y);
}

/** Makes an outline of points whose longitudes may jump by 360. */
export function outlineOf(points: readonly XY[]): Outline {
  let [west, south, east, north] = [
    Number.POSITIVE_INFINITY,
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
  ];
  let turn = 0;
  let previous = Number.NaN;
  const steady: XY[] = [];
  for (const [lon, lat] of points) {
    if (lon - previous > 180) turn -= 360;
    else if (lon - previous < -180) turn += 360;
    previous = lon;
    const x = lon + turn;
    west = Math.min(west, x);
    east = Math.max(east, x);
    south = Math.min(south, lat);
    north = Math.max(north, lat);
    steady.push([x, lat]);
  }
  return { points: steady, west, south, east, north };
}

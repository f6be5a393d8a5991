import type { MapProjection } from './projection.js';

/**
 * The longitudes and latitudes a map shows, as a box: what is drawn is first cut to it, so that
 * nothing is projected from where the projection breaks. `west < east`, both without wrapping.
 */
export interface GeographicWindow {
  readonly west: number;
  readonly south: number;
  readonly east: number;
  readonly north: number;
  /** The pole in view around which meridians run together, as latitude. */
  readonly pole?: 90 | -90;
  /** The whole circle of longitudes is in view and its ends lie apart: the map has an edge of its own. */
  readonly isTorn?: boolean;
}

/** Samples along each side of the frame. */
const SAMPLES = 41;

/** Degrees by which the two ends of a full circle overlap, so that no hairline shows where they meet. */
const OVERLAP = 0.1;

export function geographicWindow(projection: MapProjection): GeographicWindow {
  if (projection.crs.isGeographic) return geographicBounds(projection);
  const points = sample(projection);
  const middle = points[Math.floor(points.length / 2)];
  // A view of no place on earth: nothing will be drawn in it.
  if (middle === undefined) return { west: -180, south: -90, east: 180, north: 90 };
  const [centre] = middle;
  const lats = extent(points.map(([, lat]) => lat));
  const lons = extent(points.map(([lon]) => wrapLongitude(lon - centre)));
  // Samples miss the last degrees before a pole, where many maps are dense.
  const south = isInView(projection, centre, -90) ? -90 : Math.max(-90, lats.low);
  const north = isInView(projection, centre, 90) ? 90 : Math.min(90, lats.high);
  const pole = poleInView(projection);
  if (pole === undefined && lons.high - lons.low < 300) {
    return { west: centre + lons.low, south, east: centre + lons.high, north };
  }
  // Half of the samples lie north of this: it is no pole, where all longitudes are one point.
  const halfway = points.map(([, lat]) => lat).sort((one, other) => one - other)[
    points.length >> 1
  ];
  const circle = fullCircle(projection, centre, halfway ?? middle[1]);
  const hasPole = pole !== undefined && !circle.isTorn;
  return { ...circle, south, north, ...(hasPole ? { pole } : {}) };
}

/** Smallest and largest number, and beyond them the distance of two samples. */
function extent(numbers: readonly number[]): { low: number; high: number } {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const number of numbers) {
    low = Math.min(low, number);
    high = Math.max(high, number);
  }
  const pad = Math.max(high - low, 1e-6) / (SAMPLES - 1);
  return { low: low - pad, high: high + pad };
}

function geographicBounds(projection: MapProjection): GeographicWindow {
  const { x, y, width, height } = projection.frame;
  const [west, north] = projection.unproject(x, y);
  const [east, south] = projection.unproject(x + width, y + height);
  const { bounds } = projection;
  return {
    // Outside the earth's latitudes unproject knows no place.
    west: Number.isFinite(west) ? west : bounds.west,
    east: Number.isFinite(east) ? east : bounds.east,
    south: Number.isFinite(south) ? south : -90,
    north: Number.isFinite(north) ? north : 90,
  };
}

function sample(projection: MapProjection): (readonly [lon: number, lat: number])[] {
  const { x, y, width, height } = projection.frame;
  const points: (readonly [number, number])[] = [];
  for (let j = 0; j < SAMPLES; j++) {
    for (let i = 0; i < SAMPLES; i++) {
      const [px, py] = [x + (width * i) / (SAMPLES - 1), y + (height * j) / (SAMPLES - 1)];
      const point = projection.unproject(px, py);
      if (Number.isFinite(point[0])) points.push(point);
    }
  }
  return points;
}

/** The pole that is one point inside the frame; in a cylindrical projection it is none. */
function poleInView(projection: MapProjection): 90 | -90 | undefined {
  for (const pole of [90, -90] as const) {
    const [x1, y1] = projection.project(0, pole);
    const [x2, y2] = projection.project(120, pole);
    const isPoint = Math.abs(x1 - x2) < 1 && Math.abs(y1 - y2) < 1;
    if (isPoint && isInView(projection, 0, pole)) return pole;
  }
  return undefined;
}

function isInView(projection: MapProjection, lon: number, lat: number): boolean {
  const [x, y] = projection.project(lon, lat);
  const { xLow, xHigh, yLow, yHigh } = projection.clipBox();
  return x >= xLow && x <= xHigh && y >= yLow && y <= yHigh;
}

/**
 * A full circle of longitudes, begun where the projection is torn: at the antimeridian of a world
 * map, at the gap of a cone. A polar azimuthal map has no tear, and its circle may begin anywhere.
 */
function fullCircle(
  projection: MapProjection,
  centre: number,
  lat: number,
): { west: number; east: number; isTorn: boolean } {
  const steps: { lon: number; length: number }[] = [];
  for (let i = 0; i < 360; i++) {
    // Not whole degrees: a tear that fell between two steps would be in neither.
    const lon = centre - 180 + 0.37 + i;
    steps.push({ lon, length: distance(projection, lon, lon + 1, lat) });
  }
  const lengths = steps.map(({ length }) => length).sort((one, other) => one - other);
  const usual = lengths[180] as number;
  const torn = steps.find(({ length }) => !(length <= 10 * usual));
  if (torn === undefined) {
    return { west: centre - 180 - OVERLAP, east: centre + 180 + OVERLAP, isTorn: false };
  }
  let [low, high] = [torn.lon, torn.lon + 1];
  for (let i = 0; i < 30; i++) {
    const middle = (low + high) / 2;
    if (distance(projection, low, middle, lat) <= usual) low = middle;
    else high = middle;
  }
  return { west: high + 1e-6, east: low + 360 - 1e-6, isTorn: true };
}

/** In picture units; infinite where either end has no place. */
function distance(projection: MapProjection, lon1: number, lon2: number, lat: number): number {
  const [x1, y1] = projection.project(lon1, lat);
  const [x2, y2] = projection.project(lon2, lat);
  const length = Math.hypot(x2 - x1, y2 - y1);
  return Number.isFinite(length) ? length : Number.POSITIVE_INFINITY;
}

/** The same longitude in -180 .. 180. */
export function wrapLongitude(lon: number): number {
  return lon - 360 * Math.round(lon / 360);
}

import { createRequire } from 'node:module';
import type { MultiPolygon, Polygon } from 'geojson';
import { feature, mesh } from 'topojson-client';
import type { GeometryCollection, Topology } from 'topojson-specification';
import type { XY } from '../../grid/affine.js';
import { COLOURS } from '../colours.js';
import type { GeographicWindow } from './geographic-window.js';
import { pathData } from './path.js';
import type { MapProjection } from './projection.js';
import { type Outline, outlineOf, projectArea, projectLine } from './shapes.js';

const require = createRequire(import.meta.url);

/** Natural Earth's scales, 1 : 110, 50 or 10 million. */
type Scale = '110m' | '50m' | '10m';

interface Atlas {
  /** Rings to fill: those around a pole are closed over it. */
  readonly land: readonly Outline[];
  readonly coasts: readonly Outline[];
  readonly borders: readonly Outline[];
}

type World = Topology<{ land: GeometryCollection; countries: GeometryCollection }>;

const atlases = new Map<Scale, Atlas>();

function atlasOf(scale: Scale): Atlas {
  const cached = atlases.get(scale);
  if (cached !== undefined) return cached;
  const world = require(`world-atlas/countries-${scale}.json`) as World;
  const rings = feature(world, world.objects.land)
    .features.flatMap(({ geometry }) => ringsOf(geometry as Polygon | MultiPolygon))
    // The pole itself is a ring of its own in the 50m data: a hole that is none.
    .filter((ring) => ring.some(([, lat]) => lat > -89.9))
    .map(outlineOf);
  const borders = mesh(world, world.objects.countries, (one, other) => one !== other);
  const atlas = {
    land: rings.map(closeOverPole),
    coasts: rings,
    borders: borders.coordinates.map((line) => outlineOf(line as unknown as XY[])),
  };
  atlases.set(scale, atlas);
  return atlas;
}

function ringsOf(geometry: Polygon | MultiPolygon): XY[][] {
  const polygons = geometry.type === 'Polygon' ? [geometry.coordinates] : geometry.coordinates;
  return polygons.flat() as unknown as XY[][];
}

/** A coast that runs once round the earth (Antarctica's) bounds no area until it is led over its pole. */
function closeOverPole(ring: Outline): Outline {
  const [first, last] = [ring.points[0], ring.points.at(-1)];
  if (first === undefined || last === undefined || Math.abs(last[0] - first[0]) < 180) return ring;
  const pole = first[1] < 0 ? -90 : 90;
  // Led a little past its ends, so that no hairline shows between this copy and the next.
  const past = last[0] > first[0] ? 0.05 : -0.05;
  return {
    ...ring,
    points: [
      ...ring.points,
      [last[0] + past, last[1]],
      [last[0] + past, pole],
      [first[0] - past, pole],
      [first[0] - past, first[1]],
    ],
    south: Math.min(ring.south, pole),
    north: Math.max(ring.north, pole),
  };
}

/** The coarsest data that still looks like a coast in this window. */
export function scaleFor({ west, south, east, north }: GeographicWindow): Scale {
  const middle = Math.cos((((south + north) / 2) * Math.PI) / 180);
  const size = Math.max(north - south, Math.min(east - west, 360) * middle);
  if (size > 120) return '110m';
  return size > 20 ? '50m' : '10m';
}

export interface Coastlines {
  readonly sea: string;
  /** The land's areas. */
  readonly land: string;
  /** Country borders on land. */
  readonly borders: string;
  readonly coasts: string;
}

/** SVG elements of what Natural Earth knows of the window. */
export function drawCoastlines(
  projection: MapProjection,
  window: GeographicWindow,
  scale: Scale = scaleFor(window),
): Coastlines {
  const atlas = atlasOf(scale);
  const land = atlas.land.flatMap((ring) => projectArea(ring, projection, window));
  const coasts = atlas.coasts.flatMap((ring) => projectLine(ring, projection, window));
  const borders = atlas.borders.flatMap((line) => projectLine(line, projection, window));
  return {
    sea: drawSea(projection, window),
    // Nonzero, because parts of one continent overlap where a circle of longitudes closes.
    land: `<path class="land" fill="${COLOURS.land}" fill-rule="nonzero" d="${pathData(land, true)}"/>`,
    borders: `<path class="borders" fill="none" stroke="${COLOURS.border}" stroke-width="0.7" stroke-linejoin="round" d="${pathData(borders, false)}"/>`,
    coasts: `<path class="coasts" fill="none" stroke="${COLOURS.coast}" stroke-width="0.8" stroke-linejoin="round" d="${pathData(coasts, false)}"/>`,
  };
}

/** The frame; in a map with an edge of its own, such as a sinusoidal one, what lies inside that edge. */
function drawSea(projection: MapProjection, window: GeographicWindow): string {
  const { x, y, width, height } = projection.frame;
  if (window.isTorn !== true) {
    return `<rect class="sea" x="${x}" y="${y}" width="${width}" height="${height}" fill="${COLOURS.sea}"/>`;
  }
  const { west, south, east, north } = window;
  const points: XY[] = [
    [west, south],
    [east, south],
    [east, north],
    [west, north],
  ];
  const globe = projectArea({ ...window, points }, projection, window);
  return `<path class="sea" fill="${COLOURS.sea}" d="${pathData(globe, true)}"/>`;
}

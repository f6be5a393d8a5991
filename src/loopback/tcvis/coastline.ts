/**
 * Land and sea from Natural Earth's 1:10 million coastlines, by the even-odd rule: along a parallel,
 * each crossing of a coastline changes from sea to land or back.
 */
import { createRequire } from 'node:module';
import { feature } from 'topojson-client';
import type { GeometryCollection, Topology } from 'topojson-specification';

const require = createRequire(import.meta.url);

/** Edges are found by latitude band; most are far shorter than one. */
const BANDS_PER_DEGREE = 20;
const BANDS = 180 * BANDS_PER_DEGREE;

export interface Coastline {
  /** Longitudes where the parallel crosses a coastline, from west to east; an even number of them. */
  crossings(latitude: number): Float64Array;
}

let loaded: Coastline | undefined;

/** Reads and indexes the coastlines at the first call (a third of a second). */
export function loadCoastline(): Coastline {
  loaded ??= indexEdges(readEdges());
  return loaded;
}

interface Edges {
  /** x1, y1, x2, y2 of each, in degrees, without the horizontal ones, which cross no parallel. */
  readonly numbers: Float64Array;
  /** Latitudes where a coastline crosses the antimeridian. */
  readonly antimeridian: readonly number[];
}

function readEdges(): Edges {
  const topology = require('world-atlas/land-10m.json') as Topology<{ land: GeometryCollection }>;
  const numbers: number[] = [];
  const antimeridian: number[] = [];
  for (const { geometry } of feature(topology, topology.objects.land).features) {
    const polygons =
      geometry.type === 'MultiPolygon'
        ? geometry.coordinates
        : geometry.type === 'Polygon'
          ? [geometry.coordinates]
          : [];
    for (const ring of polygons.flat()) appendRing(ring, numbers, antimeridian);
  }
  return { numbers: Float64Array.from(numbers), antimeridian };
}

function appendRing(
  ring: readonly (readonly number[])[],
  numbers: number[],
  antimeridian: number[],
): void {
  for (let i = 1; i < ring.length; i++) {
    const [x1 = 0, y1 = 0] = ring[i - 1] ?? [];
    const [x2 = 0, y2 = 0] = ring[i] ?? [];
    if (Math.abs(x2 - x1) <= 180) {
      numbers.push(x1, y1, x2, y2);
      continue;
    }
    // Natural Earth's polygons run on over 180 degrees: an edge in two parts, one on each side.
    const side = x1 > 0 ? 180 : -180;
    const run = x2 + 2 * side - x1;
    const y = run === 0 ? y1 : y1 + ((side - x1) / run) * (y2 - y1);
    numbers.push(x1, y1, side, y, -side, y, x2, y2);
    antimeridian.push(y);
  }
}

function indexEdges({ numbers: edges, antimeridian }: Edges): Coastline {
  // First how many edges each band has, then where its list starts, then the lists themselves.
  const starts = new Int32Array(BANDS + 1);
  forEachBand(edges, (band) => {
    starts[band + 1] = (starts[band + 1] ?? 0) + 1;
  });
  for (let band = 0; band < BANDS; band++) {
    starts[band + 1] = (starts[band + 1] ?? 0) + (starts[band] ?? 0);
  }
  const lists = new Int32Array(starts[BANDS] ?? 0);
  const next = starts.slice();
  forEachBand(edges, (band, edge) => {
    const at = next[band] ?? 0;
    lists[at] = edge;
    next[band] = at + 1;
  });
  return {
    crossings: (latitude) => {
      const band = bandOf(latitude);
      const found = cross(edges, lists.subarray(starts[band], starts[band + 1]), latitude);
      // On the antimeridian it is sea at the north pole, and changes at each crossing further south.
      const isLand = antimeridian.filter((crossed) => crossed > latitude).length % 2 === 1;
      return isLand ? Float64Array.of(-180, ...found, 180) : found;
    },
  };
}

function forEachBand(edges: Float64Array, visit: (band: number, edge: number) => void): void {
  for (let edge = 0; edge < edges.length; edge += 4) {
    const one = bandOf(edges[edge + 1] ?? 0);
    const other = bandOf(edges[edge + 3] ?? 0);
    for (let band = Math.min(one, other); band <= Math.max(one, other); band++) visit(band, edge);
  }
}

function bandOf(latitude: number): number {
  return Math.min(Math.max(Math.floor((latitude + 90) * BANDS_PER_DEGREE), 0), BANDS - 1);
}

function cross(edges: Float64Array, list: Int32Array, latitude: number): Float64Array {
  const found: number[] = [];
  for (const edge of list) {
    const y1 = edges[edge + 1] as number;
    const y2 = edges[edge + 3] as number;
    // Half-open, so that a corner counts for one of its two edges.
    if (y1 <= latitude === y2 <= latitude) continue;
    const x1 = edges[edge] as number;
    const x2 = edges[edge + 2] as number;
    found.push(x1 + ((latitude - y1) / (y2 - y1)) * (x2 - x1));
  }
  return Float64Array.from(found).sort();
}

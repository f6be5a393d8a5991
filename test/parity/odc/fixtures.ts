import { readFileSync } from 'node:fs';
import type { Polygon } from 'geojson';
import type { Affine } from '../../../src/grid/affine.js';
import { type FrameOptions, GeoBox, type ToCrsOptions } from '../../../src/grid/geobox.js';
import type { Window } from '../../../src/grid/window.js';

export interface SavedBox {
  readonly crs: string;
  readonly shape: readonly [height: number, width: number];
  readonly affine: Affine;
}

type Edges = readonly [west: number, south: number, east: number, north: number];
type SavedWindow = readonly [row: number, col: number, height: number, width: number];
type Pair = readonly [number, number];
/** Shapes as [height, width]. */
type SavedOptions<T> = Omit<T, 'shape'> & { readonly shape?: number | Pair };

interface Fixtures {
  readonly fromBbox: readonly {
    box: string;
    bbox: Edges;
    crs: string;
    options: SavedOptions<FrameOptions>;
    geobox: SavedBox;
  }[];
  readonly toCrs: readonly {
    box: string;
    source: SavedBox;
    crs: string;
    options: SavedOptions<ToCrsOptions>;
    geobox: SavedBox;
    /** With longitudes counted on past 180, and the pole inside. */
    around?: SavedBox;
  }[];
  readonly shapes: readonly {
    source: SavedBox;
    call: readonly [
      (
        | 'pad'
        | 'padToMultiples'
        | 'expand'
        | 'buffer'
        | 'flipY'
        | 'flipX'
        | 'zoomOut'
        | 'zoomTo'
        | 'crop'
      ),
      ...unknown[],
    ];
    geobox: SavedBox;
  }[];
  readonly coordinates: readonly { geobox: SavedBox; x: readonly Pair[]; y: readonly Pair[] }[];
  readonly extents: readonly {
    box: string;
    geobox: SavedBox;
    valid: boolean;
    area: number;
    parts: readonly Edges[];
  }[];
  readonly tiles: readonly {
    geobox: SavedBox;
    tile: Pair;
    shape: Pair;
    chunks: readonly [rows: readonly number[], cols: readonly number[]];
    geometry: Polygon;
    crs: string;
    touched: readonly Pair[];
    onlyByEdge: readonly Pair[];
  }[];
  readonly overlaps: readonly {
    source: SavedBox;
    destination: SavedBox;
    options: { padding?: number };
    sourceWindow: SavedWindow;
    destinationWindow: SavedWindow;
    isPaste: boolean;
    shrink: number;
    scale: number;
    scaleXY: Pair;
  }[];
  readonly enclosing: readonly { source: SavedBox; bbox: Edges; crs: string; geobox: SavedBox }[];
  readonly crs: {
    readonly proj: readonly { proj: string; wkt1: string; point: Pair; projected: Pair }[];
    readonly wkt: readonly {
      epsg: number;
      version: string;
      wkt: string;
      point: Pair;
      projected: Pair;
    }[];
  };
}

/** What make-fixtures.py computed; the command is in its head. */
export const FIXTURES = JSON.parse(
  readFileSync(new URL('./fixtures/odc-geo.json', import.meta.url), 'utf8'),
) as Fixtures;

export const boxOf = (saved: SavedBox) => GeoBox.fromRecord(saved);

export const boundsFrom = ([west, south, east, north]: Edges) => ({ west, south, east, north });

export function optionsOf<T extends object>({ shape, ...rest }: SavedOptions<T>): T {
  const made =
    shape === undefined ? {} : { shape: Array.isArray(shape) ? shapeOf(shape as Pair) : shape };
  return { ...rest, ...made } as T;
}

export const shapeOf = ([height, width]: Pair) => ({ height, width });

export const windowOf = ([row, col, height, width]: SavedWindow): Window => ({
  row,
  col,
  height,
  width,
});

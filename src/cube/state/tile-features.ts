import type { Feature, FeatureCollection, MultiPolygon, Polygon } from 'geojson';
import { InvalidInputError } from '../../errors.js';
import { type Grid, type TileIndex, tileId } from '../../grid/tiling.js';
import { TileState } from '../../store/tiles/ledger.js';
import type { TimeOptions } from '../tiles.js';

/** Which tiles the current state is of. */
export interface CurrentStateOptions extends TimeOptions {
  /** Also the tiles that are not loaded. Default `false`, as smart-geocubes. */
  readonly all?: boolean;
}

/** What a tile's footprint says of it. */
export interface TileProperties {
  /** `row-col`, in temporal cubes `t-row-col`. */
  readonly id: string;
  readonly row: number;
  readonly col: number;
  /** Time step, from 0; absent in cubes without a time axis. */
  readonly t?: number;
  readonly state: 'not-loaded' | 'loaded' | 'empty';
}

/** Footprints of tiles in EPSG:4326; `null` for a tile whose outline is no place on earth. */
export type TileFeatures = FeatureCollection<Polygon | MultiPolygon | null, TileProperties>;

/** The tiles' footprints as GeoJSON, in the order given. */
export function tileFeatures(
  grid: Grid,
  tiles: readonly (TileIndex & { readonly state: TileState })[],
): TileFeatures {
  // The steps of a temporal cube share their footprints, which cost more than all the rest.
  const known = new Map<string, Polygon | MultiPolygon | null>();
  const footprintOf = (index: TileIndex) => {
    const place = tileId({ row: index.row, col: index.col });
    const footprint = known.has(place) ? (known.get(place) ?? null) : outlineOf(grid, index);
    known.set(place, footprint);
    return footprint;
  };
  return {
    type: 'FeatureCollection',
    features: tiles.map((tile): Feature<Polygon | MultiPolygon | null, TileProperties> => {
      const { t, row, col, state } = tile;
      const id = tileId(tile);
      return {
        type: 'Feature',
        id,
        geometry: footprintOf(tile),
        properties: { id, row, col, ...(t === undefined ? {} : { t }), state: NAMES[state] },
      };
    }),
  };
}

const NAMES = {
  [TileState.notLoaded]: 'not-loaded',
  [TileState.loaded]: 'loaded',
  [TileState.empty]: 'empty',
} as const;

function outlineOf(grid: Grid, index: TileIndex): Polygon | MultiPolygon | null {
  try {
    return grid.tileGeoBox(index).geographicExtent;
  } catch (error) {
    if (error instanceof InvalidInputError) return null;
    throw error;
  }
}

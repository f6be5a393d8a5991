import { type Roi, roiWindows } from '../../grid/roi.js';
import type { Grid } from '../../grid/tiling.js';
import { drawStateMap } from '../../picture/state-map.js';
import { TileState } from '../../store/tiles/ledger.js';
import type { TimeOptions } from '../tiles.js';
import type { TileStatus } from './tile-states.js';

/** What the map of the loaded tiles shows. */
export interface StatePictureOptions extends TimeOptions {
  /** Default: the dataset's title. */
  readonly title?: string;
  /** Outlined in the map. */
  readonly roi?: Roi;
  /** Default: that of `drawStateMap`. */
  readonly widthPx?: number;
}

/** A map of the tiles that are loaded, as SVG. */
export function drawLoadedTiles(
  grid: Grid,
  tiles: readonly TileStatus[],
  {
    title,
    roi,
    widthPx,
  }: {
    readonly title: string;
    readonly roi: Roi | undefined;
    readonly widthPx: number | undefined;
  },
): string {
  return drawStateMap({
    title,
    grid,
    // The last word counts: a tile that is loaded at one step and empty at another is loaded.
    states: tiles
      .filter(({ state }) => state !== TileState.notLoaded)
      .sort((one, other) => other.state - one.state),
    ...(widthPx === undefined ? {} : { widthPx }),
    ...(roi === undefined ? {} : { region: roiWindows(roi, grid.geobox) }),
  });
}

import type { GeoBox } from '../grid/geobox.js';
import type { PixelArray } from '../raster/dtype.js';
import type { Recipe } from '../tile.js';
import type { BandRaster } from './band-raster.js';
import type { GapList } from './fill/gaps.js';
import { addInvalid } from './fill/invalid.js';
import { avoidNodata } from './nodata.js';
import type { WarpGrids } from './resample/rasters.js';
import type { TileReader } from './tile-reader.js';
import type { Workspace } from './workspace.js';

export interface Warper {
  /** Puts bands that lie on one grid on another one, with gaps of their own. */
  warp(
    bands: readonly BandRaster[],
    from: GeoBox,
    to: GeoBox,
    recipe: Recipe,
    grids: WarpGrids,
  ): BandRaster[];
  /** How many bands are best warped at a time: more where positions, once found, serve all of them. */
  readonly bandsPerWarp: number;
}

/** What is read, from which grid onto which. */
export interface ReadOnto {
  readonly reader: TileReader;
  /** The bands that will be read, in that order. */
  readonly bands: readonly number[];
  readonly from: GeoBox;
  readonly to: GeoBox;
}

/**
 * Reads the bands of a tile whose pixels were asked for on another grid than its own: assembles each on
 * that grid, then warps it. Assembled first, because a resampling looks across the edges of requests.
 */
export function readOnTileGrid(
  { reader, bands, from, to }: ReadOnto,
  recipe: Recipe,
  { warp, bandsPerWarp }: Warper,
  workspace: Workspace,
): Pick<TileReader, 'readBand' | 'warpMs' | 'close'> {
  let ready: { readonly first: number; readonly rasters: readonly BandRaster[] } | undefined;
  let warpMs = 0;

  const assemble = (band: number, slot: number): BandRaster => {
    const length = from.height * from.width;
    const pixels = workspace.array(`source ${slot}`, recipe.dtype, length);
    workspace.gaps.clear();
    reader.readBand(band, pixels, workspace.gaps);
    const gaps = workspace.gaps.indices();
    if (gaps.length === 0) return { pixels, isGap: undefined };
    const isGap = workspace.array(`source gaps ${slot}`, 'uint8', length).fill(0);
    for (const index of gaps) isGap[index] = 1;
    return { pixels, isGap };
  };

  return {
    get warpMs() {
      return warpMs + reader.warpMs;
    },
    readBand(band: number, pixels: PixelArray, gaps: GapList) {
      const at = bands.indexOf(band);
      const first = at - (at % bandsPerWarp);
      if (ready?.first !== first) {
        const together = bands.slice(first, first + bandsPerWarp);
        const sources = together.map((each, slot) => assemble(each, slot));
        const started = performance.now();
        const rasters = warp(sources, from, to, recipe, {
          source: recipe.requestGrid,
          ...(recipe.grid === undefined ? {} : { target: recipe.grid }),
        });
        for (const raster of rasters) avoidNodata(raster, recipe);
        ready = { first, rasters };
        warpMs += performance.now() - started;
      }
      const raster = ready.rasters[at - first] as BandRaster;
      (pixels as Uint8Array).set(raster.pixels as Uint8Array);
      gaps.clear();
      const { isGap } = raster;
      if (isGap !== undefined)
        for (let i = isGap.indexOf(1); i !== -1; i = isGap.indexOf(1, i + 1)) gaps.add(i);
      // A resampling of large floats can end in NaN where its sources are none.
      addInvalid(gaps, pixels, to.width, { row: 0, col: 0, ...to.shape }, undefined);
    },
    close: () => reader.close(),
  };
}

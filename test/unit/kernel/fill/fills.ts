import type { Shape } from '../../../../src/grid/geobox.js';
import { fillIdw } from '../../../../src/kernel/fill/idw.js';
import { copySources, nearestSources } from '../../../../src/kernel/fill/nearest.js';
import { loadGdal } from '../../../../src/kernel/gdal/load.js';
import { withRawDataset } from '../../../../src/kernel/gdal/raw-dataset.js';
import { Workspace } from '../../../../src/kernel/workspace.js';
import type { PixelArray } from '../../../../src/raster/dtype.js';

/** The gaps of a mask (1 is valid), as kernels take them. */
export function gapsOf(mask: Uint8Array) {
  const isGap = mask.map((one) => 1 - one);
  return { isGap, gaps: Int32Array.from(isGap.keys()).filter((i) => isGap[i] === 1) };
}

/** Fills `pixels` in place; returns the gaps that stay. */
export function nearest(
  pixels: PixelArray,
  mask: Uint8Array,
  shape: Shape,
  limit: number | null,
): number[] {
  const workspace = new Workspace();
  const { gaps, isGap } = gapsOf(mask);
  const sources = nearestSources({ gaps, isGap }, shape, limit, workspace);
  copySources(pixels, gaps, sources, workspace.left);
  return [...workspace.left.indices()];
}

/** The pixels as float32 with each gap's mean, NaN where it stays one. */
export function idw(
  pixels: PixelArray,
  mask: Uint8Array,
  shape: Shape,
  distance: number,
): Float32Array<ArrayBuffer> {
  const workspace = new Workspace();
  const { isGap, gaps } = gapsOf(mask);
  // Means are caught in the order of the gaps: the pixels themselves may be of a type that rounds them.
  const means: number[] = [];
  const keep = (mean: number) => {
    means.push(mean);
    return 0;
  };
  fillIdw(pixels.slice() as PixelArray, { isGap, gaps }, shape, distance, keep, workspace);
  const left = new Set(workspace.left.indices());
  const result = Float32Array.from(pixels as Float32Array);
  for (const gap of gaps) result[gap] = left.has(gap) ? Number.NaN : (means.shift() ?? Number.NaN);
  return result;
}

/** GDAL's own fillNodata of a float32 copy, where NaN stays at the gaps it could not fill. */
export function gdalFill(
  pixels: PixelArray,
  mask: Uint8Array<ArrayBuffer>,
  shape: Shape,
  distance: number,
): Float32Array<ArrayBuffer> {
  const values = Float32Array.from(pixels as Float32Array);
  for (let i = 0; i < values.length; i++) if (mask[i] === 0) values[i] = Number.NaN;
  withRawDataset(values, 'float32', shape, (source) =>
    withRawDataset(mask, 'uint8', shape, (valid) =>
      loadGdal().fillNodata({
        src: source.bands.get(1),
        mask: valid.bands.get(1),
        searchDist: distance,
      }),
    ),
  );
  return values;
}

import { parseCrs } from '../../../src/grid/crs/crs.js';
import { GeoBox } from '../../../src/grid/geobox.js';
import { Grid } from '../../../src/grid/tiling.js';

/** The grid of the TCTrend cube, whose shape and origin are those smart-geocubes gives it. */
export function worldGrid(): Grid {
  const size = 0.00026949458523585647;
  const affine = [size, 0, -180.00001488697754, 0, -size, 90.00014219078139] as const;
  const shape = { height: 667918, width: 1335834 };
  return new Grid(new GeoBox(parseCrs('EPSG:4326'), shape, affine), { height: 3600, width: 3600 });
}

export function squareGrid(crs: string, half: number, resolution: number, chunk: number): Grid {
  const bounds = { west: -half, south: -half, east: half, north: half };
  const geobox = GeoBox.fromBounds(bounds, parseCrs(crs), resolution);
  return new Grid(geobox, { height: chunk, width: chunk });
}

export function boundedGrid(
  crs: string,
  [west, south, east, north]: readonly [number, number, number, number],
  resolution: number,
  chunk: number,
): Grid {
  const geobox = GeoBox.fromBounds({ west, south, east, north }, parseCrs(crs), resolution);
  return new Grid(geobox, { height: chunk, width: chunk });
}

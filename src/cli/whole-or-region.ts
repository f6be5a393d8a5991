import { Option } from 'commander';
import type { Cube } from '../cube/cube.js';
import type { Roi } from '../grid/roi.js';
import { type RegionOptions, regionOf } from './options.js';

/** For commands that take the whole cube where no region is given. */
export const optionalBboxOption = () =>
  new Option(
    '--bbox <xmin,ymin,xmax,ymax>',
    'region; xmin > xmax crosses the antimeridian (default: the whole cube)',
  ).env('GEOCUBES_BBOX');

export interface OptionalRegionOptions extends Omit<RegionOptions, 'bbox'> {
  readonly bbox?: string;
}

export function regionOrWhole(cube: Cube, { bbox, ...rest }: OptionalRegionOptions): Roi {
  return bbox === undefined ? cube.grid.geobox : regionOf({ bbox, ...rest });
}

import { type Command, Option } from 'commander';
import { planLoad } from '../../cube/read/load.js';
import { expected } from '../../errors.js';
import { parseCrs, sameCrs } from '../../grid/crs/crs.js';
import type { GeoBox, Shape } from '../../grid/geobox.js';
import { targetGrid } from '../../grid/onto/target-grid.js';
import type { Roi } from '../../grid/roi.js';

/** On which grid pixels are written. */
export interface TargetOptions {
  readonly like?: string;
  readonly crs?: string;
  readonly resolution?: readonly [x: number, y: number];
  readonly size?: Shape;
}

export function addTargetOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--like <file>', 'raster whose grid the pixels are put on, exactly').conflicts([
        'crs',
        'resolution',
        'size',
      ]),
    )
    .option(
      '--crs <crs>',
      "CRS to write in, such as EPSG:3413 (default: the cube's own, pixel by pixel)",
    )
    .addOption(
      new Option(
        '--resolution <size>',
        'pixel size to write, or x,y, in units of the CRS; edges are multiples of it, as with gdalwarp -tr -tap',
      )
        .argParser(parseResolution)
        .conflicts('size'),
    )
    .addOption(
      new Option(
        '--size <width,height>',
        'pixels to write, over exactly the region, as with gdalwarp -te -ts',
      ).argParser(parseSize),
    );
}

/** The grid that the options ask for; `undefined` for the cube's own. @throws {InvalidInputError} */
export function targetOf(
  cube: GeoBox,
  roi: Roi,
  { crs, resolution, size }: TargetOptions,
): GeoBox | undefined {
  if (crs === undefined && resolution === undefined && size === undefined) return undefined;
  const system = crs === undefined ? cube.crs : parseCrs(crs);
  const isOwn = resolution === undefined && size === undefined && sameCrs(system, cube.crs);
  if (isOwn) return undefined;
  const own = planLoad(cube, roi, {});
  const window = own.kind === 'own-grid' ? own.geobox : own.target;
  return targetGrid(window, roi, {
    crs: system,
    ...(resolution === undefined ? {} : { resolution: [resolution[0], -resolution[1]] }),
    shape: size,
  });
}

function parseResolution(text: string): readonly [x: number, y: number] {
  const [x = Number.NaN, y = x, ...more] = numbersOf(text);
  if (!(x > 0 && y > 0 && Number.isFinite(x + y)) || more.length > 0)
    throw expected('one positive number, or two as x,y', '--resolution', text);
  return [x, y];
}

function parseSize(text: string): Shape {
  const [width = Number.NaN, height = Number.NaN, ...more] = numbersOf(
    text.replace(/^(\d+)x(\d+)$/i, '$1,$2'),
  );
  const isSize = [width, height].every((side) => Number.isInteger(side) && side > 0);
  if (!isSize || more.length > 0)
    throw expected('two whole numbers width,height', '--size', text, 'Such as 800,600.');
  return { width, height };
}

function numbersOf(text: string): number[] {
  return text.split(',').map((part) => (part.trim() === '' ? Number.NaN : Number(part)));
}

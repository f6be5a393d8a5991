import { execFileSync } from 'node:child_process';
import type { Cube } from '../../src/index.js';
import { loadGdal } from '../../src/kernel/gdal/load.js';
import type { LoadedPixels } from '../../src/raster/loaded-pixels.js';

export interface GdalwarpOptions {
  readonly nodata: string;
  readonly resampling?: string;
  /** Of which the pixels are taken. Default: of the files themselves. */
  readonly ovr?: 'NONE' | 'AUTO';
  /** More options of the command. */
  readonly more?: readonly string[];
}

/**
 * What GDAL's own command makes of files, laid over one another in their order, on the cube's grid; one
 * array for each band. `-et 0` transforms each pixel exactly: the default approximation depends on how a
 * raster is cut into blocks, so no tiled reader can equal it. `-ovr NONE` takes the files' own pixels, not
 * those of their overviews. Where the command is not installed, its library version in the binding does the
 * same.
 */
export function gdalwarp(
  files: readonly string[],
  output: string,
  cube: Cube,
  { nodata, resampling = 'near', ovr = 'NONE', more = [] }: GdalwarpOptions,
): LoadedPixels[] {
  const { geobox } = cube.grid;
  const { west, south, east, north } = geobox.bounds;
  const options = [
    ...['-r', resampling, '-et', 0, '-ovr', ovr, '-t_srs', geobox.crs.name],
    ...['-te', west, south, east, north, '-ts', geobox.width, geobox.height],
    ...['-dstnodata', nodata, ...more],
  ].map(String);
  const gdal = loadGdal();
  if (hasCommand('gdalwarp')) execFileSync('gdalwarp', ['-q', ...options, ...files, output]);
  else {
    const sources = files.map((file) => gdal.open(file));
    gdal.warp(output, null, sources, options).close();
    for (const source of sources) source.close();
  }
  const dataset = gdal.open(output);
  const bands = dataset.bands.map(
    (band) => band.pixels.read(0, 0, geobox.width, geobox.height) as LoadedPixels,
  );
  dataset.close();
  return bands;
}

function hasCommand(name: string): boolean {
  try {
    execFileSync(name, ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** Counts of pixels that differ (NaN equals NaN) and of those with a value. */
export function compare(
  ours: LoadedPixels | undefined,
  theirs: LoadedPixels | undefined,
  nodata: number,
): { different: number; valid: number; length: number | undefined } {
  let different = 0;
  let valid = 0;
  for (let i = 0; i < (theirs?.length ?? 0); i++) {
    if (!Object.is(ours?.[i], theirs?.[i])) different++;
    if (!Object.is(ours?.[i], nodata)) valid++;
  }
  return { different, valid, length: ours?.length };
}

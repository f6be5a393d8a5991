/**
 * What GDAL opens beside a raster, without being told: overviews and masks, of whatever format a file of
 * their name is, or wherever the raster's own metadata say that they are.
 */
import { existsSync } from 'node:fs';
import type { Dataset } from 'gdal-async';
import { expected } from '../../../errors.js';
import { loadGdal } from '../load.js';
import { TRUST } from './formats.js';

const SUFFIXES = ['.ovr', '.OVR', '.msk', '.MSK'];

/** Overviews of masks of overviews: GDAL makes two levels at the most. */
const MAX_LEVELS = 4;

/**
 * Looks at the files beside a raster that GDAL may open for it.
 * @param name as GDAL has it: a path, or one in an archive
 * @throws {InvalidInputError} naming the file that is no GeoTIFF
 */
export function checkCompanions(name: string, levels = 0): void {
  for (const suffix of SUFFIXES) {
    const companion = name + suffix;
    if (!exists(companion)) continue;
    const driver = loadGdal().drivers.get('GTiff');
    let dataset: Dataset;
    try {
      if (levels >= MAX_LEVELS) throw new Error('too many');
      dataset = driver.open(companion, 'r');
    } catch {
      throw expected(
        'a GeoTIFF for overviews or a mask',
        'the file beside a raster',
        companion,
        TRUST,
      );
    }
    try {
      checkOverviews(dataset, companion);
    } finally {
      dataset.close();
    }
    checkCompanions(companion, levels + 1);
  }
}

/** @throws {InvalidInputError} when a raster's metadata lead to overviews elsewhere. */
export function checkOverviews(dataset: Dataset, shown: string): void {
  const { OVERVIEW_FILE: file } = dataset.getMetadata('OVERVIEWS') as { OVERVIEW_FILE?: string };
  if (file !== undefined)
    throw expected('no overviews elsewhere', `the file ${shown}`, file.slice(0, 200), TRUST);
}

function exists(name: string): boolean {
  if (!name.startsWith('/vsi')) return existsSync(name);
  try {
    loadGdal().fs.stat(name);
    return true;
  } catch {
    return false;
  }
}

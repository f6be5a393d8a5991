/** Points by PROJ, as GDAL asks it: imported once in each thread that computes places (grid/point-transforms.ts). */

import { SetupError } from '../../errors.js';
import { askProjBy, type PointTransform } from '../../grid/point-transforms.js';
import { type Gdal, loadGdal } from './load.js';
import { pointsBy, spatialReference } from './srs.js';

/** Transforms that are kept: more than any cube and its regions have. */
const KEPT = 64;
const kept = new Map<string, PointTransform>();

let isAbsent = false;

function gdalIfAny(): Gdal | undefined {
  if (isAbsent) return undefined;
  try {
    return loadGdal();
  } catch (error) {
    // Whoever set a variable wrongly wants PROJ's places, not others without a word.
    if (error instanceof SetupError && error.kind === 'environment') throw error;
    // It will not appear while the process runs.
    isAbsent = true;
    return undefined;
  }
}

askProjBy({
  pointTransform(from, to) {
    const gdal = gdalIfAny();
    if (gdal === undefined) return undefined;
    const key = `${from.name}\n${to.name}`;
    const made = kept.get(key) ?? makeTransform(gdal, from.name, to.name);
    if (made === undefined) return undefined;
    if (kept.size >= KEPT) kept.clear();
    kept.set(key, made);
    return made;
  },
  wktOfCode(code) {
    const gdal = gdalIfAny();
    try {
      return gdal?.SpatialReference.fromUserInput(code).toWKT();
    } catch {
      return undefined;
    }
  },
});

function makeTransform(gdal: Gdal, from: string, to: string): PointTransform | undefined {
  try {
    return pointsBy(
      new gdal.CoordinateTransformation(spatialReference(from), spatialReference(to)),
    );
  } catch {
    return undefined;
  }
}

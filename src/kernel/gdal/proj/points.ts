/** Points by PROJ, as GDAL asks it: imported once in each thread that computes places (grid/crs/point-transforms.ts). */
import type { SpatialReference } from 'gdal-async';
import { SetupError } from '../../../errors.js';
import {
  askProjBy,
  type CrsDescription,
  type PointTransform,
} from '../../../grid/crs/point-transforms.js';
import { type Gdal, loadGdal } from '../load.js';
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
  describeCrs(text) {
    const gdal = gdalIfAny();
    if (gdal === undefined) return undefined;
    try {
      return describe(gdal, referenceOf(gdal, text));
    } catch {
      return undefined;
    }
  },
  isSameCrs(one, other) {
    if (gdalIfAny() === undefined) return undefined;
    try {
      return spatialReference(one.name).isSame(spatialReference(other.name));
    } catch {
      return undefined;
    }
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

/** By the one reader that each form has: GDAL's reader of any form opens files and URLs too. */
function referenceOf(gdal: Gdal, text: string): SpatialReference {
  const { SpatialReference: Srs } = gdal;
  if (text.startsWith('urn:')) return Srs.fromURN(text);
  if (text.startsWith('+')) return Srs.fromProj4(text);
  if (!text.startsWith('{')) return Srs.fromWKT(text);
  const { type } = JSON.parse(text) as { type?: unknown };
  if (typeof type !== 'string' || !type.endsWith('CRS')) throw new Error('no PROJJSON of a CRS');
  return Srs.fromUserInput(text);
}

function describe(gdal: Gdal, srs: SpatialReference): CrsDescription {
  const wkt1 = srs.toWKT();
  const wkt = wkt2Of(gdal, srs);
  const isDerived = /^GEO[A-Z]+\[.*\bDERIVINGCONVERSION\[/s.test(wkt);
  const isGeographic = srs.isGeographic() && !isDerived;
  // A system of axes of its own, and heights, are neither.
  const isProjected = srs.isProjected() || isDerived;
  const { units = '' } = srs.isGeographic() ? srs.getAngularUnits() : srs.getLinearUnits();
  const unit = /^met(?:re|er)$/i.test(units) ? 'metre' : units;
  return { wkt, wkt1, isGeographic, isProjected, unit: /^degree$/i.test(unit) ? 'degree' : unit };
}

const WKT_FORMAT = 'OSR_WKT_FORMAT';

/** Set for the one call: what other threads write meanwhile is the same system in either form. */
function wkt2Of(gdal: Gdal, srs: SpatialReference): string {
  const before = gdal.config.get(WKT_FORMAT);
  gdal.config.set(WKT_FORMAT, 'WKT2_2019');
  try {
    return srs.toWKT();
  } finally {
    gdal.config.set(WKT_FORMAT, before);
  }
}

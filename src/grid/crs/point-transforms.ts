import type { XY } from '../affine.js';

/** From coordinates in one CRS to those in another, x before y; NaN where there is none. */
export type PointTransform = (x: number, y: number) => XY;

/** As parseCrs names it. */
interface NamedCrs {
  readonly name: string;
}

/** The points that another library computes; `undefined` where it is absent or has no way from one to the other. */
export type PointTransforms = (from: NamedCrs, to: NamedCrs) => PointTransform | undefined;

/** What PROJ makes of a definition. */
export interface CrsDescription {
  /** WKT 2 of 2019. */
  readonly wkt: string;
  /** WKT 1 as GDAL writes it, or WKT 2 where that cannot say it. */
  readonly wkt1: string;
  /** Geographic systems that are derived from another (rotated poles) are both false and false. */
  readonly isGeographic: boolean;
  readonly isProjected: boolean;
  /** Name of the unit of x and y. */
  readonly unit: string;
}

/** What PROJ knows and this room does not. */
export interface ProjLibrary {
  readonly pointTransform: PointTransforms;
  /** Another form of a WKT, a PROJ string, PROJJSON or the URN of a code; `undefined` where PROJ reads no CRS in it, or is absent. */
  readonly describeCrs: (text: string) => CrsDescription | undefined;
  /** Whether PROJ takes both for one system, whatever they are called; `undefined` where it is absent or cannot tell. */
  readonly isSameCrs: (one: NamedCrs, other: NamedCrs) => boolean | undefined;
  /** The WKT of a code, such as `EPSG:8857`; `undefined` where it is not known, or the library absent. */
  readonly wktOfCode: (code: string) => string | undefined;
}

let library: ProjLibrary | undefined;

/**
 * Says who computes what proj4 cannot: PROJ, by GDAL, which this room may not load. Called once in each
 * thread, while modules are loaded, so that what is computed never depends on what was done before.
 */
export function askProjBy(given: ProjLibrary): void {
  library = given;
}

export function pointTransform(from: NamedCrs, to: NamedCrs): PointTransform | undefined {
  return library?.pointTransform(from, to);
}

export function describeCrs(text: string): CrsDescription | undefined {
  return library?.describeCrs(text);
}

export function isSameByProj(one: NamedCrs, other: NamedCrs): boolean | undefined {
  return library?.isSameCrs(one, other);
}

export function wktOfCode(code: string): string | undefined {
  return library?.wktOfCode(code);
}

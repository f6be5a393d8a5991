import { createRequire } from 'node:module';
import proj4 from 'proj4';
import { expected } from '../errors.js';
import type { XY } from './affine.js';
import { wktOfProj } from './proj-wkt.js';

const require = createRequire(import.meta.url);

/** A coordinate reference system: plain data, so that it crosses threads and goes into metadata as it is. */
export interface Crs {
  /** What the caller named it by, normalised: `EPSG:4326`, or the WKT or PROJ string itself. */
  readonly name: string;
  /** EPSG code where it is known. */
  readonly epsg?: number;
  /** WKT, for metadata; empty for a PROJ string that WKT 1 cannot say exactly (see proj-wkt.ts). */
  readonly wkt: string;
  /** The definition proj4 computes with. */
  readonly definition: string;
  /** Geographic coordinates are longitude (x) and latitude (y) in degrees. */
  readonly isGeographic: boolean;
  /** Unit of x and y: `degree`, `metre` or the PROJ abbreviation. */
  readonly unit: string;
}

interface EpsgEntry {
  readonly code: string;
  readonly kind: string;
  readonly wkt: string | null;
  readonly proj4: string | null;
}

const known = new Map<string, Crs>();

/**
 * Reads a CRS from an EPSG code (`EPSG:3413`, `3413`), WKT 1 or 2, a PROJ string, or the names that
 * GeoJSON files use (`urn:ogc:def:crs:EPSG::3413`, `urn:ogc:def:crs:OGC:1.3:CRS84`). A WKT that names
 * its EPSG code is computed with as that code is.
 *
 * Coordinates are always x before y (longitude before latitude), whatever the authority's own axis
 * order: the convention of GeoTIFF, odc-geo and Earth Engine.
 *
 * @throws {InvalidInputError} when the definition is unknown or cannot be parsed.
 */
export function parseCrs(input: string): Crs {
  const text = input.trim();
  const cached = known.get(text);
  if (cached !== undefined) return cached;
  const code = codeOf(text);
  const crs = code === undefined ? fromDefinition(text) : fromEpsg(Number(code), text);
  known.set(text, crs);
  return crs;
}

function codeOf(text: string): string | undefined {
  if (/^(?:urn:ogc:def:crs:)?OGC:(?:1\.3:|:)?CRS84$/i.test(text)) return '4326';
  return /^(?:EPSG:|urn:ogc:def:crs:EPSG:[\d.]*:)?(\d{4,6})$/i.exec(text)?.[1];
}

function fromEpsg(epsg: number, input: string): Crs {
  const entry = entryOf(epsg);
  if (entry === undefined) {
    throw expected(
      'a known EPSG code',
      'the CRS',
      input,
      'Give a code of the EPSG register, a WKT or a PROJ string.',
    );
  }
  if (entry.proj4 === null || entry.wkt === null) {
    throw expected('a CRS with horizontal coordinates', 'the CRS', input);
  }
  return describe(`EPSG:${epsg}`, entry.proj4, entry.wkt, epsg);
}

function entryOf(epsg: number): EpsgEntry | undefined {
  try {
    // One small file per code: the whole register would be 20 MB to parse.
    return require(`epsg-index/s/${epsg}.json`) as EpsgEntry;
  } catch {
    return undefined;
  }
}

function fromDefinition(text: string): Crs {
  const isWkt = /^[A-Z_]+\[/i.test(text);
  if (!isWkt && !text.startsWith('+')) {
    throw expected('an EPSG code, a WKT or a PROJ string', 'the CRS', text.slice(0, 60));
  }
  const epsg = isWkt
    ? /(?:AUTHORITY|ID)\["EPSG",\s*"?(\d+)"?\]\s*\]\s*$/i.exec(text)?.[1]
    : undefined;
  if (epsg === undefined) return describe(text, text, isWkt ? text : wktOfProj(text), undefined);
  // proj4 reads fewer projections from WKT than from PROJ strings, and no datum from WKT 2.
  const definition = entryOf(Number(epsg))?.proj4 ?? text;
  return describe(text, definition, text, Number(epsg));
}

/** How PROJ strings and WKT call the metre. */
const METRES = new Set(['m', 'meter', 'metre']);

function describe(name: string, definition: string, wkt: string, epsg: number | undefined): Crs {
  let parsed: { projName?: string; units?: string };
  try {
    parsed = (proj4(definition) as unknown as { oProj: { projName?: string; units?: string } })
      .oProj;
  } catch (cause) {
    throw expected(
      'a CRS that proj4 can compute with',
      'the CRS',
      name.slice(0, 60),
      `Give its EPSG code or a PROJ string. (${String(cause).slice(0, 120)})`,
    );
  }
  const isGeographic = parsed.projName === 'longlat' || parsed.projName === 'identity';
  const unit = isGeographic
    ? 'degree'
    : METRES.has(parsed.units ?? 'm')
      ? 'metre'
      : (parsed.units ?? 'metre');
  return { name, wkt, definition, isGeographic, unit, ...(epsg === undefined ? {} : { epsg }) };
}

/** True when both name the same system: the same code, or else the same definition. */
export function sameCrs(one: Crs, other: Crs): boolean {
  if (one.epsg !== undefined && other.epsg !== undefined) return one.epsg === other.epsg;
  return one.definition === other.definition;
}

/**
 * A function from coordinates in `from` to coordinates in `to`, both x before y.
 * Points that cannot be projected come back as NaN or infinite, never as an exception.
 *
 * @throws {InvalidInputError} when a datum shift needs a grid file, which proj4 here has none of: it
 * would answer with NaN everywhere.
 */
export function transformer(from: Crs, to: Crs): (x: number, y: number) => XY {
  if (sameCrs(from, to)) return (x, y) => [x, y];
  for (const { name, definition } of [from, to]) {
    const file = /\+nadgrids=(?!@)(\S+)/.exec(definition)?.[1];
    if (file === undefined) continue;
    throw expected(
      'a CRS whose datum needs no grid file',
      'a change of CRS',
      `${name.slice(0, 60)} (${file})`,
      'Give a PROJ string with +towgs84 instead.',
    );
  }
  const converter = proj4(from.definition, to.definition);
  return (x, y) => {
    try {
      const [px, py] = converter.forward([x, y]);
      return [px ?? Number.NaN, py ?? Number.NaN];
    } catch {
      return [Number.NaN, Number.NaN];
    }
  };
}

export const EPSG_4326 = 'EPSG:4326';

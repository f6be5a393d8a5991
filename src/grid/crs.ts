import { createRequire } from 'node:module';
import proj4 from 'proj4';
import { expected } from '../errors.js';
import type { XY } from './affine.js';

const require = createRequire(import.meta.url);

/** A coordinate reference system: plain data, so that it crosses threads and goes into metadata as it is. */
export interface Crs {
  /** What the caller named it by, normalised: `EPSG:4326`, or the WKT or PROJ string itself. */
  readonly name: string;
  /** EPSG code where it is known. */
  readonly epsg?: number;
  /** WKT, for metadata; empty when the CRS was given as a PROJ string. */
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
 * Reads a CRS from an EPSG code (`EPSG:3413`, `3413`), WKT 1 or 2, or a PROJ string.
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
  const code = /^(?:EPSG:)?(\d{4,6})$/i.exec(text)?.[1];
  const crs = code === undefined ? fromDefinition(text) : fromEpsg(Number(code), text);
  known.set(text, crs);
  return crs;
}

function fromEpsg(epsg: number, input: string): Crs {
  let entry: EpsgEntry;
  try {
    // One small file per code: the whole register would be 20 MB to parse.
    entry = require(`epsg-index/s/${epsg}.json`) as EpsgEntry;
  } catch {
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

function fromDefinition(text: string): Crs {
  const isWkt = /^[A-Z_]+\[/i.test(text);
  if (!isWkt && !text.startsWith('+')) {
    throw expected('an EPSG code, a WKT or a PROJ string', 'the CRS', text.slice(0, 60));
  }
  const epsg = isWkt
    ? /(?:AUTHORITY|ID)\["EPSG",\s*"?(\d+)"?\]\s*\]\s*$/i.exec(text)?.[1]
    : undefined;
  return describe(text, text, isWkt ? text : '', epsg === undefined ? undefined : Number(epsg));
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
      String(cause),
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
 */
export function transformer(from: Crs, to: Crs): (x: number, y: number) => XY {
  if (sameCrs(from, to)) return (x, y) => [x, y];
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

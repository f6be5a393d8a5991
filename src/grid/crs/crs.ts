import { createRequire } from 'node:module';
import type { Converter as Proj4Converter } from 'proj4';
import { expected } from '../../errors.js';
import type { XY } from '../affine.js';
import { forProj4, hasAnyDatum, isExact, sameDatum, withinDatum } from './datum.js';
import { HORIZONTAL_CODES } from './horizontal-codes.js';
import { codeIn, isInRegister } from './names.js';
import {
  type CrsDescription,
  describeCrs,
  isSameByProj,
  pointTransform,
  wktOfCode,
} from './point-transforms.js';
import { wktOfProj } from './proj-wkt.js';
import { loadProj4 } from './proj4.js';

const require = createRequire(import.meta.url);

/** A coordinate reference system: plain data, so that it crosses threads and goes into metadata as it is. */
export interface Crs {
  /** What the caller named it by, normalised: `EPSG:4326`, or the WKT or PROJ string itself. */
  readonly name: string;
  /** EPSG code where it is known. */
  readonly epsg?: number;
  /** WKT, for metadata; empty for a PROJ string that WKT 1 cannot say exactly (see proj-wkt.ts). */
  readonly wkt: string;
  /** The definition proj4 computes with; empty for a code of which the register has none. */
  readonly definition: string;
  /** True where proj4 has other numbers than PROJ, or none: PROJ alone is asked then (see `transformer`). */
  readonly needsProj: boolean;
  /** Geographic coordinates are longitude (x) and latitude (y) in degrees. */
  readonly isGeographic: boolean;
  /** Unit of x and y: `degree`, `metre`, `grad` or the PROJ abbreviation. */
  readonly unit: string;
}

interface EpsgEntry {
  readonly code: string;
  readonly kind: string;
  readonly name: string;
  readonly wkt: string | null;
  readonly proj4: string | null;
  readonly unit: string | null;
}

const known = new Map<string, Crs>();

/**
 * Reads a CRS from an EPSG or ESRI code (`EPSG:3413`, `3413`, `ESRI:54009`), WKT 1 or 2, a PROJ string, or
 * the names that GeoJSON files use (`urn:ogc:def:crs:EPSG::3413`, `urn:ogc:def:crs:OGC:1.3:CRS84`, the same
 * as a URL of opengis.net). With GDAL also from PROJJSON, and from codes of every authority that PROJ has.
 * A WKT that names its EPSG code is computed with as that code is. Of a system with heights, the horizontal
 * part is taken.
 *
 * Coordinates are always x before y (longitude before latitude), whatever the authority's own order: the
 * convention of GeoTIFF, odc-geo and Earth Engine. Axes that point south or west keep their direction, and
 * the first of them is x, as GDAL has it.
 *
 * @throws {InvalidInputError} when the definition is unknown or cannot be parsed, or has no horizontal part.
 */
export function parseCrs(input: string): Crs {
  const text = input.trim();
  const cached = known.get(text);
  if (cached !== undefined) return cached;
  const crs = fromCode(text) ?? fromDefinition(text);
  known.set(text, crs);
  return crs;
}

function fromCode(text: string): Crs | undefined {
  const found = codeIn(text);
  if (found === undefined) return undefined;
  const { authority, code } = found;
  return isInRegister(found) && entryOf(Number(code)) !== undefined
    ? fromRegister(Number(code), text, authority)
    : fromProjCode(authority, code, text);
}

/** A code that the register here has not, by PROJ's. */
function fromProjCode(authority: string, code: string, input: string): Crs {
  const known = describeCrs(`urn:ogc:def:crs:${authority}::${code}`);
  if (known === undefined)
    throw expected(
      authority === 'EPSG' ? 'a known EPSG code' : 'a code that PROJ knows',
      'the CRS',
      input.slice(0, 60),
      'Give a code of the EPSG register, a WKT or a PROJ string.',
    );
  const described = fromDescription(known, `${authority}:${code}`);
  return authority === 'EPSG' ? { ...described, epsg: Number(code) } : described;
}

/** What PROJ alone can compute. */
function fromDescription(
  { wkt, isGeographic, isProjected, unit }: CrsDescription,
  name: string,
): Crs {
  if (!isGeographic && !isProjected)
    throw expected('a CRS with horizontal coordinates', 'the CRS', name.slice(0, 60));
  // Where degrees are not meant by it, it is no longitude and latitude to reckon with.
  const isInDegrees = isGeographic && unit === 'degree';
  return { name, wkt, definition: wkt, needsProj: true, isGeographic: isInDegrees, unit };
}

function fromRegister(code: number, input: string, authority = 'EPSG'): Crs {
  const entry = entryOf(code);
  if (entry === undefined) return fromProjCode(authority, String(code), input);
  const flat = HORIZONTAL_CODES[code];
  if (flat !== undefined) return fromRegister(flat, input);
  if (entry.kind === 'CRS-COMPOUNDCRS' && entry.wkt !== null) return fromDefinition(entry.wkt);
  if (entry.kind !== 'CRS-PROJCRS' && entry.kind !== 'CRS-GEOGCRS') {
    throw expected('a CRS with horizontal coordinates', 'the CRS', `${input} (${entry.name})`);
  }
  const name = `${authority}:${code}`;
  const epsg = authority === 'EPSG' ? code : undefined;
  const wkt = entry.wkt ?? wktOfCode(name) ?? wktOfProj(entry.proj4 ?? '');
  const definition = entry.proj4 === null ? '' : forProj4(entry.proj4);
  const isGrads = entry.unit === 'grad' && entry.kind === 'CRS-GEOGCRS';
  if (definition !== '' && !isGrads && isExact(definition, code)) {
    try {
      return describe(name, definition, wkt, epsg);
    } catch {
      // A projection that proj4 does not have.
    }
  }
  return {
    ...{ name, wkt, definition, needsProj: true },
    isGeographic: entry.kind === 'CRS-GEOGCRS' && !isGrads,
    unit: isGrads ? 'grad' : entry.kind === 'CRS-GEOGCRS' ? 'degree' : (entry.unit ?? 'metre'),
    ...(epsg === undefined ? {} : { epsg }),
  };
}

function entryOf(epsg: number): EpsgEntry | undefined {
  try {
    // One small file per code: the whole register would be 20 MB to parse.
    return require(`epsg-index/s/${epsg}.json`) as EpsgEntry;
  } catch {
    return undefined;
  }
}

function fromDefinition(input: string): Crs {
  if (input.startsWith('{')) return fromProjJson(input);
  const isWkt = /^[A-Z0-9_]+\[/i.test(input);
  if (!isWkt && !input.startsWith('+')) {
    throw expected('an EPSG code, a WKT or a PROJ string', 'the CRS', input.slice(0, 60));
  }
  const text = isWkt ? horizontalPart(input) : input;
  if (NOT_HORIZONTAL.test(text) || /\+proj=(?:geocent|cart)\b/.test(text))
    throw expected('a CRS with horizontal coordinates', 'the CRS', text.slice(0, 60));
  const code = isWkt
    ? /(?:AUTHORITY|ID)\["EPSG",\s*"?(\d+)"?\]\s*\]\s*$/i.exec(text)?.[1]
    : undefined;
  const entry = code === undefined ? undefined : entryOf(Number(code));
  if (entry === undefined) {
    const crs = isWkt ? fromWkt(text) : fromProjString(text);
    if (!isWkt) return crs;
    if (!/^GEOGC(?:S|RS)\[/i.test(text) || !/UNIT\["(?:grad|gon)"/i.test(text)) return crs;
    return { ...crs, isGeographic: false, unit: 'grad', needsProj: true };
  }
  // proj4 reads fewer projections from WKT than from PROJ strings, and no datum from WKT 2.
  const crs = fromRegister(Number(code), text);
  // A part of a compound system is what its code says.
  return text === input ? { ...crs, name: text, wkt: text } : crs;
}

/** Of the whole earth's three axes, of a site, of heights, of time. */
const NOT_HORIZONTAL =
  /^(?:GEOCCS|LOCAL_CS|ENGCRS|ENGINEERINGCRS|VERT_CS|VERTCRS|VERTICALCRS|TIMECRS|PARAMETRICCRS)\[|^GEOD(?:ETIC)?CRS\[.*\bCS\[\s*Cartesian/is;

/** A system of longitudes and latitudes whose poles are moved, which proj4 takes for a plain one. */
const DERIVED = /^GEO[A-Z]+\[.*\bDERIVINGCONVERSION\[/is;

/** By what PROJ makes of it. */
function fromProjJson(text: string): Crs {
  const known = describeCrs(text);
  if (known === undefined)
    throw expected(
      'PROJJSON of a CRS, and GDAL to read it',
      'the CRS',
      text.slice(0, 60),
      'Give a code of the EPSG register, a WKT or a PROJ string.',
    );
  return parseCrs(known.wkt);
}

/**
 * The same system in a form that other programs can read from the metadata of a cube: a PROJ string as WKT 2,
 * where PROJ is there to say it so.
 */
export function asStored(crs: Crs): Crs {
  const known = crs.name.startsWith('+') ? describeCrs(crs.name) : undefined;
  return known === undefined ? crs : parseCrs(known.wkt);
}

/** WKT for those who read WKT 1 alone, as Earth Engine may; WKT 2 where there is no other. */
export function wkt1Of({ wkt }: Crs): string {
  return /^[A-Z]*CRS\[/i.test(wkt) ? (describeCrs(wkt)?.wkt1 ?? wkt) : wkt;
}

function fromProjString(text: string): Crs {
  try {
    const crs = describe(text, forProj4(text), wktOfProj(text));
    return isExact(text) ? crs : { ...crs, needsProj: true };
  } catch (error) {
    // A projection that proj4 does not have.
    const known = describeCrs(text);
    if (known === undefined) throw error;
    return { ...fromDescription(known, text), definition: text };
  }
}

function fromWkt(text: string): Crs {
  const known = DERIVED.test(text) ? describeCrs(text) : undefined;
  if (known !== undefined) return { ...fromDescription(known, text), wkt: text, definition: text };
  try {
    return describe(text, text, text);
  } catch (error) {
    const other = describeCrs(text);
    if (other === undefined) throw error;
    return { ...fromDescription(other, text), wkt: text, definition: text };
  }
}

/** The horizontal system of a compound one; any other WKT as it is. */
function horizontalPart(wkt: string): string {
  const start = /^(?:COMPD_CS|COMPOUNDCRS)\[\s*"(?:[^"]|"")*"\s*,\s*/i.exec(wkt)?.[0].length;
  if (start === undefined) return wkt;
  let [depth, isText] = [0, false];
  for (let i = start; i < wkt.length; i++) {
    const letter = wkt[i];
    if (letter === '"') isText = !isText;
    else if (isText) continue;
    else if (letter === '[') depth++;
    else if (letter === ']' && --depth === 0) return wkt.slice(start, i + 1);
  }
  return wkt;
}

/** Of which nothing is to be asked: the system of most cubes. */
const PLAIN_DEGREES = /^\+proj=longlat \+datum=WGS84 \+no_defs(?: \+type=crs)?\s*$/;

/** What proj4 makes of a definition. Throws what it throws. */
function readByProj4(definition: string): { projName?: string; units?: string } {
  const { oProj } = loadProj4()(definition) as unknown as {
    oProj: { projName?: string; units?: string };
  };
  return oProj;
}

/** How PROJ strings and WKT call the metre. */
const METRES = new Set(['m', 'meter', 'metre']);

function describe(name: string, definition: string, wkt: string, epsg?: number): Crs {
  let parsed: { projName?: string; units?: string };
  try {
    parsed = PLAIN_DEGREES.test(definition) ? { projName: 'longlat' } : readByProj4(definition);
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
  return {
    ...{ name, wkt, definition, needsProj: false, isGeographic, unit },
    ...(epsg === undefined ? {} : { epsg }),
  };
}

/**
 * The same system in whatever words, which {@link sameCrs} compares: files write names and digits of their
 * own. Asks PROJ where it is there.
 */
export function equivalentCrs(one: Crs, other: Crs): boolean {
  return sameCrs(one, other) || isSameByProj(one, other) === true;
}

/** A name to be read by people: of a WKT its kind and title. */
export function titleOf({ name }: Crs): string {
  const [, kind, title] = /^([A-Z0-9_]+)\[[^"]*"([^"]*)"/i.exec(name) ?? [];
  return kind === undefined ? name : `${kind} "${title}"`;
}

/** True when both name the same system: the same code, or else the same definition. */
export function sameCrs(one: Crs, other: Crs): boolean {
  if (one.epsg !== undefined && other.epsg !== undefined) return one.epsg === other.epsg;
  const isSaid = one.definition !== '' || one.name === other.name;
  return isSaid && one.definition === other.definition;
}

/**
 * A function from coordinates in `from` to coordinates in `to`, both x before y.
 * Points that cannot be projected come back as NaN or infinite, never as an exception.
 *
 * Within one datum proj4 computes; test/unit/grid/crs/proj.test.ts holds that it has PROJ's numbers. From one
 * datum to another, and in systems that proj4 has not, or wrongly, PROJ itself is asked, where GDAL can be
 * loaded. Where it cannot, proj4 shifts datums by their Helmert parameters, some metres beside PROJ's
 * places at the most.
 *
 * @throws {InvalidInputError} without GDAL: when a datum shift needs a grid file or is not known, or proj4
 * has no such system.
 */
export function transformer(from: Crs, to: Crs): (x: number, y: number) => XY {
  if (sameCrs(from, to)) return (x, y) => [x, y];
  const ends = [from.definition, to.definition] as const;
  const isPlain = !from.needsProj && !to.needsProj;
  const isOneDatum = isPlain && sameDatum(...ends);
  if (!isOneDatum) {
    const byProj = pointTransform(from, to);
    if (byProj !== undefined) return byProj;
    for (const crs of [from, to]) checkComputable(crs, crs === from ? to : from);
  }
  const [one, other] = isOneDatum ? ends.map(withinDatum) : ends;
  const converter = converterOf(one as string, other as string);
  return (x, y) => {
    try {
      const [px, py] = converter.forward([x, y]);
      return [px ?? Number.NaN, py ?? Number.NaN];
    } catch {
      return [Number.NaN, Number.NaN];
    }
  };
}

/** From one definition to another: a plan asks for the same hundreds of times, and proj4 reads both each time. */
const converters = new Map<string, Converter>();
const MOST_CONVERTERS = 64;

type Converter = Pick<Proj4Converter, 'forward'>;

function converterOf(from: string, to: string): Converter {
  const key = `${from}\n${to}`;
  const known = converters.get(key);
  if (known !== undefined) return known;
  const made = loadProj4()(from, to);
  if (converters.size >= MOST_CONVERTERS) converters.clear();
  converters.set(key, made);
  return made;
}

/** Without PROJ: proj4 would answer with NaN, or with a wrong place. */
function checkComputable({ name, definition, needsProj, epsg }: Crs, other: Crs): void {
  const shown = name.slice(0, 60);
  if (needsProj && describeCrs('+proj=longlat +datum=WGS84') !== undefined)
    throw expected(
      `a CRS between which and ${titleOf(other)} PROJ knows a way`,
      'a change of CRS',
      shown,
    );
  if (needsProj)
    throw expected(
      'a CRS that can be computed without GDAL',
      'a change of CRS',
      shown,
      'Set up GDAL ("geocubes doctor" says how), or give another CRS.',
    );
  const file = /\+nadgrids=(?!@)(\S+)/.exec(definition)?.[1];
  if (file === undefined && (epsg === undefined || hasAnyDatum(definition))) return;
  throw expected(
    'a CRS whose datum needs no grid file',
    'a change of CRS without GDAL',
    file === undefined ? `${shown} (of unknown shift)` : `${shown} (${file})`,
    'Set up GDAL ("geocubes doctor" says how), or give a PROJ string with +towgs84 instead.',
  );
}

export const EPSG_4326 = 'EPSG:4326';

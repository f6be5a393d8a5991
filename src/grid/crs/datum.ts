/** What proj4 makes of a PROJ string: where it has PROJ's numbers, and where two are of one datum. */

/** Ellipsoids that proj4 has not: it takes another one, and says nothing. The parameters are PROJ's. */
const ELLIPSOIDS: Readonly<Record<string, string>> = {
  WGS72: '+a=6378135 +rf=298.26',
  GSK2011: '+a=6378136.5 +rf=298.2564151',
};

/** Where PROJ's own defaults are not 0. */
const OWN_ORIGIN = /\+proj=(?:krovak|nzmg)\b/;

/** The same string in terms that proj4 knows: without false easting or an origin some projections go to NaN. */
export function forProj4(definition: string): string {
  const known = definition.replace(
    /\+ellps=(\S+)/,
    (whole, name: string) => ELLIPSOIDS[name] ?? whole,
  );
  if (!known.startsWith('+') || /\+proj=(?:longlat|latlong|utm)\b/.test(known)) return known;
  const origin = OWN_ORIGIN.test(known) ? [] : ['lat_0', 'lon_0'];
  const missing = [...origin, 'x_0', 'y_0'].filter((key) => !known.includes(`+${key}=`));
  return [known, ...missing.map((key) => `+${key}=0`)].join(' ');
}

/**
 * Codes whose strings leave out something, or that proj4 computes otherwise than PROJ by more than a
 * centimetre: found by comparing all of the register's (test/parity/places/compare-all.py).
 */
const INEXACT = new Set<number>([
  3139, 7400, 8044, 8045, 28191, 37225, 37245, 54028, 102038, 102060, 102166, 104102, 104131,
  104139, 104140,
]);

/** Projections that proj4 computes for a sphere, by other tables, or with other poles. */
const INEXACT_PROJECTIONS = /\+proj=(?:robin|mill|vandg|ob_tran)\b/;

/** False where proj4 has other numbers than PROJ: it leaves axes as they are that point south or west. */
export function isExact(definition: string, code?: number): boolean {
  if (/\+axis=(?!enu\b)/.test(definition) || INEXACT_PROJECTIONS.test(definition)) return false;
  return code === undefined || !INEXACT.has(code);
}

/** True when no datum lies between two PROJ strings. */
export function sameDatum(one: string, other: string): boolean {
  const datum = datumOf(one);
  return datum !== undefined && datum === datumOf(other);
}

/**
 * Two strings of one datum, as they are computed with: without what leads out of it, which proj4 would go
 * there and back, and for which it has no grid files.
 */
export function withinDatum(definition: string): string {
  return /\+datum=|\+nadgrids=@/.test(definition)
    ? definition
    : definition.replace(/\s*\+(?:towgs84|nadgrids)=(?:"[^"]*"|\S+)/g, '');
}

const WGS84 = 'WGS84';

function datumOf(definition: string): string | undefined {
  if (!definition.startsWith('+')) return undefined;
  const has = (key: string) => new RegExp(`\\+${key}=(\\S+)`).exec(definition)?.[1];
  const meridian = has('pm') ?? '';
  const grids = has('nadgrids');
  // How PROJ strings say that a sphere is that of web maps.
  if (grids === '@null') return `${WGS84} ${meridian}`;
  const shift = (has('towgs84') ?? '').replace(/^0(?:\.0*)?(?:,0(?:\.0*)?)*$/, '');
  const [datum, ellipsoid] = [has('datum'), has('ellps')];
  if (datum === WGS84 || (datum === undefined && ellipsoid === WGS84 && shift === '' && !grids))
    return `${WGS84} ${meridian}`;
  const figure = ['a', 'b', 'rf', 'f', 'R'].map((key) => has(key) ?? '');
  return [datum, ellipsoid, ...figure, shift, grids, meridian].join(' ');
}

/** True where a string says, or may leave unsaid, how its datum lies to WGS 84. */
export function hasAnyDatum(definition: string): boolean {
  return /\+(?:datum|towgs84|R)=|\+ellps=(?:WGS84|GRS80)\b|\+nadgrids=@/.test(definition);
}

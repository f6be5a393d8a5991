import { expect, test } from 'vitest';
import { type Crs, parseCrs, transformer } from '../../../src/grid/crs/crs.js';
import { FIXTURES } from './fixtures.js';

/** Longitude and latitude of a CRS's own datum: the reference numbers have no datum shift in them. */
function degreesOf(crs: Crs): Crs {
  const datum = /\+(?:datum|ellps|R|a|rf|b|towgs84|nadgrids)=\S+/g;
  const definition = `+proj=longlat ${(crs.definition.match(datum) ?? []).join(' ')} +no_defs`;
  return parseCrs(definition);
}

function distance(
  crs: Crs,
  [lon, lat]: readonly [number, number],
  wanted: readonly [number, number],
) {
  const [x, y] = transformer(degreesOf(crs), crs)(lon, lat);
  return Math.hypot(x - wanted[0], y - wanted[1]);
}

/** Its datum shift is a grid file, which proj4 has not; see the unit tests of the CRS. */
const BY_GRID_FILE = 27700;

test.each(
  FIXTURES.crs.wkt
    .filter(({ epsg }) => epsg !== BY_GRID_FILE)
    .map((one) => [one.version, one.epsg, one] as const),
)(
  '%s of EPSG:%i is known by its code, and computes x before y what PROJ computes, to a micrometre',
  (_version, epsg, { wkt, point, projected }) => {
    const crs = parseCrs(wkt);
    expect(crs).toMatchObject({ epsg, wkt, name: wkt });
    expect(distance(crs, point, projected)).toBeLessThan(1e-6);
  },
);

test.each(FIXTURES.crs.proj.map((one) => [one.proj, one] as const))(
  'the WKT of %s is the one that PROJ writes, and both compute what PROJ computes',
  (_proj, { proj, wkt1, point, projected }) => {
    const crs = parseCrs(proj);
    expect(crs.wkt).toBe(wkt1);
    // proj4 has the Airy ellipsoid by its rounded axes.
    const allowed = proj.includes('+ellps=airy') ? 1e-4 : 1e-6;
    expect(distance(crs, point, projected)).toBeLessThan(allowed);
  },
);

import '../../../../src/kernel/gdal/proj/points.js';
import { describe, expect, test } from 'vitest';
import { gridOf } from '../../../../src/earth-engine/source.js';
import { InvalidInputError } from '../../../../src/errors.js';
import { asStored, parseCrs, sameCrs, transformer, wkt1Of } from '../../../../src/grid/crs/crs.js';
import { codeIn } from '../../../../src/grid/crs/names.js';
import { loadGdal } from '../../../../src/kernel/gdal/load.js';

const LAEA = '+proj=laea +lat_0=10 +lon_0=20 +datum=WGS84';
const ROTATED =
  '+proj=ob_tran +o_proj=longlat +o_lon_p=0 +o_lat_p=39.25 +lon_0=18 +to_meter=0.0174532925199433 +R=6371229';

describe('the name of a code', () => {
  test.each([
    ['3413', 'EPSG', '3413'],
    ['epsg:3413', 'EPSG', '3413'],
    ['EPSG::3413', 'EPSG', '3413'],
    ['urn:ogc:def:crs:EPSG::3413', 'EPSG', '3413'],
    ['urn:ogc:def:crs:EPSG:9.8.15:3413', 'EPSG', '3413'],
    ['urn:x-ogc:def:crs:EPSG:3413:3413', 'EPSG', '3413'],
    ['http://www.opengis.net/def/crs/EPSG/0/3413', 'EPSG', '3413'],
    ['https://www.opengis.net/def/crs/OGC/1.3/CRS84', 'EPSG', '4326'],
    ['urn:ogc:def:crs:OGC:1.3:CRS84', 'EPSG', '4326'],
    ['OGC:CRS84', 'EPSG', '4326'],
    ['CRS:84', 'EPSG', '4326'],
    ['OGC:CRS83', 'EPSG', '4269'],
    ['ESRI:102001', 'ESRI', '102001'],
    ['IGNF:LAMB93', 'IGNF', 'LAMB93'],
  ])('%s is read', (text, authority, code) => {
    expect(codeIn(text)).toEqual({ authority, code });
  });

  test.each(['', 'WGS 84', 'EPSG:', 'http://example.com/def/crs/EPSG/0/3413', 'a/b:c', LAEA])(
    '%s is none',
    (text) => {
      expect(codeIn(text)).toBeUndefined();
    },
  );
});

describe('a code', () => {
  test("of ESRI's is not EPSG's of the same number", () => {
    expect(() => parseCrs('ESRI:4326')).toThrow(
      'Expected a code that PROJ knows for the CRS but received "ESRI:4326".',
    );
  });

  test('that nobody knows is refused', () => {
    for (const text of ['FOO:1', 'EPSG:12345678', 'EPSG:1', 'OGC:CRS99'])
      expect(() => parseCrs(text)).toThrow(InvalidInputError);
  });
});

describe('a PROJ string', () => {
  test('is stored as WKT 2 and is the same system after it', () => {
    const stored = asStored(parseCrs(LAEA));
    expect(stored.name).toMatch(/^PROJCRS\["unknown",/);
    expect(stored.wkt).toBe(stored.name);
    expect(asStored(stored)).toBe(stored);
    expect(sameCrs(stored, asStored(parseCrs(`${LAEA} +no_defs`)))).toBe(true);
    const gdal = loadGdal();
    const read = gdal.SpatialReference.fromWKT(stored.wkt);
    expect(read.isSame(gdal.SpatialReference.fromProj4(LAEA))).toBe(true);
  });

  test('leaves the process as it was: others still write WKT 1', () => {
    asStored(parseCrs('+proj=laea +lat_0=11 +lon_0=21 +datum=WGS84'));
    expect(loadGdal().SpatialReference.fromEPSG(3413).toWKT()).toMatch(/^PROJCS\[/);
  });

  test('of a projection that proj4 has not is computed by PROJ', () => {
    const [x, y] = transformer(parseCrs('EPSG:4326'), parseCrs('+proj=isea'))(1, 11);
    expect(Number.isFinite(x + y)).toBe(true);
  });

  test('of nothing is refused', () => {
    expect(() => parseCrs('+proj=nonsense')).toThrow(InvalidInputError);
    expect(() => parseCrs('+proj=geocent +datum=WGS84')).toThrow('horizontal coordinates');
  });
});

test('a rotated pole has degrees, and is not taken for longitudes and latitudes', () => {
  const stored = asStored(parseCrs(ROTATED));
  expect(stored).toMatchObject({ isGeographic: false, unit: 'degree', needsProj: true });
  const [x, y] = transformer(parseCrs('EPSG:4326'), stored)(18, 50);
  expect(x).toBeCloseTo(0, 9);
  // pyproj 3.7.2 with PROJ 9.5.1 has the same.
  expect(y).toBeCloseTo(-0.75, 9);
});

test('PROJJSON that is none is refused in one line', () => {
  for (const text of ['{"a":1}', '{broken', '{"type":"GeographicCRS"}', '{"type":"FeatureCRS"}'])
    expect(() => parseCrs(text)).toThrow('Expected PROJJSON of a CRS');
});

test('axes of a site, of heights or from the middle of the earth make no grid', () => {
  for (const text of [
    'LOCAL_CS["site",UNIT["metre",1]]',
    'ENGCRS["site",EDATUM["site"],CS[Cartesian,2],AXIS["x",east],AXIS["y",north],LENGTHUNIT["metre",1]]',
    'VERT_CS["height",VERT_DATUM["height",2005],UNIT["metre",1]]',
    loadGdal().SpatialReference.fromEPSG(4978).toWKT(),
  ])
    expect(() => parseCrs(text)).toThrow('Expected a CRS with horizontal coordinates');
});

test('a system of the moon cannot be reached from the earth, and that is said', () => {
  const moon = parseCrs('IAU_2015:30100');
  expect(() => transformer(parseCrs('EPSG:4326'), moon)).toThrow('PROJ knows a way');
});

test('Earth Engine is sent WKT 1 of a grid whose CRS is stored as WKT 2', () => {
  const crs = asStored(parseCrs(LAEA));
  expect(wkt1Of(crs)).toMatch(/^PROJCS\[/);
  const affine = [30, 0, 5, 0, -20, 7] as const;
  const geobox = { crs: crs.name, shape: [4, 6], affine } as const;
  const sent = gridOf({ geobox });
  expect(sent).toMatchObject({
    dimensions: { width: 6, height: 4 },
    affineTransform: {
      scaleX: 30,
      shearX: 0,
      translateX: 5,
      shearY: 0,
      scaleY: -20,
      translateY: 7,
    },
  });
  expect('crsWkt' in sent && sent.crsWkt).toBe(wkt1Of(crs));
});

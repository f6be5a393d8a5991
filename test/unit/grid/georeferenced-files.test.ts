import { describe, expect, test } from 'vitest';
import { toGeoTransform } from '../../../src/grid/affine.js';
import { loadGdal, uniqueName } from '../../../src/kernel/gdal/load.js';
import { openGeoTiff } from '../../../src/kernel/js/geotiff.js';
import { exchangeTags, type TagValue } from '../../../src/loopback/index.js';

const [SCALE, TIEPOINTS, MATRIX] = [33550, 33922, 34264];

/** A file of 5 x 4 pixels that GDAL wrote, of points or areas, in any CRS. */
function fileOf({
  srs = 'EPSG:32631',
  options = [] as string[],
  isPoint = false,
} = {}): Uint8Array {
  const gdal = loadGdal();
  const [from, to] = [uniqueName('.tif'), uniqueName('.tif')];
  const source = gdal.drivers.get('GTiff').create(from, 5, 4, 1, 'Byte');
  source.geoTransform = [500_000, 10, 0, 4_600_000, 0, -20];
  const reference = gdal.SpatialReference.fromUserInput(srs);
  source.srs = reference;
  gdal
    .translate(to, source, [
      ...['-q', '-of', 'GTiff', '-mo', `AREA_OR_POINT=${isPoint ? 'Point' : 'Area'}`],
      ...options.flatMap((option) => ['-co', option]),
    ])
    .close();
  source.close();
  gdal.vsimem.release(from);
  // Not a Buffer, whose slices are views.
  return new Uint8Array(gdal.vsimem.release(to));
}

/** What GDAL reads, and what the JavaScript kernel does. */
async function readings(bytes: Uint8Array) {
  const gdal = loadGdal();
  const name = uniqueName('.tif');
  gdal.vsimem.set(Buffer.from(bytes), name);
  const dataset = gdal.open(name, 'r', 'GTiff');
  const { srs } = dataset;
  // Of a system with heights, the horizontal part.
  const node = srs?.isCompound() ? 'COMPD_CS|PROJCS' : null;
  const isEpsg = srs?.getAuthorityName(node as string) === 'EPSG';
  const theirs = {
    transform: dataset.geoTransform,
    epsg: isEpsg ? Number(srs?.getAuthorityCode(node as string)) : undefined,
  };
  dataset.close();
  gdal.vsimem.release(name);
  const { affine, epsg } = await openGeoTiff(bytes);
  return { theirs, ours: { transform: affine ? [...toGeoTransform(affine)] : null, epsg } };
}

const TIE = [0, 0, 0, 500_000, 4_600_000, 0];
const FAR = [5, 4, 0, 500_050, 4_599_920, 0];
const THIRD = [5, 0, 0, 500_050, 4_600_000, 0];
const TURNED = [30, 5, 0, 400_000, -4, -30, 0, 4_500_000, 0, 0, 1, 9, 0, 0, 0, 1];

type Tags = Readonly<Partial<Record<number, TagValue>>>;

const LAYOUTS: Record<string, Tags> = {
  'what GDAL writes': {},
  'several tie points and a scale': { [TIEPOINTS]: [...TIE, ...FAR, ...THIRD] },
  'several tie points that contradict the scale': { [TIEPOINTS]: [...FAR, ...TIE] },
  'several tie points alone': { [SCALE]: undefined, [TIEPOINTS]: [...TIE, ...FAR, ...THIRD] },
  'one tie point alone': { [SCALE]: undefined },
  'several tie points and a matrix': {
    [SCALE]: undefined,
    [TIEPOINTS]: [...TIE, ...FAR],
    [MATRIX]: TURNED,
  },
  'a scale without a tie point': { [TIEPOINTS]: undefined },
  'a scale without a tie point, and a matrix': { [TIEPOINTS]: undefined, [MATRIX]: TURNED },
  'a scale of two numbers': { [SCALE]: [10, 20] },
  'a scale of one number': { [SCALE]: [10], [MATRIX]: TURNED },
  'a scale whose y is zero, and a matrix': { [SCALE]: [10, 0, 0], [MATRIX]: TURNED },
  'a matrix that is turned': { [SCALE]: undefined, [TIEPOINTS]: undefined, [MATRIX]: TURNED },
  'a matrix of twelve numbers': {
    [SCALE]: undefined,
    [TIEPOINTS]: undefined,
    [MATRIX]: TURNED.slice(0, 12),
  },
  nothing: { [SCALE]: undefined, [TIEPOINTS]: undefined },
};

describe.each([
  ['little-endian', ['ENDIANNESS=LITTLE']],
  ['big-endian', ['ENDIANNESS=BIG']],
  ['little-endian BigTIFF', ['ENDIANNESS=LITTLE', 'BIGTIFF=YES']],
  ['big-endian BigTIFF', ['ENDIANNESS=BIG', 'BIGTIFF=YES']],
])('a %s file lies where GDAL reads that it does', (_, options) => {
  test.each(Object.entries(LAYOUTS))('with %s', async (__, layout) => {
    for (const isPoint of [false, true]) {
      const tags = new Map(Object.entries(layout).map(([tag, value]) => [Number(tag), value]));
      const bytes = exchangeTags(fileOf({ options, isPoint }), tags);
      const { ours, theirs } = await readings(bytes);
      expect(ours.transform, `isPoint ${isPoint}`).toEqual(theirs.transform);
    }
  });
});

describe('a file has the EPSG code that GDAL reads', () => {
  test.each([
    'EPSG:32631',
    'EPSG:4326',
    'EPSG:4258',
    'EPSG:3413',
    'EPSG:3857',
    'EPSG:6933',
    'EPSG:2056',
    'EPSG:27700',
    'EPSG:4807',
    'EPSG:3035+5730',
    'ESRI:102017',
    'ESRI:54009',
    'EPSG:4978',
    '+proj=laea +lat_0=75 +lon_0=120 +datum=WGS84 +type=crs',
    '+proj=utm +zone=31 +datum=WGS84 +type=crs',
    '+proj=tmerc +lat_0=0 +lon_0=9 +k=0.9996 +x_0=500000 +ellps=bessel +type=crs',
    '+proj=longlat +a=6371000 +b=6371000 +type=crs',
    '+proj=sinu +R=6371007.181 +type=crs',
    'LOCAL_CS["somewhere",UNIT["metre",1]]',
  ])('%s', async (srs) => {
    const { ours, theirs } = await readings(fileOf({ srs }));
    expect(ours.epsg).toBe(theirs.epsg);
  });
});

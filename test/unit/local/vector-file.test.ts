import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { InvalidInputError } from '../../../src/errors.js';
import { GeoBox } from '../../../src/grid/geobox.js';
import { Grid } from '../../../src/grid/tiling.js';
import { parseCrs, tilesOf } from '../../../src/index.js';
import { loadGdal } from '../../../src/kernel/gdal/load.js';
import { readRoi } from '../../../src/local/vector-file.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'geocubes-vector-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const box = (west: number, south: number, size: number): [number, number][] => [
  [west, south],
  [west + size, south],
  [west + size, south + size],
  [west, south + size],
  [west, south],
];

/** Two squares, 2 degrees wide, named a and b. */
const SQUARES = {
  a: box(10, 50, 2),
  b: box(20, 60, 2),
};

const LAEA = 'EPSG:3035';

/** 40 x 40 degrees in tiles of one degree. */
const GRID = new Grid(
  GeoBox.fromBounds({ west: 0, south: 40, east: 40, north: 80 }, parseCrs('EPSG:4326'), 0.1),
  { height: 10, width: 10 },
);

function write(
  name: string,
  driver: string,
  { layers = ['squares'], crs = 'OGC:CRS84' as string | null } = {},
): string {
  const gdal = loadGdal();
  const path = join(folder, name);
  const dataset = gdal.drivers.get(driver).create(path);
  const geographic = gdal.SpatialReference.fromUserInput('OGC:CRS84');
  const srs = crs === null ? null : gdal.SpatialReference.fromUserInput(crs);
  for (const title of layers) {
    const layer = dataset.layers.create(title, srs, gdal.wkbPolygon);
    layer.fields.add(new gdal.FieldDefn('name', gdal.OFTString));
    for (const [square, ring] of Object.entries(SQUARES)) {
      const geometry = gdal.Geometry.fromGeoJson({
        type: 'Polygon',
        coordinates: [ring],
      } as never);
      // A straight line of degrees is not one of metres: with points between, it is nearly.
      geometry.segmentize(0.05);
      if (crs === LAEA && srs !== null) {
        geometry.transform(new gdal.CoordinateTransformation(geographic, srs));
      }
      const feature = new gdal.Feature(layer);
      feature.fields.set('name', square);
      feature.setGeometry(geometry);
      layer.features.add(feature);
    }
  }
  dataset.close();
  return path;
}

const tilesIn = async (path: string, where?: string) =>
  [...tilesOf(await readRoi(path, { where }), GRID)].map(({ row, col }) => `${row}-${col}`);

const A = ['28-10', '28-11', '29-10', '29-11'];
const B = ['18-20', '18-21', '19-20', '19-21'];

describe('readRoi', () => {
  test.each([
    ['squares.geojson', 'GeoJSON', 'OGC:CRS84'],
    ['squares.gpkg', 'GPKG', 'EPSG:4326'],
    ['squares.shp', 'ESRI Shapefile', 'EPSG:4326'],
    ['squares.fgb', 'FlatGeobuf', 'EPSG:4326'],
    ['squares.kml', 'KML', 'OGC:CRS84'],
    ['metres.gpkg', 'GPKG', LAEA],
    ['metres.shp', 'ESRI Shapefile', LAEA],
  ])('reads the features of %s, and the tiles are theirs', async (name, driver, crs) => {
    const path = write(name, driver, { crs });
    const found = await tilesIn(path);
    // Curved edges, as good as straight, may reach the neighbours by a hair's breadth.
    expect(found).toEqual(expect.arrayContaining([...B, ...A]));
    if (crs !== LAEA) expect(found).toHaveLength(8);
  });

  test('of a file only the features that the filter lets through', async () => {
    const path = write('filtered.gpkg', 'GPKG');
    expect(await tilesIn(path, "name = 'b'")).toEqual(B);
    expect(await tilesIn(path, "name LIKE 'A%'")).toEqual(A);
  });

  test('of a file with several layers the one that is named', async () => {
    const path = write('layers.gpkg', 'GPKG', { layers: ['one', 'two'] });
    await expect(readRoi(path)).rejects.toThrow(
      `Expected one layer for the region in ${path} but received "one, two". Name one with --layer.`,
    );
    await expect(readRoi(path, { layer: 'three' })).rejects.toThrow(
      'Expected one of the layers one, two',
    );
    const region = await readRoi(path, { layer: 'two', where: "name = 'a'" });
    expect([...tilesOf(region, GRID)]).toHaveLength(4);
  });

  test('a file that is absent, no vector file, or has nothing of what is asked for is one clear error', async () => {
    const path = write('errors.gpkg', 'GPKG');
    const text = join(folder, 'notes.txt');
    await writeFile(text, 'mine');
    const raster = join(folder, 'raster.tif');
    loadGdal().drivers.get('GTiff').create(raster, 4, 4, 1, 'Byte').close();
    for (const [file, options, message] of [
      [join(folder, 'absent.gpkg'), {}, 'Expected an existing vector file for the region'],
      ['/vsicurl/http://127.0.0.1:9/x.geojson', {}, 'Expected an existing vector file'],
      [text, {}, 'Expected a vector file that GDAL can read for the region but received'],
      [raster, {}, 'Expected a vector file for the region but received'],
      [path, { where: "name = 'c'" }, "Expected features that satisfy name = 'c'"],
      [
        path,
        { where: 'name ==== 1' },
        'Expected a condition on the fields of the layer (name) for --where',
      ],
      [path, { where: 'colour = 1' }, 'received "colour = 1". failed to prepare SQL'],
    ] as const) {
      const error = await readRoi(file, options).catch((caught: unknown) => caught);
      expect(error).toBeInstanceOf(InvalidInputError);
      expect((error as Error).message).toContain(message);
    }
  });

  test('a file without a CRS is refused, because nothing tells where it lies', async () => {
    const path = write('nowhere.shp', 'ESRI Shapefile', { crs: null });
    await expect(readRoi(path)).rejects.toThrow('Assign one with ogr2ogr -a_srs.');
  });
});

/** Files and the cubes they are imported into, for check_places.py. */

const EDGE = 20037508.342789244;

/**
 * Files of 150 x 130 pixels around a place, and cubes that just hold them.
 *
 * @type {readonly (readonly [file: string, size: number, lon: number, lat: number, cube: string, resolution: number])[]}
 */
const AROUND = [
  // National datums; some with grids in Debian's proj-data, some of which PROJ has no grid there.
  ['EPSG:28992', 1, 5.3, 52.1, 'EPSG:32631', 1],
  ['EPSG:28992', 1, 5.3, 52.1, 'EPSG:4326', 1e-5],
  ['EPSG:27700', 1, -2, 53, 'EPSG:32630', 1],
  ['EPSG:4326', 1e-5, -2, 53, 'EPSG:27700', 1],
  ['EPSG:31467', 1, 9, 50, 'EPSG:25832', 1],
  ['EPSG:27572', 5, 2.3, 47, 'EPSG:2154', 5],
  ['EPSG:21781', 1, 7.5, 47, 'EPSG:2056', 1],
  ['EPSG:27200', 10, 175, -39, 'EPSG:2193', 10],
  ['EPSG:31370', 1, 4.4, 50.8, 'EPSG:3812', 1],
  ['EPSG:5514', 10, 15, 50, 'EPSG:32633', 10],
  ['EPSG:26710', 30, -122, 37, 'EPSG:26910', 30],
  ['EPSG:4267', 0.001, -100, 40, 'EPSG:4269', 0.001],
  ['EPSG:3003', 10, 9, 44, 'EPSG:32632', 10],
  ['EPSG:23030', 10, -3, 40, 'EPSG:25830', 10],
  ['EPSG:2100', 10, 23.7, 38, 'EPSG:4326', 1e-4],
  ['EPSG:30169', 10, 139.8, 35.7, 'EPSG:6677', 10],
  ['EPSG:20354', 10, 138.6, -35, 'EPSG:28354', 10],
  ['EPSG:22234', 10, 18.5, -33.9, 'EPSG:32734', 10],
  ['EPSG:31287', 10, 14, 47.5, 'EPSG:25833', 10],
  ['EPSG:24047', 10, 100.5, 13.7, 'EPSG:32647', 10],
  ['EPSG:29902', 10, -7, 53, 'EPSG:2157', 10],
  // Other meridians, grads, other directions, feet, projections that proj4 does not have.
  ['EPSG:4807', 0.001, 2.3, 47, 'EPSG:2154', 50],
  // GDAL's warper puts these two 100 m aside: it tells PROJ an area as if they counted from Greenwich.
  ['EPSG:4805', 0.001, 14, 47.5, 'EPSG:4326', 0.001],
  ['EPSG:2065', 10, 15, 50, 'EPSG:4326', 1e-4],
  ['EPSG:4806', 0.001, 12, 42, 'EPSG:32633', 100],
  ['EPSG:5513', 10, 15, 50, 'EPSG:32633', 10],
  ['EPSG:2048', 10, 18.9, -33.4, 'EPSG:32734', 10],
  ['EPSG:2053', 10, 29.2, -26, 'EPSG:32735', 10],
  ['EPSG:32734', 10, 18.9, -33.4, 'EPSG:2048', 10],
  ['EPSG:2263', 10, -74, 40.7, 'EPSG:32618', 3],
  ['EPSG:2227', 30, -122, 37.5, 'EPSG:4326', 1e-4],
  ['EPSG:29701', 100, 47.5, -19, 'EPSG:32738', 100],
  ['EPSG:3116', 10, -75, 7, 'EPSG:32618', 10],
  // Poles.
  ['EPSG:3413', 5000, -40, 88, 'EPSG:3995', 5000],
  ['EPSG:3031', 5000, 100, -88, 'EPSG:3976', 5000],
  ['EPSG:32661', 5000, 0, 89, 'EPSG:3413', 5000],
];

const EARTH = [0, 1.8, 0, 90, 0, -1.5];
const FROM_180 = [-180, 1.8, 0, 90, 0, -1.5];

const CYLINDERS = [
  ['EPSG:3857', [-EDGE, -EDGE, EDGE, EDGE], EDGE / 128],
  ['EPSG:3395', [-2e7, -15e6, 2e7, 15e6], 1e5],
  ['EPSG:4087', [-2e7, -1e7, 2e7, 1e7], 1e5],
  ['EPSG:4087', [0, -1e7, 4e7, 1e7], 1e5],
  ['EPSG:6933', [-1736e4, -732e4, 1736e4, 732e4], 4e4],
  ['EPSG:3832', [-2e7, -15e6, 2e7, 15e6], 1e5],
  ['EPSG:3994', [-1e7, -15e6, 1e7, 1e6], 1e5],
  ['EPSG:4326', [0, -90, 360, 90], 1],
];
const DEGREES = ['EPSG:4326', [-180, -90, 180, 90], 0.5];
const UTM_60 = ['EPSG:32760', [300_000, 5000, 0, 7e6, 0, -5000]];

/**
 * Files of 200 x 120 pixels by their geotransform, and cubes by their bounds.
 *
 * @type {readonly (readonly [file: string, transform: number[], cube: string, bounds: number[], resolution: number])[]}
 */
const WIDE = [
  ...CYLINDERS.flatMap((cube) => [
    ['EPSG:4326', EARTH, ...cube],
    ['EPSG:4326', FROM_180, ...cube],
    [...UTM_60, ...cube],
  ]),
  ['EPSG:32601', [0, 5000, 0, 6e6, 0, -5000], ...CYLINDERS[0]],
  ['EPSG:3995', [-4e6, 4e4, 0, 4e6, 0, -66e3], ...CYLINDERS[0]],
  ['EPSG:3031', [-4e6, 4e4, 0, 4e6, 0, -66e3], ...DEGREES],
  ['+proj=moll +datum=WGS84', [-181e5, 181e3, 0, 91e5, 0, -151e3], ...DEGREES],
  ['+proj=moll +datum=WGS84', [-181e5, 181e3, 0, 91e5, 0, -151e3], ...CYLINDERS[0]],
  ['+proj=robin +datum=WGS84', [-171e5, 171e3, 0, 87e5, 0, -145e3], ...DEGREES],
  ['+proj=geos +h=35785831 +datum=WGS84', [-55e5, 55e3, 0, 55e5, 0, -91e3], ...DEGREES],
  ['+proj=ortho +lat_0=90 +R=6371000', [-64e5, 64e3, 0, 64e5, 0, -106e3], ...DEGREES],
  ['+proj=sinu +R=6371007.181', [-20015109.354, 200151, 0, 10007554.677, 0, -166792], ...DEGREES],
  ['EPSG:4326', FROM_180, 'ESRI:54009', [-18e6, -9e6, 18e6, 9e6], 1e5],
  ['EPSG:4326', EARTH, 'EPSG:8857', [-17e6, -8e6, 17e6, 8e6], 1e5],
];

/** @returns each case with the geotransform of its file and the bounds of its cube */
export function cases(gdal) {
  const around = AROUND.map(([file, size, lon, lat, cube, resolution]) => {
    const srs = (name) => gdal.SpatialReference.fromUserInput(name);
    const [x, y] = point(gdal, srs('EPSG:4326'), srs(file), lon, lat);
    const transform = [x, size, 0, y, 0, -size];
    const corners = [
      [0, 0],
      [150, 0],
      [0, 130],
      [150, 130],
    ].map(([col, row]) => point(gdal, srs(file), srs(cube), x + col * size, y - row * size));
    const [xs, ys] = [corners.map(([cx]) => cx), corners.map(([, cy]) => cy)];
    const low = (values) => (Math.floor(Math.min(...values) / resolution) - 12) * resolution;
    const high = (values) => (Math.ceil(Math.max(...values) / resolution) + 12) * resolution;
    const bounds = [low(xs), low(ys), high(xs), high(ys)];
    return { file, transform, shape: [130, 150], cube, bounds, resolution, chunk: 32 };
  });
  const wide = WIDE.map(([file, transform, cube, bounds, resolution]) => {
    return { file, transform, shape: [120, 200], cube, bounds, resolution, chunk: 64 };
  });
  return [...around, ...wide];
}

function point(gdal, from, to, x, y) {
  const found = new gdal.CoordinateTransformation(from, to).transformPoint(x, y);
  return [found.x, found.y];
}

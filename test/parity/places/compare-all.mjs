/**
 * Computes points of each code's area of use with proj4, from longitude and latitude of the code's own
 * datum, for compare-all.py: JSON on standard output.
 */
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const proj4 = require('proj4');
const register = require('epsg-index/all.json');

const SHARES = [
  [0.5, 0.5],
  [0.2, 0.2],
  [0.8, 0.2],
  [0.2, 0.8],
  [0.8, 0.8],
];

function pointsIn([north, west, south, east]) {
  const wide = (east < west ? east + 360 : east) - west;
  const [low, high] = [Math.max(south, -89.5), Math.min(north, 89.5)];
  return SHARES.map(([fx, fy]) => {
    const x = west + wide * fx;
    return [x > 180 ? x - 360 : x, low + (high - low) * fy];
  });
}

const DATUMS = { WGS84: 'WGS84', NAD83: 'GRS80', NAD27: 'clrk66' };

const rows = [];
for (const { code, kind, unit, proj4: text, bbox } of Object.values(register)) {
  if ((kind !== 'CRS-PROJCRS' && kind !== 'CRS-GEOGCRS') || text === null || !bbox) continue;
  const inside = text
    .replace(/\+(?:nadgrids|towgs84)=(?:"[^"]*"|\S+)/g, '')
    .replace(/\+datum=(\S+)/, (_, name) => `+ellps=${DATUMS[name]}`);
  const figure = (inside.match(/\+(?:ellps|a|b|rf|R|pm)=\S+/g) ?? []).join(' ');
  const points = pointsIn(bbox);
  let images;
  try {
    const { forward } = proj4(`+proj=longlat ${figure} +no_defs`, inside);
    images = points.map((point) => forward([...point]));
  } catch (error) {
    images = String(error.message ?? error).slice(0, 80);
  }
  rows.push({ code, unit, proj4: text, points, images });
}
process.stdout.write(JSON.stringify(rows));

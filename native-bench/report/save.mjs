/** The part of the page on whole regions that become files. */
import { spread } from '../statistics.mjs';
import { megabytes, milliseconds, size, table, times, timesOf, withSpread } from './numbers.mjs';

export function save({ shape, bands, rounds, contenders }) {
  const [ours] = contenders;
  const rows = contenders.map((each) => [
    each.name,
    milliseconds(each),
    withSpread(spread(each.samples.map(({ cpuMs }) => cpuMs))),
    times(timesOf(each, ours)),
    megabytes(each.bytes),
  ]);
  return [
    '## A region to a GeoTIFF',
    `All of a cube of ${size(shape, bands)} uint8 to a tiled file, by whole processes, ${rounds} rounds, files in the system's cache. gdal_translate and rasterio read a GeoTIFF of the same pixels (DEFLATE), not the cube. The Python scripts are what one would type, in one thread, with DEFLATE 6. All files hold the same pixels (SHA-256).`,
    table(['', 'ms', 'processor time, ms', `times ${ours.name}`, 'file, MB'], rows),
  ].join('\n\n');
}

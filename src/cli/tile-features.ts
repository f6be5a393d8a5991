import { type Cube, TileState } from '../cube/cube.js';
import { formatInstant } from '../dataset/period.js';
import type { Toi } from '../dataset/toi.js';
import type { Roi } from '../grid/roi.js';
import { tileId } from '../grid/tiling.js';
import { OutputBuffer } from './output.js';

const STATE_NAMES = {
  [TileState.notLoaded]: 'missing',
  [TileState.loaded]: 'loaded',
  [TileState.empty]: 'empty',
} as const;

/**
 * Writes a GeoJSON FeatureCollection of the tiles of a region to stdout, one feature a line, as they are
 * read: a cube may have more tiles than fit in memory. Outlines are in longitude and latitude, cut at the
 * antimeridian, as RFC 7946 has it.
 */
export async function writeTileFeatures(
  cube: Cube,
  roi: Roi,
  at: { readonly time?: Toi },
): Promise<void> {
  const steps = new Map(cube.stepsOf(at.time)?.map((step) => [step.index, step]));
  const output = new OutputBuffer();
  await output.write('{"type":"FeatureCollection","features":[');
  let separator = '\n';
  for await (const { state, ...index } of cube.walkStates(roi, at)) {
    const step = index.t === undefined ? undefined : steps.get(index.t);
    const feature = {
      type: 'Feature',
      id: tileId(index),
      geometry: cube.grid.tileGeoBox(index).geographicExtent,
      properties: {
        id: tileId(index),
        state: STATE_NAMES[state],
        row: index.row,
        col: index.col,
        ...(step === undefined
          ? {}
          : { time: formatInstant(step.start), timeEnd: formatInstant(step.end) }),
      },
    };
    await output.write(`${separator}${JSON.stringify(feature)}`);
    separator = ',\n';
  }
  await output.write('\n]}\n');
  await output.flush();
}

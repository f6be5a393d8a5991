import type { Cube } from '../../cube/cube.js';
import { TileState } from '../../cube/state/tile-states.js';
import { formatInstant } from '../../dataset/period.js';
import type { Toi } from '../../dataset/toi.js';
import type { Roi } from '../../grid/roi.js';
import { tileId } from '../../grid/tiling.js';
import type { ListedTile } from '../options/tile-list.js';
import { OutputBuffer } from './output.js';

export const STATE_NAMES = {
  [TileState.notLoaded]: 'missing',
  [TileState.loaded]: 'loaded',
  [TileState.empty]: 'empty',
} as const;

/**
 * Writes a GeoJSON FeatureCollection of the tiles of a region to stdout, one feature a line, as they are
 * read: a cube may have more tiles than fit in memory. Outlines are in longitude and latitude, cut at the
 * antimeridian, as RFC 7946 has it.
 *
 * @param failed tiles that failed, by id: those of them that are still not loaded are told as `failed`, and how.
 */
export async function writeTileFeatures(
  cube: Cube,
  roi: Roi,
  at: { readonly time?: Toi },
  failed: ReadonlyMap<string, ListedTile> = new Map(),
  missingAlone = false,
): Promise<void> {
  const steps = new Map(cube.stepsOf(at.time)?.map((step) => [step.index, step]));
  const output = new OutputBuffer();
  await output.write('{"type":"FeatureCollection","features":[');
  let separator = '\n';
  for await (const { state, ...index } of cube.walkStates(roi, at)) {
    if (missingAlone && state !== TileState.notLoaded) continue;
    const step = index.t === undefined ? undefined : steps.get(index.t);
    const id = tileId(index);
    const failure = state === TileState.notLoaded ? failed.get(id) : undefined;
    const feature = {
      type: 'Feature',
      id,
      geometry: cube.grid.tileGeoBox(index).geographicExtent,
      properties: {
        id,
        state: failure === undefined ? STATE_NAMES[state] : 'failed',
        row: index.row,
        col: index.col,
        ...(step === undefined
          ? {}
          : { time: formatInstant(step.start), timeEnd: formatInstant(step.end) }),
        ...(failure === undefined ? {} : howItFailed(failure)),
      },
    };
    await output.write(`${separator}${JSON.stringify(feature)}`);
    separator = ',\n';
  }
  await output.write('\n]}\n');
  await output.flush();
}

/** Flat, because GIS programs show no more of a property than its text. */
function howItFailed({ stage, tries, error }: ListedTile) {
  return { stage, tries, error: error?.message };
}

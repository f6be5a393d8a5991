import type { Cube } from '../../cube/cube.js';
import { TileState } from '../../cube/state/tile-states.js';
import { formatInstant } from '../../dataset/period.js';
import type { Toi } from '../../dataset/toi.js';
import type { Roi } from '../../grid/roi.js';
import { tileId } from '../../grid/tiling.js';
import type { ListedTile } from '../options/tile-list.js';
import { OutputBuffer } from './output.js';
import { STATE_NAMES } from './tile-features.js';

export interface TileRowsOptions {
  readonly format: 'text' | 'csv' | 'json' | 'ndjson';
  /** Rows of tiles with their state, as CSV where `format` is `text`; else ids alone. */
  readonly list?: boolean | undefined;
  /** Only tiles that are not loaded. */
  readonly missing?: boolean | undefined;
  /** Tiles that failed, by id: those of them that are still not loaded are told as `failed`. */
  readonly failed?: ReadonlyMap<string, ListedTile> | undefined;
}

/** What stands before the first row, between two, and after the last. */
type Frame = readonly [before: string, between: string, after: string];

const JSON_FRAME: Frame = ['[\n', ',\n', '\n]\n'];

/** Writes a line for each tile of a region to stdout, as they are read: a cube may have more than fit in memory. */
export async function writeTileRows(
  cube: Cube,
  roi: Roi,
  at: { readonly time?: Toi },
  { format, list = false, missing = false, failed }: TileRowsOptions,
): Promise<void> {
  const steps = new Map(cube.stepsOf(at.time)?.map((step) => [step.index, step]));
  const isBare = !list && (format === 'text' || format === 'json');
  const columns = ['tile', 'state', 'row', 'col', ...(steps.size > 0 ? ['time', 'timeEnd'] : [])];
  const [before, between, after]: Frame =
    format === 'json'
      ? JSON_FRAME
      : isBare || format === 'ndjson'
        ? ['', '\n', '\n']
        : [`${columns.join(',')}\n`, '\n', '\n'];
  const lineOf = (row: Readonly<Record<string, string | number>>): string => {
    if (isBare) return format === 'json' ? JSON.stringify(row.tile) : String(row.tile);
    if (format === 'json' || format === 'ndjson') return JSON.stringify(row);
    return columns.map((name) => row[name]).join();
  };
  const output = new OutputBuffer();
  await output.write(before);
  let count = 0;
  for await (const { state, ...index } of cube.walkStates(roi, at)) {
    if (missing && state !== TileState.notLoaded) continue;
    const tile = tileId(index);
    const step = index.t === undefined ? undefined : steps.get(index.t);
    const line = lineOf({
      tile,
      state: state === TileState.notLoaded && failed?.has(tile) ? 'failed' : STATE_NAMES[state],
      row: index.row,
      col: index.col,
      ...(step === undefined
        ? {}
        : { time: formatInstant(step.start), timeEnd: formatInstant(step.end) }),
    });
    await output.write(count++ === 0 ? line : `${between}${line}`);
  }
  if (count > 0 || format === 'json') await output.write(after);
  await output.flush();
}

/** Tiles by their ids, in place of a region. */
import { Option } from 'commander';
import type { IngestTarget } from '../../../cube/tiles.js';
import { expected } from '../../../errors.js';
import { tell } from '../../output/terminal.js';
import { pathFor } from '../common.js';
import { type RegionOptions, regionIn } from '../region.js';
import { readTileList } from '../tile-list.js';

/** What {@link tilesOption} adds to a region's options. */
export interface TargetOptions extends RegionOptions {
  readonly tiles?: string;
}

/** @param others what else says which tiles are meant, by the names of attributes */
export const tilesOption = (...others: readonly string[]) =>
  new Option(
    '--tiles <list|->',
    'in place of a region and a time: ids of tiles one a line, as "status --missing" prints them, from a file or standard input',
  )
    .argParser(pathFor('--tiles'))
    .conflicts(['bbox', 'roi', 'where', 'layer', 'time', ...others]);

/** The list or the region that the options name; `undefined` without either. @throws {InvalidInputError} */
export async function targetIn(options: TargetOptions): Promise<IngestTarget | undefined> {
  const { tiles } = options;
  if (tiles === undefined) return regionIn(options);
  const listed = await readTileList(tiles, '--tiles');
  if (listed.length === 0) tell(`No tile is listed in ${tiles === '-' ? 'standard input' : tiles}`);
  return listed.map(({ id }) => id);
}

/** The same. @throws {InvalidInputError} when they name neither. */
export async function targetOf(options: TargetOptions): Promise<IngestTarget> {
  const target = await targetIn(options);
  if (target === undefined) throw expected('a region', '--bbox, --roi or --tiles', 'none of them');
  return target;
}

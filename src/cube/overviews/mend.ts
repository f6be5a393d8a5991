/** What is done about levels that are damaged: documents are written, and what is lost of pixels is left to the next pass. */
import { intersect } from '../../grid/window.js';
import { createPool, type Pool } from '../../pool/pool.js';
import {
  OVERVIEW_TILES_PATH,
  readOverviewRecord,
  writeLevelDocuments,
} from '../../store/metadata/overview-documents.js';
import type { CubeStore } from '../../store/session.js';
import { removeIfThere } from '../../store/tiles/reopen-tiles.js';
import type { OpenedCube } from '../opened-cube.js';
import type { LevelDamage } from './level-check.js';
import { levelPlaces } from './levels.js';
import { asOnlyPass } from './only-pass.js';
import { overviewNumbers } from './tile-marks.js';
import { coordinatesOf } from './update.js';

/**
 * Writes documents and coordinates of the levels anew, removes what cannot be read, and notes of the tiles that had
 * cells in it that the levels do not hold them. One commit.
 *
 * @returns how many were mended
 * @throws {StoreError} of kind `conflict` where a pass is under way.
 */
export async function mendLevels(
  cube: OpenedCube,
  damaged: readonly LevelDamage[],
  given: Pool | undefined,
): Promise<number> {
  const within = damaged.filter(({ what: { kind } }) => kind !== 'record');
  if (within.length === 0) return 0;
  const { repository, grid, codec } = cube;
  const { height, width } = grid.geobox;
  const pool = given ?? createPool({ size: 0 });
  try {
    await asOnlyPass(cube, async () => {
      const record = await readOverviewRecord((await repository.readSession()).store);
      if (record === undefined) return;
      const levels = levelPlaces(record, grid);
      const coordinates = await coordinatesOf(levels, pool, codec);
      const session = await repository.writeSession();
      await repository.commit(session, 'Mend the overviews', async (newest) => {
        for (const { path, what } of within) if (what.kind === 'notes') await newest.remove(path);
        // First: in a plain directory, who dies on the way then leaves tiles that the next pass does again.
        const numbers = overviewNumbers(newest);
        for (const { what } of within) {
          if (what.kind !== 'chunk') continue;
          const pixels = intersect(what.window, { row: 0, col: 0, height, width });
          for (const tile of grid.tilesIn(pixels === undefined ? [] : [pixels]))
            await numbers.put(what.t === undefined ? tile : { t: what.t, ...tile }, [0, 0]);
        }
        await numbers.flush();
        for (const { path, what } of within)
          if (what.kind === 'chunk') await removeIfThere(newest, path);
        if (within.some(({ what }) => what.kind === 'document')) {
          const how = { record, levels, base: grid.geobox, codec, coordinates };
          await writeLevelDocuments(readingWhatCanBe(newest), how);
        }
      });
    });
  } finally {
    if (given === undefined) await pool.close();
  }
  return within.length;
}

/** What of the levels cannot be read is as if it were not there, and so written. */
function readingWhatCanBe(store: CubeStore): CubeStore {
  const isOfLevels = (key: string) =>
    key.startsWith('overviews/') || key.startsWith(`${OVERVIEW_TILES_PATH}/`);
  return {
    get: async (key) => {
      if (!isOfLevels(key)) return store.get(key);
      try {
        const bytes = (await store.get(key)) ?? undefined;
        if (bytes !== undefined && key.endsWith('zarr.json'))
          JSON.parse(Buffer.from(bytes).toString('utf8'));
        return bytes;
      } catch {
        return undefined;
      }
    },
    getRange: (key, range) =>
      isOfLevels(key)
        ? store.getRange(key, range).catch(() => undefined)
        : store.getRange(key, range),
    set: (key, value) => store.set(key, value),
    discard: (key) => store.discard(key),
    holds: (key) => store.holds(key),
    remove: (key) => store.remove(key),
    list: (path) => store.list(path),
  };
}

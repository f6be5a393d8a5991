/** All that a cube knows of one tile. */
import type { TileIndex } from '../../grid/tiling.js';
import { tileId } from '../../grid/tiling.js';
import { readLedger } from '../../store/smart-geocubes/loaded-list.js';
import { FetchRecords } from '../../store/tiles/fetch-records.js';
import { TileState } from '../../store/tiles/ledger.js';
import type { OpenedCube } from '../opened-cube.js';
import { listedTiles } from '../tiles.js';

/** A tile as the cube's ledger and its record of fetches have it. */
export interface TileRecord {
  readonly id: string;
  readonly state: 'not-loaded' | 'loaded' | 'empty';
  /** Bands of a loaded tile that have no chunk, because each of their pixels holds the fill value; absent where that is not known. */
  readonly bandsWithoutChunk?: number;
  /**
   * When the fetch of the tile began, or that of the first of those it was committed with: by the clock of the machine
   * that fetched. Absent for tiles that are not loaded, or were loaded by another program, or before that was kept.
   */
  readonly fetchedAt?: Date;
  /** Of what: an asset's id, `expression`, `files`, or what a source calls itself. */
  readonly source?: string;
  /** SHA-256 of all that the dataset said of the source then, in hexadecimal digits. */
  readonly sourceHash?: string;
  /**
   * When the asset, an image or a collection, was changed last before that, as the service told: by its clock. That of a
   * collection is its own, not of its images. Absent where there is no asset, or that was not kept.
   */
  readonly sourceUpdatedAt?: Date;
}

const STATES = {
  [TileState.notLoaded]: 'not-loaded',
  [TileState.loaded]: 'loaded',
  [TileState.empty]: 'empty',
} as const;

/** As `Cube.tileRecord`. */
export async function tileRecord(cube: OpenedCube, tile: TileIndex | string): Promise<TileRecord> {
  const [index] = listedTiles([tile], cube) as [TileIndex];
  const { store } = await cube.repository.readSession();
  const { state, absentBands } = await (await readLedger(store, cube.dataset)).entry(index);
  const head = { id: tileId(index), state: STATES[state] };
  if (state === TileState.notLoaded) return head;
  const fetched = await new FetchRecords(store).get(index);
  return {
    ...head,
    ...(state === TileState.loaded && absentBands !== 'unknown'
      ? { bandsWithoutChunk: absentBands }
      : {}),
    ...(fetched === undefined
      ? {}
      : {
          fetchedAt: new Date(fetched.fetchedAt),
          source: fetched.origin.name,
          ...(fetched.origin.hash === undefined ? {} : { sourceHash: fetched.origin.hash }),
          ...(fetched.sourceUpdatedAt === undefined
            ? {}
            : { sourceUpdatedAt: new Date(fetched.sourceUpdatedAt) }),
        }),
  };
}

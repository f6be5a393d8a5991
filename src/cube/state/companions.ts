/**
 * What a cube holds beside its tiles, and whether it is whole: the files of its newest commit, the coordinates, which
 * other readers go by, and the record of fetches, without which no commit can be made that touches it.
 */
import { gzipSync } from 'node:zlib';
import type { Dataset } from '../../dataset/dataset.js';
import { TimeAxis } from '../../dataset/time-axis.js';
import { Grid, type TileIndex } from '../../grid/tiling.js';
import { newestProblem } from '../../store/durability/roll-back.js';
import { registerCoordinateCodecs } from '../../store/metadata/coordinate-codecs.js';
import { readDocument, writeDocument } from '../../store/metadata/documents.js';
import { timeCoordinate } from '../../store/metadata/time-coordinate.js';
import { CUBE_RECORD_PATH, metadataOf } from '../../store/metadata/zarr-metadata.js';
import { readArray1d } from '../../store/read.js';
import type { CubeStore, Session } from '../../store/session.js';
import { readUnits } from '../../store/smart-geocubes/time.js';
import { FetchCheck } from '../../store/tiles/fetch-check.js';
import type { OpenedCube } from '../opened-cube.js';

/** Something beside the tiles that is damaged. */
export interface DamagedCompanion {
  /** What it is: `commit`, or the path of an array in the cube. */
  readonly path: string;
  /** One line for people. */
  readonly message: string;
}

const CRS_PATH = 'spatial_ref';

/** What every reader has, and this thread can write. */
const CODEC = { name: 'gzip', level: 5 } as const;

/** Pixels that a centre may be off: cubes of other programs have rounded ones. */
const TOLERANCE = 0.25;

/** Looks at what all tiles share, at once, and at the records of each tile as they come. */
export class CompanionCheck {
  readonly #fetches: FetchCheck;
  /** Looks at the record of a tile's fetch. */
  readonly tile = (index: TileIndex): Promise<void> => this.#fetches.look(index);

  constructor(
    private readonly cube: OpenedCube,
    private readonly session: Session,
  ) {
    this.#fetches = new FetchCheck(session.store);
  }

  /** @param shared whether to look at what does not belong to single tiles, too */
  async damaged(shared: boolean): Promise<DamagedCompanion[]> {
    const found: DamagedCompanion[] = [];
    if (shared) {
      const problem = await this.#commitProblem();
      if (problem !== undefined) found.push({ path: 'commit', message: problem });
      for (const path of coordinatesOf(this.cube)) {
        const message = await problemOfCoordinate(this.cube, this.session, path);
        if (message !== undefined) found.push({ path, message });
      }
    }
    for (const { key, message } of this.#fetches.damaged) found.push({ path: key, message });
    return found;
  }

  async #commitProblem(): Promise<string | undefined> {
    const { repository } = this.cube;
    return repository.asOf === undefined
      ? newestProblem(repository.location, repository.branch)
      : undefined;
  }
}

/**
 * Writes coordinates as the grid and the time axis have them, and forgets records of fetches that cannot be read: when
 * those tiles were fetched counts as not known. One commit. What a damaged commit lacks only `Cube.rollBack` mends.
 *
 * @returns how many were mended
 */
export async function mendCompanions(
  cube: OpenedCube,
  damaged: readonly DamagedCompanion[],
): Promise<number> {
  const within = damaged.filter(({ path }) => path !== 'commit');
  if (within.length === 0) return 0;
  const names = coordinatesOf(cube);
  const session = await cube.repository.writeSession();
  await cube.repository.commit(session, 'Mend what lies beside the tiles', async (newest) => {
    for (const { path } of within)
      if (names.includes(path)) await writeCoordinate(cube, newest, path);
      else await newest.remove(path);
  });
  return within.length;
}

function coordinatesOf({ timeAxis }: OpenedCube): string[] {
  return [CRS_PATH, 'x', 'y', ...(timeAxis === undefined ? [] : ['time'])];
}

async function problemOfCoordinate(
  cube: OpenedCube,
  session: Session,
  path: string,
): Promise<string | undefined> {
  try {
    if (path === CRS_PATH) {
      const document = await readDocument(session.store, path);
      await session.store.get(`${path}/c`);
      return document === undefined ? 'is not there' : undefined;
    }
    await registerCoordinateCodecs();
    const found = await readArray1d(session, path);
    const expected = await valuesOf(cube.dataset, session.store, path);
    const off = tolerance(cube, path);
    // Another process may have added steps since the cube was opened.
    const isWhole =
      path === 'time' ? found.length >= expected.length : found.length === expected.length;
    if (!isWhole)
      return `has ${found.length} values for ${expected.length} ${path === 'time' ? 'steps' : 'pixels'}`;
    for (let i = 0; i < expected.length; i++)
      // Not ">": NaN is wrong as well.
      if (!(Math.abs(Number(found[i]) - Number(expected[i])) <= off))
        return `has ${String(found[i])} where the grid has ${String(expected[i])}`;
    return undefined;
  } catch (error) {
    return `cannot be read: ${error instanceof Error ? error.message : String(error)}`;
  }
}

function tolerance({ grid }: OpenedCube, path: string): number {
  const [dx, dy] = grid.geobox.resolution;
  return path === 'time' ? 0 : TOLERANCE * Math.abs(path === 'x' ? dx : dy);
}

/** What the coordinate should hold, in its own units. */
async function valuesOf(
  dataset: Dataset,
  store: CubeStore,
  path: string,
): Promise<Float64Array<ArrayBuffer> | BigInt64Array<ArrayBuffer>> {
  const { geobox } = Grid.fromRecord(dataset.grid);
  if (path === 'x') return geobox.xCentres() as Float64Array<ArrayBuffer>;
  if (path === 'y') return geobox.yCentres() as Float64Array<ArrayBuffer>;
  if (dataset.time === undefined) throw new Error('there is no time axis');
  const { steps } = TimeAxis.fromRecord(dataset.time);
  const units = (await readDocument(store, path))?.attributes?.units;
  if (typeof units !== 'string') return timeCoordinate(steps).values;
  const { size, epoch } = readUnits(units);
  return BigInt64Array.from(steps, ({ start }) => BigInt(Math.round((start - epoch) / size)));
}

async function writeCoordinate(cube: OpenedCube, store: CubeStore, path: string): Promise<void> {
  const record = (await readDocument(store, CUBE_RECORD_PATH))?.attributes;
  const dataset = (record?.dataset as Dataset | undefined) ?? cube.dataset;
  const made = metadataOf(dataset, cube.codec, CODEC).get(`${path}/zarr.json`);
  const document = await readDocument(store, path).catch(() => undefined);
  await writeDocument(store, path, {
    ...made,
    // What other programs have added stays.
    ...(document === undefined ? {} : { attributes: document.attributes }),
  });
  if (path === CRS_PATH) return store.set(`${path}/c`, Buffer.alloc(4));
  const values = await valuesOf(dataset, store, path);
  await store.set(`${path}/c/0`, gzipSync(new Uint8Array(values.buffer), { level: CODEC.level }));
}

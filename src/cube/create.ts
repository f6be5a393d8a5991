import type { Dataset } from '../dataset/dataset.js';
import { checkInnerChunk } from '../dataset/grid/inner-chunk.js';
import { checkSourceTime } from '../dataset/read-time-axis.js';
import { TimeAxis } from '../dataset/time-axis.js';
import { expected, StoreError } from '../errors.js';
import { Grid } from '../grid/tiling.js';
import type { Pool } from '../pool/pool.js';
import type { Codec } from '../raster/codec.js';
import { splitSide } from '../store/icechunk/manifest-split.js';
import { metadataOf } from '../store/metadata/zarr-metadata.js';
import { readMetadata } from '../store/read.js';
import { DEFAULT_ICECHUNK_FORMAT, Repository } from '../store/repository.js';
import type { Session } from '../store/session.js';
import { nameStorage, parseStorage, type StorageLocation } from '../store/storage-url.js';
import { coordinateChunks } from './coordinate-chunks.js';
import { chooseCodec, coordinateCodec } from './fill/recipe.js';
import { openCube, openRecord } from './open.js';
import { type OpenedCube, openedCube } from './opened-cube.js';
import { checkAgrees, isCreated } from './state/existence.js';

/** How an empty cube is made. */
export interface CreateOptions {
  /** Encodes the coordinates, and tells which codecs this machine can write. */
  readonly pool: Pool;
  /** Icechunk's own format: 1 is read by icechunk 1.x and 2.x, 2 by 2.x only. Default 1. */
  readonly icechunkFormat?: 1 | 2;
  /**
   * Replaces a cube that is there by an empty one, in one commit: the history of an Icechunk repository
   * keeps the old one, a plain Zarr directory does not. What is no cube is never replaced. Objects that opened
   * the old cube must not be used any more. Default `false`.
   */
  readonly overwrite?: boolean;
}

/**
 * Writes the empty cube in one commit, so that a process that dies on the way leaves no half of one.
 *
 * @throws {StoreError} of kind `exists` when the place is taken.
 */
export async function createCube(
  location: StorageLocation,
  dataset: Dataset,
  { pool, icechunkFormat = DEFAULT_ICECHUNK_FORMAT, overwrite = false }: CreateOptions,
): Promise<OpenedCube> {
  if (icechunkFormat !== 1 && icechunkFormat !== 2)
    throw expected('1 or 2', "the repository's format", icechunkFormat);
  const { crs } = Grid.fromRecord(dataset.grid).geobox;
  // Without WKT no other program could tell where the cube lies.
  if (crs.wkt === '') throw expected('an EPSG code or a WKT', "the CRS of a cube's grid", crs.name);
  checkSourceTime(dataset.source, dataset.time !== undefined);
  checkInnerChunk(dataset);
  const { hasBlosc } = await pool.ready('chunks');
  const codec = chooseCodec(dataset, hasBlosc);
  const entries = await entriesOf(dataset, codec, pool, coordinateCodec(hasBlosc));
  const repository = await Repository.create(location, {
    format: icechunkFormat,
    splitSide: splitSide(tilesOfCube(dataset)),
  });
  const session = await repository.writeSession();
  const cube = openedCube({ dataset, codec }, repository);
  if ((await readMetadata(session, '')) !== undefined) {
    await refuseOtherThanCube(session, location);
    if (!overwrite) throw isThere(location);
    await repository.replace(entries);
    return cube;
  }
  for (const [key, value] of entries) await session.store.set(key, value);
  await repository.commit(session, 'Initialize empty datacube', async () => {});
  return cube;
}

/**
 * The cube that is there, where there is one and it has the same dataset.
 *
 * @throws {InvalidInputError} when it has another, or was to be replaced.
 */
export async function openIfCreated(
  storage: string,
  dataset: Dataset,
  { overwrite = false }: Pick<CreateOptions, 'overwrite'>,
): Promise<OpenedCube | undefined> {
  const location = parseStorage(storage);
  if (overwrite) throw expected('one of overwrite and existsOk', 'the cube to create', 'both');
  if (!(await isCreated(location))) return undefined;
  const cube = await openCube(storage, { dataset });
  checkAgrees(dataset, cube.dataset);
  return cube;
}

function isThere(location: StorageLocation): StoreError {
  return new StoreError(
    'exists',
    `Expected no cube at ${nameStorage(location)} but one is there. Open it, or choose another folder.`,
  );
}

async function refuseOtherThanCube(session: Session, location: StorageLocation): Promise<void> {
  const name = nameStorage(location);
  await openRecord(session, name, undefined).catch((cause: unknown) => {
    if (!(cause instanceof StoreError) || cause.kind !== 'not-a-cube') throw cause;
    throw new StoreError(
      'exists',
      `Expected an empty place or a cube to replace at ${name} but other data are there. Choose another place.`,
      { cause },
    );
  });
}

function tilesOfCube({ grid, time }: Dataset): number {
  const { rows, cols } = Grid.fromRecord(grid);
  return rows * cols * (time === undefined ? 1 : TimeAxis.fromRecord(time).length);
}

/** All that an empty cube holds, by key. */
async function entriesOf(
  dataset: Dataset,
  codec: Codec,
  pool: Pool,
  forCoordinates: Codec,
): Promise<Map<string, Buffer>> {
  const chunks = await coordinateChunks(dataset, pool, forCoordinates);
  const entries = new Map<string, Buffer>();
  for (const [key, document] of metadataOf(dataset, codec, forCoordinates))
    entries.set(key, Buffer.from(JSON.stringify(document, undefined, 2)));
  for (const [key, bytes] of chunks) entries.set(key, Buffer.from(bytes));
  return entries;
}

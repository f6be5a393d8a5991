import { isDeepStrictEqual } from 'node:util';
import { typedForName } from '../dataset/band-types.js';
import type { Dataset } from '../dataset/dataset.js';
import { TimeAxis } from '../dataset/time-axis.js';
import { expected, StoreError } from '../errors.js';
import { alignsWith } from '../grid/affine.js';
import { asStored, equivalentCrs } from '../grid/crs/crs.js';
import { Grid } from '../grid/tiling.js';
import type { StoreOptions } from '../store/durability/local-store.js';
import { explainDamage } from '../store/durability/roll-back.js';
import { checkLayout } from '../store/metadata/cube-layout.js';
import { CUBE_RECORD_PATH, type CubeRecord } from '../store/metadata/zarr-metadata.js';
import { readMetadata } from '../store/read.js';
import { Repository } from '../store/repository.js';
import type { Session } from '../store/session.js';
import { recogniseSeedCube, UNKNOWN_SOURCE } from '../store/smart-geocubes/read-cube.js';
import { nameStorage, parseStorage } from '../store/storage-url.js';
import { type CubeFacts, checkExtendable, type OpenedCube, openedCube } from './opened-cube.js';

export type { RollBack } from '../store/durability/roll-back.js';

/** What an existing cube cannot tell of itself. */
export interface OpenOptions extends StoreOptions {
  /**
   * Tells where the pixels come from and how they are processed, for a cube of smart-geocubes that
   * does not; its bands, dtype and grid must be the cube's. Not needed for cubes made here.
   */
  readonly dataset?: Dataset;
  /**
   * An older state, to read: a tag, the id of a commit, or a time (UTC) such as `2026-11-28` or `2026-11-28T12:30`, by
   * which the newest commit in or before it is meant. Nothing can be written to it. Default: the newest state at each call.
   */
  readonly asOf?: string | undefined;
  /** A branch that is there, as `Cube.openBranch` makes one: what is committed to it readers of the cube do not see. */
  readonly branch?: string | undefined;
}

/** As `Cube.open`. */
export async function openCube(
  storage: string,
  { dataset, sync, asOf, branch }: OpenOptions = {},
): Promise<OpenedCube> {
  const location = parseStorage(storage);
  try {
    const newest = await Repository.open(location, sync === undefined ? {} : { sync });
    if (asOf !== undefined && branch !== undefined)
      throw expected('one of asOf and branch', 'the state of the cube', 'both');
    const repository =
      branch !== undefined
        ? await newest.onBranch(branch)
        : asOf === undefined
          ? newest
          : await newest.at(asOf);
    const facts = await openRecord(await repository.readSession(), storage, dataset);
    return openedCube(facts, repository);
  } catch (error) {
    throw error instanceof StoreError ? await explainDamage(location, error) : error;
  }
}

/** As `Cube.openBranch`. */
export async function openBranch(cube: OpenedCube, name: string): Promise<OpenedCube> {
  checkExtendable(cube);
  const { repository, mergesInto: _, ...facts } = cube;
  await repository.branches.make(name);
  const onBranch = await repository.onBranch(name);
  const { dataset, codec } = await openRecord(
    await onBranch.readSession(),
    nameStorage(repository.location),
    undefined,
  );
  // Where the cube does not tell where its pixels come from, whoever opened it has.
  return openedCube(
    isDeepStrictEqual(codec, facts.codec) && facts.dataset.source.kind !== dataset.source.kind
      ? facts
      : { ...facts, dataset, codec },
    onBranch,
  );
}

/**
 * @throws {StoreError} of kind `not-a-cube`.
 * @throws {InvalidInputError} when `given` is another dataset than the cube's.
 */
export async function openRecord(
  session: Session,
  storage: string,
  given: Dataset | undefined,
): Promise<CubeFacts> {
  const group = (await readMetadata(session, CUBE_RECORD_PATH)) as
    | { attributes?: Partial<CubeRecord> }
    | undefined;
  const record = group?.attributes ?? {};
  const { dataset, codec } = record;
  if (dataset !== undefined && codec !== undefined) {
    checkLayout(record, storage);
    if (given !== undefined) checkSame(given, dataset);
    return { dataset, codec };
  }
  const seed = await recogniseSeedCube(session);
  if (seed === undefined) {
    // "create" takes a repository that nothing has been written into, and no other.
    const isEmpty = (await readMetadata(session, '')) === undefined;
    throw new StoreError(
      'not-a-cube',
      `Expected a cube at ${storage} but the repository there holds none. Make one with "geocubes create"${isEmpty ? '' : ' in another folder'}.`,
    );
  }
  if (given === undefined) return seed;
  checkSame(given, seed.dataset);
  const { source, processing } = given;
  const isReadOnly = seed.readOnlyBecause !== undefined && seed.readOnlyBecause !== UNKNOWN_SOURCE;
  return {
    dataset: { ...seed.dataset, source, processing },
    codec: seed.codec,
    ...(isReadOnly ? { readOnlyBecause: seed.readOnlyBecause } : {}),
  };
}

/** @throws {InvalidInputError} naming the first thing that differs. */
function checkSame(given: Dataset, cube: Dataset): void {
  const names = ({ bands }: Dataset) => bands.map(({ name }) => name).sort();
  const differs = (what: string, wanted: unknown, received: unknown) =>
    expected(`${wanted}, as in the cube,`, `${what} of the dataset`, received);
  if (names(given).join() !== names(cube).join())
    throw differs('the bands', names(cube).join(', '), names(given).join(', '));
  for (const { name } of cube.bands) {
    const [own, wanted] = [typedForName(given, name).dtype, typedForName(cube, name).dtype];
    if (own !== wanted) throw differs(`the dtype of ${name}`, wanted, own);
  }
  const [one, other] = [Grid.fromRecord(given.grid), Grid.fromRecord(cube.grid)];
  const isSameGrid =
    equivalentCrs(asStored(one.geobox.crs), asStored(other.geobox.crs)) &&
    one.geobox.width === other.geobox.width &&
    one.geobox.height === other.geobox.height &&
    alignsWith(one.geobox.affine, other.geobox.affine, one.geobox.width, one.geobox.height);
  if (!isSameGrid) throw differs('the grid', other.geobox, one.geobox);
  if (!isDeepStrictEqual(stepsOf(given), stepsOf(cube)))
    throw differs('the time axis', axisOf(cube), axisOf(given));
  if (given.grid.chunk.join() !== cube.grid.chunk.join())
    throw differs('the chunks', cube.grid.chunk.join(' x '), given.grid.chunk.join(' x '));
}

const stepsOf = ({ time }: Dataset) => time && TimeAxis.fromRecord(time).steps;
const axisOf = ({ time }: Dataset) => (time === undefined ? 'none' : TimeAxis.fromRecord(time));

/** An open cube, as the rooms behind `Cube` know it: what it is, and where it is kept. */

// For its effect: where regions lie is computed by PROJ.
import '../kernel/gdal/proj/points.js';
import type { Dataset } from '../dataset/dataset.js';
import { TimeAxis } from '../dataset/time-axis.js';
import { InvalidInputError } from '../errors.js';
import { Grid } from '../grid/tiling.js';
import type { Codec } from '../raster/codec.js';
import type { Repository } from '../store/repository.js';
import { readLedger } from '../store/smart-geocubes/loaded-list.js';
import { UNKNOWN_SOURCE } from '../store/smart-geocubes/read-cube.js';
import type { Ledger } from '../store/tiles/ledger.js';

export type { RollBack } from '../store/durability/roll-back.js';

/** What a cube is kept in. */
export interface RepositoryFacts {
  readonly format: 'icechunk' | 'zarr';
  /** Where it lies: in a local folder, in memory or in an object store. */
  readonly kind: 'local' | 'memory' | 's3' | 'gs' | 'az';
  /** As `Cube.storage`. */
  readonly storage: string;
}

/** A cube as its metadata tell it. */
export interface CubeFacts {
  readonly dataset: Dataset;
  readonly codec: Codec;
  /** Why it cannot be extended, where it cannot. */
  readonly readOnlyBecause?: string;
}

export interface OpenedCube extends CubeFacts {
  readonly repository: Repository;
  readonly grid: Grid;
  /** The steps of a temporal cube. */
  readonly timeAxis: TimeAxis | undefined;
  /** Of a shard's own store: the cube that it will be merged into. What that has need not be filled again. */
  readonly mergesInto?: OpenedCube;
}

export function openedCube(facts: CubeFacts, repository: Repository): OpenedCube {
  const { grid, time } = facts.dataset;
  return {
    ...facts,
    repository,
    grid: Grid.fromRecord(grid),
    timeAxis: time === undefined ? undefined : TimeAxis.fromRecord(time),
  };
}

/** Which tiles are there now. */
export async function ledgerOf({ repository, dataset }: OpenedCube): Promise<Ledger> {
  return readLedger((await repository.readSession()).store, dataset);
}

/** @throws {InvalidInputError} for a cube that nothing can be written to. */
export function checkExtendable({ readOnlyBecause, repository }: OpenedCube): void {
  if (repository.asOf !== undefined)
    throw new InvalidInputError(
      `Expected the newest state of the cube but received the one of ${repository.asOf.writtenAt}, which can be read alone. Open the cube without asOf; resetTo makes an older state the newest one.`,
    );
  if (readOnlyBecause === undefined) return;
  const todo =
    readOnlyBecause === UNKNOWN_SOURCE
      ? 'Open it with a dataset that tells, with the same bands and grid.'
      : 'Make a new cube, or extend it with smart-geocubes.';
  throw new InvalidInputError(
    `Expected a cube that can be extended but received one of smart-geocubes that cannot: ${readOnlyBecause}. ${todo}`,
  );
}

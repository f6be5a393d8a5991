/** What is looked at before a cube is filled, and what must be said in it before its first tile. */
import { rmdirSync } from 'node:fs';
import { InvalidInputError, SetupError } from '../../errors.js';
import { SET_UP_COMMAND } from '../../machine/set-up.js';
import { makeTemporaryFolder } from '../../machine/temporary.js';
import type { Pool } from '../../pool/pool.js';
import { settlePacking } from '../../store/metadata/band-packing.js';
import { refuseSeveralHosts } from '../../store/sharing/several-hosts.js';
import { updateLedger } from '../../store/smart-geocubes/loaded-list.js';
import type { TileSource } from '../../tile.js';
import { checkExtendable, type OpenedCube } from '../opened-cube.js';
import { checkIngestOptions, type IngestOptions } from './ingest-options.js';

/** @throws {InvalidInputError} {@link StoreError} where the cube cannot be filled, or not like that or not here. */
export async function checkBefore(cube: OpenedCube, options: IngestOptions): Promise<void> {
  checkIngestOptions(options);
  checkExtendable(cube);
  if (options.refreshBefore !== undefined && cube.repository.location.kind === 'zarr')
    throw new InvalidInputError(
      'Expected a cube with commits to refresh but received a plain Zarr directory: whoever is killed on the way would leave tiles of both. Take the tiles out with "geocubes drop", and ingest them again.',
    );
  if (!options.trustFileSystem)
    await refuseSeveralHosts(cube.repository, {
      isOneOfSeveral: (options.shard?.count ?? 1) > 1 && cube.mergesInto === undefined,
    });
}

/**
 * Whether the threads can write this cube, known when they have loaded their kernel: the first replies are waited for
 * meanwhile. @throws {SetupError} where they cannot.
 */
export async function checkPool({ codec }: OpenedCube, pool: Pool): Promise<void> {
  const { hasBlosc } = await pool.ready();
  if (codec.name === 'blosc' && !hasBlosc)
    throw new SetupError(
      `Expected a Blosc encoder for this cube but there is none here. Install the system's GDAL with its headers and run "${SET_UP_COMMAND}".`,
    );
}

/** Variables that lead GDAL, PROJ and what they load elsewhere. */
const LEADS = /^(?:GDAL|OGR|CPL|PROJ)_/;

/**
 * Whether threads may fail to load their kernel for what their surroundings say. Then it is waited for before anything
 * is asked for, which costs what they take to start.
 *
 * @throws {SetupError} where there is no folder for temporary files.
 */
export function mustWaitForPool(env: NodeJS.ProcessEnv = process.env): boolean {
  rmdirSync(makeTemporaryFolder('geocubes-'));
  return Object.keys(env).some((name) => LEADS.test(name) && env[name] !== '');
}

/** @throws {InvalidInputError} where the source's numbers stand for something else than the cube's. */
export async function prepareMetadata(
  { repository, dataset, codec }: OpenedCube,
  { packings }: TileSource,
): Promise<void> {
  if (packings !== undefined) await settlePacking(repository, dataset, packings);
  await updateLedger(repository, dataset, codec);
}

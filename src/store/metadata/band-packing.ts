/**
 * What the stored numbers of a band stand for, in its CF attributes: `scale_factor`, `add_offset`, `units`.
 *
 * They are frozen with all the rest of a cube's metadata as soon as it has a tile. The first import into an
 * empty cube enters what its files say; later ones must agree.
 */
import type { Dataset } from '../../dataset/dataset.js';
import { TimeAxis } from '../../dataset/time-axis.js';
import { expected, type InvalidInputError } from '../../errors.js';
import { Grid } from '../../grid/tiling.js';
import type { BandPacking } from '../../tile.js';
import type { Repository } from '../repository.js';
import type { CubeStore, KeyValueStore } from '../session.js';
import { LIST_NAMES } from '../smart-geocubes/loaded-list.js';
import { readDocument, writeDocument } from './documents.js';
import {
  CUBE_RECORD_PATH,
  type CubeRecord,
  chunkKey,
  LEDGER_CHUNK,
  LEDGER_PATH,
} from './zarr-metadata.js';

/** What the attributes of a band say, as they say it. */
export function packingOf(attributes: Readonly<Record<string, unknown>> = {}): BandPacking {
  const { scale_factor: scale, add_offset: offset, units } = attributes;
  return {
    ...(typeof scale === 'number' ? { scale } : {}),
    ...(typeof offset === 'number' ? { offset } : {}),
    ...(typeof units === 'string' ? { units } : {}),
  };
}

/** Attributes to add, by band. */
type Changes = ReadonlyMap<string, Readonly<Record<string, string | number>>>;

/**
 * Makes sure that the cube's attributes say of each band what the pixels to come mean.
 *
 * @param packings in the order of the dataset's bands
 * @throws {InvalidInputError} when the cube says otherwise, or says nothing and has tiles already
 * @throws {StoreError}
 */
export async function settlePacking(
  repository: Repository,
  dataset: Dataset,
  packings: readonly BandPacking[],
): Promise<void> {
  const { store } = await repository.readSession();
  if ((await changesFor(store, dataset, packings)).size === 0) return;
  const session = await repository.writeSession();
  const message = 'Say what the numbers of the first files stand for';
  await repository.commit(session, message, async (newest) => {
    await write(newest, await changesFor(newest, dataset, packings));
  });
}

async function changesFor(
  store: KeyValueStore,
  dataset: Dataset,
  packings: readonly BandPacking[],
): Promise<Changes> {
  const record = (await readDocument(store, CUBE_RECORD_PATH))?.attributes as
    | CubeRecord
    | undefined;
  const changes = new Map<string, Record<string, string | number>>();
  let canChange: boolean | undefined;
  for (const [at, { name }] of dataset.bands.entries()) {
    const wanted = packings[at] ?? {};
    const attributes = (await readDocument(store, name))?.attributes ?? {};
    const change = differences(attributes, wanted, record?.packedBy === 'files');
    if (change === undefined) continue;
    canChange ??= record !== undefined && (await isEmpty(store, dataset));
    const isSilent = attributes.scale_factor === undefined && attributes.add_offset === undefined;
    if (canChange && (isSilent || change.scale_factor === undefined)) changes.set(name, change);
    else if (change.scale_factor !== undefined || attributes.units !== undefined)
      throw disagreement(name, attributes, wanted, canChange);
  }
  return changes;
}

/** What the attributes do not say; `undefined` where they say it, or may say it otherwise. */
function differences(
  attributes: Readonly<Record<string, unknown>>,
  { scale, offset, units }: BandPacking,
  isFromFiles: boolean,
): Record<string, string | number> | undefined {
  const { scale_factor: ownScale = 1, add_offset: ownOffset = 0 } = attributes;
  // A file that says nothing may be what the dataset's author had in mind, but not what another file means.
  const isMeant = scale !== undefined || isFromFiles;
  const [otherScale, otherOffset] = [scale ?? 1, offset ?? 0];
  const isScaled = isMeant && (ownScale !== otherScale || ownOffset !== otherOffset);
  const isOwnUnit = attributes.units === undefined || isFromFiles;
  const isUnit = units !== undefined && isOwnUnit && attributes.units !== units;
  if (!isScaled && !isUnit) return undefined;
  return {
    ...(isScaled ? { scale_factor: otherScale, add_offset: otherOffset } : {}),
    ...(isUnit ? { units } : {}),
  };
}

function disagreement(
  name: string,
  {
    scale_factor: ownScale = 1,
    add_offset: ownOffset = 0,
    units: ownUnits,
  }: Record<string, unknown>,
  { scale = 1, offset = 0, units }: BandPacking,
  isEmptyCube: boolean,
): InvalidInputError {
  const own = `scale ${ownScale}, offset ${ownOffset}${ownUnits === undefined ? '' : `, ${ownUnits}`}`;
  return expected(
    `${own}, as the cube has them, for the band ${name}`,
    'the files to import',
    `scale ${scale}, offset ${offset}${units === undefined ? '' : `, ${units}`}`,
    isEmptyCube
      ? 'Leave them out of the dataset, or import with --unscale, which computes the values.'
      : 'Its attributes are fixed, now that it has tiles. Import with --unscale, which computes the values, or into another cube.',
  );
}

async function isEmpty(store: KeyValueStore, { grid: record, time }: Dataset): Promise<boolean> {
  const lists = (await readDocument(store, ''))?.attributes ?? {};
  if (LIST_NAMES.some((name) => ((lists[name] as unknown[] | undefined) ?? []).length > 0))
    return false;
  const { rows, cols } = Grid.fromRecord(record);
  const steps = time === undefined ? [undefined] : TimeAxis.fromRecord(time).steps;
  for (const step of steps)
    for (let row = 0; row * LEDGER_CHUNK < rows; row++)
      for (let col = 0; col * LEDGER_CHUNK < cols; col++) {
        const index = step === undefined ? { row, col } : { t: step.index, row, col };
        const chunk = (await store.get(chunkKey(LEDGER_PATH, index))) ?? undefined;
        if (chunk !== undefined) return false;
      }
  return true;
}

async function write(store: CubeStore, changes: Changes): Promise<void> {
  if (changes.size === 0) return;
  for (const [name, change] of changes) {
    const document = (await readDocument(store, name)) ?? {};
    await writeDocument(store, name, {
      ...document,
      attributes: { ...document.attributes, ...change },
    });
  }
  const group = (await readDocument(store, CUBE_RECORD_PATH)) ?? {};
  const record = group.attributes as unknown as CubeRecord;
  const bands = record.dataset.bands.map((band) => ({
    ...band,
    ...(changes.has(band.name)
      ? { attributes: { ...band.attributes, ...changes.get(band.name) } }
      : {}),
  }));
  const dataset = { ...record.dataset, bands };
  await writeDocument(store, CUBE_RECORD_PATH, {
    ...group,
    attributes: { ...record, dataset, packedBy: 'files' },
  });
}

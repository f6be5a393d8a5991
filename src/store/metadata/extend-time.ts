/**
 * More steps at the end of a cube's time axis. No chunk of a band is touched: their arrays become longer, and what they
 * hold stays under its keys.
 *
 * Writers that are under way hold chunks of the shorter arrays, which Icechunk does not bring together with changed
 * metadata: the committer (`tiles/committer.ts`) takes them to a new session.
 */
import type { Dataset } from '../../dataset/dataset.js';
import { formatInstant } from '../../dataset/period.js';
import { TimeAxis, type TimeAxisRecord, type TimeStep } from '../../dataset/time-axis.js';
import { expected, StoreError } from '../../errors.js';
import type { Codec } from '../../raster/codec.js';
import { readArray1d } from '../read.js';
import type { Repository } from '../repository.js';
import type { CubeStore } from '../session.js';
import { enterListedTiles } from '../smart-geocubes/loaded-list.js';
import { readUnits } from '../smart-geocubes/time.js';
import { FETCHES_PATH } from '../tiles/fetch-records.js';
import { codecOf, readArray } from './array-document.js';
import { registerCoordinateCodecs } from './coordinate-codecs.js';
import { type Document, readDocument, writeDocument } from './documents.js';
import { CUBE_RECORD_PATH, LEDGER_PATH } from './zarr-metadata.js';

/** What an extension needs of a cube. */
export interface ExtendedCube {
  readonly repository: Repository;
  /** As it was opened; another process may have extended the cube since. */
  readonly dataset: Dataset;
  readonly codec: Codec;
}

/** Compresses int64 numbers. */
export type EncodeTimes = (values: BigInt64Array<ArrayBuffer>, codec: Codec) => Promise<Uint8Array>;

/**
 * Commits the arrays, ledger, time coordinate and dataset of a longer axis, all in one commit. In a plain Zarr directory,
 * which has none, the documents are replaced one after the other, the cube's own record last: whoever is killed on the
 * way leaves a cube that is filled and read as it was, and the same call again completes it.
 *
 * @param extend what becomes of the axis that the cube has by then
 * @returns the newest dataset
 * @throws {InvalidInputError} where `extend` does, or the steps cannot be told in the units of the time coordinate.
 */
export async function extendTime(
  { repository, dataset, codec }: ExtendedCube,
  extend: (time: TimeAxisRecord) => TimeAxisRecord,
  encode: EncodeTimes,
): Promise<{ readonly dataset: Dataset; readonly added: readonly TimeStep[]; snapshot: string }> {
  let extended = dataset;
  let added: readonly TimeStep[] = [];
  const session = await repository.writeSession();
  const snapshot = await repository.commit(session, 'Extend the time axis', async (newest) => {
    const record = (await readDocument(newest, CUBE_RECORD_PATH))?.attributes as
      | { readonly dataset?: Dataset }
      | undefined;
    const current = record?.dataset ?? dataset;
    const before = timeOf(current);
    const after = extend(before);
    extended = { ...current, time: after };
    const { steps } = TimeAxis.fromRecord(after);
    const count = TimeAxis.fromRecord(before).length;
    added = steps.slice(count);
    if (added.length === 0) return;
    // A cube of smart-geocubes has no ledger before it is first filled here.
    await enterListedTiles(newest, current, codec);
    const coordinate = await timeCoordinateOf(newest, steps, count, encode);
    const writeTimes = async () => {
      for (const [key, bytes] of coordinate.chunks) await newest.set(key, Buffer.from(bytes));
    };
    // Icechunk takes chunks of the array as it is; where files are seen at once, no length goes before its numbers.
    if (!session.isTransactional) await writeTimes();
    for (const path of [...current.bands.map(({ name }) => name), LEDGER_PATH, FETCHES_PATH])
      await lengthen(newest, path, steps.length);
    await writeDocument(newest, 'time', coordinate.document);
    if (session.isTransactional) await writeTimes();
    const group = (await readDocument(newest, CUBE_RECORD_PATH)) ?? {};
    await writeDocument(newest, CUBE_RECORD_PATH, {
      ...group,
      attributes: { ...group.attributes, dataset: extended },
    });
  });
  return { dataset: extended, added, snapshot };
}

function timeOf({ time }: Dataset): TimeAxisRecord {
  if (time !== undefined) return time;
  throw expected('a cube with a time axis', 'what to extend', 'one without');
}

async function lengthen(store: CubeStore, path: string, steps: number): Promise<void> {
  const document = await readDocument(store, path);
  if (document === undefined) return;
  const [, ...others] = document.shape as number[];
  await writeDocument(store, path, { ...document, shape: [steps, ...others] });
}

/**
 * The longer coordinate, in the units and the chunks it has: its first values stay where they are, so that whoever
 * reads it while its files are replaced finds them.
 */
async function timeCoordinateOf(
  store: CubeStore,
  steps: readonly TimeStep[],
  count: number,
  encode: EncodeTimes,
): Promise<{ readonly document: Document; readonly chunks: ReadonlyMap<string, Uint8Array> }> {
  const [document, array] = [await readDocument(store, 'time'), await readArray({ store }, 'time')];
  const [length = 0] = array?.chunk ?? [];
  if (document === undefined || array?.dataType !== 'int64' || length < 1)
    throw new StoreError(
      'not-a-cube',
      `Expected a time coordinate of int64 but received ${array?.dataType ?? 'none'}. Extend the cube with the program that made it.`,
    );
  const { size, epoch } = readUnits(array.attributes.units);
  await registerCoordinateCodecs();
  const known = Array.from(await readArray1d({ store }, 'time'), BigInt).slice(0, count);
  const values = [
    ...known,
    ...steps.slice(count).map(({ start }) => offsetOf(start, epoch, size, array.attributes.units)),
  ];
  const own = codecOf(array);
  const codec = own ?? { name: 'gzip', level: 5 };
  const chunks = new Map<string, Uint8Array>();
  // In another codec all of it is written anew.
  const first = own === undefined ? 0 : Math.floor(count / length);
  for (let chunk = first; chunk * length < values.length; chunk++) {
    const padded = new BigInt64Array(length);
    padded.set(values.slice(chunk * length, (chunk + 1) * length));
    chunks.set(`time/c/${chunk}`, await encode(padded, codec));
  }
  return {
    document: {
      ...document,
      shape: [steps.length],
      ...(own === undefined ? { codecs: GZIP } : {}),
    },
    chunks,
  };
}

const GZIP = [
  { name: 'bytes', configuration: { endian: 'little' } },
  { name: 'gzip', configuration: { level: 5 } },
];

function offsetOf(start: number, epoch: number, size: number, units: unknown): bigint {
  const offset = (start - epoch) / size;
  if (Number.isInteger(offset)) return BigInt(offset);
  throw expected(
    `steps that begin at whole ${String(units).split(' ')[0]}, which the cube's time coordinate counts`,
    'the time to extend the cube to',
    formatInstant(start),
  );
}

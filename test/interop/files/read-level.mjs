/**
 * Reads one array of a plain Zarr directory by zarrita alone, as a browser would, and prints its bytes as hexadecimals:
 *
 *   node test/interop/files/read-level.mjs STORE PATH [STEP]
 */
import { FileSystemStore } from '@zarrita/storage';
import { get, open, root } from 'zarrita';

const [store, path, step] = process.argv.slice(2);
const array = await open.v3(root(new FileSystemStore(store)).resolve(path), { kind: 'array' });
const lead = step === undefined ? [] : [Number(step)];
const { data, shape } = await get(array, [
  ...lead,
  ...array.shape.slice(lead.length).map(() => null),
]);
// Its own array of truths is no typed array.
const bytes =
  array.dtype === 'bool'
    ? Uint8Array.from(data, Number)
    : new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
process.stdout.write(
  JSON.stringify({ shape, dtype: array.dtype, hex: Buffer.from(bytes).toString('hex') }),
);

import type { Raster } from './probe.js';

const READERS: Readonly<Record<string, (view: DataView, at: number) => number>> = {
  '|i1': (view, at) => view.getInt8(at),
  '|u1': (view, at) => view.getUint8(at),
  '<i2': (view, at) => view.getInt16(at, true),
  '<u2': (view, at) => view.getUint16(at, true),
  '<i4': (view, at) => view.getInt32(at, true),
  '<u4': (view, at) => view.getUint32(at, true),
  '<i8': (view, at) => Number(view.getBigInt64(at, true)),
  '<u8': (view, at) => Number(view.getBigUint64(at, true)),
  '<f4': (view, at) => view.getFloat32(at, true),
  '<f8': (view, at) => view.getFloat64(at, true),
};

const MAGIC = Buffer.from('\x93NUMPY', 'latin1');

export function isNpy(bytes: Uint8Array): boolean {
  return MAGIC.equals(bytes.subarray(0, MAGIC.length));
}

/**
 * A structured NPY array: one little-endian field for each band, pixel by pixel, `[y, x]`.
 * @throws {Error} that says what is not understood.
 */
export function readNpy(bytes: Uint8Array): Raster {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [start, length] =
    bytes[6] === 1 ? [10, view.getUint16(8, true)] : [12, view.getUint32(8, true)];
  const header = Buffer.from(bytes.subarray(start, start + length)).toString('latin1');
  const fields = [...header.matchAll(/\(\s*'([^']*)'\s*,\s*'([<>|=]?[a-z]\d+)'\s*\)/g)].map(
    ([, name = '', dtype = '']) => ({ name, dtype: dtype.replace(/^[<=](?=.1$)/, '|') }),
  );
  const shape = /'shape'\s*:\s*\((\d+)\s*,\s*(\d+)\s*,?\s*\)/.exec(header);
  const [height, width] = [Number(shape?.[1]), Number(shape?.[2])];
  if (fields.length === 0 || shape === null || /'fortran_order'\s*:\s*True/.test(header))
    throw new Error(`an NPY whose header is ${header.trim()}`);
  const sizes = fields.map(({ dtype }) => Number(dtype.slice(2)));
  const record = sizes.reduce((sum, size) => sum + size, 0);
  const data = start + length;
  if (bytes.length !== data + record * width * height)
    throw new Error(`an NPY of ${bytes.length} bytes whose header is ${header.trim()}`);
  let offset = data;
  const bands = fields.map(({ dtype }, band) => {
    const read = READERS[dtype];
    if (read === undefined) throw new Error(`an NPY with the type ${dtype}`);
    const from = offset;
    offset += sizes[band] ?? 0;
    return Array.from({ length: width * height }, (_, i) => read(view, from + i * record));
  });
  return {
    format: 'NPY',
    width,
    height,
    names: fields.map(({ name }) => name),
    dtypes: fields.map(({ dtype }) => dtype),
    bands,
  };
}

/**
 * The floor under every kernel: the same bytes decoded and encoded with the same library calls, and
 * nothing else: no masks made, no gaps filled, nothing clipped or padded. In one thread, and into the
 * same arrays for every tile, as the kernel does it.
 */
import { createGdalKernel } from '../../dist/kernel/gdal/kernel.js';
import { loadGdal, uniqueName } from '../../dist/kernel/gdal/load.js';
import { roomFor } from '../../dist/kernel/kernel.js';

let encoder;
const arrays = new Map();

function arrayOf(name, Pixels, length) {
  const known = arrays.get(name);
  if (known instanceof Pixels && known.length === length) return known;
  const array = new Pixels(length);
  arrays.set(name, array);
  return array;
}

const TYPES = { uint8: [Uint8Array, 'Byte'], float32: [Float32Array, 'Float32'] };

/**
 * @param {object} tile a `FetchedTile`; masked pixels come out as they travelled
 * @param {object} recipe a `Recipe`
 * @returns {Promise<{ chunks: { bytes: Uint8Array }[], stages: { decode: number, encode: number } }>}
 */
export async function decodeAndEncode(tile, { bands, dtype, chunk, codec }) {
  const [height, width] = tile.geobox.shape;
  const [Pixels, type] = TYPES[dtype];
  encoder ??= createGdalKernel();
  const started = performance.now();
  const planes = Array.from({ length: bands }, (_, band) =>
    arrayOf(`band ${band}`, Pixels, height * width),
  );
  for (const part of tile.parts) readPart(part, planes, width, type);
  const decoded = performance.now();
  const chunks = [];
  for (const [band, plane] of planes.entries()) {
    const bytes = new Uint8Array(plane.buffer);
    const room = arrayOf(`frame ${band}`, Uint8Array, roomFor(bytes.length));
    chunks.push({ bytes: await encoder.encode({ dtype, shape: chunk, bytes }, codec, room) });
  }
  return {
    chunks,
    stages: { decode: decoded - started, encode: performance.now() - decoded },
  };
}

function readPart({ request, bytes }, planes, stride, type) {
  const gdal = loadGdal();
  const name = uniqueName('.tif');
  gdal.vsimem.set(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), name);
  const { row, col, height, width } = request.window;
  const dataset = gdal.open(name, 'r', 'GTiff');
  for (let i = 0; i < dataset.bands.count(); i++) {
    const { pixels } = dataset.bands.get(i + 1);
    const plane = planes[request.bands[i]];
    if (plane === undefined) {
      pixels.read(0, 0, width, height, arrayOf('mask bits', Uint8Array, height * width), {
        data_type: 'Byte',
      });
      continue;
    }
    const size = plane.BYTES_PER_ELEMENT;
    const start = row * stride + col;
    pixels.read(0, 0, width, height, plane.subarray(start, start + (height - 1) * stride + width), {
      data_type: type,
      pixel_space: size,
      line_space: size * stride,
    });
  }
  dataset.close();
  gdal.vsimem.release(name);
}

import type { Dataset } from '../dataset/dataset.js';
import { TimeAxis } from '../dataset/time-axis.js';
import type { GeoBox } from '../grid/geobox.js';
import { Grid } from '../grid/tiling.js';
import type { Pool } from '../pool/pool.js';
import type { Codec } from '../raster/codec.js';
import { asBytes } from '../raster/dtype.js';
import { timeCoordinate } from '../store/metadata/time-coordinate.js';

/** The chunks of a cube's coordinates, by their key: centres of pixels, starts of steps, and the code of the CRS. */
export async function coordinateChunks(
  dataset: Dataset,
  pool: Pool,
  codec: Codec,
): Promise<Map<string, Uint8Array>> {
  const { geobox } = Grid.fromRecord(dataset.grid);
  const chunks = await axisChunks(geobox, pool, codec);
  if (dataset.time !== undefined) {
    const { values } = timeCoordinate(TimeAxis.fromRecord(dataset.time).steps);
    // Encoders look at the size of an element and at nothing else of it, and float64 has the size of int64.
    const bytes = new Uint8Array(values.buffer);
    const array = { dtype: 'float64', shape: [1, values.length], bytes } as const;
    chunks.set('time/c/0', await pool.encode(array, codec));
  }
  // A 0-dimensional array has one chunk, whose key is just "c".
  chunks.set('spatial_ref/c', asBytes(Int32Array.of(geobox.crs.epsg ?? 0)));
  return chunks;
}

/** Those of x and y: the centres of pixels. */
export async function axisChunks(
  geobox: GeoBox,
  pool: Pool,
  codec: Codec,
): Promise<Map<string, Uint8Array>> {
  const chunks = new Map<string, Uint8Array>();
  for (const [axis, centres] of [
    ['x', geobox.xCentres()],
    ['y', geobox.yCentres()],
  ] as const) {
    const array = {
      dtype: 'float64',
      shape: [1, centres.length],
      bytes: asBytes(centres as Float64Array<ArrayBuffer>),
    } as const;
    chunks.set(`${axis}/c/0`, await pool.encode(array, codec));
  }
  return chunks;
}

import type { Dataset } from 'gdal-async';
import type { Shape } from '../../grid/geobox.js';
import { asBytes, bytesOf, type DType, type PixelArray } from '../../raster/dtype.js';
import { loadGdal, uniqueName } from './load.js';

/** GDAL's names of the pixel types. */
export const GDAL_TYPES: Readonly<Record<DType, string>> = {
  uint8: 'Byte',
  int16: 'Int16',
  uint16: 'UInt16',
  int32: 'Int32',
  uint32: 'UInt32',
  float32: 'Float32',
  float64: 'Float64',
};

/**
 * Lends a typed array to GDAL as a one-band dataset, without a copy: GDAL reads from, and writes to,
 * the array itself. `use` must not keep the dataset.
 */
export function withRawDataset<T>(
  pixels: PixelArray,
  dtype: DType,
  { height, width }: Shape,
  use: (dataset: Dataset) => T,
  nodata?: number,
): T {
  const gdal = loadGdal();
  const name = uniqueName('.bin');
  const size = bytesOf(dtype);
  const bytes = asBytes(pixels);
  gdal.vsimem.set(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), name);
  try {
    const noData = nodata === undefined ? '' : `<NoDataValue>${nodata}</NoDataValue>`;
    const dataset = gdal.open(
      `<VRTDataset rasterXSize="${width}" rasterYSize="${height}">` +
        `<VRTRasterBand dataType="${GDAL_TYPES[dtype]}" band="1" subClass="VRTRawRasterBand">${noData}` +
        `<SourceFilename relativeToVRT="0">${name}</SourceFilename><ImageOffset>0</ImageOffset>` +
        `<PixelOffset>${size}</PixelOffset><LineOffset>${size * width}</LineOffset><ByteOrder>LSB</ByteOrder>` +
        '</VRTRasterBand></VRTDataset>',
      'r+',
    );
    try {
      return use(dataset);
    } finally {
      // Closing is what writes GDAL's changed blocks back into the array.
      dataset.close();
    }
  } finally {
    gdal.vsimem.release(name);
  }
}

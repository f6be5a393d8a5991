import type { Dataset } from 'gdal-async';
import { type Affine, toGeoTransform } from '../../grid/affine.js';
import type { Shape } from '../../grid/geobox.js';
import { asBytes, bytesOf, type PixelArray, type WorkType } from '../../raster/dtype.js';
import { loadGdal, uniqueName } from './load.js';

/** GDAL's names of the pixel types. */
export const GDAL_TYPES: Readonly<Record<WorkType, string>> = {
  uint8: 'Byte',
  int16: 'Int16',
  uint16: 'UInt16',
  int32: 'Int32',
  uint32: 'UInt32',
  float32: 'Float32',
  float64: 'Float64',
};

export interface RawDatasetOptions {
  readonly nodata?: number;
  readonly affine?: Affine;
  /** 1 for each pixel without a value, 0 for the others: becomes the dataset's mask. */
  readonly isGap?: Uint8Array<ArrayBuffer>;
}

/**
 * Lends a typed array to GDAL as a one-band dataset, without a copy: GDAL reads from, and writes to,
 * the array itself. `use` must not keep the dataset.
 */
export function withRawDataset<T>(
  pixels: PixelArray,
  dtype: WorkType,
  shape: Shape,
  use: (dataset: Dataset) => T,
  { nodata, affine, isGap }: RawDatasetOptions = {},
): T {
  const gdal = loadGdal();
  const names: string[] = [];
  const lend = (array: PixelArray) => {
    const name = uniqueName('.bin');
    const bytes = asBytes(array);
    gdal.vsimem.set(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), name);
    names.push(name);
    return name;
  };
  try {
    const noData = nodata === undefined ? '' : `<NoDataValue>${nodata}</NoDataValue>`;
    const transform =
      affine === undefined
        ? ''
        : `<GeoTransform>${toGeoTransform(affine).join(',')}</GeoTransform>`;
    const mask = isGap === undefined ? '' : maskBand(lend(validOf(isGap)), shape);
    const dataset = gdal.open(
      `<VRTDataset rasterXSize="${shape.width}" rasterYSize="${shape.height}">${transform}` +
        `${rawBand(lend(pixels), dtype, shape, 'band="1"', noData)}${mask}</VRTDataset>`,
      'r+',
    );
    try {
      return use(dataset);
    } finally {
      // Closing is what writes GDAL's changed blocks back into the array.
      dataset.close();
    }
  } finally {
    for (const name of names) gdal.vsimem.release(name);
  }
}

export function rawBand(
  file: string,
  dtype: WorkType,
  { width }: Shape,
  attributes: string,
  content = '',
): string {
  const size = bytesOf(dtype);
  return (
    `<VRTRasterBand dataType="${GDAL_TYPES[dtype]}" ${attributes} subClass="VRTRawRasterBand">${content}` +
    `<SourceFilename relativeToVRT="0">${file}</SourceFilename><ImageOffset>0</ImageOffset>` +
    `<PixelOffset>${size}</PixelOffset><LineOffset>${size * width}</LineOffset><ByteOrder>LSB</ByteOrder>` +
    '</VRTRasterBand>'
  );
}

function maskBand(file: string, shape: Shape): string {
  return `<MaskBand>${rawBand(file, 'uint8', shape, '')}</MaskBand>`;
}

/** GDAL's masks are 255 where a pixel is valid. */
function validOf(isGap: Uint8Array): Uint8Array<ArrayBuffer> {
  const valid = new Uint8Array(isGap.length);
  for (let i = 0; i < isGap.length; i++) valid[i] = isGap[i] === 1 ? 0 : 255;
  return valid;
}

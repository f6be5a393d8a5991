/** GeoTIFFs in another form: the same pixels at the same place. */
import type { Dataset } from 'gdal-async';
import { apply, fromGeoTransform, type GeoTransform, isAxisAligned } from '../../grid/affine.js';
import { rewritten } from '../image/rewritten.js';
import { refuse } from '../refusal.js';
import { exchangeTags, type TagValue } from './tags.js';
import { DEFAULT_FORMAT, type ReplyFormat } from './words.js';

const PIXEL_SCALE = 33550;
const TIEPOINTS = 33922;
const TRANSFORMATION = 34264;
const GDAL_NODATA = 42113;

/**
 * The GeoTIFF in that form. GDAL writes what it can; tags that it reads and does not write (a matrix
 * without rotation, tie points at all corners, nodata values that the type cannot hold) are exchanged.
 *
 * @throws {EarthEngineError} when the pixels cannot take that form.
 */
export function inFormat(tiff: Uint8Array, format: ReplyFormat = DEFAULT_FORMAT): Uint8Array {
  if (format === DEFAULT_FORMAT) return tiff;
  let tags: ReturnType<typeof tagsOf> = new Map();
  const written = rewritten(tiff, (source) => {
    checkType(source, format);
    tags = tagsOf(source, format);
    const meaning = ['-mo', `AREA_OR_POINT=${format.pixelIs === 'point' ? 'Point' : 'Area'}`];
    return { options: optionsOf(format), args: meaning };
  });
  return exchangeTags(written, tags);
}

function optionsOf(format: ReplyFormat): string[] {
  const { blocks, blockSize, compression, predictor } = format;
  return [
    'PHOTOMETRIC=MINISBLACK',
    'ALPHA=NO',
    `INTERLEAVE=${format.interleave.toUpperCase()}`,
    `TILED=${blocks === 'tiled' ? 'YES' : 'NO'}`,
    ...(blockSize === undefined ? [] : [`BLOCKYSIZE=${blockSize}`]),
    ...(blockSize === undefined || blocks === 'striped' ? [] : [`BLOCKXSIZE=${blockSize}`]),
    `COMPRESS=${compression === 'uncompressed' ? 'NONE' : compression.toUpperCase()}`,
    ...(predictor === 1 ? [] : [`PREDICTOR=${predictor}`]),
    `BIGTIFF=${format.file === 'bigtiff' ? 'YES' : 'NO'}`,
    `ENDIANNESS=${format.byteOrder.toUpperCase()}`,
  ];
}

function checkType({ bands }: Dataset, { predictor }: ReplyFormat): void {
  const type = bands.get(1).dataType ?? '';
  if (predictor === 3 && !type.startsWith('Float'))
    throw refuse(`Expected floats for predictor=3 of the reply format but received ${type}.`);
}

/** What GDAL does not write as asked, by tag. */
function tagsOf(source: Dataset, { placement, pixelIs, nodata }: ReplyFormat) {
  const tags = new Map<number, TagValue>();
  if (nodata !== undefined) tags.set(GDAL_NODATA, nodata === 'none' ? undefined : nodata);
  if (placement === 'tiepoint') return tags;
  const affine = fromGeoTransform((source.geoTransform ?? []) as unknown as GeoTransform);
  const [a, b, , d, e] = affine;
  // The tags of points place the middle of the first pixel.
  const half = pixelIs === 'point' ? 0.5 : 0;
  const [x, y] = apply(affine, half, half);
  if (placement === 'matrix') {
    tags.set(PIXEL_SCALE, undefined).set(TIEPOINTS, undefined);
    return tags.set(TRANSFORMATION, [a, b, 0, x, d, e, 0, y, 0, 0, 0, 0, 0, 0, 0, 1]);
  }
  if (!isAxisAligned(affine) || !(e < 0))
    throw refuse('Expected a grid with north up for tiepoints of the reply format.');
  const { x: width, y: height } = source.rasterSize;
  const corners = [
    [0, 0],
    [width, 0],
    [0, height],
    [width, height],
  ] as const;
  return tags.set(
    TIEPOINTS,
    corners.flatMap(([i, j]) => [i, j, 0, x + i * a, y + j * e, 0]),
  );
}

import { expected, GeocubesError } from '../../errors.js';
import {
  type Affine,
  alignsWith,
  apply,
  fromGeoTransform,
  invert,
  pixelOffset,
  shift,
  toGeoTransform,
} from '../../grid/affine.js';
import { parseCrs, transformer } from '../../grid/crs/crs.js';
import type { GeoBoxRecord } from '../../grid/geobox.js';
import { intersect } from '../../grid/window.js';
import { type CheckedInput, checkRaster, openChecked } from '../../kernel/gdal/inputs/open.js';
import { type Gdal, loadGdal, uniqueName } from '../../kernel/gdal/load.js';
import {
  allocate,
  isFloat,
  type PixelArray,
  WORK_TYPES,
  type WorkType,
} from '../../raster/dtype.js';
import type { BandSource, Frame, ImageBand, Mask, Plane } from '../image/image.js';
import { exportName, typeOfDtype } from '../image/pixel-type.js';

type Dataset = ReturnType<Gdal['open']>;

/**
 * A raster on disk as the bands of a stored image: any CRS, resampled to the nearest pixel by exact
 * transformation of each pixel's centre, so that a frame equals `gdalwarp -r near -et 0`.
 *
 * Masked is what the file's nodata value or mask band says, NaN in float files, and all outside.
 */
export class RasterFile {
  readonly bands: readonly Omit<ImageBand, 'name'>[];

  private constructor(
    private readonly input: CheckedInput,
    private readonly grid: GeoBoxRecord,
    private readonly dtypes: readonly WorkType[],
  ) {
    this.bands = dtypes.map((dtype, index) => ({
      type: typeOfDtype(dtype),
      grid,
      source: this.sourceOf(index),
    }));
  }

  /** @throws {InvalidInputError} when GDAL cannot open the file, or it has no CRS, or a pixel type cubes lack. */
  static open(path: string): RasterFile {
    const input = checkRaster(path, 'an image file');
    const dataset = openFor(input);
    try {
      const { srs, geoTransform, rasterSize } = dataset;
      if (srs === null || geoTransform === null) {
        throw expected('a georeferenced raster', 'an image file', path);
      }
      const [c, a, b, f, d, e] = geoTransform as [number, number, number, number, number, number];
      const code = srs.getAuthorityName() === 'EPSG' ? srs.getAuthorityCode() : null;
      const grid: GeoBoxRecord = {
        crs: code ? `EPSG:${code}` : srs.toWKT(),
        shape: [rasterSize.y, rasterSize.x],
        affine: fromGeoTransform([c, a, b, f, d, e]),
      };
      const dtypes = dataset.bands.map((band) => toDtype(band.dataType, path));
      return new RasterFile(input, grid, dtypes);
    } finally {
      dataset.close();
    }
  }

  private sourceOf(index: number): BandSource {
    return {
      // All bands of the file share one transformation of the frame's pixels.
      compute: (frame) => frame.once(this, () => this.computeAll(frame))[index] as Plane,
      footprint: (frame) => frame.once(this.dtypes, () => this.computeFootprint(frame)),
    };
  }

  private computeAll(frame: Frame): Plane[] {
    const numbers = this.dtypes.map((_, index) => index + 1);
    const dtype = widest(this.dtypes);
    const pixels = this.place(frame, numbers.map(String), dtype);
    const masks = this.place(
      frame,
      numbers.map((number) => `mask,${number}`),
      'uint8',
    );
    return pixels.map((values, index) => {
      const mask = masks[index] as Mask;
      applyMask(values, mask, isFloat(dtype));
      return { pixels: values, mask };
    });
  }

  /** 1 where a pixel's centre lies in the file, masked there or not. */
  private computeFootprint({ geobox, width, height, length }: Frame): Mask {
    const toCrs = transformer(geobox.crs, parseCrs(this.grid.crs));
    const toPixels = invert(this.grid.affine);
    const [rows, cols] = this.grid.shape;
    const inside = new Uint8Array(length);
    for (let row = 0, i = 0; row < height; row++) {
      for (let col = 0; col < width; col++, i++) {
        const place = toCrs(...apply(geobox.affine, col + 0.5, row + 0.5));
        const [x, y] = apply(toPixels, ...place);
        inside[i] = x >= 0 && x < cols && y >= 0 && y < rows ? 1 : 0;
      }
    }
    return inside;
  }

  /** The named bands of the file (or of its masks) on the frame's grid; 0 outside the file. */
  private place(frame: Frame, bands: readonly string[], dtype: WorkType): PixelArray[] {
    const gdal = loadGdal();
    const file = openFor(this.input);
    // Without its nodata value and masks the file is plain numbers, which the warper copies as they are.
    const selection = bands.flatMap((band) => ['-b', band]);
    const plain = [...selection, '-a_nodata', 'none', '-mask', 'none'];
    const name = uniqueName('.vrt');
    const view = gdal.translate(name, file, ['-of', 'VRT', ...plain]);
    try {
      const origin = this.originOf(frame, file);
      return origin === undefined
        ? warp(view, frame, dtype)
        : readWindow(view, frame, dtype, origin[0], origin[1]);
    } finally {
      view.close();
      file.close();
      gdal.vsimem.release(name);
    }
  }

  /** Column and row of the frame's first pixel in the file, when the frame lies on the file's own grid. */
  private originOf(
    { geobox, width, height }: Frame,
    file: Dataset,
  ): readonly [col: number, row: number] | undefined {
    const { affine } = this.grid;
    const srs = loadGdal().SpatialReference.fromUserInput(geobox.crs.name);
    if (file.srs === null || !srs.isSame(file.srs)) return undefined;
    const { col, row } = pixelOffset(geobox.affine, affine);
    const own: Affine = shift(affine, col, row);
    return alignsWith(own, geobox.affine, width, height) ? [col, row] : undefined;
  }
}

function openFor(input: CheckedInput): Dataset {
  try {
    return openChecked(input);
  } catch (cause) {
    if (cause instanceof GeocubesError) throw cause;
    throw expected('a raster that GDAL can open', 'an image file', input.shown, String(cause));
  }
}

function toDtype(name: string | null, path: string): WorkType {
  const dtype = WORK_TYPES.find((candidate) => exportName(candidate) === name);
  if (dtype !== undefined) return dtype;
  throw expected(`pixels of type ${WORK_TYPES.join(', ')}`, `the image file ${path}`, name ?? '');
}

/** A type that holds the values of all; nearly always they are one and the same. */
function widest(dtypes: readonly WorkType[]): WorkType {
  const [first = 'uint8', ...rest] = dtypes;
  return rest.every((dtype) => dtype === first) ? first : 'float64';
}

function warp(view: Dataset, { geobox, width, height }: Frame, dtype: WorkType): PixelArray[] {
  const gdal = loadGdal();
  const count = view.bands.count();
  const target = gdal.drivers.get('MEM').create('', width, height, count, exportName(dtype));
  try {
    target.geoTransform = [...toGeoTransform(geobox.affine)];
    target.srs = gdal.SpatialReference.fromUserInput(geobox.crs.name);
    gdal.warp(null, target, [view], ['-r', 'near', '-et', '0', '-nosrcalpha']);
    return target.bands.map((band) => band.pixels.read(0, 0, width, height) as PixelArray);
  } finally {
    target.close();
  }
}

function readWindow(
  view: Dataset,
  { width, height, length }: Frame,
  dtype: WorkType,
  col: number,
  row: number,
): PixelArray[] {
  const { x, y } = view.rasterSize;
  const part = intersect({ row, col, height, width }, { row: 0, col: 0, height: y, width: x });
  return view.bands.map((band) => {
    const out = allocate(dtype, length);
    if (part === undefined) return out;
    const read = band.pixels.read(part.col, part.row, part.width, part.height);
    for (let line = 0; line < part.height; line++) {
      const from = line * part.width;
      const to = (part.row - row + line) * width + (part.col - col);
      out.set(read.subarray(from, from + part.width), to);
    }
    return out;
  });
}

/** Turns GDAL's 0 and 255 into 0 and 1, masks NaN, and zeroes what is masked. */
function applyMask(pixels: PixelArray, mask: Mask, canBeNaN: boolean): void {
  for (let i = 0; i < mask.length; i++) {
    if (mask[i] === 0 || (canBeNaN && Number.isNaN(pixels[i]))) {
      mask[i] = 0;
      pixels[i] = 0;
    } else {
      mask[i] = 1;
    }
  }
}

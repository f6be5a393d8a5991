import type { Dataset } from 'gdal-async';
import { RasterError } from '../../errors.js';
import {
  type Affine,
  alignsWith,
  apply,
  invert,
  shift,
  toGeoTransform,
} from '../../grid/affine.js';
import type { GeoBox } from '../../grid/geobox.js';
import { intersect, type Window } from '../../grid/window.js';
import { allocate, canHold, DTYPES, type DType, type PixelArray } from '../../raster/dtype.js';
import type { FileReference, Recipe } from '../../tile.js';
import type { BandRaster } from '../band-raster.js';
import { addInvalid, GapList } from '../gaps.js';
import { moveOffNodata } from '../nodata.js';
import type { DiskFile } from '../tile-reader.js';
import { RASTER_FORMATS } from './inputs/formats.js';
import { openChecked } from './inputs/open.js';
import { loadGdal, uniqueName } from './load.js';
import { affineOf, checkBlocks, hasCrs, messageOf } from './part-file.js';
import { GDAL_TYPES } from './raw-dataset.js';
import { gapsOf, warpBand } from './warp.js';

/** Bits of GDAL's GetMaskFlags. */
const ALL_VALID = 1;
const FROM_NODATA = 8;

/** Opens a file where it lies, read-only. @throws {RasterError} naming the file when GDAL cannot. */
export function openFile(file: FileReference): DiskFile {
  return naming(file.path, () => {
    const { path, name = path, formats = RASTER_FORMATS } = file;
    const dataset = openChecked({ name, shown: path, formats });
    try {
      checkBlocks(dataset);
      return new GdalDiskFile(dataset, file);
    } catch (error) {
      dataset.close();
      throw error;
    }
  });
}

class GdalDiskFile implements DiskFile {
  warpMs = 0;
  readonly #affine: Affine;

  constructor(
    private readonly dataset: Dataset,
    private readonly file: FileReference,
  ) {
    const { geoTransform, srs } = dataset;
    if (geoTransform === null || srs === null)
      throw new RasterError('decode', 'no transform, or no CRS');
    const [a, b, c, d, e, f] = affineOf(geoTransform);
    this.#affine = [a, b, c + 360 * file.turns, d, e, f];
  }

  rasterOn(band: number, grid: GeoBox, recipe: Recipe): BandRaster {
    const number = (this.file.bands[band] ?? 0) + 1;
    return naming(this.file.path, () => {
      const at = this.#placeOf(grid);
      const raster =
        at === undefined ? this.#warp(number, grid, recipe) : this.#copy(number, at, recipe);
      moveOffNodata(raster, recipe);
      return raster;
    });
  }

  close(): void {
    this.dataset.close();
  }

  /** The pixels of the file that are the grid's, where its pixels lie on the file's own. */
  #placeOf(grid: GeoBox): Window | undefined {
    const { height, width } = grid;
    const [x, y] = apply(grid.affine, 0, 0);
    const [col, row] = apply(invert(this.#affine), x, y).map(Math.round) as [number, number];
    const own = shift(this.#affine, col, row);
    return alignsWith(own, grid.affine, width, height) && hasCrs(this.dataset, grid)
      ? { row, col, height, width }
      : undefined;
  }

  /** Pixels as they are; a gap is what the file masks, NaN, and what lies outside of the file. */
  #copy(number: number, window: Window, { dtype, nodata }: Recipe): BandRaster {
    const { height, width } = window;
    const pixels = allocate(dtype, height * width);
    const isValid = new Uint8Array(height * width);
    const { x, y } = this.dataset.rasterSize;
    const inside = intersect(window, { row: 0, col: 0, height: y, width: x });
    if (inside !== undefined) {
      const place = { ...inside, row: inside.row - window.row, col: inside.col - window.col };
      const band = this.dataset.bands.get(number);
      readInto(band, inside, pixels, dtype, place, width);
      const code = this.#codeOf(number, nodata);
      const flags = band.getMaskFlags();
      const isMasked = code === undefined ? (flags & ALL_VALID) === 0 : hasOwnMask(flags);
      const mask = isMasked ? band.getMaskBand() : null;
      if (mask !== null) readInto(mask, inside, isValid, 'uint8', place, width);
      else fillWindow(isValid, 1, place, width);
      const gaps = new GapList();
      addInvalid(gaps, pixels, width, place, code);
      for (const index of gaps.indices()) isValid[index] = 0;
    }
    return { pixels, isGap: gapsOf(isValid) };
  }

  #warp(number: number, grid: GeoBox, recipe: Recipe): BandRaster {
    const started = performance.now();
    const { srs } = this.dataset;
    if (srs === null) throw new RasterError('warp', 'no CRS');
    try {
      const code = this.#codeOf(number, recipe.nodata);
      return withView(this.dataset, number, code, this.#affine, (view, left) =>
        warpBand(view, 1, srs, grid, recipe, left),
      );
    } finally {
      this.warpMs += performance.now() - started;
    }
  }

  /**
   * The value without meaning where the file's own word is not taken: the one the user gave, or the cube's
   * where the file says nothing of it.
   */
  #codeOf(number: number, cubes: number | undefined): number | undefined {
    const { nodata } = this.file;
    const band = this.dataset.bands.get(number);
    const dtype = dtypeOf(band.dataType);
    if (nodata !== undefined) return dtype === 'float32' ? Math.fround(nodata) : nodata;
    const isSilent = (band.getMaskFlags() & ALL_VALID) !== 0;
    return isSilent && cubes !== undefined && dtype !== undefined && canHold(dtype, cubes)
      ? cubes
      : undefined;
  }
}

type Band = ReturnType<Dataset['bands']['get']>;

/**
 * One band as a dataset whose mask is the band's own, wherever that came from (nodata, alpha, a mask of the
 * dataset or of the band): the one kind that the warper heeds in every case.
 *
 * @param code value without meaning, instead of the file's nodata
 * @param use `left` is what the mask does not hold and the warper must be told
 */
function withView<T>(
  source: Dataset,
  number: number,
  code: number | undefined,
  affine: Affine,
  use: (view: Dataset, left: number | undefined) => T,
): T {
  const gdal = loadGdal();
  const opened: { dataset: Dataset; name: string }[] = [];
  const view = (from: Dataset, options: readonly string[]) => {
    const name = uniqueName('.vrt');
    const dataset = gdal.translate(name, from, ['-of', 'VRT', ...options]);
    opened.push({ dataset, name });
    return dataset;
  };
  try {
    const flags = source.bands.get(number).getMaskFlags();
    let from = source;
    let band = number;
    let left: number | undefined;
    if (code !== undefined && !hasOwnMask(flags)) {
      from = view(source, ['-b', String(number), '-mask', 'none', '-a_nodata', String(code)]);
      band = 1;
    } else left = code;
    const isMasked = (from.bands.get(band).getMaskFlags() & ALL_VALID) === 0;
    const mask = isMasked ? `mask,${band}` : 'none';
    const last = view(from, ['-b', String(band), '-mask', mask, '-a_nodata', 'none']);
    last.geoTransform = [...toGeoTransform(affine)];
    return use(last, left);
  } finally {
    for (const { dataset, name } of opened.reverse()) {
      dataset.close();
      gdal.vsimem.release(name);
    }
  }
}

/** Whether a mask or alpha band, not a nodata value, says which pixels are valid. */
function hasOwnMask(flags: number): boolean {
  return (flags & (ALL_VALID | FROM_NODATA)) === 0;
}

/** Reads a window of the file to its place in an array whose rows are `stride` long. */
function readInto(
  band: Band,
  window: Window,
  pixels: PixelArray,
  dtype: DType,
  { row, col }: Window,
  stride: number,
): void {
  const size = pixels.BYTES_PER_ELEMENT;
  const start = row * stride + col;
  const end = start + (window.height - 1) * stride + window.width;
  band.pixels.read(
    window.col,
    window.row,
    window.width,
    window.height,
    pixels.subarray(start, end) as PixelArray,
    { data_type: GDAL_TYPES[dtype], pixel_space: size, line_space: size * stride },
  );
}

function fillWindow(
  array: Uint8Array,
  value: number,
  { row, col, height, width }: Window,
  stride: number,
): void {
  for (let start = row * stride + col, i = 0; i < height; i++, start += stride)
    array.fill(value, start, start + width);
}

function dtypeOf(gdalType: string | null): DType | undefined {
  return DTYPES.find((dtype) => GDAL_TYPES[dtype] === gdalType);
}

/** Errors of every kind, with the file's name. */
function naming<T>(path: string, task: () => T): T {
  try {
    return task();
  } catch (cause) {
    const stage = cause instanceof RasterError ? cause.stage : 'decode';
    throw new RasterError(
      stage,
      `Expected a readable raster in ${path} but received: ${messageOf(cause)}`,
      { cause },
    );
  }
}

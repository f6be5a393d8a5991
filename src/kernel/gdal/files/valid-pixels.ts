import type { Dataset } from 'gdal-async';
import type { Window } from '../../../grid/window.js';
import {
  canHold,
  isFloat,
  type PixelArray,
  WORK_TYPES,
  type WorkType,
} from '../../../raster/dtype.js';
import type { BandRaster, RawRaster } from '../../band-raster.js';
import type { MarkedRoom } from '../../resample/band-room.js';
import { GDAL_TYPES } from '../raw-dataset.js';
import { nativeLoops } from '../resample-addon.js';

type Band = ReturnType<Dataset['bands']['get']>;

/** Bits of GDAL's GetMaskFlags. */
const ALL_VALID = 1;
const PER_DATASET = 2;
const ALPHA = 4;
const FROM_NODATA = 8;

export interface ReadOptions {
  /** Of the result's pixels; it can hold those of the file. */
  readonly dtype: WorkType;
  /** Value without meaning: {@link codeOf}. */
  readonly code: number | undefined;
}

/**
 * As {@link readValid}, but where a value alone tells what has none, whoever takes the pixels looks at it.
 */
export function readRaw(
  dataset: Dataset,
  number: number,
  window: Window,
  options: ReadOptions,
  room: MarkedRoom,
): RawRaster {
  for (const _ of masksOf(dataset, number))
    return readValid(dataset, number, window, options, room);
  const { dtype, code } = options;
  const { pixels } = room;
  read(dataset.bands.get(number), window, pixels, GDAL_TYPES[dtype]);
  if (code === undefined && !isFloat(dtype)) return { pixels, isGap: undefined };
  return { pixels, lacks: code ?? Number.NaN };
}

/**
 * A window of a band, and which of its pixels have no value. GDAL lets one word of a file count: its mask,
 * its nodata value or its alpha band. Here each of them does: a pixel has no value where it is NaN, where it
 * is the nodata value (as a pixel of the file's type would hold it), where a mask of the band or of the file
 * is 0, or where an alpha band is. An infinite value is a value, unless it is the nodata value.
 *
 * @param number counts from 1, as in GDAL
 * @param window inside the raster
 * @param room for the result, of the window's size
 */
export function readValid(
  dataset: Dataset,
  number: number,
  window: Window,
  { dtype, code }: ReadOptions,
  { pixels, isGap }: MarkedRoom,
): BandRaster {
  const band = dataset.bands.get(number);
  read(band, window, pixels, GDAL_TYPES[dtype]);
  isGap.fill(0);
  let isMasked = false;
  for (const mask of masksOf(dataset, number)) {
    const values = new Float32Array(pixels.length);
    read(mask, window, values, 'Float32');
    for (let i = 0; i < values.length; i++)
      if (values[i] === 0) {
        isGap[i] = 1;
        isMasked = true;
      }
  }
  const isMissing = nativeLoops().addMissing(pixels, code, isGap);
  return { pixels, isGap: isMasked || isMissing ? isGap : undefined };
}

function* masksOf(dataset: Dataset, number: number): Generator<Band> {
  const band = dataset.bands.get(number);
  const flags = band.getMaskFlags();
  const isExplicit = (flags & (ALL_VALID | FROM_NODATA | ALPHA)) === 0;
  // A nodata value for each band, of which a pixel must have all.
  const isTuple = (flags & FROM_NODATA) !== 0 && (flags & PER_DATASET) !== 0;
  if (isExplicit || isTuple) {
    const mask = band.getMaskBand();
    if (mask !== null) yield mask;
  }
  if (band.colorInterpretation === 'Alpha') return;
  // An alpha band of 16 bits is read itself: as a mask, GDAL takes its small values for 0.
  const alphas = dataset.bands
    .map((one) => one)
    .filter((one) => one.colorInterpretation === 'Alpha');
  yield* alphas;
}

/**
 * The value without meaning, as a pixel of the file would hold it; `undefined` where none could.
 *
 * @param nodata in place of the file's own
 * @param otherwise where the file itself says nothing of any
 */
export function codeOf(
  dataset: Dataset,
  number: number,
  nodata: number | undefined,
  otherwise: number | undefined,
): number | undefined {
  const band = dataset.bands.get(number);
  const dtype = WORK_TYPES.find((name) => GDAL_TYPES[name] === band.dataType);
  const own = nodata ?? band.noDataValue ?? undefined;
  if (own !== undefined) {
    const held = asHeld(own, dtype);
    if (held !== undefined || nodata !== undefined) return held;
  }
  const isSilent = (band.getMaskFlags() & ALL_VALID) !== 0;
  return isSilent && otherwise !== undefined && dtype !== undefined && canHold(dtype, otherwise)
    ? otherwise
    : undefined;
}

function asHeld(value: number, dtype: WorkType | undefined): number | undefined {
  if (dtype !== 'float32') return dtype === undefined || canHold(dtype, value) ? value : undefined;
  const held = Math.fround(value);
  return Number.isFinite(held) || !Number.isFinite(value) ? held : undefined;
}

function read(
  { pixels }: Band,
  { row, col, height, width }: Window,
  into: PixelArray,
  type: string,
) {
  pixels.read(col, row, width, height, into, { data_type: type });
}

/** The types of a dataset's bands: one for all where that is what each has, else each band's own. */
import { bytesOf, canHold, type DType, isFloat, workTypeOf } from '../../raster/dtype.js';
import type { BandEntry, ChosenBand } from './choose-bands.js';
import { storedAs } from './pixel-type.js';
import type { Values } from './values.js';

/** What was asked for of all bands. */
export interface TypeWishes {
  readonly dtype?: DType | undefined;
  /** `null` for none. */
  readonly nodata?: number | null | undefined;
}

export interface ChosenTypes {
  /** Of all bands that do not say their own. */
  readonly dtype: DType;
  readonly nodata: number | undefined;
  /** As they were, with a type of their own where that is another. */
  readonly entries: readonly BandEntry[];
  readonly reasons: readonly string[];
  /** Bytes of a pixel, as Earth Engine counts them, of the bands that come together: those of the type with the most. */
  readonly requestPixelBytes: number;
}

/** Bands that are stored alike. */
interface Group {
  readonly dtype: DType;
  readonly bands: readonly ChosenBand[];
}

/**
 * The first band's type is the dataset's, those of others are their own. One that was asked for is that of all, and so
 * is the one that holds all of them where a code for "no value" was asked for that not each of them has.
 */
export function chooseTypes(bands: readonly ChosenBand[], wishes: TypeWishes): ChosenTypes {
  const given = typeof wishes.nodata === 'number' ? wishes.nodata : undefined;
  const all = groupsOf(bands, wishes.dtype);
  const haveCode = all.every(({ dtype }) => given === undefined || hasCode(dtype, given));
  const groups = haveCode ? all : [{ dtype: storedAs(bands.map(valuesOf)).dtype, bands }];
  const stored = groups.map(({ dtype, bands: own }) => {
    const isGiven = dtype === wishes.dtype;
    const { nodata, reasons } = storedAs(own.map(valuesOf), {
      ...{ dtype, isGiven },
      ...(given === undefined ? {} : { nodata: given }),
    });
    const code = wishes.nodata === null ? undefined : (given ?? nodata);
    return { dtype, nodata: code, reasons, bands: own };
  });
  const [first] = stored as [(typeof stored)[number]];
  const own = new Map(stored.flatMap((group) => group.bands.map((band) => [band, group] as const)));
  const entries = bands.map((band) => {
    const { dtype, nodata } = own.get(band) ?? first;
    if (dtype === first.dtype) return band.entry;
    const other = nodata === first.nodata ? {} : { nodata: nodata ?? null };
    return { ...other, ...band.entry, dtype };
  });
  return {
    dtype: first.dtype,
    nodata: first.nodata,
    entries,
    reasons: stored.map(({ bands: some, reasons }) => {
      const names =
        stored.length === 1 ? '' : `${some.map(({ entry }) => entry.name).join(', ')}: `;
      return `${names}${reasons.join(' ')}`;
    }),
    requestPixelBytes: Math.max(
      ...stored.map(({ dtype, nodata, bands: some }) => pixelBytes(some.length, dtype, nodata)),
    ),
  };
}

function groupsOf(bands: readonly ChosenBand[], dtype: DType | undefined): Group[] {
  const groups = new Map<DType, ChosenBand[]>();
  for (const band of bands) {
    const own = band.entry.dtype ?? dtype ?? storedAs([band.values]).dtype;
    groups.set(own, [...(groups.get(own) ?? []), band]);
  }
  return [...groups].map(([own, some]) => ({ dtype: own, bands: some }));
}

function hasCode(dtype: DType, code: number): boolean {
  return dtype !== 'bool' && canHold(dtype, code);
}

function valuesOf({ values }: ChosenBand): Values {
  return values;
}

/** A byte of mask for each band, and bands of masks where no code is free. */
function pixelBytes(bands: number, dtype: DType, nodata: number | undefined): number {
  const masks = isFloat(dtype) || nodata !== undefined ? 0 : Math.ceil(bands / 8);
  return (bands + masks) * (bytesOf(workTypeOf(dtype)) + 1);
}

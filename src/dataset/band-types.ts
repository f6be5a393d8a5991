/**
 * Each band's own type: its dtype and its code for "no value", which are the dataset's unless it says other. What works
 * on bands of one type is given the dataset as it is for one of them, and bands go by groups of one type.
 */
import { bytesOf, type DType, type WorkType, workTypeOf } from '../raster/dtype.js';
import type { Band, Dataset } from './dataset.js';

type Typed = Pick<Dataset, 'dtype' | 'nodata'>;

/** Bands of one type. */
export interface TypeGroup {
  /** As indices into the dataset's bands, in order. */
  readonly bands: readonly number[];
  /** The dataset, with all of its bands, and the type of these. */
  readonly dataset: Dataset;
}

/** The dataset as it is for one of its bands; itself where the band says nothing of a type. */
export function typedFor<T extends Typed>(dataset: T, band: Band | undefined): T {
  if (band?.dtype === undefined && band?.nodata === undefined) return dataset;
  const { nodata: common, ...rest } = dataset;
  const nodata = band.nodata === undefined ? common : (band.nodata ?? undefined);
  return {
    ...rest,
    dtype: band.dtype ?? dataset.dtype,
    ...(nodata === undefined ? {} : { nodata }),
  } as T;
}

/** The dataset as it is for the band of that name. */
export function typedForName<T extends Typed & Pick<Dataset, 'bands'>>(
  dataset: T,
  name: string,
): T {
  return typedFor(
    dataset,
    dataset.bands.find((band) => band.name === name),
  );
}

/** Its bands by type, in the order of the first of each; one group where all are of one type. */
export function typeGroups(dataset: Dataset): readonly TypeGroup[] {
  const groups = new Map<string, { bands: number[]; dataset: Dataset }>();
  for (const [index, band] of dataset.bands.entries()) {
    const typed = typedFor(dataset, band);
    const key = `${typed.dtype} ${typed.nodata}`;
    const group = groups.get(key) ?? { bands: [], dataset: typed };
    group.bands.push(index);
    groups.set(key, group);
  }
  return [...groups.values()];
}

/** The largest of the bands' types. */
export function widestType({ dtype, bands }: Pick<Dataset, 'dtype' | 'bands'>): DType {
  return bands.reduce(
    (widest, band) =>
      bytesOf(band.dtype ?? dtype) > bytesOf(widest) ? (band.dtype ?? dtype) : widest,
    bands[0]?.dtype ?? dtype,
  );
}

/** The largest of the types that the bands' pixels are computed in. */
export function widestWorkType({ dtype, bands }: Pick<Dataset, 'dtype' | 'bands'>): WorkType {
  return bands
    .map((band) => workTypeOf(band.dtype ?? dtype))
    .reduce((widest, each) => (bytesOf(each) > bytesOf(widest) ? each : widest));
}

/** The bands' types for people: `uint8`, or `float32 and uint8`. */
export function typesInWords({ dtype, bands }: Pick<Dataset, 'dtype' | 'bands'>): string {
  const names = [...new Set(bands.map((band) => band.dtype ?? dtype))];
  return names.length < 2
    ? (names[0] ?? dtype)
    : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}

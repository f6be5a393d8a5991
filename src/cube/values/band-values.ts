import { typedForName } from '../../dataset/band-types.js';
import type { Dataset } from '../../dataset/dataset.js';
import { type DType, isFloat } from '../../raster/dtype.js';
import { layoutOf } from '../../store/metadata/array-layout.js';
import { packingOf } from '../../store/metadata/band-packing.js';
import { readMetadata } from '../../store/read.js';
import type { Session } from '../../store/session.js';

/** What the numbers of one band are. */
export interface BandValues {
  readonly name: string;
  readonly dtype: DType;
  /** The code for "no value", where it has one; NaN always is one. */
  readonly nodata: number | undefined;
  /** Of its CF attributes: value = number * scale + offset. */
  readonly scale: number;
  readonly offset: number;
  readonly units: string | undefined;
}

/** As the band's array says, which may be of a type of its own. */
export async function bandValues(
  session: Session,
  dataset: Dataset,
  name: string,
): Promise<BandValues> {
  const document = (await readMetadata(session, name)) as
    | { readonly attributes?: Readonly<Record<string, unknown>> }
    | undefined;
  const { scale = 1, offset = 0, units } = packingOf(document?.attributes);
  const typed = typedForName(dataset, name);
  const dtype = layoutOf(document)?.dtype ?? typed.dtype;
  return {
    name,
    dtype,
    nodata: isFloat(dtype) ? undefined : typed.nodata,
    ...{ scale, offset, units },
  };
}

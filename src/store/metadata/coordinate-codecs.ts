/**
 * The two filters that smart-geocubes 0.0.x puts on the coordinates x and y: numcodecs'
 * `fixedscaleoffset` (values become whole steps) and then `delta` (steps become their differences,
 * in a narrower type). Neither is in the Zarr v3 specification; zarrita has a `delta` that keeps the
 * type, which is not what these cubes hold.
 */

/** zarrita's chunk as far as codecs of one-dimensional arrays see it. */
interface Chunk {
  readonly data: ArrayLike<number | bigint>;
  readonly shape: number[];
  readonly stride: number[];
}

interface Metadata {
  readonly dataType: string;
}

/** numpy's names of the types in question. */
const DATA_TYPES: Readonly<Record<string, string>> = {
  '<i2': 'int16',
  '<i4': 'int32',
  '<i8': 'int64',
  '<f4': 'float32',
  '<f8': 'float64',
};

function dataType(name: unknown, fallback: string): string {
  const text = String(name ?? fallback);
  return DATA_TYPES[text] ?? text;
}

/** Decoded values are `stored / scale + offset`, in float64. */
class FixedScaleOffset {
  readonly kind = 'array_to_array';
  constructor(
    private readonly offset: number,
    private readonly scale: number,
    private readonly stored: string,
  ) {}

  static fromConfig(config: Readonly<Record<string, unknown>>, meta: Metadata): FixedScaleOffset {
    return new FixedScaleOffset(
      Number(config.offset),
      Number(config.scale),
      dataType(config.astype, meta.dataType),
    );
  }

  getEncodedMeta<M extends Metadata>(meta: M): M {
    return { ...meta, dataType: this.stored };
  }

  encode(): never {
    throw new Error('numcodecs.fixedscaleoffset is read only here');
  }

  decode({ data, shape, stride }: Chunk): Chunk {
    const { scale, offset } = this;
    return {
      data: Float64Array.from(data, (step) => Number(step) / scale + offset),
      shape,
      stride,
    };
  }
}

/** Decoded values are the running sum of the stored ones. Sums of coordinates' steps are exact in float64. */
class NarrowDelta {
  readonly kind = 'array_to_array';
  constructor(private readonly stored: string) {}

  static fromConfig(config: Readonly<Record<string, unknown>>, meta: Metadata): NarrowDelta {
    return new NarrowDelta(dataType(config.astype ?? config.dtype, meta.dataType));
  }

  getEncodedMeta<M extends Metadata>(meta: M): M {
    return { ...meta, dataType: this.stored };
  }

  encode(): never {
    throw new Error('numcodecs.delta is read only here');
  }

  decode({ data, shape, stride }: Chunk): Chunk {
    let sum = 0;
    return {
      data: Float64Array.from(data, (difference) => {
        sum += Number(difference);
        return sum;
      }),
      shape,
      stride,
    };
  }
}

type Registry = Map<string, () => unknown>;

/** Makes zarrita read such coordinates. Calling it again changes nothing. */
export async function registerCoordinateCodecs(): Promise<void> {
  const zarrita = await import('zarrita');
  const registry = zarrita.registry as unknown as Registry;
  registry.set('numcodecs.fixedscaleoffset', () => FixedScaleOffset);
  registry.set('numcodecs.delta', () => NarrowDelta);
}

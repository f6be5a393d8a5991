/** One entry of a TIFF's first directory, as the file has it. */
export interface TiffTag {
  readonly id: number;
  readonly name: string;
  readonly count: number;
  /** The first values of it, or its text. */
  readonly value: readonly number[] | string;
}

const NAMES: Readonly<Record<number, string>> = {
  254: 'NewSubfileType',
  256: 'ImageWidth',
  257: 'ImageLength',
  258: 'BitsPerSample',
  259: 'Compression',
  262: 'PhotometricInterpretation',
  270: 'ImageDescription',
  273: 'StripOffsets',
  277: 'SamplesPerPixel',
  278: 'RowsPerStrip',
  279: 'StripByteCounts',
  284: 'PlanarConfiguration',
  305: 'Software',
  306: 'DateTime',
  317: 'Predictor',
  322: 'TileWidth',
  323: 'TileLength',
  324: 'TileOffsets',
  325: 'TileByteCounts',
  330: 'SubIFDs',
  338: 'ExtraSamples',
  339: 'SampleFormat',
  33550: 'ModelPixelScale',
  33922: 'ModelTiepoint',
  34264: 'ModelTransformation',
  34735: 'GeoKeyDirectory',
  34736: 'GeoDoubleParams',
  34737: 'GeoAsciiParams',
  42112: 'GDAL_METADATA',
  42113: 'GDAL_NODATA',
};

/** Values kept of one tag: all that georeferencing has, and the first of long lists of blocks. */
const MAX_VALUES = 64;
const MAX_TEXT = 400;
/** A directory of more entries is damaged. */
const MAX_TAGS = 200;

const SIZES: Readonly<Record<number, number>> = {
  ...{ 1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4 },
  ...{ 16: 8, 17: 8, 18: 8 },
};

/**
 * The first directory of a TIFF or BigTIFF, read from the bytes alone: no library's view of it, because
 * the page is to show what really came. Nothing where there is no directory.
 */
export function tiffTags(bytes: Uint8Array): TiffTag[] {
  try {
    return [...directory(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength))];
  } catch (cause) {
    if (cause instanceof RangeError) return [];
    throw cause;
  }
}

function* directory(view: DataView): Generator<TiffTag> {
  const little = view.getUint16(0) === 0x4949;
  const isBig = view.getUint16(2, little) === 43;
  const wide = (at: number) =>
    isBig ? Number(view.getBigUint64(at, little)) : view.getUint32(at, little);
  const start = wide(isBig ? 8 : 4);
  const count = isBig ? wide(start) : view.getUint16(start, little);
  const [head, entry, inline] = isBig ? [8, 20, 8] : [2, 12, 4];
  for (let i = 0; i < Math.min(count, MAX_TAGS); i++) {
    const at = start + head + i * entry;
    const id = view.getUint16(at, little);
    const type = view.getUint16(at + 2, little);
    const length = wide(at + 4);
    const size = SIZES[type] ?? 1;
    const field = at + (isBig ? 12 : 8);
    const from = length * size <= inline ? field : wide(field);
    yield {
      id,
      name: NAMES[id] ?? `tag ${id}`,
      count: length,
      value: valuesOf(view, little, type, from, length),
    };
  }
}

function valuesOf(
  view: DataView,
  little: boolean,
  type: number,
  from: number,
  length: number,
): readonly number[] | string {
  if (type === 2) {
    const text = new Uint8Array(
      view.buffer,
      view.byteOffset + from,
      Math.min(length, MAX_TEXT, view.byteLength - from),
    );
    return Buffer.from(text).toString('latin1').replace(/\0+$/, '');
  }
  const read = (at: number): number => {
    switch (type) {
      case 3:
        return view.getUint16(at, little);
      case 4:
      case 13:
        return view.getUint32(at, little);
      case 5:
        return view.getUint32(at, little) / view.getUint32(at + 4, little);
      case 8:
        return view.getInt16(at, little);
      case 9:
        return view.getInt32(at, little);
      case 11:
        return view.getFloat32(at, little);
      case 12:
        return view.getFloat64(at, little);
      case 16:
      case 18:
        return Number(view.getBigUint64(at, little));
      case 17:
        return Number(view.getBigInt64(at, little));
      default:
        return view.getUint8(at);
    }
  };
  return Array.from({ length: Math.min(length, MAX_VALUES) }, (_, i) =>
    read(from + i * (SIZES[type] ?? 1)),
  );
}

/** The tag's only or first number, where it is there. */
export function numberOf(tags: readonly TiffTag[], id: number): number | undefined {
  const value = tags.find((tag) => tag.id === id)?.value;
  return typeof value === 'string' ? undefined : value?.[0];
}

export function textOf(tags: readonly TiffTag[], id: number): string | undefined {
  const value = tags.find((tag) => tag.id === id)?.value;
  return typeof value === 'string' ? value.trim() : undefined;
}

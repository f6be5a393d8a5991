/** The forms in which a GeoTIFF can hold the same pixels, in words that can be typed. */
import { expected } from '../../errors.js';

export interface ReplyFormat {
  /**
   * The tags that say where the pixels lie: a tie point and a scale, the same with a tie point at each
   * corner, or the matrix of ModelTransformation.
   */
  readonly placement: 'tiepoint' | 'tiepoints' | 'matrix';
  /** What those tags speak of: GTRasterTypeGeoKey. */
  readonly pixelIs: 'area' | 'point';
  readonly blocks: 'striped' | 'tiled';
  /** Rows of a strip or side of a tile; GDAL's choice where it is left out. */
  readonly blockSize?: number;
  readonly compression: 'uncompressed' | 'deflate' | 'lzw' | 'packbits';
  readonly predictor: 1 | 2 | 3;
  readonly interleave: 'band' | 'pixel';
  readonly file: 'classic' | 'bigtiff';
  readonly byteOrder: 'little' | 'big';
  /** Text of the tag GDAL_NODATA, which changes no pixel; `none`: no tag. Absent: the reply's own. */
  readonly nodata?: string;
}

/** What a reply is when nothing else is asked for. */
export const DEFAULT_FORMAT: ReplyFormat = {
  placement: 'tiepoint',
  pixelIs: 'area',
  blocks: 'striped',
  compression: 'uncompressed',
  predictor: 1,
  interleave: 'band',
  file: 'classic',
  byteOrder: 'little',
};

type Words = Readonly<Record<string, Partial<ReplyFormat>>>;

/** Groups of words of which one can hold. */
const GROUPS: readonly Words[] = [
  {
    tiepoint: { placement: 'tiepoint' },
    tiepoints: { placement: 'tiepoints' },
    matrix: { placement: 'matrix' },
  },
  { area: { pixelIs: 'area' }, point: { pixelIs: 'point' } },
  { striped: { blocks: 'striped' }, tiled: { blocks: 'tiled' } },
  {
    uncompressed: { compression: 'uncompressed' },
    none: { compression: 'uncompressed' },
    deflate: { compression: 'deflate' },
    lzw: { compression: 'lzw' },
    packbits: { compression: 'packbits' },
  },
  {
    'predictor=1': { predictor: 1 },
    'predictor=2': { predictor: 2 },
    'predictor=3': { predictor: 3 },
  },
  {
    'band-interleaved': { interleave: 'band' },
    'pixel-interleaved': { interleave: 'pixel' },
  },
  { classic: { file: 'classic' }, bigtiff: { file: 'bigtiff' } },
  { 'little-endian': { byteOrder: 'little' }, 'big-endian': { byteOrder: 'big' } },
];

/** Words with a value of their own, after those of {@link GROUPS}. */
const NODATA_GROUP = GROUPS.length;
const BLOCKS_GROUP = 2;
const MAX_ROWS = 32_768;

/** For messages and `--help`. */
export const FORMAT_WORDS =
  'tiepoint | tiepoints | matrix, area | point, striped[=ROWS] | tiled[=SIDE], uncompressed | deflate | lzw | packbits, predictor=1 | 2 | 3, band-interleaved | pixel-interleaved, classic | bigtiff, little-endian | big-endian, nodata=NUMBER | nan | none';

/**
 * Reads words that are joined by commas or pluses, such as `matrix,tiled=64,lzw,predictor=2,bigtiff`. What
 * no word speaks of is as in {@link DEFAULT_FORMAT}.
 *
 * @param where what is read, for messages
 * @throws {InvalidInputError} when a word is unknown, two contradict each other, or no file can be so.
 */
export function parseReplyFormat(text: string, where = '--reply-format'): ReplyFormat {
  const said = new Map<number, string>();
  let format = DEFAULT_FORMAT;
  for (const typed of text.split(/[,+](?!\d)/)) {
    const word = typed.trim().toLowerCase();
    const [group, change] = meaningOf(word) ?? [];
    if (group === undefined)
      throw expected(`words of ${FORMAT_WORDS}, joined by commas,`, where, typed.trim());
    const before = said.get(group);
    if (before !== undefined) throw expected('one word of a kind', where, `${before},${word}`);
    said.set(group, word);
    format = { ...format, ...change };
  }
  const { predictor, compression, byteOrder } = format;
  if (predictor !== 1 && compression !== 'lzw' && compression !== 'deflate')
    throw expected('lzw or deflate beside a predictor', where, text);
  // GDAL (3.6, with libtiff 4.5) swaps the bytes before it takes the differences, so that no reader has them right.
  if (predictor === 3 && byteOrder === 'big')
    throw expected(
      'little-endian beside predictor=3, which GDAL does not write otherwise,',
      where,
      text,
    );
  return format;
}

function meaningOf(word: string): readonly [group: number, Partial<ReplyFormat>] | undefined {
  const group = GROUPS.findIndex((words) => Object.hasOwn(words, word));
  if (group !== -1) return [group, GROUPS[group]?.[word] ?? {}];
  const [name, value = ''] = word.split('=', 2);
  if (name === 'nodata' && (value === 'none' || value === 'nan' || isNumber(value)))
    return [NODATA_GROUP, { nodata: value }];
  const blockSize = /^\d{1,5}$/.test(value) ? Number(value) : 0;
  const isSize = blockSize >= 1 && blockSize <= MAX_ROWS;
  if (name === 'striped' && isSize) return [BLOCKS_GROUP, { blocks: 'striped', blockSize }];
  // TIFF asks for tiles whose sides are multiples of 16.
  if (name === 'tiled' && isSize && blockSize % 16 === 0)
    return [BLOCKS_GROUP, { blocks: 'tiled', blockSize }];
  return undefined;
}

function isNumber(text: string): boolean {
  return /^[-+]?(inf|(\d+\.?\d*|\.\d+)(e[-+]?\d+)?)$/.test(text);
}

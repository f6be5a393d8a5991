import { expected } from '../errors.js';
import { GeoBox, type GeoBoxRecord } from '../grid/geobox.js';
import { bytesOf, type WorkType } from '../raster/dtype.js';
import { type MaskTransport, maskBandsOf, type PixelRequest } from '../tile.js';
import { MASK_BYTES, MAX_BANDS, MAX_REQUEST_BYTES, MAX_SIDE } from './limits.js';

export interface RequestShape {
  readonly bands: number;
  readonly dtype: WorkType;
  readonly mask: MaskTransport;
}

/** Uncompressed bytes, as the service counts them, above which a tile comes in groups of bands. */
export const LARGE_TILE_BYTES = 512 * 1024 ** 2;

/** What one group of bands of a large tile may take. */
const GROUP_BYTES = 256 * 1024 ** 2;

/** How many more requests groups may take. */
const MORE_FOR_GROUPS = 0.1;

/** How a tile is cut: into groups of bands, and each group into rows x cols blocks. */
interface Cut {
  readonly groups: number;
  readonly rows: number;
  readonly cols: number;
}

/** Bands of the reply for `bands` data bands. */
export function replyBands(bands: number, mask: MaskTransport): number {
  return bands + maskBandsOf(bands, mask);
}

/**
 * The requests that fetch a tile within the service's limits, by arithmetic alone: the fewest, for all tiles
 * but very large ones.
 *
 * The rule: bands are cut into groups of (nearly) equal size, rows and columns into blocks of
 * (nearly) equal size, the same for each group. Among the cuts with the fewest requests the one with
 * the fewest band groups wins, then the fewest columns: whole rows of all bands are the cheapest to
 * compute at the service and to read here. Of a tile above {@link LARGE_TILE_BYTES} a band would be whole only
 * when nearly all of it has come; it is cut into groups of bands of at most {@link GROUP_BYTES} where that takes
 * at most a tenth more requests, so that one group is decoded while the next is fetched.
 */
export function planRequests(tile: GeoBoxRecord, shape: RequestShape): PixelRequest[] {
  const geobox = GeoBox.fromRecord(tile);
  const cut = cutOf(geobox.height, geobox.width, shape);
  const requests: PixelRequest[] = [];
  for (const [firstBand, bandCount] of pieces(shape.bands, cut.groups)) {
    const bands = Array.from({ length: bandCount }, (_, i) => firstBand + i);
    for (const [row, height] of pieces(geobox.height, cut.rows)) {
      for (const [col, width] of pieces(geobox.width, cut.cols)) {
        const window = { row, col, height, width };
        requests.push({
          window,
          geobox: geobox.crop(window).toRecord(),
          bands,
          bytes: height * width * bytesPerPixel(bandCount, shape),
        });
      }
    }
  }
  return requests;
}

/** Bytes of one pixel of a reply as the service counts them. */
export function bytesPerPixel(bands: number, { dtype, mask }: RequestShape): number {
  return replyBands(bands, mask) * (bytesOf(dtype) + MASK_BYTES);
}

/** Blocks of a reply may reach beyond its pixels, up to this many on each side. */
const LARGEST_BLOCK = 512;

/** Where blocks are far larger than the request: whatever is beyond its pixels compresses to next to nothing. */
const MOST_REPLY_BYTES = 4 * MAX_REQUEST_BYTES;

/** Tags and tables of blocks take far less. */
const ALLOWANCE_BYTES = 1024 ** 2;

/**
 * More bytes than the reply to a request can have: its uncompressed bytes, masks included and blocks
 * whole, times 3/2, which is what LZW makes of noise with 12 bits for a byte (other codings waste less),
 * times 4/3, which overviews would add.
 */
export function maxReplyBytes({ geobox, bytes }: Pick<PixelRequest, 'geobox' | 'bytes'>): number {
  const [height, width] = geobox.shape;
  const whole = (side: number) => Math.ceil(side / LARGEST_BLOCK) * LARGEST_BLOCK;
  const uncompressed = (bytes / (height * width)) * whole(height) * whole(width);
  return Math.min(Math.ceil(uncompressed * 1.5 * (4 / 3)) + ALLOWANCE_BYTES, MOST_REPLY_BYTES);
}

function cutOf(height: number, width: number, shape: RequestShape): Cut {
  const fewest = fewestRequests(height, width, shape);
  if (fewest === undefined)
    throw expected(
      'a tile that can be cut into requests',
      'the chunk shape',
      `${height} x ${width}`,
    );
  const bytesOf = (bands: number) => height * width * bytesPerPixel(bands, shape);
  if (bytesOf(shape.bands) <= LARGE_TILE_BYTES) return fewest;
  let bands = shape.bands;
  while (bands > 1 && bytesOf(bands) > GROUP_BYTES) bands--;
  const from = Math.ceil(shape.bands / bands);
  const most = Math.floor(requestsOf(fewest) * (1 + MORE_FOR_GROUPS));
  return fewestRequests(height, width, shape, from, most) ?? fewest;
}

function requestsOf({ groups, rows, cols }: Cut): number {
  return groups * rows * cols;
}

/** The cut with the fewest requests, into that many groups of bands or more, where there is one of at most `most`. */
function fewestRequests(
  height: number,
  width: number,
  shape: RequestShape,
  leastGroups = 1,
  most = Number.POSITIVE_INFINITY,
): Cut | undefined {
  let best: Cut | undefined;
  let fewest = most + 1;
  for (let groups = leastGroups; groups <= shape.bands && groups < fewest; groups++) {
    const bands = Math.ceil(shape.bands / groups);
    if (replyBands(bands, shape.mask) > MAX_BANDS) continue;
    const pixels = Math.floor(MAX_REQUEST_BYTES / bytesPerPixel(bands, shape));
    for (let cols = 1; cols <= width && groups * cols < fewest; cols++) {
      const blockWidth = Math.ceil(width / cols);
      const blockHeight = Math.min(Math.floor(pixels / blockWidth), MAX_SIDE);
      if (blockWidth > MAX_SIDE || blockHeight < 1) continue;
      const rows = Math.ceil(height / blockHeight);
      if (groups * rows * cols < fewest) {
        fewest = groups * rows * cols;
        best = { groups, rows, cols };
      }
    }
  }
  return best;
}

/** `length` cut into `count` pieces that differ by at most one: [start, size] of each. */
function* pieces(length: number, count: number): Generator<[start: number, size: number]> {
  for (let i = 0; i < count; i++) {
    const start = Math.floor((length * i) / count);
    yield [start, Math.floor((length * (i + 1)) / count) - start];
  }
}

/**
 * The built-in asset on any grid, pixel by pixel: each centre is projected to longitude and latitude
 * exactly, and gets the native pixel it falls on. Slow beside rows.ts (a microsecond or two per
 * pixel, most of it the projection), with the same values.
 */
import { apply } from '../../grid/affine.js';
import { parseCrs, transformer } from '../../grid/crs/crs.js';
import type { Frame, Plane } from '../image/image.js';
import { isGap } from './gaps.js';
import { colAt, HEIGHT, isLand, rowAt, WIDTH } from './grid.js';
import {
  blend,
  CELL,
  CELL_BITS,
  grainCol,
  grainRow,
  latticeLevel,
  loadGrain,
  TONE_TABLE,
} from './noise.js';

/** Native row and column of each pixel of the frame on land; row -1 elsewhere. */
interface PointsView {
  readonly rows: Int32Array;
  readonly cols: Int32Array;
}

const VIEW = {};

/** One band of the frame. @param band index of the band, 0 to 2 */
export function computePoints(frame: Frame, band: number): Plane {
  const { rows, cols } = frame.once(VIEW, () => makeView(frame));
  const pixels = new Uint8Array(frame.length);
  const mask = new Uint8Array(frame.length);
  const levelAt = keptLevels(band);
  for (let i = 0; i < frame.length; i++) {
    const row = rows[i] as number;
    const col = cols[i] as number;
    if (row < 0 || isGap(row, col, band)) continue;
    mask[i] = 1;
    pixels[i] = valueAt(row, col, band, levelAt);
  }
  return { pixels, mask };
}

function makeView({ geobox, width, height, length }: Frame): PointsView {
  const rows = new Int32Array(length).fill(-1);
  const cols = new Int32Array(length);
  const toDegrees = transformer(geobox.crs, parseCrs('EPSG:4326'));
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      const [longitude, latitude] = toDegrees(...apply(geobox.affine, x + 0.5, y + 0.5));
      const row = rowAt(latitude);
      const col = colAt(longitude);
      // Points that cannot be projected are NaN, and fail all four.
      if (!(row >= 0 && row < HEIGHT && col >= 0 && col < WIDTH) || !isLand(row, col)) continue;
      rows[i] = row;
      cols[i] = col;
    }
  }
  return { rows, cols };
}

type LevelAt = (latticeRow: number, latticeCol: number) => number;

function valueAt(row: number, col: number, band: number, levelAt: LevelAt): number {
  const top = row >> CELL_BITS;
  const left = col >> CELL_BITS;
  const y = row & (CELL - 1);
  const level =
    blend(
      blend(levelAt(top, left), levelAt(top + 1, left), y),
      blend(levelAt(top, left + 1), levelAt(top + 1, left + 1), y),
      col & (CELL - 1),
    ) >>
    (2 * CELL_BITS);
  return TONE_TABLE[level + (loadGrain()[grainRow(row, band) + grainCol(col)] as number)] as number;
}

/** Places for lattice levels; neighbouring pixels ask for the same ones again and again. */
const PLACES = 1 << 16;

function keptLevels(band: number): LevelAt {
  const keys = new Float64Array(PLACES).fill(-1);
  const levels = new Int16Array(PLACES);
  return (latticeRow, latticeCol) => {
    const key = latticeRow * WIDTH + latticeCol;
    const place = (Math.imul(latticeRow, 251) + latticeCol) & (PLACES - 1);
    if (keys[place] !== key) {
      keys[place] = key;
      levels[place] = latticeLevel(latticeRow, latticeCol, band);
    }
    return levels[place] as number;
  };
}

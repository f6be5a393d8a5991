import { expected } from '../../errors.js';
import { type Affine, isAxisAligned } from '../../grid/affine.js';
import { asStored, type Crs, parseCrs } from '../../grid/crs/crs.js';
import { GeoBox } from '../../grid/geobox.js';
import { Grid, type GridRecord } from '../../grid/tiling.js';
import { checkAgreement, crsText, type GridMaker } from './agreement.js';
import type { GridEntry } from './grid-entry.js';
import { type BoundsSnap, snapOf } from './snapped.js';

/** What a dataset file cannot say by itself, and what it would be told. */
export interface GridOptions {
  /**
   * The grid itself, its rows in whatever order: that of the file which `grid.like` names, or of a file that
   * names none (`await readGeoBox('dem.tif', { pool })`).
   */
  readonly like?: GeoBox;
  /** Told when the bounds of the grid are other than those asked for, because edges lie on whole pixels. */
  readonly onSnap?: (snap: BoundsSnap) => void;
}

/** Coordinates are held in memory and stored in one chunk: 100 million are the earth at 40 cm. */
const MAX_GRID_SIDE = 100_000_000;

const SUBJECT = '"grid" of the dataset';

/**
 * The grid that a dataset file asks for: that of `like`, else by `transform` and `shape`, else by `bounds`
 * and `resolution`, snapped, else by `bounds` divided into `shape`. Whatever else is given must agree with it.
 *
 * @throws {InvalidInputError} naming the field that is missing, wrong, or in contradiction.
 */
export function readGrid(entry: GridEntry, { like, onSnap }: GridOptions): Grid {
  const maker = makerOf(entry, like);
  const geobox = geoboxOf(entry, maker, like);
  if (Math.max(geobox.width, geobox.height) > MAX_GRID_SIDE) {
    throw expected(
      `a grid of at most ${MAX_GRID_SIDE} pixels on a side`,
      SUBJECT,
      `${geobox.width} x ${geobox.height}`,
      'Choose a larger resolution or smaller bounds.',
    );
  }
  checkAgreement(entry, geobox, maker);
  const { bounds } = entry;
  const snap = bounds === undefined || maker !== 'resolution' ? undefined : snapOf(bounds, geobox);
  if (snap !== undefined) onSnap?.(snap);
  const [height, width] =
    typeof entry.chunk === 'number' ? [entry.chunk, entry.chunk] : entry.chunk;
  return new Grid(geobox, { height, width });
}

/** The pixels of a geobox cut into chunks. @throws {InvalidInputError} for a rotated one. */
export function gridLike(like: GeoBox, [height, width]: GridRecord['chunk']): Grid {
  return new Grid(northUp(like), { height, width });
}

/** @throws {InvalidInputError} where too little is said. */
function makerOf(entry: GridEntry, like: GeoBox | undefined): GridMaker {
  const { bounds, resolution, transform, shape } = entry;
  if (like !== undefined) return 'like';
  if (entry.like !== undefined)
    throw expected(
      'the grid of that file in the option "like"',
      '"grid.like" of the dataset',
      entry.like,
      '"geocubes create" and readDataset() read the file themselves.',
    );
  if (transform !== undefined && shape !== undefined) return 'transform';
  if (transform !== undefined)
    throw expected('"shape", [rows, columns], beside "transform"', SUBJECT, 'none');
  if (bounds !== undefined && resolution !== undefined) return 'resolution';
  if (bounds !== undefined && shape !== undefined) return 'shape';
  throw expected(
    '"bounds" with "resolution" or "shape", "transform" with "shape", or "like"',
    SUBJECT,
    Object.keys(entry)
      .filter((name) => name !== 'chunk')
      .join(', ') || 'none',
  );
}

function geoboxOf(entry: GridEntry, maker: GridMaker, like: GeoBox | undefined): GeoBox {
  if (like !== undefined) return northUp(like);
  const { bounds, resolution = 0, transform, shape = [0, 0], anchor, origin } = entry;
  const crs = crsOf(entry);
  const size = { height: shape[0], width: shape[1] };
  if (maker === 'transform') return new GeoBox(crs, size, checkedTransform(transform as Affine));
  const [west, south, east, north] = bounds as NonNullable<GridEntry['bounds']>;
  const edges = { west, south, east, north };
  if (maker === 'shape') return GeoBox.fromBounds(edges, crs, { shape: size, anchor: 'floating' });
  const [x, y] = typeof resolution === 'number' ? [resolution, resolution] : resolution;
  return GeoBox.fromBounds(edges, crs, {
    resolution: [x, -y],
    ...(anchor === undefined ? {} : { anchor }),
    ...(origin === undefined ? {} : { origin }),
  });
}

function crsOf({ crs }: GridEntry): Crs {
  if (crs === undefined) throw expected('"crs"', SUBJECT, 'none');
  const read = asStored(parseCrs(crsText(crs)));
  // Without WKT no other program could tell where the cube lies.
  if (read.wkt === '')
    throw expected(
      'a CRS that can be said in WKT',
      '"grid.crs" of the dataset',
      read.name.slice(0, 60),
      'Give an EPSG code, a WKT, or a PROJ string that PROJ knows; GDAL is needed to read it.',
    );
  return read;
}

/** @throws {InvalidInputError} for a rotated grid. */
export function northUp(like: GeoBox): GeoBox {
  const [a, , , , e] = like.affine;
  if (!isAxisAligned(like.affine))
    throw expected(
      'a grid without rotation',
      'the grid that a dataset is to be like',
      `the transform ${like.affine.join(', ')}`,
      'Make one north-up with gdalwarp first.',
    );
  // The same pixels: rows run from north to south in a cube, columns from west to east.
  const upright = e > 0 ? like.flipY() : like;
  const { crs, shape, affine } = a < 0 ? upright.flipX() : upright;
  return new GeoBox(crs, shape, [affine[0], 0, affine[2], 0, affine[4], affine[5]]);
}

const ORDER =
  "Write a, b, c, d, e, f with x = a col + b row + c, y = d col + e row + f, the order of rasterio and of Earth Engine's crsTransform";

function checkedTransform(transform: Affine): Affine {
  const [a, b, c, d, e, f] = transform;
  const subject = '"grid.transform" of the dataset';
  const shown = transform.join(', ');
  if (b === 0 && d === 0) {
    // No negative zeros.
    if (a > 0 && e < 0) return [a, 0, c, 0, e, f];
    throw expected(
      'a > 0 and e < 0',
      subject,
      shown,
      'Columns run from west to east, rows from north to south.',
    );
  }
  // An upright transform in GDAL's order: there are no two readings of it.
  if (b !== 0 && f !== 0 && c === 0 && e === 0)
    throw expected(
      "the affine's order",
      subject,
      `${shown}, which is GDAL's`,
      `${ORDER}: ${[b, c, a, e, f, d].join(', ')}.`,
    );
  throw expected('a transform without rotation, b and d being 0,', subject, shown, `${ORDER}.`);
}

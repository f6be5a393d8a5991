import type { SpatialReference } from 'gdal-async';
import { type Affine, apply, invert, isAxisAligned, type XY } from '../grid/affine.js';
import { fullTurnOf } from '../grid/crs/full-turn.js';
import type { GeoBox, Shape } from '../grid/geobox.js';
import type { PixelMap } from '../grid/shapes/footprint.js';
import { loadGdal } from '../kernel/gdal/load.js';
import { pointsBy, spatialReference, turnLengthOf } from '../kernel/gdal/proj/srs.js';

/** Where a file lies, in its own terms. */
export interface FilePlace {
  readonly wkt: string;
  readonly shape: Shape;
  readonly affine: Affine;
}

/** Where a file's pixels come to lie on a grid: where the warper, which goes the other way, finds them. */
export interface FileMap extends PixelMap {
  /** Whether file and grid are of one CRS, so that no coordinate is changed, and none is brought back by a turn. */
  readonly isSameCrs: boolean;
  /** Degrees, or what 360 of them would be in the CRS, that one turn moves the file by. */
  readonly turnDegrees: number;
  /** Where in the file, or beside it, a pixel of the grid lies; not finite where nowhere. */
  readonly source: (point: XY) => XY;
}

/** Pixels by which an image may be off. */
const EXACTNESS = 0.01;
/** Each correction leaves the square of the error, or nothing will help. */
const CORRECTIONS = 4;

/**
 * The map from a file to a grid, computed by PROJ as pixels are warped (kernel/gdal/proj/positions.ts). That goes
 * from the grid to the file, and PROJ may choose one operation of several by the place it starts from; so
 * what comes back that way is compared with what went out, and the image corrected until both are the same.
 */
export function pixelMap({ wkt, affine, shape }: FilePlace, grid: GeoBox): FileMap {
  const gdal = loadGdal();
  const from = gdal.SpatialReference.fromWKT(wkt);
  const to = spatialReference(grid.crs.name);
  const toGrid = invert(grid.affine);
  const gridTurn = isAxisAligned(grid.affine) ? fullTurnOf(grid.crs) : undefined;
  const turn = gridTurn === undefined ? undefined : gridTurn.length / grid.affine[0];
  const isSameCrs = from.isSame(to);
  const common = { turn, isSameCrs, turnDegrees: gridTurn?.length ?? 360 };
  const toFile = invert(affine);
  if (isSameCrs)
    return {
      ...common,
      image: ([col, row]) => apply(toGrid, ...apply(affine, col, row)),
      source: ([col, row]) => apply(toFile, ...apply(grid.affine, col, row)),
    };

  const there = pointsBy(new gdal.CoordinateTransformation(from, to));
  const back = pointsBy(new gdal.CoordinateTransformation(to, from));
  const fileTurn = turnOfFile(from, affine);
  const image = (point: XY): XY => {
    let aim = point;
    for (let tries = 0; ; tries++) {
      const world = there(...apply(affine, ...aim));
      const [col, row] = apply(toFile, ...back(...world));
      let off: XY = [col - point[0], row - point[1]];
      if (fileTurn !== undefined) off = withoutTurns(off, fileTurn);
      const error = Math.hypot(...off);
      if (error <= EXACTNESS) return apply(toGrid, ...world);
      // Not finite, or growing: no place that comes back.
      if (!(error < Number.POSITIVE_INFINITY) || tries === CORRECTIONS)
        return [Number.NaN, Number.NaN];
      aim = [aim[0] - off[0], aim[1] - off[1]];
    }
  };
  const [middleCol, middleRow] = [shape.width / 2, shape.height / 2];
  const source = (point: XY): XY => {
    const [col, row] = apply(toFile, ...back(...apply(grid.affine, ...point)));
    if (fileTurn === undefined) return [col, row];
    // The nearest of its places to the file.
    const [x, y] = withoutTurns([col - middleCol, row - middleRow], fileTurn);
    return [middleCol + x, middleRow + y];
  };
  return { ...common, image, source };
}

/** What a full turn is in pixels of the file, where its x goes around the earth. */
function turnOfFile(srs: SpatialReference, affine: Affine): XY | undefined {
  const length = turnLengthOf(srs);
  if (length === undefined) return undefined;
  const [a, b, , d, e] = affine;
  return apply(invert([a, b, 0, d, e, 0]), length, 0);
}

function withoutTurns([dx, dy]: XY, [tx, ty]: XY): XY {
  const turns = Math.round((dx * tx + dy * ty) / (tx * tx + ty * ty));
  return Number.isFinite(turns) ? [dx - turns * tx, dy - turns * ty] : [dx, dy];
}

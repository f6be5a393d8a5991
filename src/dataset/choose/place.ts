/** The grid of a dataset: the system, the size of a pixel, and where pixels lie. */
import { expected } from '../../errors.js';
import { type Affine, isAxisAligned, type XY } from '../../grid/affine.js';
import { type Crs, EPSG_4326, parseCrs, sameCrs, transformer } from '../../grid/crs/crs.js';
import { boundsOfPoints } from '../../grid/frame.js';
import { type Bounds, GeoBox } from '../../grid/geobox.js';
import type { Roi } from '../../grid/roi.js';
import { placeRegion, shapesOf } from '../../grid/shapes/region.js';
import type { DatasetFile } from '../file/dataset-file.js';
import { northUp } from '../grid/read-grid.js';
import { type GeographicBounds, isUtm, systemOf } from './zone.js';

/** Where the source's own pixels lie. */
export interface SourceGrid {
  readonly crs: string;
  readonly affine: Affine;
  readonly shape?: readonly [height: number, width: number] | undefined;
}

export interface PlaceWishes {
  readonly region?: Roi | undefined;
  readonly like?: GeoBox | undefined;
  readonly crs?: string | undefined;
  readonly resolution?: number | readonly [x: number, y: number] | undefined;
}

export interface ChosenPlace {
  readonly grid: Omit<DatasetFile['grid'], 'chunk'>;
  readonly shape: readonly [height: number, width: number];
  readonly reasons: readonly string[];
}

/** EPSG:4326's degree at the equator, as Earth Engine reckons nominal scales. */
const METRES_OF_DEGREE = 111_319.490_793_273_58;

/** Pixels of more metres stay where the source has them: the nearest one is far away. */
const COARSE_METRES = 1000;

/**
 * @param native the grid of the finest band that is wanted; absent where there is none, as of a composite
 * @param metres side of a pixel by the publisher
 * @throws {InvalidInputError} where neither a region nor the source's own extent says where the grid ends.
 */
export function choosePlace(
  { region, like, crs, resolution }: PlaceWishes,
  native: SourceGrid | undefined,
  metres?: number,
): ChosenPlace {
  if (like !== undefined) return likeGrid(like);
  const source = native === undefined ? undefined : readSource(native);
  if (region === undefined) return wholeSource(source, crs, resolution);
  const degrees = geographicBounds(region);
  const system = chooseSystem(degrees, crs, source, metres);
  const size = chooseSize(system.crs, resolution, source, metres);
  const { west, south, east, north } = boundsIn(region, system.crs, size.size, degrees);
  const origin = alignedTo(system.crs, size.size, source);
  const [x, y] = size.size;
  const [left, top] = origin ?? [0, 0];
  const down = (value: number, from: number, by: number) =>
    plain(from + Math.floor((value - from) / by + ROUNDING) * by);
  const up = (value: number, from: number, by: number) =>
    plain(from + Math.ceil((value - from) / by - ROUNDING) * by);
  const bounds: [number, number, number, number] = [
    ...[down(west, left, x), down(south, top, y)],
    ...[up(east, left, x), up(north, top, y)],
  ] as [number, number, number, number];
  return {
    grid: {
      crs: system.crs.name,
      bounds,
      resolution: x === y ? x : [x, y],
      ...(origin === undefined ? {} : { origin: [left, top] as [number, number] }),
    },
    shape: [Math.round((bounds[3] - bounds[1]) / y), Math.round((bounds[2] - bounds[0]) / x)],
    reasons: [
      `CRS ${shortName(system.crs)}: ${system.why}.`,
      `Resolution ${x === y ? x : `${x}, ${y}`}: ${size.why}.`,
      origin === undefined
        ? 'Bounds: the region, snapped outward to multiples of the resolution.'
        : "Bounds: the region, snapped outward to the source's own pixels.",
    ],
  };
}

/** Parts of a pixel by which an edge may pass the next without one more being added. */
const ROUNDING = 0.01;

/** Without the last digits, which are rounding. */
function plain(value: number): number {
  return Number(value.toPrecision(13));
}

function shortName({ name }: Crs): string {
  return name.length <= 40 ? name : `${name.slice(0, 39)}…`;
}

function likeGrid(like: GeoBox): ChosenPlace {
  const { crs, height, width, affine } = northUp(like);
  return {
    grid: { crs: crs.name, transform: [...affine] as Mutable, shape: [height, width] },
    shape: [height, width],
    reasons: [`Grid: that of the raster, ${height} x ${width} pixels.`],
  };
}

type Mutable = [number, number, number, number, number, number];

interface Source {
  readonly crs: Crs;
  readonly affine: Affine;
  readonly shape?: SourceGrid['shape'];
  /** Sides of a pixel in units of the CRS. */
  readonly size: readonly [x: number, y: number];
}

/** `undefined` for a grid in a system that is not known here, or that is rotated. */
function readSource({ crs, affine, shape }: SourceGrid): Source | undefined {
  if (!isAxisAligned(affine) || !(affine[0] > 0 && affine[4] < 0)) return undefined;
  try {
    return { crs: parseCrs(crs), affine, shape, size: [plain(affine[0]), plain(-affine[4])] };
  } catch {
    return undefined;
  }
}

function wholeSource(
  source: Source | undefined,
  crs: string | undefined,
  resolution: PlaceWishes['resolution'],
): ChosenPlace {
  if (source?.shape === undefined || crs !== undefined || resolution !== undefined)
    throw expected(
      'a region',
      'the grid of the dataset',
      'none',
      'Give a bounding box, the features of a file, or a raster that the grid is to be like (--bbox, --roi, --like).',
    );
  const { affine, shape } = source;
  return {
    grid: { crs: source.crs.name, transform: [...affine] as Mutable, shape: [...shape] },
    shape,
    reasons: [
      `Grid: the source's own, ${shape[0]} x ${shape[1]} pixels in ${shortName(source.crs)}.`,
    ],
  };
}

/** Longitudes go on past 180 degrees where the region does. */
export function geographicBounds(region: Roi): GeographicBounds {
  const { shapes, crs } = shapesOf(region);
  const paths = [...shapes.lines, ...shapes.polygons.flat()];
  if (crs.isGeographic) return boundsOfPoints([...shapes.points, ...paths.flat()]);
  const points = [...shapes.points, ...paths.flatMap(dense)];
  const toDegrees = transformer(crs, parseCrs(EPSG_4326));
  const places = points.map(([x, y]) => toDegrees(x, y)).filter(([x, y]) => Number.isFinite(x + y));
  const [first] = places;
  if (first === undefined)
    throw expected('a region on the earth', 'the region of interest', crs.name);
  return boundsOfPoints(
    places.map(([x, y]) => [x - 360 * Math.round((x - first[0]) / 360), y] as const),
  );
}

/** Points of each edge: straight ones are curves in degrees. */
const EDGE_PARTS = 32;

function dense(path: readonly XY[]): XY[] {
  return path.flatMap(([x, y], at) => {
    const [toX, toY] = path[(at + 1) % path.length] as XY;
    return Array.from({ length: EDGE_PARTS }, (_, part): XY => {
      const share = part / EDGE_PARTS;
      return [x + share * (toX - x), y + share * (toY - y)];
    });
  });
}

interface Chosen<T> {
  readonly crs: T;
  readonly why: string;
}

function chooseSystem(
  degrees: GeographicBounds,
  given: string | undefined,
  source: Source | undefined,
  metres: number | undefined,
): Chosen<Crs> {
  if (given !== undefined) return { crs: parseCrs(given), why: 'as asked for' };
  const own = source !== undefined && !isUtm(source.crs.name) ? source.crs : undefined;
  if (own !== undefined && source !== undefined && (metres ?? metresOf(source)) > COARSE_METRES)
    return {
      crs: own,
      why: "the source's own: its pixels are too large to be moved onto another grid by the nearest one",
    };
  const system = systemOf(degrees);
  if (system !== undefined) return { crs: parseCrs(system.crs), why: system.why };
  return own === undefined
    ? { crs: parseCrs(EPSG_4326), why: 'the region is wider than a UTM zone' }
    : { crs: own, why: "the source's own: the region is wider than a UTM zone" };
}

/** Metres of a pixel's shorter side, as Earth Engine's nominal scale has them. */
function metresOf({ crs, size }: Source): number {
  return Math.min(...size) * (crs.isGeographic ? METRES_OF_DEGREE : 1);
}

function chooseSize(
  crs: Crs,
  given: PlaceWishes['resolution'],
  source: Source | undefined,
  metres: number | undefined,
): { readonly size: readonly [x: number, y: number]; readonly why: string } {
  if (given !== undefined) {
    const size = typeof given === 'number' ? ([given, given] as const) : given;
    if (!size.every((side) => Number.isFinite(side) && side > 0))
      throw expected('a positive number', 'the resolution', size.join(', '));
    return { size, why: 'as asked for' };
  }
  if (source !== undefined && sameCrs(crs, source.crs))
    return { size: source.size, why: "that of the source's own pixels" };
  const nominal = metres ?? (source === undefined ? undefined : metresOf(source));
  if (nominal === undefined || !(crs.isGeographic || crs.unit === 'metre'))
    throw expected(
      'a resolution',
      'the grid of the dataset',
      'none',
      'The source has none of its own.',
    );
  const side = crs.isGeographic
    ? Number((nominal / METRES_OF_DEGREE).toPrecision(6))
    : Number(nominal.toPrecision(3));
  const said = `${Number(nominal.toPrecision(4))} m`;
  return { size: [side, side], why: `the source has pixels of ${said}` };
}

/** A corner of the source's pixels, where the cube's can be the same: in its system, or in another UTM zone. */
function alignedTo(
  crs: Crs,
  [x, y]: readonly [x: number, y: number],
  source: Source | undefined,
): readonly [x: number, y: number] | undefined {
  if (source === undefined || source.size[0] !== x || source.size[1] !== y) return undefined;
  const isOneGrid = sameCrs(crs, source.crs) || (isUtm(crs.name) && isUtm(source.crs.name));
  const corner = [plain(source.affine[2]), plain(source.affine[5])] as const;
  const isOff = (place: number, by: number) =>
    Math.abs(place / by - Math.round(place / by)) > ROUNDING / 100;
  return isOneGrid && (isOff(corner[0], x) || isOff(corner[1], y)) ? corner : undefined;
}

/** The region's bounds in a system, its edges as curved as they are there. */
function boundsIn(
  region: Roi,
  crs: Crs,
  [x, y]: readonly [x: number, y: number],
  degrees: GeographicBounds,
): Bounds {
  if (sameCrs(crs, parseCrs(EPSG_4326))) return degrees;
  const { west, north } = degrees;
  const [left, top] = transformer(parseCrs(EPSG_4326), crs)(west, north);
  const corner: Affine = Number.isFinite(left + top)
    ? [x, 0, left, 0, -y, top]
    : [x, 0, 0, 0, -y, 0];
  const frame = new GeoBox(crs, { height: 1, width: 1 }, corner);
  const shapes = placeRegion(frame, region, 'world');
  const points = [shapes.points, ...shapes.lines, ...shapes.polygons.flat()].flat();
  if (points.length === 0)
    throw expected(`a region that ${shortName(crs)} can have`, 'the region of interest', 'another');
  const pixels = boundsOfPoints(points);
  const [a, , c, , e, f] = corner;
  return {
    west: c + a * pixels.west,
    east: c + a * pixels.east,
    south: f + e * pixels.north,
    north: f + e * pixels.south,
  };
}

/** Which reduced levels a cube has, or would have: their factors, grids and chunks. Numbers, no I/O. */
import { typedFor } from '../../dataset/band-types.js';
import type { Band, Dataset } from '../../dataset/dataset.js';
import { expected } from '../../errors.js';
import { GeoBox } from '../../grid/geobox.js';
import { Grid } from '../../grid/tiling.js';
import { REDUCTIONS, type Reduction } from '../../kernel/region/reduce.js';
import { isFloat } from '../../raster/dtype.js';
import {
  type BandReductions,
  type LevelPlace,
  OVERVIEWS_GROUP,
  type OverviewRecord,
} from '../../store/metadata/overview-documents.js';

export { REDUCTIONS, type Reduction } from '../../kernel/region/reduce.js';

/** A reduced level of a cube. */
export interface OverviewLevel {
  /** Pixels of the cube along a side of one of the level's. */
  readonly factor: number;
  /** Path of the group in the cube; the bands lie in it under their names, as `[y, x]` or `[time, y, x]`. */
  readonly path: string;
  /** Its pixels: the cube's upper left corner, and as many as cover the cube. */
  readonly geobox: GeoBox;
  /** `[height, width]` of its chunks. */
  readonly chunk: readonly [height: number, width: number];
  /** How each band's values come from the cube's valid pixels, by name. */
  readonly reductions: ReadonlyMap<string, Reduction>;
}

/** Pixels along a side of a level's chunks, at the most: what a map on a screen shows a few of. */
const CHUNK_SIDE = 512;

/** Chunks that are smaller than that are not worth an object of their own. */
const LEAST_CHUNK_SIDE = 128;

/** A cell of more pixels along its side would need too many of them at a time. */
export const LARGEST_FACTOR = 2048;

/** The levels that a record means, on a cube's grid. */
export function levelPlaces(
  { factors }: Pick<OverviewRecord, 'factors'>,
  grid: Grid,
): LevelPlace[] {
  const { height, width } = grid.chunk;
  return factors.map((factor) => ({
    factor,
    path: `${OVERVIEWS_GROUP}/${factor}`,
    geobox: levelGeoBox(grid.geobox, factor),
    chunk: [chunkSide(height), chunkSide(width)],
  }));
}

export function overviewLevels(record: OverviewRecord, grid: Grid): OverviewLevel[] {
  const reductions = new Map(Object.entries(record.reductions));
  return levelPlaces(record, grid).map((place) => ({ ...place, reductions }));
}

/** The level as a grid of its own. */
export function levelGrid({ geobox, chunk: [height, width] }: LevelPlace): Grid {
  return new Grid(geobox, { height, width });
}

function levelGeoBox(geobox: GeoBox, factor: number): GeoBox {
  const [a, b, c, d, e, f] = geobox.affine;
  const side = (pixels: number) => Math.ceil(pixels / factor);
  return GeoBox.fromRecord({
    ...geobox.toRecord(),
    shape: [side(geobox.height), side(geobox.width)],
    affine: [a * factor, b * factor, c, d * factor, e * factor, f],
  });
}

/** A divisor of the cube's own, so that a tile's cells lie in chunks of few other tiles; else as large as may be. */
function chunkSide(side: number): number {
  for (let parts = Math.ceil(side / CHUNK_SIDE); side / parts >= LEAST_CHUNK_SIDE; parts++)
    if (side % parts === 0) return side / parts;
  return Math.min(side, CHUNK_SIDE);
}

/**
 * The factors of a cube whose author says none: each a small multiple of the one before, of which as many as can be
 * divide the sides of a tile, so that its cells lie in no other; until a level fits into a chunk.
 */
export function defaultFactors({ geobox, chunk }: Grid): number[] {
  const common = gcd(chunk.height, chunk.width);
  const factors: number[] = [];
  for (let factor = 1; ; ) {
    const ratio = [2, 3, 5].find((each) => common % (factor * each) === 0) ?? 2;
    factor *= ratio;
    const isNeeded = factors.length === 0 || longest(geobox, factors.at(-1) ?? 1) > CHUNK_SIDE;
    if (!isNeeded || factor > LARGEST_FACTOR) return factors;
    factors.push(factor);
  }
}

function longest({ height, width }: GeoBox, factor: number): number {
  return Math.ceil(Math.max(height, width) / factor);
}

export function gcd(one: number, other: number): number {
  return other === 0 ? one : gcd(other, one % other);
}

/** In order, each once. @throws {InvalidInputError} */
export function checkedFactors(factors: readonly number[]): number[] {
  const wrong = factors.find(
    (factor) => !(Number.isInteger(factor) && factor >= 2 && factor <= LARGEST_FACTOR),
  );
  if (wrong !== undefined || factors.length === 0)
    throw expected(
      `whole numbers from 2 to ${LARGEST_FACTOR}`,
      'the factors of overviews',
      wrong ?? 'none',
    );
  return [...new Set(factors)].sort((one, other) => one - other);
}

/** For all bands alike, or by name; bands that are not named have what `reductionOf` says. */
export type ReductionChoice = Reduction | Readonly<Record<string, Reduction>>;

/** Which overviews a cube is to have. */
export interface OverviewSettings {
  /** Pixels of the cube along a side of one of the level's, for each level. Default: until a level fits into a chunk. */
  readonly factors?: readonly number[] | undefined;
  /** How values are made, for all bands or by name. Default: by what the band holds. */
  readonly reduction?: ReductionChoice | undefined;
}

/** @throws {InvalidInputError} for a band that the cube does not have, or a reduction that is none. */
export function reductionsOf(dataset: Dataset, choice: ReductionChoice = {}): BandReductions {
  const names = dataset.bands.map(({ name }) => name);
  const said = typeof choice === 'string' ? {} : choice;
  const stranger = Object.keys(said).find((name) => !names.includes(name));
  if (stranger !== undefined)
    throw expected(`one of ${names.join(', ')}`, 'a band of the overviews', stranger);
  const reductions = dataset.bands.map((band) => {
    const reduction =
      typeof choice === 'string' ? choice : (said[band.name] ?? reductionOf(dataset, band));
    if (!REDUCTIONS.includes(reduction))
      throw expected(REDUCTIONS.join(', '), `the overviews of ${band.name}`, reduction);
    return [band.name, reduction] as const;
  });
  return Object.fromEntries(reductions);
}

/**
 * What suits a band: bits (`flag_masks`) the pixel in the middle; classes (`flag_values` or `flag_meanings`, a cube
 * whose own pixels are resampled by `mode`, or types that numbers of a scale are not kept in) the most frequent value;
 * all others their average.
 */
export function reductionOf(dataset: Dataset, band: Band): Reduction {
  const { attributes = {} } = band;
  if (attributes.flag_masks !== undefined) return 'near';
  const { dtype } = typedFor(dataset, band);
  if (isFloat(dtype)) return 'average';
  const areClasses =
    attributes.flag_values !== undefined ||
    attributes.flag_meanings !== undefined ||
    dataset.processing.resampling === 'mode';
  return areClasses || CLASS_TYPES.has(dtype) ? 'mode' : 'average';
}

const CLASS_TYPES: ReadonlySet<string> = new Set(['bool']);

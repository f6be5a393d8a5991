import type { Codec } from '../../src/raster/codec.js';
import { bloscFor } from '../../src/raster/codec.js';
import { isFloat, type WorkType } from '../../src/raster/dtype.js';
import type { FetchedPart, FetchedTile, MaskTransport, Recipe } from '../../src/tile.js';
import { maskBandsOf } from '../../src/tile.js';
import { type Chance, chanceOf } from './chance.js';
import type { Seed } from './corpus.js';
import { mutate } from './mutations.js';

/** One input of both kernels. */
export interface Mutant {
  readonly number: number;
  /** Which file it was made of, in words. */
  readonly seedName: string;
  readonly tile: FetchedTile;
  readonly recipe: Recipe;
}

/** Mutant `number` of a run with `seed`: the same whenever the corpus is. */
export function makeMutant(
  corpus: readonly Seed[],
  seed: number,
  number: number,
  hasBlosc: boolean,
): Mutant {
  const chance = chanceOf(seed, number);
  const file = chance.pick(corpus);
  const bytes = mutate(file, chance.pick(corpus), chance);
  const mask = transportOf(file, chance);
  const bands = Math.max(file.bands - maskBandsOf(file.bands - 1, mask), 1);
  // Masks as bits are refused on another grid: once in a while is enough.
  const isAligned = chance.hit(mask.kind === 'bits' ? 0.95 : 0.6);
  const tile = tileOf(file, bytes, bands, isAligned, chance);
  return {
    number,
    seedName: file.name,
    tile,
    recipe: recipeOf(file, bands, mask, tile, hasBlosc, chance),
  };
}

function transportOf(file: Seed, chance: Chance): MaskTransport {
  const kind = chance.pick(['file', 'sentinel', 'bits'] as const);
  if (kind === 'sentinel') return { kind, value: chance.pick([file.nodata ?? 7, 7, 0]) };
  return kind === 'bits' && file.bands > 1 ? { kind } : { kind: 'file' };
}

/** On the file's own grid, on others (so that it is warped), or as the upper part of a taller tile. */
function tileOf(
  file: Seed,
  bytes: Uint8Array<ArrayBuffer>,
  bands: number,
  isAligned: boolean,
  chance: Chance,
) {
  const { crs, shape, affine } = file.geobox;
  const [height, width] = shape;
  const [a, b, c, d, e, f] = affine;
  const grids = [
    { crs, shape, affine: [a, b, c + a * 0.5, d, e, f + e * 0.3] },
    { crs, shape: [11, 17], affine: [a * 2, b, c, d, e * 2, f] },
    { crs: 'EPSG:3995', shape: [16, 16], affine: [200, 0, -1000, 0, -200, 2000] },
    { crs: 'EPSG:4326', shape: [12, 12], affine: [0.01, 0, 14.9, 0, -0.01, 63.2] },
    { crs: 'EPSG:32601', shape: [20, 20], affine: [5000, 0, 400000, 0, -5000, 7990000] },
  ] as const;
  const partOf = (rest: Omit<FetchedPart['request'], 'bands' | 'bytes'>): FetchedPart => ({
    bytes: bytes.slice(),
    request: { ...rest, bands: Array.from({ length: bands }, (_, i) => i), bytes: 0 },
  });
  const fetched = (geobox: FetchedTile['geobox'], parts: FetchedPart[]): FetchedTile => ({
    state: 'fetched',
    id: '0-0',
    index: { row: 0, col: 0 },
    geobox,
    parts,
  });
  const window = { row: 0, col: 0, height, width };
  if (chance.hit(0.15)) {
    const below = { crs, shape, affine: [a, b, c + b * height, d, e, f + e * height] as const };
    return fetched({ crs, shape: [2 * height, width], affine }, [
      partOf({ window, geobox: file.geobox }),
      partOf({ window: { ...window, row: height }, geobox: below }),
    ]);
  }
  const geobox = isAligned ? file.geobox : chance.pick(grids);
  const [rows, cols] = geobox.shape;
  return fetched(geobox, [partOf({ window: { ...window, height: rows, width: cols }, geobox })]);
}

const FILLS = ['none', 'idw', 'nearest'] as const;
const DISTANCES = [null, 100, 7.5, 1] as const;
/** The two that the JavaScript kernel refuses come once each. */
const RESAMPLINGS = [
  ...Array<'near'>(3).fill('near'),
  ...Array<'bilinear'>(3).fill('bilinear'),
  ...Array<'average'>(3).fill('average'),
  'cubic',
  'mode',
] as const;

function recipeOf(
  file: Seed,
  bands: number,
  mask: MaskTransport,
  { geobox: { shape } }: FetchedTile,
  hasBlosc: boolean,
  chance: Chance,
): Recipe {
  // Types other than the file's are what warped pixels may have, and what else must be refused.
  const dtype = chance.hit(0.9) ? file.dtype : chance.pick<WorkType>(['uint8', 'int16', 'float32']);
  return {
    bands,
    dtype,
    fillValue: isFloat(dtype) ? chance.pick([Number.NaN, 0]) : chance.pick([0, 7]),
    mask,
    processing: {
      fill: chance.pick(FILLS),
      maxFillDistance: chance.pick(DISTANCES),
      clipToObserved: chance.hit(0.5),
      resampling: chance.pick(RESAMPLINGS),
    },
    chunk: chance.hit(0.7) ? shape : [Math.max(shape[0], 40), Math.max(shape[1], 32)],
    codec: codecOf(dtype, hasBlosc, chance),
  };
}

function codecOf(dtype: WorkType, hasBlosc: boolean, chance: Chance): Codec {
  if (chance.hit(0.5)) return { name: 'uncompressed' };
  return hasBlosc && chance.hit(0.5) ? bloscFor(dtype, 1) : { name: 'gzip', level: 1 };
}

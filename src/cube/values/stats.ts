/** Numbers of a region, band by band and step by step, of any size in little memory. */
import type { TimeStep } from '../../dataset/time-axis.js';
import { selectSteps } from '../../dataset/toi.js';
import { expected } from '../../errors.js';
import type { Roi } from '../../grid/roi.js';
import { bytesOf, type DType } from '../../raster/dtype.js';
import { readLedger } from '../../store/smart-geocubes/loaded-list.js';
import type { OpenedCube } from '../opened-cube.js';
import { bandNames } from '../read/band-names.js';
import type { ReadOptions } from '../read/read-raster.js';
import type { TimeOptions } from '../tiles.js';
import { type BandValues, bandValues } from './band-values.js';
import { Moments } from './moments.js';
import { OrderStatistics } from './order-statistics.js';
import {
  piecesAt,
  type RegionView,
  readPieces,
  type StepPieces,
  viewRegion,
} from './region-pieces.js';

/** Of which bands and steps `Cube.stats` tells what. */
export interface StatsOptions extends TimeOptions, ReadOptions {
  /** Names of the bands, in any order. Default: all. */
  readonly bands?: readonly string[] | undefined;
  /** From 0 to 1, each as numpy's `quantile` has it by default (`linear`). Default: `DEFAULT_QUANTILES`. */
  readonly quantiles?: readonly number[] | undefined;
  /** Of values in place of the stored numbers: number * scale + offset, by the band's CF attributes. Default: false. */
  readonly scaled?: boolean | undefined;
  /** Bytes of pixels that lie in memory at a time, two chunks at the least. Default: `STATS_BYTES`. */
  readonly pixelBytes?: number | undefined;
}

/** The statistics of one band at one time step. */
export interface BandStats {
  readonly band: string;
  /** Absent in cubes without a time axis. */
  readonly step?: TimeStep;
  readonly dtype: DType;
  /** Of the region: `valid`, `nodata` and `missing` together. */
  readonly pixels: number;
  readonly valid: number;
  /** In tiles that are loaded, without a value: NaN, or the band's code for it, where it has one. */
  readonly nodata: number;
  /** In tiles that are not loaded. */
  readonly missing: number;
  /** Absent, as all that follow, where no pixel is valid. */
  readonly min?: number;
  readonly max?: number;
  readonly mean?: number;
  /** Of all valid pixels (numpy's `std`, `ddof=0`). */
  readonly std?: number;
  /** In the order in which they were asked for. */
  readonly quantiles?: readonly { readonly q: number; readonly value: number }[];
  /** What the numbers stand for, where the band's attributes say it. */
  readonly units?: string;
}

/** As `Cube.stats` gives them. */
export interface RegionStats {
  /** Whether scale and offset were applied. */
  readonly scaled: boolean;
  /** Tiles of the region that are not loaded, all steps together. */
  readonly missingTiles: number;
  /** Step after step, in each the bands in the cube's order. */
  readonly each: readonly BandStats[];
}

/** A spread, its middle and its outermost twentieths. */
export const DEFAULT_QUANTILES: readonly number[] = [0.05, 0.5, 0.95];

/** 256 MB, as saved GeoTIFFs have. */
export const STATS_BYTES = 256 * 1024 ** 2;

/** As `Cube.stats`. */
export async function regionStats(
  cube: OpenedCube,
  roi: Roi,
  options: StatsOptions,
): Promise<RegionStats> {
  const { quantiles = DEFAULT_QUANTILES, scaled = false, pixelBytes = STATS_BYTES } = options;
  for (const q of quantiles)
    if (!(q >= 0 && q <= 1)) throw expected('numbers from 0 to 1', 'the quantiles', q);
  const steps = selectSteps(cube.timeAxis, options.time) ?? [undefined];
  const names = bandNames(cube.dataset, options.bands);
  const session = await cube.repository.readSession();
  const ledger = await readLedger(session.store, cube.dataset);
  const view = viewRegion(cube, roi, session, ledger);
  const bands: BandValues[] = [];
  for (const name of names) bands.push(await bandValues(session, cube.dataset, name));
  const each: BandStats[] = [];
  let missingTiles = 0;
  for (const step of steps) {
    const pieces = await piecesAt(view, step, names);
    missingTiles += pieces.missingTiles;
    for (const band of bands)
      each.push({
        band: band.name,
        ...(step === undefined ? {} : { step }),
        dtype: band.dtype,
        ...(await bandStats(view, pieces, band, { ...options, quantiles, scaled, pixelBytes })),
        ...(band.units === undefined ? {} : { units: band.units }),
      });
  }
  return { scaled, missingTiles, each };
}

type Job = ReadOptions & Required<Pick<StatsOptions, 'quantiles' | 'scaled' | 'pixelBytes'>>;

async function bandStats(
  view: RegionView,
  { pixels, missing, loaded }: StepPieces,
  band: BandValues,
  job: Job & { readonly quantiles: readonly number[]; readonly pixelBytes: number },
): Promise<Omit<BandStats, 'band' | 'step' | 'dtype' | 'units'>> {
  const { chunk } = view.cube.grid;
  const pieceBytes = chunk.height * chunk.width * bytesOf(band.dtype);
  const most = 1 + 2 * Math.max(job.pool?.size ?? 0, 1);
  const atATime = Math.min(Math.max(Math.floor(job.pixelBytes / pieceBytes), 2), most);
  const nodata = band.nodata ?? Number.NaN;
  const moments = new Moments();
  const order = new OrderStatistics(band.dtype);
  const walk = async (pass: (piece: Parameters<Moments['add']>) => void) => {
    const read = { pool: job.pool, signal: job.signal, atATime };
    for await (const piece of readPieces(view, band.name, loaded, read))
      pass([piece.pixels, piece.width, piece.runs, nodata]);
  };
  const wantsOrder = job.quantiles.length > 0;
  // Of few possible values their counts tell all.
  const isCounted = order.passes === 1;
  await walk((piece) => {
    if (isCounted || wantsOrder) order.add(...piece);
    if (!isCounted) moments.add(...piece);
  });
  if (isCounted) for (const [value, count] of order.values()) moments.addTimes(value, count);
  const counts = { pixels, valid: moments.count, missing };
  const all = { ...counts, nodata: pixels - missing - moments.count };
  if (moments.count === 0) return all;
  const { scale, offset } = job.scaled ? band : { scale: 1, offset: 0 };
  const places = job.quantiles.map((q) => placeOf(scale < 0 ? 1 - q : q, moments.count));
  if (wantsOrder) {
    order.endPass(places.flatMap(({ low, high }) => [low, high]));
    for (let pass = 1; pass < order.passes; pass++) {
      await walk((piece) => order.add(...piece));
      order.endPass();
    }
  }
  const told = (number: number) => (job.scaled ? number * scale + offset : number);
  const [min, max] = [moments.min, moments.max].map(told).sort((one, other) => one - other);
  return {
    ...all,
    ...(min === undefined || max === undefined ? {} : { min, max }),
    mean: told(moments.mean),
    std: moments.std * Math.abs(scale),
    quantiles: job.quantiles.map((q, i) => {
      const { low, high, part } = places[i] as Place;
      return { q, value: between(told(order.at(low)), told(order.at(high)), part) };
    }),
  };
}

interface Place {
  readonly low: number;
  readonly high: number;
  /** From the one to the other, 0 to 1. */
  readonly part: number;
}

/** Between which of `count` values in order a quantile lies: at (count - 1) * q. */
function placeOf(q: number, count: number): Place {
  const place = (count - 1) * q;
  const low = Math.min(Math.floor(place), count - 1);
  return { low, high: Math.min(low + 1, count - 1), part: place - low };
}

/** As numpy interpolates, to the last bit: from the nearer end. */
function between(low: number, high: number, part: number): number {
  if (low === high) return low;
  const apart = high - low;
  return part < 0.5 ? low + apart * part : high - apart * (1 - part);
}

/** The values of a cube at points. */
import type { TimeStep } from '../../dataset/time-axis.js';
import { selectSteps } from '../../dataset/toi.js';
import { AbortedError, expected } from '../../errors.js';
import { type Crs, EPSG_4326, parseCrs, transformer } from '../../grid/crs/crs.js';
import { fullTurnOf } from '../../grid/crs/full-turn.js';
import { EDGE_TOLERANCE, isUpright, toPixels } from '../../grid/frame.js';
import type { GeoBox } from '../../grid/geobox.js';
import { type TileIndex, tileId } from '../../grid/tiling.js';
import { around, type Window } from '../../grid/window.js';
import { readLedger } from '../../store/smart-geocubes/loaded-list.js';
import { TileState } from '../../store/tiles/ledger.js';
import type { OpenedCube } from '../opened-cube.js';
import { bandNames } from '../read/band-names.js';
import { isLost, lostError } from '../read/lost-chunks.js';
import { type ReadOptions, readRaster } from '../read/read-raster.js';
import type { TimeOptions } from '../tiles.js';
import { bandValues } from './band-values.js';

/** Of which bands and steps `Cube.sample` gives values. */
export interface SampleOptions extends TimeOptions, ReadOptions {
  /** Of the points, whose x comes first whatever its authority says. Default: EPSG:4326, longitude and latitude in degrees. */
  readonly crs?: Crs | string | undefined;
  /** Names of the bands wanted, which come in this order. Default: all. */
  readonly bands?: readonly string[] | undefined;
  /** Values in place of the stored numbers: number * scale + offset, by the band's CF attributes. Default: false. */
  readonly scaled?: boolean | undefined;
}

/** As `Cube.sample` gives them. */
export interface SampledPoints {
  readonly points: number;
  /** Of temporal cubes. */
  readonly steps?: readonly TimeStep[];
  /**
   * By name, in the order they were asked for: `[point]` or, where there are {@link steps}, `[time, point]`. NaN where there is no
   * value: outside the grid, in a tile that is not loaded, or of a pixel without one.
   */
  readonly bands: ReadonlyMap<string, Float64Array>;
  /** Points outside the grid. */
  readonly outside: number;
  /** Points, at each of the steps, in tiles that are not loaded. */
  readonly notLoaded: number;
}

/** As `Cube.sample`. */
export async function samplePoints(
  cube: OpenedCube,
  points: readonly (readonly [x: number, y: number])[],
  options: SampleOptions,
): Promise<SampledPoints> {
  const { dataset, grid, timeAxis } = cube;
  const { crs = EPSG_4326, scaled = false, signal } = options;
  const pixelOf = pixelFinder(grid.geobox, typeof crs === 'string' ? parseCrs(crs) : crs);
  const steps = selectSteps(timeAxis, options.time);
  const names = bandNames(dataset, options.bands);
  const session = await cube.repository.readSession();
  const ledger = await readLedger(session.store, dataset);
  const byTile = new Map<string, Spot[]>();
  let outside = 0;
  for (const [number, point] of points.entries()) {
    const [x, y] = point;
    if (typeof x !== 'number' || typeof y !== 'number')
      throw expected('two numbers x and y', `the point ${number}`, JSON.stringify(point));
    const pixel = pixelOf(x, y);
    if (pixel === undefined) {
      outside++;
      continue;
    }
    const [tileRow, tileCol] = [
      Math.floor(pixel.row / grid.chunk.height),
      Math.floor(pixel.col / grid.chunk.width),
    ];
    const spots = byTile.get(tileId({ row: tileRow, col: tileCol })) ?? [];
    byTile.set(tileId({ row: tileRow, col: tileCol }), spots);
    spots.push({ ...pixel, number, tile: { row: tileRow, col: tileCol } });
  }
  const length = points.length * (steps?.length ?? 1);
  const bands = new Map(names.map((name) => [name, new Float64Array(length).fill(Number.NaN)]));
  const values = [];
  for (const name of names) values.push(await bandValues(session, dataset, name));
  let notLoaded = 0;
  for (const [i, step] of (steps ?? [undefined]).entries())
    for (const spots of byTile.values()) {
      if (signal?.aborted)
        throw new AbortedError('The sampling was stopped.', { cause: signal.reason });
      const { tile } = spots[0] as Spot;
      const index: TileIndex = step === undefined ? tile : { t: step.index, ...tile };
      const state = ledger.peek(index) ?? (await ledger.get(index));
      if (state === TileState.notLoaded) notLoaded += spots.length;
      if (state !== TileState.loaded) continue;
      if (await isLost(index, names, { session, ledger, dataset }))
        throw lostError([tileId(index)]);
      const window = around(spots.map(({ row, col }) => ({ row, col, height: 1, width: 1 })));
      for (const band of values) {
        const pixels = await readRaster(
          { session },
          {
            path: band.name,
            shape: window as Window,
            parts: [{ window: window as Window, row: 0, col: 0 }],
            leading: step === undefined ? [] : [step.index],
          },
          options,
        );
        const into = bands.get(band.name) as Float64Array;
        const { row, col, width } = window as Window;
        for (const spot of spots) {
          const number = pixels[(spot.row - row) * width + spot.col - col] as number;
          if (number === band.nodata) continue;
          into[i * points.length + spot.number] = scaled
            ? number * band.scale + band.offset
            : number;
        }
      }
    }
  const time = steps === undefined ? {} : { steps };
  return { points: points.length, ...time, bands, outside, notLoaded };
}

interface Spot {
  readonly row: number;
  readonly col: number;
  /** Of the point. */
  readonly number: number;
  readonly tile: TileIndex;
}

/** By how much a place may miss itself, in pixels, when it is projected there and back: others are no place of the grid. */
const RETURNS = 0.1;

/** The same in degrees: far more than rounding, far less than to another side of the earth. */
const FAR = 0.01;

/** The pixel that contains a point; one on the grid's far edge is in the last. `undefined` outside. */
function pixelFinder(
  geobox: GeoBox,
  crs: Crs,
): (x: number, y: number) => { readonly row: number; readonly col: number } | undefined {
  const [there, back] = [transformer(crs, geobox.crs), transformer(geobox.crs, crs)];
  const toPixel = toPixels(geobox);
  const turn = isUpright(geobox) ? fullTurnOf(geobox.crs) : undefined;
  // On a grid that goes around the earth the far edge is the near one.
  const isRound =
    turn !== undefined && turn.length - Math.abs(geobox.affine[0]) * geobox.width < EDGE_TOLERANCE;
  const turns = turn === undefined ? [0] : [0, turn.length, -turn.length];
  const inside = (place: number, length: number, hasEnd = true) => {
    const at = Math.floor(place + EDGE_TOLERANCE);
    return hasEnd && at === length && place <= length + EDGE_TOLERANCE ? length - 1 : at;
  };
  return (x, y) => {
    // Other latitudes are no place, whatever a projection makes of them.
    if (crs.isGeographic && Math.abs(y) > 90) return undefined;
    const [px, py] = there(x, y);
    if (!(Number.isFinite(px) && Number.isFinite(py))) return undefined;
    for (const by of turns) {
      const [c, r] = toPixel([px + by, py]);
      const [col, row] = [inside(c, geobox.width, !isRound), inside(r, geobox.height)];
      if (!(col >= 0 && col < geobox.width && row >= 0 && row < geobox.height)) continue;
      // A projection may give numbers within the grid for places on the other side of the earth.
      const [x2, y2] = back(px, py);
      const [c2, r2] = toPixel(there(x2, y2));
      const [c1, r1] = toPixel([px, py]);
      const isSame = crs.isGeographic
        ? Math.hypot(degreesApart(x, x2) * Math.cos((y * Math.PI) / 180), y2 - y) < FAR
        : Math.abs(c1 - c2) < RETURNS && Math.abs(r1 - r2) < RETURNS;
      return isSame ? { row, col } : undefined;
    }
    return undefined;
  };
}

function degreesApart(one: number, other: number): number {
  return Math.abs(((((one - other) % 360) + 540) % 360) - 180);
}

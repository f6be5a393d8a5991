import { typedForName } from '../../dataset/band-types.js';
import { fillValueOf } from '../../dataset/dataset.js';
import type { BandTypes } from '../../dataset/file/typed.js';
import type { TimeStep } from '../../dataset/time-axis.js';
import { selectSteps, type Toi } from '../../dataset/toi.js';
import { expected } from '../../errors.js';
import { isAxisAligned } from '../../grid/affine.js';
import type { GeoBox } from '../../grid/geobox.js';
import type { Roi } from '../../grid/roi.js';
import type { Window } from '../../grid/window.js';
import type { DType } from '../../raster/dtype.js';
import type { LoadedPixels, PixelsByType } from '../../raster/loaded-pixels.js';
import { readMetadata } from '../../store/read.js';
import { bandNames } from './band-names.js';
import { type CubeView, type LoadOptions, loadRegion, planLoad } from './load.js';

/** One label or index, or the two ends of a range. */
export type Selector = number | readonly [number, number];

/** What to select along each axis; an axis that is left out is kept whole. */
export interface Selection<Time = Selector> {
  /** Of temporal cubes alone. */
  readonly time?: Time;
  readonly y?: Selector;
  readonly x?: Selector;
}

/** Pixels with their coordinates, after reading. */
export interface LabelledPixels<T extends DType = DType> {
  readonly dims: Dimensions;
  readonly shape: readonly number[];
  /** Of pixel centres, in the CRS of the geobox. */
  readonly x: Float64Array;
  readonly y: Float64Array;
  readonly geobox: GeoBox;
  readonly dtype: T;
  /** What stands for "no value". */
  readonly nodata: number;
  readonly attributes: Readonly<Record<string, unknown>>;
  /** Of temporal cubes. */
  readonly steps?: readonly TimeStep[];
  /** In the order of `dims`, row-major. */
  readonly pixels: PixelsByType[T];
}

/** Of cubes without a time axis, or with one. */
export type Dimensions = readonly ['y', 'x'] | readonly ['time', 'y', 'x'];

type ReadPixels = (
  name: string,
  geobox: GeoBox,
  steps: readonly TimeStep[] | undefined,
) => Promise<LoadedPixels>;

/** One band of a {@link LazyDataset}: nothing of it is read before {@link read}. */
export class LazyArray<T extends DType = DType> {
  /** @internal Made by {@link openDataset}. */
  constructor(
    readonly name: string,
    /** Of the pixels that are selected. */
    readonly geobox: GeoBox,
    readonly dtype: T,
    readonly nodata: number,
    readonly attributes: Readonly<Record<string, unknown>>,
    private readonly readPixels: ReadPixels,
    /** The steps of the cube's axis that a time means. */
    private readonly select: (time: Toi) => readonly TimeStep[],
    /** Of temporal cubes: the time steps that are selected. */
    readonly steps?: readonly TimeStep[],
  ) {}

  get dims(): Dimensions {
    return this.steps === undefined ? ['y', 'x'] : ['time', 'y', 'x'];
  }

  get shape(): readonly number[] {
    const { height, width } = this.geobox;
    return this.steps === undefined ? [height, width] : [this.steps.length, height, width];
  }

  /** Of pixel centres, west to east. */
  get x(): Float64Array {
    return this.geobox.xCentres();
  }

  /** Of pixel centres, in the order of rows: from north to south. */
  get y(): Float64Array {
    return this.geobox.yCentres();
  }

  /**
   * Selects by coordinates. A range holds every pixel whose centre lies within it, both ends included,
   * whichever is given first; a single number is the pixel it lies in, and its axis stays, one long. A
   * time means steps as in {@link Cube.load}.
   *
   * @throws {InvalidInputError} where nothing is selected, and for rotated grids.
   */
  sel({ x, y, time }: Selection<Toi>): LazyArray<T> {
    const { affine, height, width } = this.geobox;
    if (!isAxisAligned(affine))
      throw expected('a grid without rotation', 'a selection by x and y', affine.join(', '));
    const [a, , c, , e, f] = affine;
    const [col, columns] = byLabel(x, 'x', width, (label) => (label - c) / a);
    const [row, rows] = byLabel(y, 'y', height, (label) => (label - f) / e);
    return this.#crop({ row, col, height: rows, width: columns }, this.#stepsOf(time));
  }

  /**
   * Selects by position, from 0: `[first, end]` without the end, as slices are; negative numbers count
   * from the end. A single number keeps its axis, one long.
   *
   * @throws {InvalidInputError} where nothing is selected.
   */
  isel({ x, y, time }: Selection): LazyArray<T> {
    const [col, columns] = byIndex(x, 'x', this.geobox.width);
    const [row, rows] = byIndex(y, 'y', this.geobox.height);
    const { steps } = this;
    if (steps === undefined && time !== undefined) throw noTimeAxis(time);
    const [first, count] = byIndex(time, 'time', steps?.length ?? 0);
    return this.#crop(
      { row, col, height: rows, width: columns },
      steps?.slice(first, first + count),
    );
  }

  /** Reads what is selected, and only that. @throws as {@link Cube.load}. */
  async read(): Promise<LabelledPixels<T>> {
    const { name, dims, shape, x, y, geobox, dtype, nodata, attributes, steps } = this;
    const pixels = (await this.readPixels(name, geobox, steps)) as PixelsByType[T];
    const time = steps === undefined ? {} : { steps };
    return { dims, shape, x, y, geobox, dtype, nodata, attributes, ...time, pixels };
  }

  #stepsOf(time: Toi | undefined): readonly TimeStep[] | undefined {
    const { steps } = this;
    if (time === undefined) return steps;
    if (steps === undefined) throw noTimeAxis(time);
    const wanted = new Set(this.select(time).map(({ index }) => index));
    const selected = steps.filter(({ index }) => wanted.has(index));
    if (selected.length === 0) throw nothing('time', JSON.stringify(time));
    return selected;
  }

  #crop(window: Window, steps: readonly TimeStep[] | undefined): LazyArray<T> {
    const { name, geobox, dtype, nodata, attributes, readPixels, select } = this;
    const part = geobox.crop(window);
    return new LazyArray(name, part, dtype, nodata, attributes, readPixels, select, steps);
  }
}

/** A region of a cube at one moment of its history, of which nothing has been read yet. */
export interface LazyDataset<Bands extends BandTypes = BandTypes> {
  readonly geobox: GeoBox;
  /** Lengths; `time` of temporal cubes alone. */
  readonly dims: { readonly time?: number; readonly y: number; readonly x: number };
  readonly steps?: readonly TimeStep[];
  readonly x: Float64Array;
  readonly y: Float64Array;
  readonly attributes: Readonly<Record<string, unknown>>;
  /** By name, in the cube's order. */
  readonly bands: { readonly [Name in keyof Bands]: LazyArray<Bands[Name]> };
}

/** As {@link Cube.openDataset}. */
export async function openDataset(
  view: CubeView,
  roi: Roi,
  options: LoadOptions,
): Promise<LazyDataset> {
  const { dataset, session } = view;
  const plan = planLoad(view.grid.geobox, roi, options);
  const isOwnGrid = plan.kind === 'own-grid';
  const whole = isOwnGrid ? plan.geobox : plan.target;
  const steps = selectSteps(view.timeAxis, options.time);
  const select = (time: Toi) => selectSteps(view.timeAxis, time) ?? [];
  const { buffer: _, like: __, time: ___, ...rest } = options;
  const readPixels: ReadPixels = async (name, geobox, selected) => {
    const { bands } = await loadRegion(view, isOwnGrid ? geobox : roi, {
      ...rest,
      bands: [name],
      ...(selected === undefined ? {} : { steps: selected }),
      ...(isOwnGrid ? {} : { like: geobox }),
    });
    return bands.get(name) as LoadedPixels;
  };
  const bands = await Promise.all(
    bandNames(dataset, options.bands).map(async (name) => {
      const attributes = attributesOf(await readMetadata(session, name));
      const typed = typedForName(dataset, name);
      return [
        name,
        new LazyArray(
          name,
          whole,
          typed.dtype,
          fillValueOf(typed),
          attributes,
          readPixels,
          select,
          steps,
        ),
      ] as const;
    }),
  );
  return {
    geobox: whole,
    dims: {
      ...(steps === undefined ? {} : { time: steps.length }),
      y: whole.height,
      x: whole.width,
    },
    ...(steps === undefined ? {} : { steps }),
    x: whole.xCentres(),
    y: whole.yCentres(),
    attributes: attributesOf(await readMetadata(session, '')),
    bands: Object.fromEntries(bands),
  };
}

function attributesOf(document: unknown): Readonly<Record<string, unknown>> {
  return (document as { attributes?: Record<string, unknown> } | undefined)?.attributes ?? {};
}

type Range = [first: number, count: number];

/** Part of a pixel that a label may miss a centre by: coordinates are decimal fractions, rounded. */
const TOLERANCE = 1e-6;

function byLabel(
  selector: Selector | undefined,
  axis: 'x' | 'y',
  length: number,
  toPixel: (label: number) => number,
): Range {
  if (selector === undefined) return [0, length];
  if (typeof selector === 'number') {
    const index = Math.min(Math.floor(toPixel(selector) + TOLERANCE), length - 1);
    if (index >= 0 && toPixel(selector) <= length + TOLERANCE) return [index, 1];
    throw nothing(axis, selector);
  }
  const [low, high] = selector.map(toPixel).sort((one, other) => one - other) as [number, number];
  const first = Math.max(Math.ceil(low - 0.5 - TOLERANCE), 0);
  const end = Math.min(Math.floor(high - 0.5 + TOLERANCE) + 1, length);
  if (!(end > first)) throw nothing(axis, selector);
  return [first, end - first];
}

function byIndex(selector: Selector | undefined, axis: 'time' | 'x' | 'y', length: number): Range {
  if (selector === undefined) return [0, length];
  const ends = typeof selector === 'number' ? [selector] : selector;
  if (!ends.every(Number.isInteger))
    throw expected('whole numbers', `isel on ${axis}`, ends.join());
  const [first = 0, end] = ends.map((index) => (index < 0 ? index + length : index));
  if (typeof selector === 'number') {
    if (first >= 0 && first < length) return [first, 1];
    throw nothing(axis, selector);
  }
  const start = Math.max(first, 0);
  const count = Math.min(end ?? length, length) - start;
  if (!(count > 0)) throw nothing(axis, selector);
  return [start, count];
}

function noTimeAxis(time: unknown) {
  return expected('no time', 'a cube without a time axis', JSON.stringify(time));
}

function nothing(axis: 'time' | 'x' | 'y', selector: unknown) {
  return expected(`at least one pixel`, `the selection on ${axis}`, String(selector));
}

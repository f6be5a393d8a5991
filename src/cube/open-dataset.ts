import { fillValueOf } from '../dataset/dataset.js';
import { TimeAxis, type TimeStep } from '../dataset/time-axis.js';
import { selectSteps, type Toi } from '../dataset/toi.js';
import { expected } from '../errors.js';
import { isAxisAligned } from '../grid/affine.js';
import type { GeoBox } from '../grid/geobox.js';
import type { Roi } from '../grid/roi.js';
import type { Window } from '../grid/window.js';
import type { DType } from '../raster/dtype.js';
import type { LoadedPixels } from '../raster/loaded-pixels.js';
import { readMetadata } from '../store/read.js';
import {
  bandNames,
  type CubeView,
  type LoadOptions,
  loadRegion,
  planLoad,
  stepsOf,
} from './load.js';

/** One label or index, or the two ends of a range. */
export type Selector = number | readonly [number, number];

/** What to select along each axis; an axis that is left out is kept whole. */
export interface Selection {
  readonly y?: Selector;
  readonly x?: Selector;
}

/** Selection by coordinates, in temporal cubes by time too. */
export interface LabelSelection extends Selection {
  readonly time?: Toi;
}

/** Selection by position, in temporal cubes of the steps too. */
export interface IndexSelection extends Selection {
  readonly time?: Selector;
}

/** Pixels with their coordinates, after reading. */
export interface LabelledPixels {
  /** `y`, `x`; in temporal cubes `time` before them. */
  readonly dims: readonly string[];
  /** In the order of {@link dims}. */
  readonly shape: readonly number[];
  /** Steps of the time axis, where there is one. */
  readonly time: readonly TimeStep[] | undefined;
  /** Of pixel centres, in the CRS of the geobox. */
  readonly x: Float64Array;
  readonly y: Float64Array;
  readonly geobox: GeoBox;
  readonly dtype: DType;
  /** What stands for "no value". */
  readonly nodata: number;
  readonly attributes: Readonly<Record<string, unknown>>;
  /** Row-major. */
  readonly pixels: LoadedPixels;
}

/** One band of a {@link LazyDataset}: nothing of it is read before {@link read}. */
export class LazyArray {
  /** @internal Made by {@link openDataset}. */
  constructor(
    readonly name: string,
    /** Of the pixels that are selected. */
    readonly geobox: GeoBox,
    readonly dtype: DType,
    readonly nodata: number,
    readonly attributes: Readonly<Record<string, unknown>>,
    /** Steps of the time axis that are selected, where there is one. */
    readonly time: readonly TimeStep[] | undefined,
    private readonly readPixels: ReadPixels,
  ) {}

  /** `y`, `x`; in temporal cubes `time` before them. */
  get dims(): readonly string[] {
    return this.time === undefined ? ['y', 'x'] : ['time', 'y', 'x'];
  }

  /** In the order of {@link dims}. */
  get shape(): readonly number[] {
    const { height, width } = this.geobox;
    return this.time === undefined ? [height, width] : [this.time.length, height, width];
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
   * whichever is given first; a single number is the pixel it lies in, and its axis stays, one long.
   *
   * @throws {InvalidInputError} where nothing is selected, and for rotated grids.
   */
  sel({ x, y, time }: LabelSelection): LazyArray {
    const { affine, height, width } = this.geobox;
    if (!isAxisAligned(affine))
      throw expected('a grid without rotation', 'a selection by x and y', affine.join(', '));
    const [a, , c, , e, f] = affine;
    const [col, columns] = byLabel(x, 'x', width, (label) => (label - c) / a);
    const [row, rows] = byLabel(y, 'y', height, (label) => (label - f) / e);
    const steps = time === undefined ? this.time : this.#stepsIn(time);
    return this.#crop({ row, col, height: rows, width: columns }, steps);
  }

  /**
   * Selects by position, from 0: `[first, end]` without the end, as slices are; negative numbers count
   * from the end. A single number keeps its axis, one long.
   *
   * @throws {InvalidInputError} where nothing is selected.
   */
  isel({ x, y, time }: IndexSelection): LazyArray {
    if (time !== undefined && this.time === undefined)
      throw expected('a cube with a time axis', 'isel on time', String(time));
    const [first, count] = byIndex(time, 'time', this.time?.length ?? 0);
    const [col, columns] = byIndex(x, 'x', this.geobox.width);
    const [row, rows] = byIndex(y, 'y', this.geobox.height);
    return this.#crop(
      { row, col, height: rows, width: columns },
      this.time?.slice(first, first + count),
    );
  }

  /** Reads what is selected, and only that. @throws as {@link Cube.load}. */
  async read(): Promise<LabelledPixels> {
    const { name, dims, shape, time, x, y, geobox, dtype, nodata, attributes } = this;
    const pixels = await this.readPixels(name, geobox, time);
    return { dims, shape, time, x, y, geobox, dtype, nodata, attributes, pixels };
  }

  #stepsIn(time: Toi): readonly TimeStep[] {
    const all = this.time;
    if (all === undefined)
      throw expected('a cube with a time axis', 'sel on time', JSON.stringify(time));
    return selectSteps(TimeAxis.ofSteps(all), time) ?? [];
  }

  #crop(window: Window, time: readonly TimeStep[] | undefined): LazyArray {
    const { name, geobox, dtype, nodata, attributes, readPixels } = this;
    return new LazyArray(name, geobox.crop(window), dtype, nodata, attributes, time, readPixels);
  }
}

type ReadPixels = (
  name: string,
  geobox: GeoBox,
  steps: readonly TimeStep[] | undefined,
) => Promise<LoadedPixels>;

/** A region of a cube at one moment of its history, of which nothing has been read yet. */
export interface LazyDataset {
  readonly geobox: GeoBox;
  /** Lengths by name: `y`, `x`, and `time` in temporal cubes. */
  readonly dims: Readonly<Record<string, number>>;
  readonly time: readonly TimeStep[] | undefined;
  readonly x: Float64Array;
  readonly y: Float64Array;
  readonly attributes: Readonly<Record<string, unknown>>;
  /** By name, in the cube's order. */
  readonly bands: Readonly<Record<string, LazyArray>>;
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
  const { buffer: _, like: __, time, ...rest } = options;
  const steps = stepsOf(dataset, time);
  const readPixels: ReadPixels = async (name, geobox, chosen) => {
    const { bands } = await loadRegion(view, isOwnGrid ? geobox : roi, {
      ...rest,
      steps: chosen,
      bands: [name],
      ...(isOwnGrid ? {} : { like: geobox }),
    });
    return bands.get(name) as LoadedPixels;
  };
  const bands = await Promise.all(
    bandNames(dataset, options.bands).map(async (name) => {
      const attributes = attributesOf(await readMetadata(session, name));
      const { dtype } = dataset;
      return [
        name,
        new LazyArray(name, whole, dtype, fillValueOf(dataset), attributes, steps, readPixels),
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
    time: steps,
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

function byIndex(selector: Selector | undefined, axis: Axis, length: number): Range {
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

type Axis = 'x' | 'y' | 'time';

function nothing(axis: Axis, selector: Selector) {
  return expected(`at least one pixel`, `the selection on ${axis}`, String(selector));
}

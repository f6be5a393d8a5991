import { fillValueOf } from '../dataset/dataset.js';
import { expected } from '../errors.js';
import { isAxisAligned } from '../grid/affine.js';
import type { GeoBox } from '../grid/geobox.js';
import type { Roi } from '../grid/roi.js';
import type { Window } from '../grid/window.js';
import type { DType } from '../raster/dtype.js';
import type { LoadedPixels } from '../raster/loaded-pixels.js';
import { readMetadata } from '../store/read.js';
import { bandNames, type CubeView, type LoadOptions, loadRegion, planLoad } from './load.js';

/** One label or index, or the two ends of a range. */
export type Selector = number | readonly [number, number];

/** What to select along each axis; an axis that is left out is kept whole. */
export interface Selection {
  readonly y?: Selector;
  readonly x?: Selector;
}

/** Pixels with their coordinates, after reading. */
export interface LabelledPixels {
  readonly dims: readonly ['y', 'x'];
  readonly shape: readonly [height: number, width: number];
  /** Of pixel centres, in the CRS of the geobox. */
  readonly x: Float64Array;
  readonly y: Float64Array;
  readonly geobox: GeoBox;
  readonly dtype: DType;
  /** What stands for "no value". */
  readonly nodata: number;
  readonly attributes: Readonly<Record<string, unknown>>;
  /** `[y, x]` row-major. */
  readonly pixels: LoadedPixels;
}

/** One band of a {@link LazyDataset}: nothing of it is read before {@link read}. */
export class LazyArray {
  readonly dims = ['y', 'x'] as const;

  /** @internal Made by {@link openDataset}. */
  constructor(
    readonly name: string,
    /** Of the pixels that are selected. */
    readonly geobox: GeoBox,
    readonly dtype: DType,
    readonly nodata: number,
    readonly attributes: Readonly<Record<string, unknown>>,
    private readonly readPixels: (name: string, geobox: GeoBox) => Promise<LoadedPixels>,
  ) {}

  get shape(): readonly [height: number, width: number] {
    return [this.geobox.height, this.geobox.width];
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
  sel({ x, y }: Selection): LazyArray {
    const { affine, height, width } = this.geobox;
    if (!isAxisAligned(affine))
      throw expected('a grid without rotation', 'a selection by x and y', affine.join(', '));
    const [a, , c, , e, f] = affine;
    const [col, columns] = byLabel(x, 'x', width, (label) => (label - c) / a);
    const [row, rows] = byLabel(y, 'y', height, (label) => (label - f) / e);
    return this.#crop({ row, col, height: rows, width: columns });
  }

  /**
   * Selects by position, from 0: `[first, end]` without the end, as slices are; negative numbers count
   * from the end. A single number keeps its axis, one long.
   *
   * @throws {InvalidInputError} where nothing is selected.
   */
  isel({ x, y }: Selection): LazyArray {
    const [col, columns] = byIndex(x, 'x', this.geobox.width);
    const [row, rows] = byIndex(y, 'y', this.geobox.height);
    return this.#crop({ row, col, height: rows, width: columns });
  }

  /** Reads what is selected, and only that. @throws as {@link Cube.load}. */
  async read(): Promise<LabelledPixels> {
    const { name, dims, shape, x, y, geobox, dtype, nodata, attributes } = this;
    const pixels = await this.readPixels(name, geobox);
    return { dims, shape, x, y, geobox, dtype, nodata, attributes, pixels };
  }

  #crop(window: Window): LazyArray {
    const { name, geobox, dtype, nodata, attributes, readPixels } = this;
    return new LazyArray(name, geobox.crop(window), dtype, nodata, attributes, readPixels);
  }
}

/** A region of a cube at one moment of its history, of which nothing has been read yet. */
export interface LazyDataset {
  readonly geobox: GeoBox;
  readonly dims: Readonly<Record<'y' | 'x', number>>;
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
  const { buffer: _, like: __, ...rest } = options;
  const readPixels = async (name: string, geobox: GeoBox) => {
    const { bands } = await loadRegion(view, isOwnGrid ? geobox : roi, {
      ...rest,
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
        new LazyArray(name, whole, dtype, fillValueOf(dataset), attributes, readPixels),
      ] as const;
    }),
  );
  return {
    geobox: whole,
    dims: { y: whole.height, x: whole.width },
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

function byIndex(selector: Selector | undefined, axis: 'x' | 'y', length: number): Range {
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

function nothing(axis: 'x' | 'y', selector: Selector) {
  return expected(`at least one pixel`, `the selection on ${axis}`, String(selector));
}

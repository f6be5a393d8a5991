import { RasterError } from '../errors.js';
import { GeoBox } from '../grid/geobox.js';
import type { Window } from '../grid/window.js';
import type { DType, PixelArray } from '../raster/dtype.js';
import { BITS_PER_MASK_BAND, type FetchedPart, maskBandsOf, type Recipe } from '../tile.js';
import type { BandRaster } from './band-raster.js';
import {
  addInvalid,
  addMasked,
  addUncovered,
  findMasked,
  type GapList,
  type MaskedPixels,
} from './gaps.js';
import { avoidNodata } from './nodata.js';
import type { Workspace } from './workspace.js';

/** The GeoTIFF of one reply, opened; bands count from 0. */
export interface PartFile {
  /** Bands of every kind, mask bands included. */
  readonly bands: number;
  isOn(grid: GeoBox): boolean;
  /** Its size and transform, for messages. */
  describe(): string;
  /** Type of its pixels, in the decoder's own words where cubes cannot have it. */
  dtypeOf(band: number): DType | string;
  /** What the file itself calls "no data". */
  nodataOf(band: number): number | undefined;
  /** Reads a band into `pixels` from `start` on, with `stride` pixels from one row to the next. */
  read(band: number, pixels: PixelArray, start: number, stride: number): void;
  /** A band of mask bits, of whatever type, as bytes: one for each pixel of the file. */
  readBits(band: number, bits: Uint8Array<ArrayBuffer>): void;
  /** A band on another grid. */
  warp(band: number, target: GeoBox, recipe: Recipe): BandRaster;
  close(): void;
}

export type OpenPart = (part: FetchedPart, recipe: Recipe) => PartFile | Promise<PartFile>;

interface OpenedPart {
  readonly part: FetchedPart;
  readonly file: PartFile;
  readonly isAligned: boolean;
  /** By group of eight bands: which pixels have no value, for all bands of the group. */
  readonly masked: Map<number, MaskedPixels>;
}

/** Reads a tile's bands one at a time, so that only one of them lies decoded in memory. */
export class TileReader {
  /** Milliseconds spent warping so far. */
  warpMs = 0;

  private constructor(
    private readonly grid: GeoBox,
    private readonly recipe: Recipe,
    private readonly parts: readonly OpenedPart[],
    private readonly workspace: Workspace,
  ) {}

  /**
   * Opens all parts of a tile.
   *
   * @param grid what the windows of the parts' requests refer to
   * @throws {RasterError} when a part is corrupt or is not what was asked for.
   */
  static async open(
    parts: readonly FetchedPart[],
    grid: GeoBox,
    recipe: Recipe,
    openPart: OpenPart,
    workspace: Workspace,
  ): Promise<TileReader> {
    const files: PartFile[] = [];
    try {
      const opened: OpenedPart[] = [];
      for (const part of parts) {
        const file = await openPart(part, recipe);
        files.push(file);
        const isAligned = file.isOn(GeoBox.fromRecord(part.request.geobox));
        checkPart(part, file, isAligned, recipe);
        opened.push({ part, file, isAligned, masked: new Map() });
      }
      return new TileReader(grid, recipe, opened, workspace);
    } catch (error) {
      for (const file of files) file.close();
      throw error;
    }
  }

  /**
   * Reads one band into `pixels`, which has the grid's shape, and adds the pixels without a value to
   * `gaps`. What those pixels hold means nothing.
   *
   * @throws {RasterError}
   */
  readBand(band: number, pixels: PixelArray, gaps: GapList): void {
    const windows: Window[] = [];
    for (const opened of this.parts) {
      const { request } = opened.part;
      const at = request.bands.indexOf(band);
      if (at === -1) continue;
      windows.push(request.window);
      if (opened.isAligned) this.#readAligned(opened, at, pixels, gaps);
      else this.#readWarped(opened, at, pixels, gaps);
    }
    addUncovered(gaps, this.grid.shape, windows);
  }

  close(): void {
    for (const { file } of this.parts) file.close();
  }

  #readAligned(opened: OpenedPart, at: number, pixels: PixelArray, gaps: GapList): void {
    const { file, part } = opened;
    const { window } = part.request;
    const { width } = this.grid;
    const { mask } = this.recipe;
    // A conversion on the way could turn the file's nodata, or a value out of range, into a valid pixel.
    const dtype = file.dtypeOf(at);
    if (dtype !== this.recipe.dtype)
      throw new RasterError(
        'decode',
        `Expected ${this.recipe.dtype} pixels for the reply but received ${dtype}.`,
      );
    file.read(at, pixels, window.row * width + window.col, width);
    if (mask.kind === 'bits') {
      const group = Math.floor(at / BITS_PER_MASK_BAND);
      addMasked(gaps, this.#maskedOf(opened, group), at % BITS_PER_MASK_BAND);
    }
    addInvalid(gaps, pixels, width, window, invalidValue(file, at, this.recipe));
  }

  #maskedOf({ part: { request }, file, masked }: OpenedPart, group: number): MaskedPixels {
    const known = masked.get(group);
    if (known !== undefined) return known;
    const { window, bands } = request;
    const bits = this.workspace.array('mask bits', 'uint8', window.height * window.width);
    file.readBits(bands.length + group, bits);
    const inGroup = Math.min(bands.length - group * BITS_PER_MASK_BAND, BITS_PER_MASK_BAND);
    const found = findMasked(bits, inGroup, this.grid.width, window);
    masked.set(group, found);
    return found;
  }

  #readWarped({ part, file }: OpenedPart, at: number, pixels: PixelArray, gaps: GapList): void {
    const { window, geobox } = part.request;
    const started = performance.now();
    const raster = file.warp(at, GeoBox.fromRecord(geobox), this.recipe);
    this.warpMs += performance.now() - started;
    avoidNodata(raster, this.recipe);
    place(raster, window, this.grid.width, pixels, gaps);
    // A resampling of large floats can end in NaN where its sources are none.
    addInvalid(gaps, pixels, this.grid.width, window, undefined);
  }
}

function checkPart({ request }: FetchedPart, file: PartFile, isAligned: boolean, recipe: Recipe) {
  const { bands } = request;
  const maskBands = maskBandsOf(bands.length, recipe.mask);
  if (file.bands !== bands.length + maskBands)
    throw new RasterError(
      'decode',
      `Expected ${bands.length} bands and ${maskBands} mask bands for the reply but received ${file.bands}.`,
    );
  if (!isAligned && maskBands > 0)
    throw new RasterError(
      'decode',
      `Expected the reply on the grid asked for (${GeoBox.fromRecord(request.geobox)}) but received ${file.describe()}.`,
    );
  const strange = bands.find((band) => !(band < recipe.bands));
  if (strange !== undefined)
    throw new RasterError(
      'decode',
      `Expected a band below ${recipe.bands} but received ${strange}.`,
    );
}

/** The value that marks pixels without one: a sentinel, or the file's own where masks travel in it. NaN always does. */
export function invalidValue(
  file: Pick<PartFile, 'nodataOf'>,
  band: number,
  { mask }: Recipe,
): number | undefined {
  if (mask.kind === 'sentinel') return mask.value;
  return mask.kind === 'file' ? file.nodataOf(band) : undefined;
}

/** Copies a raster of a window's shape to its place in the tile's. */
function place(
  raster: BandRaster,
  { row, col, height, width }: Window,
  stride: number,
  pixels: PixelArray,
  gaps: GapList,
): void {
  for (let y = 0; y < height; y++) {
    const start = (row + y) * stride + col;
    (pixels as Uint8Array).set(
      (raster.pixels as Uint8Array).subarray(y * width, (y + 1) * width),
      start,
    );
    if (raster.isGap === undefined) continue;
    for (let x = 0, i = y * width; x < width; x++, i++)
      if (raster.isGap[i] === 1) gaps.add(start + x);
  }
}

import { RasterError } from '../errors.js';
import { GeoBox } from '../grid/geobox.js';
import { overlap, type Window } from '../grid/window.js';
import type { PixelArray, WorkType } from '../raster/dtype.js';
import {
  BITS_PER_MASK_BAND,
  type FetchedPart,
  type FetchedTile,
  type FilePart,
  maskBandsOf,
  type PixelRequest,
  type Recipe,
} from '../tile.js';
import type { BandRaster } from './band-raster.js';
import {
  addAround,
  addMasked,
  addUncovered,
  findMasked,
  GapList,
  type MaskedPixels,
  runs,
} from './fill/gaps.js';
import { addInvalid } from './fill/invalid.js';
import { Layering } from './layering.js';
import { avoidNodata } from './nodata.js';
import type { BandPlace } from './resample/band-room.js';
import type { Workspace } from './workspace.js';

/** The GeoTIFF of one reply, opened; bands count from 0. */
export interface PartFile {
  /** Bands of every kind, mask bands included. */
  readonly bands: number;
  isOn(grid: GeoBox): boolean;
  /** Its size and transform, for messages. */
  describe(): string;
  /** Type of its pixels, in the decoder's own words where cubes cannot have it. */
  dtypeOf(band: number): WorkType | string;
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

/** Raster files on disk that make one raster, opened. */
export interface DiskFile {
  /**
   * Puts one of the request's bands, counted from 0, on `grid`: copied where the raster's own pixels lie there,
   * else warped. Where it has gaps, each of its pixels gets a mark, 1 for a gap and 0 for a value.
   *
   * @returns whether it has any.
   */
  readInto(band: number, grid: GeoBox, recipe: Recipe, into: BandPlace): boolean;
  /** Milliseconds spent warping so far. */
  readonly warpMs: number;
  close(): void;
}

export interface PartOpeners {
  readonly openPart: OpenPart;
  /** Bands that it reads lie in the workspace, until it reads the next. */
  readonly openFile: (files: FilePart, workspace: Workspace) => DiskFile;
}

interface OpenedDisk {
  readonly request: PixelRequest;
  readonly disk: DiskFile;
}

interface OpenedPart {
  readonly request: PixelRequest;
  readonly file: PartFile;
  readonly isAligned: boolean;
  /** By group of eight bands: which pixels have no value, for all bands of the group. */
  readonly masked: Map<number, MaskedPixels>;
}

/** Reads a tile's bands one at a time, so that only one of them lies decoded in memory. */
export class TileReader {
  #warpMs = 0;

  private constructor(
    private readonly grid: GeoBox,
    private readonly recipe: Recipe,
    private readonly parts: readonly (OpenedPart | OpenedDisk)[],
    private readonly workspace: Workspace,
  ) {}

  /**
   * Opens all parts of a tile.
   *
   * @param grid what the windows of the parts' requests refer to
   * @throws {RasterError} when a part is corrupt or is not what was asked for.
   */
  static async open(
    { parts, files = [] }: Pick<FetchedTile, 'parts' | 'files'>,
    grid: GeoBox,
    recipe: Recipe,
    { openPart, openFile }: PartOpeners,
    workspace: Workspace,
  ): Promise<TileReader> {
    const handles: { close(): void }[] = [];
    try {
      const opened: (OpenedPart | OpenedDisk)[] = [];
      for (const part of parts) {
        const { request } = part;
        checkBands(request, recipe);
        const file = await openPart(part, recipe);
        handles.push(file);
        const isAligned = file.isOn(GeoBox.fromRecord(request.geobox));
        checkPart(request, file, isAligned, recipe);
        opened.push({ request, file, isAligned, masked: new Map() });
      }
      for (const part of files) {
        const { request } = part;
        checkBands(request, recipe);
        const disk = openFile(part, workspace);
        handles.push(disk);
        opened.push({ request, disk });
      }
      return new TileReader(grid, recipe, opened, workspace);
    } catch (error) {
      for (const handle of handles) handle.close();
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
    const parts = this.parts.filter(({ request }) => request.bands.includes(band));
    const windows = parts.map(({ request }) => request.window);
    if (overlap(windows)) {
      this.#readLayers(parts, band, pixels, gaps);
      return;
    }
    const [only] = parts;
    if (only !== undefined && parts.length === 1 && 'disk' in only) {
      const isGap = this.#readDisk(only, band, pixels);
      addAround(gaps, this.grid.shape, only.request.window, isGap);
      return;
    }
    for (const part of parts) this.#readPart(part, band, pixels, gaps);
    addUncovered(gaps, this.grid.shape, windows);
  }

  /** Milliseconds spent warping so far. */
  get warpMs(): number {
    return this.parts.reduce(
      (sum, part) => sum + ('disk' in part ? part.disk.warpMs : 0),
      this.#warpMs,
    );
  }

  close(): void {
    for (const part of this.parts) ('disk' in part ? part.disk : part.file).close();
  }

  /** From the topmost layer down, until no pixel is without a value: what lies hidden is not read. */
  #readLayers(
    parts: readonly (OpenedPart | OpenedDisk)[],
    band: number,
    pixels: PixelArray,
    gaps: GapList,
  ): void {
    const { workspace } = this;
    const layer = workspace.array('layer', this.recipe.dtype, pixels.length);
    const layering = new Layering(this.grid.width, workspace.array('open', 'uint8', pixels.length));
    const layerGaps = new GapList();
    for (const part of [...parts].reverse()) {
      if (layering.isFull) break;
      layerGaps.clear();
      this.#readPart(part, band, layer, layerGaps);
      layering.addBelow(layer, layerGaps, part.request.window, pixels);
    }
    layering.addGaps(gaps);
  }

  #readPart(part: OpenedPart | OpenedDisk, band: number, pixels: PixelArray, gaps: GapList): void {
    const { request } = part;
    const at = request.bands.indexOf(band);
    if ('disk' in part) {
      const isGap = this.#readDisk(part, band, pixels);
      if (isGap !== undefined)
        for (const [start, end] of runs(this.grid.width, request.window))
          gaps.addMarked(isGap, start, end);
    } else if (part.isAligned) this.#readAligned(part, at, pixels, gaps);
    else this.#readWarped(part, at, pixels, gaps);
  }

  /** @returns marks of the pixels in the part's window, where some have no value. */
  #readDisk({ request, disk }: OpenedDisk, band: number, pixels: PixelArray) {
    const { window, geobox, bands } = request;
    const { width } = this.grid;
    const isGap = this.workspace.array('gaps in files', 'uint8', pixels.length);
    const into = {
      ...{ room: { pixels, isGap }, start: window.row * width + window.col, stride: width },
    };
    const box = GeoBox.fromRecord(geobox);
    const hasGaps = disk.readInto(bands.indexOf(band), box, this.recipe, into);
    return hasGaps ? isGap : undefined;
  }

  #readAligned(opened: OpenedPart, at: number, pixels: PixelArray, gaps: GapList): void {
    const { file, request } = opened;
    const { window } = request;
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

  #maskedOf({ request, file, masked }: OpenedPart, group: number): MaskedPixels {
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

  #readWarped({ request, file }: OpenedPart, at: number, pixels: PixelArray, gaps: GapList): void {
    const { window, geobox } = request;
    const started = performance.now();
    const raster = file.warp(at, GeoBox.fromRecord(geobox), this.recipe);
    this.#warpMs += performance.now() - started;
    avoidNodata(raster, this.recipe);
    place(raster, window, this.grid.width, pixels, gaps);
    // A resampling of large floats can end in NaN where its sources are none.
    addInvalid(gaps, pixels, this.grid.width, window, undefined);
  }
}

function checkPart(
  { bands, geobox }: PixelRequest,
  file: PartFile,
  isAligned: boolean,
  recipe: Recipe,
): void {
  const maskBands = maskBandsOf(bands.length, recipe.mask);
  if (file.bands !== bands.length + maskBands)
    throw new RasterError(
      'decode',
      `Expected ${bands.length} bands and ${maskBands} mask bands for the reply but received ${file.bands}.`,
    );
  if (!isAligned && maskBands > 0)
    throw new RasterError(
      'decode',
      `Expected the reply on the grid asked for (${GeoBox.fromRecord(geobox)}) but received ${file.describe()}.`,
    );
}

function checkBands({ bands }: PixelRequest, recipe: Recipe): void {
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
    if (raster.isGap !== undefined) gaps.addMarked(raster.isGap, y * width, (y + 1) * width, start);
  }
}

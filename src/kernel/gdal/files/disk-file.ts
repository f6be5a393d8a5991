import type { Dataset } from 'gdal-async';
import { RasterError } from '../../../errors.js';
import { type Affine, alignsWith, pixelOffset, shift } from '../../../grid/affine.js';
import type { GeoBox, Shape } from '../../../grid/geobox.js';
import { intersect, relativeTo, type Window } from '../../../grid/window.js';
import type { PixelArray, WorkType } from '../../../raster/dtype.js';
import type { FilePart, FileReference, Recipe } from '../../../tile.js';
import type { BandRaster, RawRaster } from '../../band-raster.js';
import { BLENDS, moveOffNodata } from '../../nodata.js';
import type { MarkedPlace, MarkedRoom } from '../../resample/band-room.js';
import type { Warp } from '../../resample/warp.js';
import type { DiskFile } from '../../tile-reader.js';
import { IndexRoom, type Workspace } from '../../workspace.js';
import { RASTER_FORMATS } from '../inputs/formats.js';
import { type CheckedInput, openChecked } from '../inputs/open.js';
import { warpTo } from '../warp.js';
import type { KeptFiles } from './kept-files.js';
import { affineOf, checkBlocks, hasCrs, messageOf } from './part-file.js';
import { codeOf, readRaw, readValid } from './valid-pixels.js';

/** Opens files where they lie, read-only. @throws {RasterError} naming the file that GDAL cannot open. */
export function openFiles(part: FilePart, workspace: Workspace, kept: KeptFiles): DiskFile {
  const members: Member[] = [];
  try {
    for (const file of part.files) members.push(naming(file.path, () => open(file, part, kept)));
    return new Mosaic(members, part, workspace, kept);
  } catch (error) {
    for (const { dataset } of members) kept.giveBack(dataset);
    throw error;
  }
}

/** A file as a part of the raster that it belongs to. */
interface Member {
  readonly file: FileReference;
  readonly dataset: Dataset;
  readonly window: Window;
}

function open(file: FileReference, { raster }: FilePart, kept: KeptFiles): Member {
  const { path, name = path, formats = RASTER_FORMATS, overview } = file;
  const input = { name, shown: path, formats, overview };
  const dataset = kept.lend(input, () => openSound(input));
  try {
    const { geoTransform, srs, rasterSize } = dataset;
    if (geoTransform === null || srs === null)
      throw new RasterError('decode', 'no transform, or no CRS');
    const offset = pixelOffset(affineOf(geoTransform), raster.affine);
    return { file, dataset, window: { ...offset, height: rasterSize.y, width: rasterSize.x } };
  } catch (error) {
    kept.giveBack(dataset);
    throw error;
  }
}

function openSound(input: CheckedInput): Dataset {
  const dataset = openChecked(input);
  try {
    checkBlocks(dataset);
    return dataset;
  } catch (error) {
    dataset.close();
    throw error;
  }
}

/** Files of one grid as one raster, so that a resampling looks across their edges. */
class Mosaic implements DiskFile {
  warpMs = 0;
  /** Moved to where the tile counts its longitudes. */
  readonly #affine: Affine;
  readonly #shape: Shape;
  #warp: { readonly grid: GeoBox; readonly warp: Warp } | undefined;
  /** For what is kept of blocks for the next band. */
  #holders: IndexRoom | undefined;
  /** Whether a valid pixel that was read may be the recipe's code for none. */
  #mayHoldCode = false;

  constructor(
    private readonly members: readonly Member[],
    { raster, files }: FilePart,
    private readonly workspace: Workspace,
    private readonly kept: KeptFiles,
  ) {
    const [a, b, c, d, e, f] = raster.affine;
    this.#affine = [a, b, c + 360 * (files[0]?.turns ?? 0), d, e, f];
    const [height, width] = raster.shape;
    this.#shape = { height, width };
  }

  readInto(band: number, grid: GeoBox, recipe: Recipe, into: MarkedPlace): boolean {
    return naming(this.#names, () => {
      this.#mayHoldCode = false;
      const at = this.#placeOf(grid);
      const hasGaps =
        at === undefined
          ? this.#warpInto(band, grid, recipe, into)
          : put(this.#read(band, at, recipe), grid, into);
      const isBlended = at === undefined && BLENDS[recipe.processing.resampling];
      if (isBlended || this.#mayHoldCode) moveOff(grid, into, hasGaps, recipe);
      return hasGaps;
    });
  }

  close(): void {
    for (const { dataset } of this.members) this.kept.giveBack(dataset);
    this.#holders?.giveBack();
  }

  get #first(): Dataset {
    return (this.members[0] as Member).dataset;
  }

  get #names(): string {
    const [first, ...others] = this.members;
    const more = others.length === 0 ? '' : ` or one of ${others.length} files on its grid`;
    return `${first?.file.path}${more}`;
  }

  /** The pixels of the raster that are the grid's, where its pixels lie on the raster's own. */
  #placeOf(grid: GeoBox): Window | undefined {
    const { height, width } = grid;
    const { col, row } = pixelOffset(grid.affine, this.#affine);
    const own = shift(this.#affine, col, row);
    return alignsWith(own, grid.affine, width, height) && hasCrs(this.#first, grid)
      ? { row, col, height, width }
      : undefined;
  }

  /** Pixels as they are; a gap is what no file has a value for. */
  #read(band: number, window: Window, recipe: Recipe): BandRaster {
    const { dtype } = recipe;
    let result: MarkedRoom | undefined;
    for (const { file, dataset, window: own } of this.members) {
      const common = intersect(own, window);
      if (common === undefined) continue;
      const inside = relativeTo(common, own);
      const number = (file.bands[band] ?? 0) + 1;
      const options = { dtype, code: this.#codeOf(dataset, number, file, recipe) };
      const room = this.#room('of a file', inside, dtype);
      const part = naming(file.path, () => readValid(dataset, number, inside, options, room));
      const { scale, offset } = file.unscale?.[band] ?? { scale: 1, offset: 0 };
      if (scale !== 1 || offset !== 0) unscale(part.pixels, scale, offset);
      const isAll = common.height === window.height && common.width === window.width;
      if (isAll && this.members.length === 1) return part;
      if (isAll && part.isGap === undefined) {
        result = this.#room('of files', window, dtype);
        (result.pixels as Uint8Array).set(part.pixels as Uint8Array);
        result.isGap.fill(0);
        continue;
      }
      result ??= this.#empty(window, dtype);
      lay(part, common, result, window);
    }
    const { pixels, isGap } = result ?? this.#empty(window, dtype);
    return { pixels, isGap: isGap.includes(1) ? isGap : undefined };
  }

  /** The same where one file has them all, without a look at them: see {@link readRaw}. */
  #readRaw(band: number, window: Window, recipe: Recipe): RawRaster {
    const [{ file, dataset, window: own }, ...others] = this.members as [Member];
    const common = intersect(own, window);
    const isWhole = common?.height === window.height && common.width === window.width;
    if (others.length > 0 || common === undefined || !isWhole || file.unscale !== undefined)
      return this.#read(band, window, recipe);
    const { dtype } = recipe;
    const number = (file.bands[band] ?? 0) + 1;
    const options = { dtype, code: this.#codeOf(dataset, number, file, recipe) };
    const inside = relativeTo(common, own);
    const room = this.#room('of a file', inside, dtype);
    return naming(file.path, () => readRaw(dataset, number, inside, options, room));
  }

  #codeOf(dataset: Dataset, number: number, file: FileReference, { nodata }: Recipe) {
    const code = codeOf(dataset, number, file.nodata, nodata);
    if (code !== nodata) this.#mayHoldCode = true;
    return code;
  }

  #empty(window: Window, dtype: WorkType): MarkedRoom {
    const room = this.#room('of files', window, dtype);
    room.isGap.fill(1);
    return room;
  }

  #room(use: string, { height, width }: Shape, dtype: WorkType): MarkedRoom {
    const length = height * width;
    return {
      pixels: this.workspace.array(`pixels ${use}`, dtype, length),
      isGap: this.workspace.array(`gaps ${use}`, 'uint8', length),
    };
  }

  #warpInto(band: number, grid: GeoBox, recipe: Recipe, into: MarkedPlace): boolean {
    const started = performance.now();
    try {
      if (this.#warp === undefined || !this.#warp.grid.equals(grid))
        this.#warp = { grid, warp: this.#warpTo(grid, recipe) };
      const source = {
        read: (part: Window) => this.#read(band, part, recipe),
        readRaw: (part: Window) => this.#readRaw(band, part, recipe),
      };
      return this.#warp.warp.bandInto(recipe.dtype, source, into);
    } finally {
      this.warpMs += performance.now() - started;
    }
  }

  #warpTo(grid: GeoBox, recipe: Recipe): Warp {
    const { srs } = this.#first;
    if (srs === null) throw new RasterError('warp', 'no CRS');
    const raster = { srs, affine: this.#affine, shape: this.#shape };
    this.#holders?.giveBack();
    this.#holders = new IndexRoom(this.workspace, grid.height * grid.width);
    return warpTo(raster, grid, recipe, this.#holders);
  }
}

/** Copies a raster, and its marks where it has gaps. @returns whether it has any. */
function put({ pixels, isGap }: BandRaster, shape: Shape, { room, start, stride }: MarkedPlace) {
  const { height, width } = shape;
  for (let y = 0, to = start; y < height; y++, to += stride) {
    const [from, end] = [y * width, (y + 1) * width];
    (room.pixels as Uint8Array).set((pixels as Uint8Array).subarray(from, end), to);
    if (isGap !== undefined) room.isGap.set(isGap.subarray(from, end), to);
  }
  return isGap !== undefined;
}

/** Moves valid pixels off the code for "no value", where they lie. */
function moveOff(
  shape: Shape,
  { room, start, stride }: MarkedPlace,
  hasGaps: boolean,
  recipe: Recipe,
) {
  const raster = { pixels: room.pixels, isGap: hasGaps ? room.isGap : undefined };
  for (let y = 0, from = start; y < shape.height; y++, from += stride)
    moveOffNodata(raster, recipe, from, from + shape.width);
}

/** In float64, then in the type of the pixels; what a gap holds means nothing before or after. */
function unscale(pixels: PixelArray, scale: number, offset: number): void {
  for (let i = 0; i < pixels.length; i++) pixels[i] = (pixels[i] as number) * scale + offset;
}

/** Lays the valid pixels of one window over those of a larger one. */
function lay(
  part: BandRaster,
  window: Window,
  result: { pixels: PixelArray; isGap: Uint8Array },
  whole: Window,
): void {
  for (let j = 0; j < window.height; j++) {
    let from = j * window.width;
    let to = (window.row - whole.row + j) * whole.width + window.col - whole.col;
    for (let i = 0; i < window.width; i++, from++, to++) {
      if (part.isGap?.[from] === 1) continue;
      result.pixels[to] = part.pixels[from] as number;
      result.isGap[to] = 0;
    }
  }
}

/** Errors of every kind, with the file's name. */
function naming<T>(path: string, task: () => T): T {
  try {
    return task();
  } catch (cause) {
    if (cause instanceof RasterError && cause.file !== undefined) throw cause;
    const stage = cause instanceof RasterError ? cause.stage : 'decode';
    throw new RasterError(
      stage,
      `Expected a readable raster in ${path} but received: ${messageOf(cause)}`,
      { cause, file: path },
    );
  }
}

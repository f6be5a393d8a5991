import { RasterError } from '../../errors.js';
import { alignsWith, isInvertible } from '../../grid/affine.js';
import { type Crs, parseCrs, sameCrs } from '../../grid/crs.js';
import { GeoBox } from '../../grid/geobox.js';
import type { Window } from '../../grid/window.js';
import { allocate, isFloat, type PixelArray } from '../../raster/dtype.js';
import {
  BITS_PER_MASK_BAND,
  type FetchedPart,
  type FetchedTile,
  maskBandsOf,
  type PixelRequest,
  type Recipe,
} from '../../tile.js';
import { both, emptyWhereUncovered, type Mask, maskOf, unpackBits } from '../mask.js';
import type { BandRaster } from '../pipeline.js';
import { type GeoTiff, openGeoTiff } from './geotiff.js';
import { warpBands } from './warp.js';

/** The bands of a tile while its parts are put into them. */
interface Assembly {
  readonly geobox: GeoBox;
  readonly pixels: PixelArray[];
  readonly masks: Mask[];
}

/** Reads every part of a tile, warps those that lie on another grid, and puts them together. */
export async function decode(
  tile: FetchedTile,
  recipe: Recipe,
  onWarp: (milliseconds: number) => void,
): Promise<BandRaster[]> {
  const geobox = GeoBox.fromRecord(tile.geobox);
  const assembly: Assembly = { geobox, pixels: [], masks: emptyWhereUncovered(tile, recipe.bands) };
  for (const { request, bytes } of tile.parts) {
    const rasters = await readPart(request, bytes, recipe, onWarp);
    for (const [i, raster] of rasters.entries())
      place(raster, request.bands[i] as number, request.window, assembly, recipe);
  }
  return Array.from({ length: recipe.bands }, (_, band) => ({
    pixels: assembly.pixels[band] ?? allocate(recipe.dtype, geobox.height * geobox.width),
    mask: assembly.masks[band],
  }));
}

/** The bands of one reply on the grid that was asked for, in the recipe's dtype. */
async function readPart(
  request: PixelRequest,
  bytes: FetchedPart['bytes'],
  recipe: Recipe,
  onWarp: (milliseconds: number) => void,
): Promise<BandRaster[]> {
  const wanted = GeoBox.fromRecord(request.geobox);
  const dataBands = request.bands.length;
  const maskBands = maskBandsOf(dataBands, recipe.mask);
  const file = await openGeoTiff(bytes);
  if (file.bands !== dataBands + maskBands)
    throw new RasterError(
      'decode',
      `Expected ${dataBands} bands and ${maskBands} mask bands for the reply but received ${file.bands}.`,
    );
  if (isOnGrid(file, wanted)) return readAligned(file, dataBands, recipe);
  if (maskBands > 0)
    throw new RasterError(
      'decode',
      `Expected the reply on the grid asked for (${wanted}) but received ${gridText(file)}.`,
    );
  const source = file
    .readBands()
    .map((pixels) => ({ pixels, mask: ownMask(pixels, file, recipe) }));
  const started = performance.now();
  const warped = warpBands(source, sourceGeoBox(file), wanted, recipe);
  onWarp(performance.now() - started);
  return warped;
}

function readAligned(file: GeoTiff, dataBands: number, recipe: Recipe): BandRaster[] {
  // A conversion could turn the file's nodata, or a value out of range, into a valid pixel.
  if (file.dtype !== recipe.dtype)
    throw new RasterError(
      'decode',
      `Expected ${recipe.dtype} pixels for the reply but received ${file.dtype}.`,
    );
  const bands = file.readBands();
  return bands.slice(0, dataBands).map((pixels, i) => {
    const own = ownMask(pixels, file, recipe);
    if (recipe.mask.kind !== 'bits') return { pixels, mask: own };
    return {
      pixels,
      mask: both(unpackBits(maskBits(bands, dataBands, i), i % BITS_PER_MASK_BAND), own),
    };
  });
}

/** The mask bits of data band `i`, in whatever type the file has. */
function maskBits(pixels: readonly PixelArray[], dataBands: number, i: number): Uint8Array {
  return pixels[dataBands + Math.floor(i / BITS_PER_MASK_BAND)] as Uint8Array;
}

/** Masks that the pixels themselves carry: a sentinel, the file's nodata value, NaN. */
function ownMask(band: PixelArray, { dtype, nodata }: GeoTiff, { mask }: Recipe): Mask {
  const inFile = mask.kind === 'file' ? nodata : undefined;
  const invalid = mask.kind === 'sentinel' ? mask.value : inFile;
  return invalid === undefined && !isFloat(dtype) ? undefined : maskOf(band, invalid);
}

function isOnGrid(file: GeoTiff, wanted: GeoBox): boolean {
  const { height, width, affine } = file;
  if (height !== wanted.height || width !== wanted.width || affine === undefined) return false;
  return alignsWith(affine, wanted.affine, width, height) && hasCrs(file, wanted);
}

/** A system without a code cannot be compared; where none was asked for, the reply is taken to be in it. */
function hasCrs({ epsg }: GeoTiff, { crs }: GeoBox): boolean {
  if (epsg === undefined || crs.epsg !== undefined) return epsg === crs.epsg;
  return sameCrs(crsOf(epsg), crs);
}

function sourceGeoBox(file: GeoTiff): GeoBox {
  const { height, width, affine, epsg } = file;
  if (affine === undefined || epsg === undefined)
    throw new RasterError(
      'warp',
      `Expected a GeoTIFF with a transform and an EPSG code, to warp it, but received ${gridText(file)}. Use the kernel "gdal" for other systems.`,
    );
  if (!isInvertible(affine))
    throw new RasterError(
      'warp',
      `Expected a transform that can be inverted in the GeoTIFF but received ${affine.join(' ')}.`,
    );
  return new GeoBox(crsOf(epsg), { height, width }, affine);
}

function crsOf(epsg: number): Crs {
  try {
    return parseCrs(`EPSG:${epsg}`);
  } catch (cause) {
    throw new RasterError(
      'decode',
      `Expected a known EPSG code in the GeoTIFF but received ${epsg}.`,
      { cause },
    );
  }
}

function gridText({ height, width, affine, epsg }: GeoTiff): string {
  return `${width} x ${height} px, EPSG code ${epsg ?? 'none'}, transform ${affine?.join(' ') ?? 'none'}`;
}

/** Puts a window's raster into the band's; one that covers the tile becomes the band's, without a copy. */
function place(
  { pixels, mask }: BandRaster,
  band: number,
  window: Window,
  { geobox: { height, width }, pixels: tilePixels, masks }: Assembly,
  { bands, dtype }: Recipe,
): void {
  if (!(band < bands))
    throw new RasterError('decode', `Expected a band below ${bands} but received ${band}.`);
  if (window.height === height && window.width === width) {
    tilePixels[band] = pixels;
    masks[band] = mask;
    return;
  }
  const target = tilePixels[band] ?? allocate(dtype, height * width);
  tilePixels[band] = target;
  copyInto(target, width, pixels, window);
  if (mask === undefined && masks[band] === undefined) return;
  const tileMask = masks[band] ?? new Uint8Array(height * width).fill(1);
  masks[band] = tileMask;
  copyInto(tileMask, width, mask ?? new Uint8Array(pixels.length).fill(1), window);
}

function copyInto(target: PixelArray, width: number, part: PixelArray, window: Window): void {
  for (let y = 0; y < window.height; y++)
    (target as Uint8Array).set(
      (part as Uint8Array).subarray(y * window.width, (y + 1) * window.width),
      (window.row + y) * width + window.col,
    );
}

import type { Dataset } from 'gdal-async';
import { RasterError } from '../../errors.js';
import { type Affine, alignsWith, fromGeoTransform, type GeoTransform } from '../../grid/affine.js';
import { GeoBox } from '../../grid/geobox.js';
import { allocate, bytesOf, isFloat, type PixelArray } from '../../raster/dtype.js';
import {
  BITS_PER_MASK_BAND,
  type FetchedPart,
  type FetchedTile,
  maskBandsOf,
  type Recipe,
} from '../../tile.js';
import { both, emptyWhereUncovered, type Mask, maskOf, unpackBits } from '../mask.js';
import type { BandRaster } from '../pipeline.js';
import { isPlausibleBlock } from '../size-limits.js';
import { loadGdal, uniqueName } from './load.js';
import { GDAL_TYPES } from './raw-dataset.js';
import { spatialReference } from './srs.js';
import { warpBand } from './warp.js';

/** The bands of a tile while its parts are read into them. */
interface Assembly {
  readonly geobox: GeoBox;
  readonly pixels: PixelArray[];
  readonly masks: Mask[];
}

/** Reads every part of a tile straight into the tile's arrays, warping those that lie on another grid. */
export function decode(
  tile: FetchedTile,
  recipe: Recipe,
  onWarp: (milliseconds: number) => void,
): BandRaster[] {
  const geobox = GeoBox.fromRecord(tile.geobox);
  const length = geobox.height * geobox.width;
  const assembly: Assembly = {
    geobox,
    pixels: Array.from({ length: recipe.bands }, () => allocate(recipe.dtype, length)),
    masks: emptyWhereUncovered(tile, recipe.bands),
  };
  for (const part of tile.parts)
    withDataset(part, (dataset) => readPart(part, dataset, recipe, assembly, onWarp));
  return assembly.pixels.map((pixels, band) => ({
    pixels,
    mask: both(assembly.masks[band], ownMask(pixels, recipe)),
  }));
}

/** Masks that the pixels themselves carry; for masks of their own, absent means that all are valid. */
function ownMask(pixels: PixelArray, { mask, dtype }: Recipe): Mask {
  if (mask.kind === 'sentinel') return maskOf(pixels, mask.value);
  return isFloat(dtype) ? maskOf(pixels, undefined) : undefined;
}

function withDataset(part: FetchedPart, use: (dataset: Dataset) => void): void {
  const gdal = loadGdal();
  const name = uniqueName('.tif');
  const { bytes } = part;
  if (bytes.length === 0)
    throw new RasterError('decode', 'Expected a GeoTIFF for the reply but received 0 bytes.');
  gdal.vsimem.set(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), name);
  try {
    let dataset: Dataset;
    try {
      dataset = gdal.open(name, 'r', 'GTiff');
    } catch (cause) {
      throw new RasterError(
        'decode',
        `Expected a GeoTIFF for the reply but received ${bytes.length} bytes that GDAL cannot open: ${messageOf(cause)}`,
        { cause },
      );
    }
    try {
      use(dataset);
    } finally {
      dataset.close();
    }
  } finally {
    gdal.vsimem.release(name);
  }
}

function readPart(
  { request }: FetchedPart,
  dataset: Dataset,
  recipe: Recipe,
  assembly: Assembly,
  onWarp: (milliseconds: number) => void,
): void {
  const wanted = GeoBox.fromRecord(request.geobox);
  const maskBands = maskBandsOf(request.bands.length, recipe.mask);
  const count = dataset.bands.count();
  if (count !== request.bands.length + maskBands) {
    throw new RasterError(
      'decode',
      `Expected ${request.bands.length} bands and ${maskBands} mask bands for the reply but received ${count}.`,
    );
  }
  checkBlocks(dataset, count);
  try {
    if (!isOnGrid(dataset, wanted)) {
      if (maskBands > 0)
        throw new RasterError(
          'decode',
          `Expected the reply on the grid asked for (${wanted}) but received ${describe(dataset)}.`,
        );
      const started = performance.now();
      for (const [i, band] of request.bands.entries()) {
        placeWarped(
          warpBand(dataset, i + 1, wanted, recipe),
          band,
          request.window,
          assembly,
          recipe,
        );
      }
      onWarp(performance.now() - started);
      return;
    }
    for (const [i, band] of request.bands.entries())
      readBand(dataset, i + 1, band, request.window, assembly, recipe);
    for (let i = 0; i < maskBands; i++) readMaskBits(dataset, request, i, assembly);
  } catch (cause) {
    if (cause instanceof RasterError) throw cause;
    throw new RasterError(
      'decode',
      `Expected a readable GeoTIFF for the reply but received: ${messageOf(cause)}`,
      { cause },
    );
  }
}

/**
 * GDAL allocates a whole block, with all bands where they are interleaved, before it finds out that the
 * bytes are not there: a damaged file of 1 kB took 16 GB and a minute.
 */
function checkBlocks(dataset: Dataset, bands: number): void {
  const { x: width, y: height } = dataset.rasterSize;
  const { blockSize, dataType } = dataset.bands.get(1);
  const size = Number.parseInt(/\d+$/.exec(dataType ?? '')?.[0] ?? '8', 10) / 8;
  const [blockBytes, imageBytes] = [blockSize.x * blockSize.y, width * height].map(
    (pixels) => pixels * bands * size,
  ) as [number, number];
  if (!isPlausibleBlock(blockBytes, imageBytes))
    throw new RasterError(
      'decode',
      `Expected blocks that fit ${width} x ${height} px in the GeoTIFF but received blocks of ${blockSize.x} x ${blockSize.y} px.`,
    );
}

type PartWindow = FetchedPart['request']['window'];

function readBand(
  dataset: Dataset,
  from: number,
  band: number,
  window: PartWindow,
  assembly: Assembly,
  recipe: Recipe,
): void {
  const source = dataset.bands.get(from);
  const pixels = assembly.pixels[band];
  if (pixels === undefined)
    throw new RasterError('decode', `Expected a band below ${recipe.bands} but received ${band}.`);
  // A conversion on the way could turn the file's nodata, or a value out of range, into a valid pixel.
  if (source.dataType !== GDAL_TYPES[recipe.dtype]) {
    throw new RasterError(
      'decode',
      `Expected ${recipe.dtype} pixels for the reply but received GDAL's ${source.dataType ?? 'unknown type'}.`,
    );
  }
  const size = bytesOf(recipe.dtype);
  const width = assembly.geobox.width;
  const start = window.row * width + window.col;
  source.pixels.read(
    0,
    0,
    window.width,
    window.height,
    pixels.subarray(start, start + (window.height - 1) * width + window.width) as PixelArray,
    {
      data_type: GDAL_TYPES[recipe.dtype],
      pixel_space: size,
      line_space: size * width,
    },
  );
  // A value the file itself names as "no data"; EE replies carry their masks otherwise.
  const nodata = recipe.mask.kind === 'file' ? source.noDataValue : null;
  mergeMask(
    assembly,
    band,
    window,
    nodata === null ? undefined : maskOfWindow(pixels, width, window, nodata),
  );
}

function maskOfWindow(
  pixels: PixelArray,
  width: number,
  window: PartWindow,
  nodata: number,
): Uint8Array<ArrayBuffer> {
  const mask = new Uint8Array(window.height * window.width);
  for (let y = 0, i = 0; y < window.height; y++) {
    const start = (window.row + y) * width + window.col;
    for (let x = 0; x < window.width; x++, i++) {
      const value = pixels[start + x] as number;
      mask[i] = value === nodata || Number.isNaN(value) ? 0 : 1;
    }
  }
  return mask;
}

function readMaskBits(
  dataset: Dataset,
  { bands, window }: FetchedPart['request'],
  group: number,
  assembly: Assembly,
): void {
  const bits = new Uint8Array(window.height * window.width);
  dataset.bands
    .get(bands.length + group + 1)
    .pixels.read(0, 0, window.width, window.height, bits, { data_type: 'Byte' });
  for (const [bit, band] of bands
    .slice(group * BITS_PER_MASK_BAND, (group + 1) * BITS_PER_MASK_BAND)
    .entries()) {
    const mask = unpackBits(bits, bit);
    if (mask !== undefined) mergeMask(assembly, band, window, mask);
  }
}

function placeWarped(
  { pixels, mask }: BandRaster,
  band: number,
  window: PartWindow,
  assembly: Assembly,
  recipe: Recipe,
): void {
  const target = assembly.pixels[band];
  if (target === undefined)
    throw new RasterError('warp', `Expected a band below ${recipe.bands} but received ${band}.`);
  for (let y = 0; y < window.height; y++) {
    (target as Uint8Array).set(
      (pixels as Uint8Array).subarray(y * window.width, (y + 1) * window.width),
      (window.row + y) * assembly.geobox.width + window.col,
    );
  }
  mergeMask(assembly, band, window, mask);
}

/** Puts a window's mask into the band's; the first one that has gaps creates it. */
function mergeMask(assembly: Assembly, band: number, window: PartWindow, part: Mask): void {
  if (part === undefined && assembly.masks[band] === undefined) return;
  const { height, width } = assembly.geobox;
  if (window.height === height && window.width === width) {
    assembly.masks[band] = part;
    return;
  }
  const mask = assembly.masks[band] ?? new Uint8Array(height * width).fill(1);
  for (let y = 0; y < window.height; y++) {
    const start = (window.row + y) * width + window.col;
    if (part === undefined) mask.fill(1, start, start + window.width);
    else mask.set(part.subarray(y * window.width, (y + 1) * window.width), start);
  }
  assembly.masks[band] = mask;
}

function isOnGrid(dataset: Dataset, wanted: GeoBox): boolean {
  const { x, y } = dataset.rasterSize;
  if (x !== wanted.width || y !== wanted.height) return false;
  const transform = dataset.geoTransform;
  if (transform === null) return false;
  return alignsWith(affineOf(transform), wanted.affine, x, y) && hasCrs(dataset, wanted);
}

function affineOf(transform: number[]): Affine {
  return fromGeoTransform(transform as unknown as GeoTransform);
}

/** The last answer, by the WKT of the file: all tiles of a run come in the same CRS. */
let crsChecked: { readonly wkt: string; readonly name: string; readonly same: boolean } | undefined;

function hasCrs(dataset: Dataset, { crs }: GeoBox): boolean {
  const srs = dataset.srs;
  if (srs === null) return false;
  const wkt = srs.toWKT();
  if (crsChecked?.wkt === wkt && crsChecked.name === crs.name) return crsChecked.same;
  const same = srs.isSame(spatialReference(crs.name));
  crsChecked = { wkt, name: crs.name, same };
  return same;
}

function describe(dataset: Dataset): string {
  const { x, y } = dataset.rasterSize;
  return `${x} x ${y} px, transform ${dataset.geoTransform?.join(' ') ?? 'none'}`;
}

function messageOf(cause: unknown): string {
  return cause instanceof Error && cause.message !== ''
    ? cause.message
    : 'a file without a readable raster';
}

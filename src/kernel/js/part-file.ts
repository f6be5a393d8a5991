import { RasterError } from '../../errors.js';
import { alignsWith, isInvertible } from '../../grid/affine.js';
import { type Crs, parseCrs, sameCrs } from '../../grid/crs/crs.js';
import { GeoBox } from '../../grid/geobox.js';
import { allocate, type PixelArray } from '../../raster/dtype.js';
import { type FetchedPart, maskBandsOf, type Recipe } from '../../tile.js';
import type { BandRaster } from '../band-raster.js';
import { GapList } from '../fill/gaps.js';
import { addInvalid } from '../fill/invalid.js';
import { invalidValue, type PartFile } from '../tile-reader.js';
import { type GeoTiff, openGeoTiff } from './geotiff.js';
import { warpBands } from './warp.js';

/** @throws {RasterError} when the reply is no GeoTIFF that can be read here. */
export async function openPart({ request, bytes }: FetchedPart, recipe: Recipe): Promise<PartFile> {
  const file = await openGeoTiff(bytes);
  return new JsPartFile(file, file.bands - maskBandsOf(request.bands.length, recipe.mask));
}

class JsPartFile implements PartFile {
  readonly bands: number;
  #warped: BandRaster[] | undefined;

  constructor(
    private readonly file: GeoTiff,
    private readonly dataBands: number,
  ) {
    this.bands = file.bands;
  }

  isOn(grid: GeoBox): boolean {
    const { height, width, affine } = this.file;
    if (height !== grid.height || width !== grid.width || affine === undefined) return false;
    return alignsWith(affine, grid.affine, width, height) && hasCrs(this.file, grid);
  }

  describe(): string {
    return gridText(this.file);
  }

  dtypeOf(): string {
    return this.file.dtype;
  }

  nodataOf(): number | undefined {
    return this.file.nodata;
  }

  read(band: number, pixels: PixelArray, start: number, stride: number): void {
    this.file.readBand(band, pixels, start, stride);
  }

  readBits(band: number, bits: Uint8Array<ArrayBuffer>): void {
    const { dtype, width } = this.file;
    const target = dtype === 'uint8' ? bits : allocate(dtype, bits.length);
    this.file.readBand(band, target, 0, width);
    if (target !== bits) bits.set(target);
  }

  /** All bands at once: positions, once found, serve all of them. */
  warp(band: number, target: GeoBox, recipe: Recipe): BandRaster {
    this.#warped ??= warpBands(
      Array.from({ length: this.dataBands }, (_, i) => this.#raster(i, recipe)),
      sourceGeoBox(this.file),
      target,
      recipe,
      { ...(recipe.grid === undefined ? {} : { target: recipe.grid }) },
    );
    return this.#warped[band] as BandRaster;
  }

  close(): void {}

  #raster(band: number, recipe: Recipe): BandRaster {
    const { dtype, height, width } = this.file;
    const pixels = allocate(dtype, height * width);
    this.file.readBand(band, pixels, 0, width);
    const gaps = new GapList();
    const whole = { row: 0, col: 0, height, width };
    addInvalid(gaps, pixels, width, whole, invalidValue(this, band, recipe));
    return { pixels, isGap: gaps.asRaster(pixels.length) };
  }
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

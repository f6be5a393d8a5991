import { toGeoTransform } from '../../src/grid/affine.js';
import type { GeoBoxRecord } from '../../src/grid/geobox.js';
import { loadGdal, uniqueName } from '../../src/kernel/gdal/load.js';
import { GDAL_TYPES } from '../../src/kernel/gdal/raw-dataset.js';
import type { WorkType } from '../../src/raster/dtype.js';
import { type Chance, chanceOf } from './chance.js';
import { readDirectories, type TiffDirectories } from './tiff-directory.js';

/** A well-made GeoTIFF that mutants are made of. */
export interface Seed {
  readonly name: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly directories: TiffDirectories;
  /** The cube's type nearest to the file's. */
  readonly dtype: WorkType;
  readonly bands: number;
  readonly nodata: number | undefined;
  /** Where the file lies; for one without a CRS, where it would. */
  readonly geobox: GeoBoxRecord;
}

interface Kind {
  readonly dtype: WorkType;
  /** GDAL's name of the type, where it is none that cubes have. */
  readonly gdalType?: string;
  readonly bands: number;
  readonly nodata?: number;
  readonly crs?: keyof typeof GRIDS | 'none';
  readonly extra?: 'overviews' | 'mask' | 'subdatasets' | 'sparse';
  readonly options: string;
}

const SHAPE = [20, 24] as const;

const GRIDS = {
  'EPSG:3413': [30, 0, 3000, 0, -30, 9000],
  'EPSG:4326': [0.25, 0, 178, 0, -0.25, 72],
  'EPSG:32633': [30, 0, 500000, 0, -30, 7000000],
  'EPSG:3031': [30, 5, 3000, 4, -30, 9000],
} as const;

const LAYOUTS = ['', 'TILED=YES BLOCKXSIZE=16 BLOCKYSIZE=16', 'BLOCKYSIZE=7'];
const ORDERS = ['INTERLEAVE=PIXEL', 'INTERLEAVE=BAND', 'INTERLEAVE=BAND ENDIANNESS=BIG'];
const COMPRESSIONS = ['NONE', 'LZW', 'DEFLATE', 'PACKBITS', 'ZSTD', 'LZMA', 'LERC', 'LERC_ZSTD'];

/** Index of the first compression that GDAL alone reads. */
const FIRST_NATIVE = COMPRESSIONS.indexOf('ZSTD');

/** One of everything that GDAL can write here; a driver without a compression leaves its files out. */
function kinds(): Kind[] {
  const all: Kind[] = [];
  const add = (kind: Kind) => all.push(kind);
  const dtypes = Object.keys(GDAL_TYPES) as WorkType[];
  for (const [i, dtype] of dtypes.entries())
    for (const [k, compression] of COMPRESSIONS.entries()) {
      // The JavaScript kernel refuses these at once, so they are the fewer.
      if (k >= FIRST_NATIVE && (i + k) % 3 !== 0) continue;
      const isWide = dtype === 'float32' || dtype === 'float64';
      const predictor =
        ['LZW', 'DEFLATE', 'ZSTD'].includes(compression) && (i + k) % 2 === 0
          ? `PREDICTOR=${isWide ? 3 : 2}`
          : '';
      const layout = LAYOUTS[(i + k) % LAYOUTS.length];
      const order = ORDERS[(i + 2 * k) % ORDERS.length];
      add({
        dtype,
        bands: 1 + ((i + k) % 3),
        ...((i * k) % 3 === 1 ? { nodata: 7 } : {}),
        crs: (['EPSG:3413', 'EPSG:4326', 'EPSG:32633'] as const)[(i + k) % 3] ?? 'none',
        options: `COMPRESS=${compression} ${predictor} ${layout} ${order}`,
      });
    }
  const tiled = 'TILED=YES BLOCKXSIZE=16 BLOCKYSIZE=16';
  add({ dtype: 'uint8', bands: 3, options: 'COMPRESS=JPEG INTERLEAVE=PIXEL' });
  add({ dtype: 'uint8', bands: 3, options: 'COMPRESS=WEBP WEBP_LOSSLESS=YES' });
  add({ dtype: 'uint8', bands: 1, options: 'COMPRESS=CCITTFAX4 NBITS=1' });
  add({ dtype: 'uint16', bands: 2, options: 'NBITS=12 COMPRESS=LZW' });
  add({ dtype: 'float32', bands: 1, options: 'NBITS=16' });
  add({ dtype: 'uint8', bands: 1, options: 'PIXELTYPE=SIGNEDBYTE' });
  add({ dtype: 'float32', gdalType: 'CFloat32', bands: 1, options: '' });
  for (const compression of ['NONE', 'LZW', 'DEFLATE']) {
    const options = `COMPRESS=${compression} BIGTIFF=YES ${tiled}`;
    add({ dtype: 'int16', bands: 2, nodata: -9999, options });
    add({ dtype: 'float32', bands: 1, options: `${options} ENDIANNESS=BIG` });
    add({ dtype: 'uint8', bands: 9, options: `COMPRESS=${compression}` });
    for (const extra of ['overviews', 'mask', 'subdatasets', 'sparse'] as const) {
      const all = `COMPRESS=${compression}${extra === 'sparse' ? ` ${tiled} INTERLEAVE=BAND SPARSE_OK=TRUE` : ''}`;
      add({ dtype: 'uint16', bands: 2, nodata: 0, extra, options: all });
      add({ dtype: 'float64', bands: 1, nodata: Number.NaN, extra, options: all });
    }
    for (const crs of ['none', 'EPSG:3031'] as const)
      add({ dtype: 'int32', bands: 2, crs, options: `COMPRESS=${compression}` });
  }
  return all;
}

/** The same corpus on every run with the same GDAL. */
export function makeCorpus(): Seed[] {
  return kinds().flatMap((kind, i) => {
    const seed = makeSeed(kind, chanceOf(1, i));
    return seed === undefined ? [] : [seed];
  });
}

function makeSeed(kind: Kind, chance: Chance): Seed | undefined {
  const gdal = loadGdal();
  const driver = gdal.drivers.get('GTiff');
  const { dtype, bands, nodata, crs = 'EPSG:3413', options } = kind;
  const words = options.split(' ').filter((word) => word !== '');
  const compression = /COMPRESS=(\w+)/.exec(options)?.[1] ?? 'NONE';
  const known = String((driver.getMetadata() as Record<string, unknown>).DMD_CREATIONOPTIONLIST);
  if (!known.includes(`<Value>${compression}</Value>`)) return undefined;
  const [height, width] = SHAPE;
  const grid = crs === 'none' ? 'EPSG:3413' : crs;
  const name = uniqueName('.tif');
  gdal.config.set('GDAL_TIFF_INTERNAL_MASK', 'YES');
  const write = (more: string[]) => {
    const type = kind.gdalType ?? GDAL_TYPES[dtype];
    const file = driver.create(name, width, height, bands, type, [...words, ...more]);
    file.geoTransform = [...toGeoTransform(GRIDS[grid])];
    if (crs !== 'none') file.srs = gdal.SpatialReference.fromEPSG(Number(crs.slice(5)));
    for (let i = 1; i <= bands; i++) {
      const band = file.bands.get(i);
      if (nodata !== undefined) band.noDataValue = nodata;
      if (kind.extra === 'sparse' && i > 1) continue;
      const pixels = Float64Array.from({ length: height * width }, (_, at) =>
        chance.hit(0.1) ? (nodata ?? 7) : (at * i) % 97,
      );
      band.pixels.write(0, 0, width, height, pixels);
    }
    return file;
  };
  let file = write([]);
  if (kind.extra === 'mask') {
    file.bands.get(1).createMaskBand(2);
    file.bands
      .get(1)
      .getMaskBand()
      ?.pixels.write(0, 0, width, 2, new Uint8Array(width * 2));
  }
  if (kind.extra === 'overviews') file.buildOverviews('NEAREST', [2, 4]);
  file.close();
  if (kind.extra === 'subdatasets') {
    file = write(['APPEND_SUBDATASET=YES']);
    file.close();
  }
  const bytes = new Uint8Array(gdal.vsimem.release(name));
  return {
    name: `${dtype}, ${bands} bands, ${crs}, ${kind.extra ?? 'plain'}, ${words.join(' ')}`,
    bytes,
    directories: readDirectories(bytes),
    dtype,
    bands,
    nodata,
    geobox: { crs: grid, shape: SHAPE, affine: GRIDS[grid] },
  };
}

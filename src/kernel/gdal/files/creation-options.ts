/** GDAL's creation options: what is set where nobody says otherwise, and what may be said. */
import { expected } from '../../../errors.js';
import { isFloat, type WorkType } from '../../../raster/dtype.js';
import type { GeoTiffKind } from '../../region/raster-files.js';
import { type Element, parseXml } from '../inputs/xml.js';
import { loadGdal, uniqueName } from '../load.js';
import { GDAL_TYPES } from '../raw-dataset.js';

/** Side of a tile in the file, in pixels: what COG readers expect. */
const TILE = 512;

/** Codecs that a predictor helps. */
const PREDICTED = ['DEFLATE', 'LZW', 'ZSTD'];

/** What would change pixels or where they lie, write beside the file, or is said elsewhere. */
const REFUSED: Readonly<Record<string, string>> = {
  NUM_THREADS: 'say --threads, the size of the pool',
  ...refuse('it writes another file', 'TFW', 'WORLDFILE', 'RPB', 'RPCTXT'),
  ...refuse('the file would lack its place, nodata or names', 'PROFILE'),
  ...refuse('pixels would be cut to fewer bits, or read as others', 'NBITS', 'PIXELTYPE'),
  ...refuse('a raster without overviews is copied', 'COPY_SRC_OVERVIEWS', 'OVERVIEWS'),
  ...refuse(
    'pixels would come onto another grid; --like does that',
    ...['TILING_SCHEME', 'TARGET_SRS', 'RES', 'EXTENT', 'ALIGNED_LEVELS', 'ADD_ALPHA'],
    ...['ZOOM_LEVEL', 'ZOOM_LEVEL_STRATEGY', 'WARP_RESAMPLING'],
  ),
  ...refuse('the file is written block by block', 'STREAMABLE_OUTPUT', 'APPEND_SUBDATASET'),
};

function refuse(why: string, ...keys: readonly string[]): Record<string, string> {
  return Object.fromEntries(keys.map((key) => [key, why]));
}

/**
 * Options for the driver of a file: the caller's, and ours where it says nothing. Level 1 of DEFLATE takes a
 * third of the time of 6, and with a predictor its files are as small, or at most a twentieth larger.
 */
export function optionsOf({ format, dtype, creationOptions }: GeoTiffKind, threads: number) {
  const said = asRecord(creationOptions);
  const codec = (said.COMPRESS ?? 'DEFLATE').toUpperCase();
  const isCog = format === 'cog';
  const predictor = isCog ? 'YES' : predictorOf(dtype);
  return asList({
    COMPRESS: 'DEFLATE',
    ...(codec === 'DEFLATE' ? { [isCog ? 'LEVEL' : 'ZLEVEL']: '1' } : {}),
    ...(PREDICTED.includes(codec) ? { PREDICTOR: predictor } : {}),
    BIGTIFF: 'IF_SAFER',
    // Overviews of codes or classes must not hold values that no pixel has.
    ...(isCog ? { BLOCKSIZE: `${TILE}`, OVERVIEW_RESAMPLING: 'NEAREST' } : layoutOf(said)),
    ...said,
    NUM_THREADS: `${Math.max(threads, 1)}`,
  });
}

/** For the file that a COG is made of, and that is removed then. */
export function draftOptions(kind: GeoTiffKind, threads: number): string[] {
  return optionsOf({ ...kind, format: 'geotiff', creationOptions: [] }, threads);
}

function layoutOf({ TILED = 'YES' }: Readonly<Record<string, string>>) {
  const tiles = { BLOCKXSIZE: `${TILE}`, BLOCKYSIZE: `${TILE}` };
  // Three or four bands of bytes are no picture because they are so many, and the fourth no alpha.
  const plain = { INTERLEAVE: 'BAND', PHOTOMETRIC: 'MINISBLACK', ALPHA: 'NO' };
  return { TILED, ...(/^(no|false|off|0)$/i.test(TILED) ? {} : tiles), ...plain };
}

function predictorOf(dtype: WorkType): string {
  return isFloat(dtype) ? '3' : '2';
}

function asRecord(options: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    options.map((option) => {
      const at = option.indexOf('=');
      return [option.slice(0, at).toUpperCase(), option.slice(at + 1)];
    }),
  );
}

function asList(options: Readonly<Record<string, string>>): string[] {
  return Object.entries(options).map(([key, value]) => `${key}=${value}`);
}

/**
 * Compares the caller's options with what the driver says of itself, then makes a small file with them.
 * @throws {InvalidInputError}
 */
export function checkCreationOptions(kind: GeoTiffKind): void {
  const driver = kind.format === 'cog' ? 'COG' : 'GTiff';
  const known = optionsOfDriver(driver);
  const seen = new Set<string>();
  for (const option of kind.creationOptions) {
    const [, name = '', value = ''] = /^([A-Za-z_]+)=(.*)$/s.exec(option) ?? [];
    const key = name.toUpperCase();
    if (name === '') throw expected('KEY=VALUE', SUBJECT, option);
    if (seen.has(key)) throw expected('each key once', SUBJECT, `${key} twice`);
    seen.add(key);
    const why = REFUSED[key];
    if (why !== undefined) throw expected('another key', SUBJECT, `${key} (${why})`);
    const element = known.get(key);
    if (element === undefined) {
      const keys = [...known.keys()].filter((each) => REFUSED[each] === undefined);
      throw expected(`a creation option of GDAL's ${driver} (${keys.join(', ')})`, SUBJECT, key);
    }
    checkValue(element, key, value);
  }
  tryOptions(kind, driver);
}

const SUBJECT = '--co (creationOptions)';

function optionsOfDriver(driver: string): ReadonlyMap<string, Element> {
  const { DMD_CREATIONOPTIONLIST } = loadGdal().drivers.get(driver).getMetadata() as Record<
    string,
    string
  >;
  const { children } = parseXml(DMD_CREATIONOPTIONLIST ?? '', `GDAL's options of ${driver}`);
  return new Map(children.map((each) => [(each.attributes.get('name') ?? '').toUpperCase(), each]));
}

function checkValue({ attributes, children }: Element, key: string, value: string): void {
  const type = attributes.get('type');
  const wrong = (wanted: string) => expected(`${wanted} for ${key}`, SUBJECT, value);
  if (type === 'string-select') {
    const values = children.map(({ text }) => text.trim());
    if (!values.some((each) => each.toUpperCase() === value.toUpperCase()))
      throw wrong(values.join(', '));
  } else if (type === 'boolean') {
    if (!/^(yes|no|true|false|on|off|1|0)$/i.test(value)) throw wrong('YES or NO');
  } else if (type === 'int' || type === 'float') {
    const number = value.trim() === '' ? Number.NaN : Number(value);
    const [low, high] = boundsOf(attributes);
    const isOne = type === 'int' ? Number.isInteger(number) : Number.isFinite(number);
    if (!isOne || number < low || number > high)
      throw wrong(`a ${type === 'int' ? 'whole ' : ''}number${boundsText(low, high)}`);
  }
}

/** Most of GDAL's options say their bounds in words alone: "level 1(fast)-22(slow)". */
function boundsOf(attributes: ReadonlyMap<string, string>): readonly [number, number] {
  const [low, high] = [attributes.get('min'), attributes.get('max')];
  if (low !== undefined || high !== undefined)
    return [Number(low ?? Number.NEGATIVE_INFINITY), Number(high ?? Number.POSITIVE_INFINITY)];
  const words = /\b(\d+)(?:\(\w+\))?-(\d+)(?:\(\w+\))?/.exec(attributes.get('description') ?? '');
  const isLevel = /LEVEL|QUALITY|PRESET/.test(attributes.get('name') ?? '');
  return isLevel && words !== null
    ? [Number(words[1]), Number(words[2])]
    : [0, Number.POSITIVE_INFINITY];
}

function boundsText(low: number, high: number): string {
  return Number.isFinite(high)
    ? ` from ${low} to ${high}`
    : Number.isFinite(low)
      ? `, ${low} or more`
      : '';
}

/** What only writing shows: a predictor, a codec or a block that does not go with the rest. */
function tryOptions(kind: GeoTiffKind, driver: 'COG' | 'GTiff'): void {
  const gdal = loadGdal();
  const [name, source] = [uniqueName('.tif'), uniqueName('.tif')];
  const options = optionsOf(kind, 1);
  const made: string[] = [];
  try {
    const make = (path: string, with_: string[]) => {
      const type = GDAL_TYPES[kind.dtype];
      made.push(path);
      const dataset = gdal.drivers.get('GTiff').create(path, TILE, TILE, kind.bands, type, with_);
      dataset.bands.get(1).fill(1);
      return dataset;
    };
    if (driver === 'GTiff') make(name, options).close();
    else {
      const dataset = make(source, []);
      made.push(name);
      try {
        gdal.drivers.get('COG').createCopy(name, dataset, options).close();
      } finally {
        dataset.close();
      }
    }
  } catch (cause) {
    const words = cause instanceof Error ? cause.message : String(cause);
    throw expected(
      `options that GDAL can write ${kind.bands} ${kind.bands === 1 ? 'band' : 'bands'} of ${kind.dtype} with`,
      SUBJECT,
      `${kind.creationOptions.join(' ')} (${words})`,
    );
  } finally {
    for (const path of made) forget(path);
  }
}

function forget(path: string): void {
  try {
    loadGdal().vsimem.release(path);
  } catch {
    // It was never made.
  }
}

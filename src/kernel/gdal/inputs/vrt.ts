/**
 * VRTs: rasters that are made of others, and may name any file, any service and any Python. Taken are those
 * whose sources lie in their own folder or below it, and are rasters that hold their pixels themselves, or
 * such VRTs in turn.
 *
 * GDAL is not given the file: it gets the text that was checked, with the sources' absolute names in it.
 */
import { readFileSync, realpathSync, statSync } from 'node:fs';
import { dirname, resolve, sep } from 'node:path';
import { expected, type InvalidInputError } from '../../../errors.js';
import { beginningOf } from './beginning.js';
import { checkCompanions } from './companions.js';
import { formatOf, TRUST } from './formats.js';
import { type Element, parseXml, writeXml } from './xml.js';

/** VRTs in VRTs in VRTs: gdalbuildvrt over gdalwarp over gdal_translate are three. */
const MAX_DEPTH = 5;

/** Bytes of one VRT and all those in it: a mosaic of some 100,000 files. */
const MAX_BYTES = 64 * 1024 * 1024;

/** Whether a file is a VRT, by how it begins. */
export function isVrt(beginning: Uint8Array): boolean {
  const text = Buffer.from(beginning).toString('latin1');
  return /^(?:\xef\xbb\xbf)?\s*</.test(text) && text.includes('<VRTDataset');
}

interface Budget {
  left: number;
}

/**
 * The text of a VRT that may be opened.
 * @throws {InvalidInputError} naming the VRT, and what in it leads elsewhere.
 */
export function checkVrt(file: string, depth = 1, budget: Budget = { left: MAX_BYTES }): string {
  const subject = `the VRT ${file}`;
  budget.left -= statSync(file).size;
  if (depth > MAX_DEPTH) throw refuse(`at most ${MAX_DEPTH} VRTs in one another`, subject, 'more');
  if (budget.left < 0)
    throw refuse(`at most ${MAX_BYTES / 1024 / 1024} MiB of XML`, subject, 'more');
  const root = parseXml(readFileSync(file, 'utf8'), subject);
  if (root.name !== 'VRTDataset') throw refuse('a VRTDataset', subject, root.name);
  const folder = dirname(realpathSync(file));
  visit(root, (element, parent) => {
    checkElement(element, parent, subject);
    if (!isSource(element)) return;
    const source = sourceOf(element, folder, subject);
    const isRaw = parent !== undefined && attributeOf(parent, 'subClass') === 'VRTRawRasterBand';
    element.attributes.clear();
    element.attributes.set('relativeToVRT', '0');
    element.text = isRaw ? source : contentOf(source, subject, depth, budget);
  });
  return writeXml(root);
}

/** The local files that a trusted VRT names, as far as it can be read. */
export function sourcesOf(file: string): string[] {
  const found: string[] = [];
  try {
    if (statSync(file).size > MAX_BYTES) return [];
    const folder = dirname(realpathSync(file));
    visit(parseXml(readFileSync(file, 'utf8'), file), (element) => {
      if (isSource(element)) found.push(resolve(folder, element.text.trim()));
    });
  } catch {
    // GDAL will say what is wrong with it.
  }
  return found;
}

function visit(
  element: Element,
  use: (element: Element, parent: Element | undefined) => void,
  parent?: Element,
): void {
  use(element, parent);
  for (const child of element.children) visit(child, use, element);
}

function isSource({ name }: Element): boolean {
  return /^(?:SourceFilename|SourceDataset)$/i.test(name);
}

/** A source's true path. */
function sourceOf(element: Element, folder: string, subject: string): string {
  const named = element.text.trim();
  const isRelative = attributeOf(element, 'relativeToVRT') === '1';
  const path = resolve(isRelative ? folder : '', named);
  let real: string;
  try {
    if (element.children.length > 0) throw new Error('not a name');
    real = realpathSync(path);
  } catch {
    throw refuse('files that exist as sources', subject, named);
  }
  if (!real.startsWith(folder === sep ? sep : folder + sep))
    throw refuse('sources in its own folder', subject, named);
  if (!statSync(real).isFile()) throw refuse('files as sources', subject, named);
  return real;
}

/** What stands for a source: its path, or the text of a VRT. */
function contentOf(source: string, subject: string, depth: number, budget: Budget): string {
  const beginning = beginningOf(source);
  if (isVrt(beginning)) return checkVrt(source, depth + 1, budget);
  if (formatOf(beginning) === undefined)
    throw refuse(
      'sources that are GeoTIFF, JPEG 2000, PNG, netCDF, HDF, Erdas, GRIB or Esri grids',
      subject,
      source,
    );
  checkCompanions(source);
  return source;
}

/** What the elements of a VRT are for is known; those that could lead elsewhere are not among them. */
const KNOWN = new Set(
  (
    'VRTDataset SRS GeoTransform Metadata MDI GCPList GCP BlockXSize BlockYSize VRTRasterBand Description ' +
    'UnitType Offset Scale ColorInterp ColorTable Entry NoDataValue HideNoDataValue CategoryNames Category ' +
    'Histograms HistItem HistMin HistMax BucketCount IncludeOutOfRange Approximate HistCounts MaskBand ' +
    'Overview OverviewList SimpleSource ComplexSource AveragedSource KernelFilteredSource NoDataFromMaskSource ' +
    'SourceFilename SourceDataset SourceBand SourceProperties SrcRect DstRect NODATA UseMaskBand ScaleOffset ' +
    'ScaleRatio LUT ColorTableComponent Exponent SrcMin SrcMax DstMin DstMax Clamp Kernel Size Coefs ' +
    'OpenOptions OOI ByteOrder ImageOffset PixelOffset LineOffset PixelFunctionType PixelFunctionArguments ' +
    'SourceTransferType GDALRasterAttributeTable FieldDefn Name Type Usage Row F MaskValueThreshold RemappedValue ' +
    'GDALWarpOptions WarpMemoryLimit ResampleAlg WorkingDataType Option Transformer ApproxTransformer MaxError ' +
    'BaseTransformer GenImgProjTransformer SrcGeoTransform SrcInvGeoTransform DstGeoTransform DstInvGeoTransform ' +
    'ReprojectTransformer ReprojectionTransformer SourceSRS TargetSRS SourceCRS TargetCRS Options BandList ' +
    'BandMapping SrcNoDataReal SrcNoDataImag DstNoDataReal DstNoDataImag SrcAlphaBand DstAlphaBand Cutline ' +
    'CutlineBlendDist SrcApproxErrorInPixel DstApproxErrorInPixel PansharpeningOptions Algorithm ' +
    'AlgorithmOptions Weights Resampling NumThreads BitDepth NoData SpatialExtentAdjustment PanchroBand ' +
    'SpectralBand'
  )
    .toLowerCase()
    .split(' '),
);

/** Options of sources that name nothing. */
const OPEN_OPTIONS =
  /^(?:OVERVIEW_LEVEL|NUM_THREADS|GEOREF_SOURCES|SPARSE_OK|HONOUR_VALID_RANGE)$/i;

function checkElement(element: Element, parent: Element | undefined, subject: string): void {
  const { name, text } = element;
  if (!KNOWN.has(name.toLowerCase())) throw refuse('what leads to no other data', subject, name);
  const key = attributeOf(element, 'key');
  if (name.toLowerCase() === 'ooi' && !OPEN_OPTIONS.test(key ?? ''))
    throw refuse('no options for its sources', subject, key ?? name);
  const domain = parent === undefined ? undefined : attributeOf(parent, 'domain');
  if (/^(?:OVERVIEWS|GEOLOCATION|derived_)/i.test(domain ?? '') || /^xml:/i.test(domain ?? ''))
    throw refuse('metadata that leads to no other data', subject, domain);
  const isCrs = /^(?:SRS|SourceSRS|TargetSRS|SourceCRS|TargetCRS)$/i.test(name);
  if (isCrs && !/^(?:\s*|EPSG:\d+|[A-Z_0-9]+\[[\s\S]*|\+[\s\S]*)$/i.test(text.trim()))
    throw refuse('a CRS by its EPSG code, WKT or PROJ string', subject, text.trim());
}

/** In any case, as GDAL reads it. */
function attributeOf({ attributes }: Element, name: string): string | undefined {
  for (const [key, value] of attributes) if (key.toLowerCase() === name.toLowerCase()) return value;
  return undefined;
}

function refuse(what: string, subject: string, received: unknown): InvalidInputError {
  const shown = typeof received === 'string' ? received.slice(0, 200) : received;
  return expected(what, subject, shown, TRUST);
}

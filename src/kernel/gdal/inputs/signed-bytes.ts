/**
 * Signed bytes as GDAL before 3.7 has them: as unsigned ones, with a note that they are meant otherwise,
 * which neither its masks nor its resampling heed. They are read through a VRT that makes integers of them.
 */
import type { Dataset } from 'gdal-async';
import type { CheckedInput } from './open.js';
import { type Element, writeXml } from './xml.js';

/** GDAL opens sources by whatever driver takes them; those of these are known by how they begin. */
const DRIVERS = ['GTiff', 'HFA', 'netCDF'];

const PER_DATASET = 2;

type Band = ReturnType<Dataset['bands']['get']>;

export function isSigned(band: Band): boolean {
  const { PIXELTYPE: type } = band.getMetadata('IMAGE_STRUCTURE') as { PIXELTYPE?: string };
  return type === 'SIGNEDBYTE';
}

/** Whether its pixels are bits, which GDAL has as bytes of 0 and 1. */
export function isBit(band: Band): boolean {
  const { NBITS: bits } = band.getMetadata('IMAGE_STRUCTURE') as { NBITS?: string };
  return bits === '1' && band.dataType === 'Byte';
}

/** The same raster with bands of int16; `undefined` where that is not to be had. */
export function signedView(
  dataset: Dataset,
  { name, shown }: CheckedInput,
): CheckedInput | undefined {
  if (!DRIVERS.includes(dataset.driver.description)) return undefined;
  const { x, y } = dataset.rasterSize;
  const bands = dataset.bands.map((band) => bandOf(band, name));
  const first = dataset.bands.get(1);
  const mask =
    (first.getMaskFlags() & PER_DATASET) === 0 ? [] : [element('MaskBand', {}, [maskOf(name)])];
  const root = element('VRTDataset', { rasterXSize: String(x), rasterYSize: String(y) }, [
    element('SRS', {}, [], dataset.srs?.toWKT() ?? ''),
    element('GeoTransform', {}, [], (dataset.geoTransform ?? []).join(', ')),
    ...bands,
    ...mask,
  ]);
  return { name: writeXml(root), shown, formats: ['VRT'] };
}

function bandOf(band: Band, source: string): Element {
  const { id, description, noDataValue, colorInterpretation } = band;
  const signed = isSigned(band);
  const nodata = noDataValue === null ? [] : [text('NoDataValue', signedOf(noDataValue, signed))];
  const number = String(id);
  return element(
    'VRTRasterBand',
    { dataType: signed ? 'Int16' : (band.dataType ?? 'Byte'), band: number },
    [
      text('Description', description),
      ...(colorInterpretation === null ? [] : [text('ColorInterp', colorInterpretation)]),
      ...nodata,
      sourceOf(source, number, signed ? [text('LUT', '0:0,127:127,128:-128,255:-1')] : []),
    ],
  );
}

function maskOf(source: string): Element {
  return element('VRTRasterBand', { dataType: 'Byte' }, [sourceOf(source, 'mask,1', [])]);
}

function sourceOf(source: string, band: string, more: Element[]): Element {
  return element(more.length > 0 ? 'ComplexSource' : 'SimpleSource', {}, [
    element('SourceFilename', { relativeToVRT: '0' }, [], source),
    text('SourceBand', band),
    ...more,
  ]);
}

function signedOf(value: number, isSignedByte: boolean): string {
  return String(isSignedByte && value > 127 ? value - 256 : value);
}

function text(name: string, content: string): Element {
  return element(name, {}, [], content);
}

function element(
  name: string,
  attributes: Record<string, string>,
  children: Element[],
  content = '',
): Element {
  return { name, attributes: new Map(Object.entries(attributes)), children, text: content };
}

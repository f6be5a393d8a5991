/** The formats that input files may be of, by the names of GDAL's drivers. */

/**
 * Rasters that are data: pixels in the file itself, or in one of the same name beside it. Left out are
 * those that lead elsewhere: descriptions of services (WMS, WCS, WMTS, STACTA, EEDAI, ...), headers that name
 * any file as theirs (ERS, PDS, ISIS, DIMAP, RPFTOC, MRF, ...), databases, and VRTs, which `vrt.ts` reads first.
 */
export const RASTER_FORMATS: readonly string[] = [
  'GTiff',
  'HFA',
  'PNG',
  'JPEG',
  'JP2OpenJPEG',
  'JP2ECW',
  'JP2KAK',
  'GIF',
  'BMP',
  'WEBP',
  'netCDF',
  'HDF5',
  'HDF5Image',
  'HDF4',
  'HDF4Image',
  'BAG',
  'GRIB',
  'FITS',
  'GPKG',
  'AAIGrid',
  'GSAG',
  'GSBG',
  'GS7BG',
  'SRTMHGT',
  'DTED',
  'USGSDEM',
  'ENVI',
  'EHdr',
  'RST',
  'SAGA',
  'BT',
  'PCRaster',
  'RRASTER',
  'ROI_PAC',
  'GXF',
  'HF2',
  'LCP',
  'PNM',
  'NTv2',
  'GTX',
  'XYZ',
];

/** Vector files that are data. */
export const VECTOR_FORMATS: readonly string[] = [
  'GeoJSON',
  'GeoJSONSeq',
  'TopoJSON',
  'ESRIJSON',
  'GPKG',
  'ESRI Shapefile',
  'FlatGeobuf',
  'LIBKML',
  'KML',
  'GPX',
  'GML',
  'MapInfo File',
  'OpenFileGDB',
  'Parquet',
  'Arrow',
  'DXF',
  'CSV',
];

/** Those that messages name. */
export const RASTER_EXAMPLES =
  'GeoTIFF, VRT, JPEG 2000, PNG, netCDF, HDF, GRIB, Erdas, ENVI, Esri grids, GeoPackage, ...';
export const VECTOR_EXAMPLES =
  'GeoJSON, GeoPackage, Shapefile, FlatGeobuf, KML, GML, GPX, MapInfo, ...';

/** How files begin, as text of one character a byte, and the driver that reads them. */
const SIGNATURES: readonly (readonly [driver: string, ...beginnings: string[]])[] = [
  ['GTiff', 'II*\0', 'MM\0*', 'II+\0', 'MM\0+'],
  ['HDF5', '\x89HDF\r\n\x1a\n'],
  ['netCDF', 'CDF\x01', 'CDF\x02', 'CDF\x05'],
  ['HDF4', '\x0e\x03\x13\x01'],
  ['PNG', '\x89PNG\r\n\x1a\n'],
  ['JPEG', '\xff\xd8\xff'],
  ['JP2OpenJPEG', '\0\0\0\x0cjP  ', '\xff\x4f\xff\x51'],
  ['HFA', 'EHFA_HEADER_TAG'],
  ['GRIB', 'GRIB'],
  ['GPKG', 'SQLite format 3\0'],
  ['FITS', 'SIMPLE  ='],
  ['DTED', 'UHL1', 'VOL1', 'HDR1'],
];

const ESRI_GRID = /^\s*(?:ncols|nrows|xllcorner|yllcorner|xllcenter|yllcenter|cellsize|dx|dy)\s/i;

/** By these words in the first bytes GDAL knows formats that lead elsewhere, whatever stands before them. */
const LEADS_ELSEWHERE =
  /<(?:GDAL_|VRTDataset|OGR|WCS|MRF_META|Capabilities)|DatasetHeader|Algorithm Begin|IsisCube|PDS_VERSION_ID|LBLSIZE/;

/** The driver that files with such a beginning are for; `undefined` where that is not known. */
export function formatOf(beginning: Uint8Array): string | undefined {
  const text = Buffer.from(beginning).toString('latin1');
  if (LEADS_ELSEWHERE.test(text)) return undefined;
  const found = SIGNATURES.find(([, ...beginnings]) =>
    beginnings.some((start) => text.startsWith(start)),
  );
  return found?.[0] ?? (ESRI_GRID.test(text) ? 'AAIGrid' : undefined);
}

/** What to do about an input that is refused because it may lead elsewhere. */
export const TRUST =
  'Where you trust it, --trust-inputs (trustInputs) lets GDAL open whatever it leads to.';

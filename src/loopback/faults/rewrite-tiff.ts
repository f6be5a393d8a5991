/** Valid GeoTIFFs that are not what was asked for. */
import type { Dataset } from 'gdal-async';
import { loadGdal, uniqueName } from '../../kernel/gdal/load.js';
import { TIFF_OPTIONS } from '../image/geotiff.js';

/** One column narrower; one wider where there is only one. */
export function changeSize(tiff: Uint8Array): Uint8Array {
  return rewrite(tiff, ({ rasterSize: { x, y } }) => ({
    args: ['-srcwin', '0', '0', String(x > 1 ? x - 1 : 2), String(y)],
  }));
}

/** The same pixels, `columns` further along the rows. */
export function shiftGrid(tiff: Uint8Array, columns: number): Uint8Array {
  return rewrite(tiff, () => ({
    args: [],
    finish(copy) {
      const [x = 0, scaleX = 1, shearX = 0, y = 0, shearY = 0, scaleY = 1] =
        copy.geoTransform ?? [];
      copy.geoTransform = [
        x + columns * scaleX,
        scaleX,
        shearX,
        y + columns * shearY,
        shearY,
        scaleY,
      ];
    },
  }));
}

/** Without the last band; with the band twice where there is only one. */
export function changeBands(tiff: Uint8Array): Uint8Array {
  return rewrite(tiff, ({ bands }) => {
    const count = bands.count();
    const kept = count > 1 ? Array.from({ length: count - 1 }, (_, i) => i + 1) : [1, 1];
    return { args: kept.flatMap((band) => ['-b', String(band)]) };
  });
}

/** The same pixels and numbers in another CRS; an EPSG code, by default of one close by. */
export function changeCrs(tiff: Uint8Array, crs?: string): Uint8Array {
  return rewrite(tiff, (source) => {
    const isNad83 = source.srs?.getAuthorityCode(null) === '4269';
    return { args: ['-a_srs', crs ?? (isNad83 ? 'EPSG:4326' : 'EPSG:4269')] };
  });
}

interface Rewriting {
  /** Arguments of gdal_translate. */
  readonly args: readonly string[];
  readonly finish?: (copy: Dataset) => void;
}

function rewrite(tiff: Uint8Array, plan: (source: Dataset) => Rewriting): Uint8Array {
  const gdal = loadGdal();
  const [from, to] = [uniqueName('.tif'), uniqueName('.tif')];
  gdal.vsimem.set(Buffer.from(tiff), from);
  try {
    const source = gdal.open(from);
    try {
      const { args, finish } = plan(source);
      const options = TIFF_OPTIONS.flatMap((option) => ['-co', option]);
      const copy = gdal.translate(to, source, ['-q', '-of', 'GTiff', ...options, ...args]);
      try {
        finish?.(copy);
      } finally {
        copy.close();
      }
    } finally {
      source.close();
    }
    return gdal.vsimem.release(to);
  } finally {
    gdal.vsimem.release(from);
  }
}

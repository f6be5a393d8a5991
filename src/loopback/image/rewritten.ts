import type { Dataset } from 'gdal-async';
import { loadGdal, uniqueName } from '../../kernel/gdal/load.js';

interface Rewriting {
  /** As GDAL's creation options: `NAME=VALUE`. */
  readonly options: readonly string[];
  /** More arguments of gdal_translate. */
  readonly args: readonly string[];
  readonly finish?: (copy: Dataset) => void;
}

/** A GeoTIFF written anew by GDAL, in memory, as its content asks for. */
export function rewritten(tiff: Uint8Array, plan: (source: Dataset) => Rewriting) {
  const gdal = loadGdal();
  const [from, to] = [uniqueName('.tif'), uniqueName('.tif')];
  gdal.vsimem.set(Buffer.from(tiff), from);
  try {
    const source = gdal.open(from);
    try {
      const { options, args, finish } = plan(source);
      const creation = options.flatMap((option) => ['-co', option]);
      const copy = gdal.translate(to, source, ['-q', '-of', 'GTiff', ...creation, ...args]);
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

/** Valid GeoTIFFs that are not what was asked for. */
import { TIFF_OPTIONS as options } from '../image/geotiff.js';
import { rewritten } from '../image/rewritten.js';

/** One column narrower; one wider where there is only one. */
export function changeSize(tiff: Uint8Array): Uint8Array {
  return rewritten(tiff, ({ rasterSize: { x, y } }) => ({
    options,
    args: ['-srcwin', '0', '0', String(x > 1 ? x - 1 : 2), String(y)],
  }));
}

/** The same pixels, `columns` further along the rows. */
export function shiftGrid(tiff: Uint8Array, columns: number): Uint8Array {
  return rewritten(tiff, () => ({
    options,
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
  return rewritten(tiff, ({ bands }) => {
    const count = bands.count();
    const kept = count > 1 ? Array.from({ length: count - 1 }, (_, i) => i + 1) : [1, 1];
    return { options, args: kept.flatMap((band) => ['-b', String(band)]) };
  });
}

/** The same pixels and numbers in another CRS; an EPSG code, by default of one close by. */
export function changeCrs(tiff: Uint8Array, crs?: string): Uint8Array {
  return rewritten(tiff, (source) => {
    const isNad83 = source.srs?.getAuthorityCode(null) === '4269';
    return { options, args: ['-a_srs', crs ?? (isNad83 ? 'EPSG:4326' : 'EPSG:4269')] };
  });
}

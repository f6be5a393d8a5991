import { loadGdal } from './load.js';

/** What the GDAL of this process is and can do, for reports and for the choice of an encoder. */
export interface GdalFacts {
  /** Such as `3.6.2`. */
  readonly version: string;
  /** Compiled into the binding; otherwise the system's libgdal is used. */
  readonly bundled: boolean;
  /** Whether the drivers the kernel works with are there. */
  readonly drivers: Readonly<Record<NeededDriver, boolean>>;
  /** What the Zarr driver compresses with, such as `blosc`, `zlib`, `zstd`. Empty without the driver. */
  readonly zarrCompressors: readonly string[];
  /** What its Blosc compresses with, such as `lz4`, `zstd`. Empty without Blosc. */
  readonly bloscCompressors: readonly string[];
}

export const NEEDED_DRIVERS = ['GTiff', 'Zarr'] as const;

export type NeededDriver = (typeof NEEDED_DRIVERS)[number];

/** @throws {SetupError} when the binding does not load. */
export function gdalFacts(): GdalFacts {
  const gdal = loadGdal();
  const names = gdal.drivers.getNames();
  const metadata: Record<string, unknown> = names.includes('Zarr')
    ? gdal.drivers.get('Zarr').getMetadata()
    : {};
  return {
    version: gdal.version,
    bundled: gdal.bundled,
    drivers: { GTiff: names.includes('GTiff'), Zarr: names.includes('Zarr') },
    zarrCompressors: splitList(metadata.COMPRESSORS),
    bloscCompressors: splitList(metadata.BLOSC_COMPRESSORS),
  };
}

function splitList(value: unknown): string[] {
  return typeof value === 'string' ? value.split(',').filter((name) => name !== '') : [];
}

/** Variables that name folders GDAL does without, and what it lacks then. */
const FOLDERS = {
  GDAL_DATA: 'tables of some formats',
  GDAL_DRIVER_PATH: 'drivers that are plugins',
} as const;

/** Folders that variables name and that are not there, for `geocubes doctor`: pixels do not depend on them. */
export function strayFolders(
  env: Readonly<Record<string, string | undefined>>,
  exists: (path: string) => boolean,
): { readonly name: string; readonly value: string; readonly lost: string }[] {
  return Object.entries(FOLDERS).flatMap(([name, lost]) => {
    const value = env[name];
    // "disable" is a word of GDAL's own.
    const isStray =
      value !== undefined &&
      value !== '' &&
      value !== 'disable' &&
      !value.split(':').some((path) => exists(path));
    return isStray ? [{ name, value, lost }] : [];
  });
}

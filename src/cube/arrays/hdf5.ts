/** The one place that loads `h5wasm`, NIST's build of the HDF5 library for WebAssembly: NetCDF 4 files are HDF5. */
import { SetupError } from '../../errors.js';

/** What of it is used; its own types cannot be resolved by every user's compiler. */
export interface H5Object {
  create_attribute(name: string, data: unknown, shape?: number[], dtype?: string): void;
  resize(shape: number[]): void;
  make_scale(name: string): void;
  attach_scale(dimension: number, name: string): void;
  write_slice(ranges: (readonly [start: number, end: number])[], data: unknown): void;
}

export interface H5File extends Pick<H5Object, 'create_attribute'> {
  create_dataset(array: {
    readonly name: string;
    readonly data: unknown;
    readonly shape: number[];
    readonly dtype: string;
    readonly maxshape?: number[];
    readonly chunks?: number[];
    readonly compression?: 'gzip';
    readonly compression_opts?: number[];
  }): H5Object;
  close(): void;
}

interface Hdf5 {
  readonly File: new (path: string, mode: 'w', options: { track_order: boolean }) => H5File;
  readonly ready: Promise<{ activate_throwing_error_handler(): number }>;
}

const PACKAGE = 'h5wasm/node';

/** @throws {SetupError} where the package is absent. */
export async function loadHdf5(): Promise<Pick<Hdf5, 'File'>> {
  let loaded: { readonly default: Hdf5 };
  try {
    loaded = await import(PACKAGE);
  } catch (cause) {
    throw new SetupError(
      `Expected the package h5wasm, which writes NetCDF, but received: ${(cause as Error).message}. "npm install" brings it; or write .zarr, and in Python: xarray.open_zarr("x.zarr", consolidated=False).to_netcdf("x.nc").`,
      { cause },
    );
  }
  const { File, ready } = loaded.default;
  // What goes wrong is thrown: a full disk must not end in a file that seems whole.
  (await ready).activate_throwing_error_handler();
  return { File };
}

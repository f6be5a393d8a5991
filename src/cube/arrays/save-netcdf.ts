import { resolve } from 'node:path';
import { TimeAxis } from '../../dataset/time-axis.js';
import { expected } from '../../errors.js';
import type { Roi } from '../../grid/roi.js';
import { Grid } from '../../grid/tiling.js';
import { localPath } from '../../machine/local-path.js';
import type { LoadedPixels } from '../../raster/loaded-pixels.js';
import { timeCoordinate } from '../../store/metadata/time-coordinate.js';
import { metadataOf } from '../../store/metadata/zarr-metadata.js';
import type { CubeView } from '../read/load.js';
import type { SavedRegion } from '../read/save-geotiff.js';
import { naming, replaceFile } from '../read/work-folder.js';
import { type ArrayExport, prepareExport, type SaveArraysOptions } from './array-export.js';
import { type H5File, type H5Object, loadHdf5 } from './hdf5.js';

/** HDF5's little-endian types; truth values are bytes, of which NetCDF has no type. */
const TYPES: Readonly<Record<string, string>> = {
  ...{ uint8: '<B', int8: '<b', bool: '<B', int16: '<h', uint16: '<H', int32: '<i' },
  ...{ uint32: '<I', int64: '<q', float32: '<f', float64: '<d' },
};

/** Attributes that CF wants to be of their variable's own type. */
const OF_THE_TYPE = ['_FillValue', 'missing_value', 'valid_min', 'valid_max', 'valid_range'];

/** Of DEFLATE, as GeoTIFFs have it. */
const LEVEL = 1;

/** Pixels that are copied into the library's own memory at a time, of which it has little. */
const PIECE_BYTES = 64 * 1024 ** 2;

/** As `Cube.saveNetCdf`. */
export async function saveNetCdf(
  view: CubeView,
  roi: Roi,
  file: string,
  options: SaveArraysOptions,
): Promise<SavedRegion> {
  const place = resolve(localPath(file, 'the NetCDF file to write'));
  const { pixelBytes = PIECE_BYTES } = options;
  const made = await prepareExport(view, roi, { ...options, pixelBytes });
  const hdf5 = await loadHdf5();
  const make = (path: string) =>
    naming(place, async () => {
      const whole = new hdf5.File(path, 'w', { track_order: true });
      try {
        await write(whole, made);
      } finally {
        whole.close();
      }
    });
  await replaceFile(place, make, options.signal);
  return made.saved;
}

interface ArrayDocument {
  readonly shape: readonly number[];
  readonly data_type: string;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly dimension_names: readonly string[];
}

async function write(file: H5File, { dataset, pieces }: ArrayExport): Promise<void> {
  const documents = metadataOf(dataset, { name: 'uncompressed' }, { name: 'uncompressed' });
  const documentOf = (name: string) =>
    documents.get(`${name}/zarr.json`) as unknown as ArrayDocument;
  const { attributes } = documents.get('zarr.json') as { attributes: Record<string, unknown> };
  const { title, Conventions } = attributes;
  writeAttributes(file, { title, Conventions }, '<d');
  const { geobox, chunk } = Grid.fromRecord(dataset.grid);
  const steps = dataset.time === undefined ? undefined : TimeAxis.fromRecord(dataset.time).steps;
  const scales = {
    ...(steps === undefined ? {} : { time: timeCoordinate(steps).values }),
    y: geobox.yCentres(),
    x: geobox.xCentres(),
  };
  for (const [name, data] of Object.entries(scales)) {
    const dtype = TYPES[documentOf(name).data_type] as string;
    const scale = file.create_dataset({ name, data, shape: [data.length], dtype });
    scale.make_scale(name);
    writeAttributes(scale, documentOf(name).attributes, dtype);
  }
  const reference = file.create_dataset({
    ...{ name: 'spatial_ref', data: Int32Array.of(geobox.crs.epsg ?? 0), shape: [], dtype: '<i' },
  });
  writeAttributes(reference, documentOf('spatial_ref').attributes, '<i');
  const arrays = new Map<string, H5Object>();
  for (const { name } of dataset.bands) {
    const { shape, data_type, attributes: own, dimension_names: names } = documentOf(name);
    const dtype = TYPES[data_type];
    if (dtype === undefined)
      throw expected('a type that NetCDF has', `the band ${name}`, data_type);
    const array = file.create_dataset({
      ...{ name, dtype, data: new Uint8Array(0), shape: shape.map(() => 0), maxshape: [...shape] },
      chunks: [...names.slice(2).map(() => 1), chunk.height, chunk.width],
      compression: 'gzip',
      compression_opts: [LEVEL],
    });
    // Pixels are written part by part: at first there are none.
    array.resize([...shape]);
    for (const [i, dimension] of names.entries()) array.attach_scale(i, dimension);
    const fill = data_type.startsWith('float') ? { _FillValue: Number.NaN } : {};
    // It is a coordinate where Zarr is read; here the grid mapping names it.
    const { coordinates: _, ...attributes }: Record<string, unknown> = { ...own, ...fill };
    writeAttributes(array, attributes, dtype);
    arrays.set(name, array);
  }
  for await (const { name, t, window, pixels } of pieces()) {
    const { row, col, height, width } = window;
    (arrays.get(name) as H5Object).write_slice(
      [
        ...(t === undefined ? [] : [[t, t + 1] as const]),
        ...([
          [row, row + height],
          [col, col + width],
        ] as const),
      ],
      // A copy, since memory that threads share is not taken.
      copyOf(pixels),
    );
  }
}

function copyOf(pixels: LoadedPixels): LoadedPixels {
  const made = new (pixels.constructor as new (length: number) => LoadedPixels)(pixels.length);
  made.set(pixels as never);
  return made;
}

/** Of HDF5's types: texts, numbers of the variable's own type where CF wants that, and doubles. */
function writeAttributes(
  to: Pick<H5Object, 'create_attribute'>,
  attributes: Readonly<Record<string, unknown>>,
  dtype: string,
): void {
  for (const [name, value] of Object.entries(attributes)) {
    const numbers = [value].flat();
    if (numbers.length > 0 && numbers.every((each) => typeof each === 'number')) {
      const type = OF_THE_TYPE.includes(name) ? dtype : '<d';
      to.create_attribute(
        name,
        Array.isArray(value) ? numbers : value,
        Array.isArray(value) ? [numbers.length] : [],
        type,
      );
    } else if (value !== undefined && value !== null)
      to.create_attribute(name, typeof value === 'string' ? value : JSON.stringify(value));
  }
}

import { dirname, resolve } from 'node:path';
import type { Dataset } from '../../dataset/dataset.js';
import { type GridOptions, gridLike } from '../../dataset/grid/read-grid.js';
import { parseDataset } from '../../dataset/parse.js';
import { presetDataset } from '../../dataset/presets.js';
import { expected } from '../../errors.js';
import { isAxisAligned } from '../../grid/affine.js';
import { GeoBox } from '../../grid/geobox.js';
import type { GeoBoxOptions } from '../../kernel/region/raster-files.js';
import { localPath } from '../../machine/local-path.js';
import type { Pool } from '../../pool/pool.js';
import { readJson } from '../../raster/read-text.js';

/** How a dataset is read. */
export interface ReadDatasetOptions extends Pick<GridOptions, 'onSnap'> {
  /** One of its threads looks at the raster that the grid is to be like; its kernel must be `gdal` then. */
  readonly pool: Pool;
  /** A raster file whose grid goes before the dataset's own; relative to where the process runs. */
  readonly like?: string | undefined;
  /** Takes a raster of formats that lead to other files and services too. */
  readonly trustInputs?: boolean | undefined;
}

/**
 * A dataset by the name of a preset, or from a JSON file, whose name ends in `.json`. A raster that
 * `grid.like` names is looked at once, here: the dataset holds its CRS, transform and shape, never its path.
 *
 * @throws {InvalidInputError} for a file that is none, or says no dataset; for a raster that is rotated, or
 * has no CRS or transform. {@link SetupError} for a raster, without GDAL.
 */
export async function readDataset(
  nameOrFile: string,
  { pool, like, onSnap, trustInputs }: ReadDatasetOptions,
): Promise<Dataset> {
  const options = { trustInputs };
  const given =
    like === undefined
      ? undefined
      : await look(like, pool, { ...options, subject: 'the grid of the cube' });
  if (!nameOrFile.endsWith('.json')) {
    const preset = presetDataset(nameOrFile);
    return given === undefined
      ? preset
      : { ...preset, grid: gridLike(given, preset.grid.chunk).toRecord() };
  }
  const file = localPath(nameOrFile, 'the dataset');
  const json = (await readJson(file, 'the dataset')) as { grid?: { like?: unknown } } | null;
  if (given !== undefined) return parseDataset(withChunkAlone(json), { like: given });
  const named = json?.grid?.like;
  if (typeof named !== 'string' || named === '')
    return parseDataset(json, onSnap === undefined ? {} : { onSnap });
  const folder = resolve(dirname(file));
  return parseDataset(json, {
    like: await look(named, pool, { ...options, folder, subject: '"grid.like" of the dataset' }),
  });
}

async function look(file: string, pool: Pool, options: Looking): Promise<GeoBox> {
  const geobox = GeoBox.fromRecord(await pool.readGeoBox(file, options));
  if (isAxisAligned(geobox.affine)) return geobox;
  throw expected(
    'a raster without rotation',
    options.subject,
    `${file}, whose transform is ${geobox.affine.join(', ')}`,
    'Make one north-up with gdalwarp first.',
  );
}

type Looking = GeoBoxOptions & { readonly subject: string };

/** What another grid is given for needs none. */
function withChunkAlone(json: { grid?: unknown } | null): unknown {
  const { grid } = json ?? {};
  if (typeof grid !== 'object' || grid === null || !('chunk' in grid)) return json;
  return { ...json, grid: { chunk: grid.chunk } };
}

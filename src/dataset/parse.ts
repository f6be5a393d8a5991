import { z } from 'zod';
import { expected, InvalidInputError } from '../errors.js';
import { parseCrs } from '../grid/crs.js';
import { GeoBox } from '../grid/geobox.js';
import { Grid } from '../grid/tiling.js';
import { canHold, DTYPES } from '../raster/dtype.js';
import { type Dataset, DEFAULT_PROCESSING } from './dataset.js';
import { checkExpression } from './expression.js';

/** Names that a band may not take, because the cube has arrays of these names. */
const RESERVED = new Set(['x', 'y', 'time', 'spatial_ref', 'geocubes', 'zarr.json']);

const band = z.strictObject({
  name: z.string().regex(/^[A-Za-z0-9_][A-Za-z0-9_.-]*$/, 'letters, digits, _ . -'),
  attributes: z.record(z.string(), z.union([z.string(), z.number()])).optional(),
});

/** Coordinates are held in memory and stored in one chunk: 100 million are the earth at 40 cm. */
const MAX_GRID_SIDE = 100_000_000;

const side = z.int().min(1).max(32_768);

/** A dataset as people write it: the grid by its bounds and resolution, everything else with defaults. */
const datasetFile = z.strictObject({
  title: z.string().min(1),
  collection: z.string().min(1).optional(),
  image: z.string().min(1).optional(),
  /** Checked by {@link checkExpression}, whose messages say more. */
  expression: z.unknown().optional(),
  bands: z
    .array(z.union([band, band.shape.name]))
    .min(1)
    .max(1024),
  dtype: z.enum(DTYPES),
  nodata: z.number().optional(),
  grid: z.strictObject({
    crs: z.string(),
    /** [xmin, ymin, xmax, ymax] in the CRS; edges are snapped outward to multiples of the resolution. */
    bounds: z.tuple([z.number(), z.number(), z.number(), z.number()]),
    resolution: z.number().positive(),
    chunk: z.union([side, z.tuple([side, side])]),
  }),
  /** Asks for pixels on this grid, and resamples them here. */
  requestGrid: z
    .strictObject({
      crs: z.string(),
      resolution: z.union([
        z.number().positive(),
        z.tuple([z.number().positive(), z.number().positive()]),
      ]),
      /** Any corner of any pixel. */
      origin: z.tuple([z.number(), z.number()]).optional(),
    })
    .optional(),
  fill: z.enum(['none', 'idw', 'nearest']).optional(),
  maxFillDistance: z.number().positive().nullable().optional(),
  clipToObserved: z.boolean().optional(),
  resampling: z.enum(['near', 'bilinear', 'cubic', 'average', 'mode']).optional(),
  codec: z.enum(['default', 'seed']).optional(),
});

/** A dataset as it stands in a JSON file. */
export type DatasetFile = z.input<typeof datasetFile>;

/**
 * Reads a dataset from parsed JSON.
 * @throws {InvalidInputError} naming the field that is wrong, what was expected and what came.
 */
export function parseDataset(json: unknown): Dataset {
  const result = datasetFile.safeParse(json);
  if (!result.success) {
    const [issue] = result.error.issues;
    const where =
      issue === undefined || issue.path.length === 0
        ? 'the dataset'
        : `"${issue.path.join('.')}" of the dataset`;
    throw new InvalidInputError(
      `Expected a valid value for ${where} but received something else: ${issue?.message ?? 'unreadable'}.`,
    );
  }
  const file = result.data;
  const bands = file.bands.map((entry) =>
    typeof entry === 'string' ? { name: entry } : dropUndefined(entry),
  );
  checkBands(bands.map(({ name }) => name));
  if (file.nodata !== undefined && !canHold(file.dtype, file.nodata))
    throw expected(`a value that ${file.dtype} can hold`, '"nodata" of the dataset', file.nodata);
  const [west, south, east, north] = file.grid.bounds;
  const { chunk } = file.grid;
  const [height, width] = typeof chunk === 'number' ? [chunk, chunk] : chunk;
  const geobox = GeoBox.fromBounds(
    { west, south, east, north },
    parseCrs(file.grid.crs),
    file.grid.resolution,
  );
  if (Math.max(geobox.width, geobox.height) > MAX_GRID_SIDE) {
    throw expected(
      `a grid of at most ${MAX_GRID_SIDE} pixels on a side`,
      '"grid" of the dataset',
      `${geobox.width} x ${geobox.height}`,
      'Choose a larger resolution or smaller bounds.',
    );
  }
  return {
    title: file.title,
    source: sourceOf(file),
    bands,
    dtype: file.dtype,
    ...(file.nodata === undefined ? {} : { nodata: file.nodata }),
    grid: new Grid(geobox, { height, width }).toRecord(),
    ...(file.requestGrid === undefined ? {} : { requestGrid: requestGridOf(file.requestGrid) }),
    processing: {
      fill: file.fill ?? DEFAULT_PROCESSING.fill,
      maxFillDistance:
        file.maxFillDistance === undefined
          ? DEFAULT_PROCESSING.maxFillDistance
          : file.maxFillDistance,
      clipToObserved: file.clipToObserved ?? DEFAULT_PROCESSING.clipToObserved,
      resampling: file.resampling ?? DEFAULT_PROCESSING.resampling,
    },
    codec: file.codec ?? 'default',
  };
}

function requestGridOf({
  crs,
  resolution,
  origin,
}: NonNullable<z.output<typeof datasetFile>['requestGrid']>): NonNullable<Dataset['requestGrid']> {
  return { crs: parseCrs(crs).name, resolution, ...(origin === undefined ? {} : { origin }) };
}

function sourceOf({
  collection,
  image,
  expression,
}: z.output<typeof datasetFile>): Dataset['source'] {
  const given = { collection, image, expression };
  const names = Object.entries(given).flatMap(([name, value]) => (value === undefined ? [] : name));
  if (names.length !== 1)
    throw expected(
      'exactly one of "collection", "image" and "expression"',
      'the dataset',
      names.join(', ') || 'none',
    );
  if (collection !== undefined) return { kind: 'collection', id: collection };
  if (image !== undefined) return { kind: 'image', id: image };
  return { kind: 'expression', expression: checkExpression(expression) };
}

function checkBands(names: readonly string[]): void {
  for (const [i, name] of names.entries()) {
    if (RESERVED.has(name))
      throw expected(
        'another name',
        `band ${i} of the dataset`,
        name,
        'The cube has an array of that name.',
      );
    if (names.indexOf(name) !== i)
      throw expected('each name once', 'the bands of the dataset', name);
  }
}

function dropUndefined(entry: z.output<typeof band>): Dataset['bands'][number] {
  return entry.attributes === undefined
    ? { name: entry.name }
    : { name: entry.name, attributes: entry.attributes };
}

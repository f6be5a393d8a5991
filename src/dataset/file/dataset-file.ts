import { z } from 'zod';
import { DTYPES } from '../../raster/dtype.js';
import { CODECS, DEFAULT_PROCESSING, FILLS, RESAMPLINGS } from '../dataset.js';
import { gridEntry } from '../grid/grid-entry.js';
import { bandRecipeFields, filterEntry, maskEntry, reduceEntry } from '../recipe/recipe-entry.js';
import { MAX_TIME_STEPS } from '../time-axis.js';

const bandName = z
  .string()
  .regex(/^[A-Za-z0-9_][A-Za-z0-9_.-]*$/, 'a name of letters, digits, _ . -')
  .describe('Name at Earth Engine and of the array in the cube.');

export const bandEntry = z.strictObject({
  name: bandName,
  dtype: z.enum(DTYPES).optional().describe("Its pixel type, where that is not the dataset's."),
  nodata: z
    .number()
    .nullable()
    .optional()
    .describe('Its code for "no value", where that is not the dataset\'s; null is none.'),
  scale_factor: z
    .number()
    .optional()
    .describe('CF attribute: the value is the stored number times this, plus add_offset.'),
  add_offset: z.number().optional().describe('CF attribute: see scale_factor.'),
  units: z.string().optional().describe('CF attribute: the unit of its values.'),
  long_name: z.string().optional().describe('CF attribute: what it is, for people.'),
  attributes: z
    .record(z.string(), z.union([z.string(), z.number()]))
    .optional()
    .describe('Attributes of the array in the cube, such as long_name and units.'),
  ...bandRecipeFields,
});

const instant = z
  .string()
  .describe('UTC, as precise as is known: 2019, 2019-07, 2019-07-01, 2019-07-01T12:30.');

export const regularTimeEntry = z.strictObject({
  start: instant.describe('Start of the first step.'),
  step: z
    .string()
    .describe('Length of a step: a count of years, months, days, hours, minutes or seconds.')
    .meta({ examples: ['1 year', '1 month', '8 days'] }),
  end: instant.optional().describe('The last step begins in this time or before it.'),
  count: z.int().min(1).max(MAX_TIME_STEPS).optional().describe('Number of steps.'),
});

const timeEntry = z
  .union([
    regularTimeEntry,
    z
      .array(
        z
          .string()
          .describe(
            'A year, a month, a day or shorter, or start/end, of which the end does not belong to the step.',
          ),
      )
      .min(1)
      .max(MAX_TIME_STEPS),
  ])
  .describe(
    "Time steps: regular, with either end or count, or listed. Each is made of the collection's images that begin in it, as reduce says. Without it all images make one.",
  );

const requestGridEntry = z
  .strictObject({
    crs: z.string().describe('EPSG code, WKT or PROJ string.'),
    resolution: z
      .union([z.number().positive(), z.tuple([z.number().positive(), z.number().positive()])])
      .describe("Side of a pixel in the CRS's units, or its two sides [x, y]."),
    origin: z
      .tuple([z.number(), z.number()])
      .optional()
      .describe("Any pixel's corner [x, y].")
      .meta({ default: [0, 0] }),
  })
  .describe(
    "The grid pixels are asked for on, where it is not the cube's: that of the source. They are resampled here; Earth Engine itself takes the nearest pixel.",
  );

/** A dataset as people write it: the grid in one of several ways, everything else with defaults. */
export const datasetFile = z.strictObject({
  $schema: z.string().optional().describe('For editors: where the JSON Schema of this file is.'),
  notes: z
    .array(z.string())
    .optional()
    .describe('For readers of this file: why it is as it is. Nothing is done with it.'),
  title: z.string().min(1).describe("The cube's title."),
  collection: z
    .string()
    .min(1)
    .optional()
    .describe('Asset id of an image collection, which is mosaicked unless "reduce" says other.'),
  filter: filterEntry.optional(),
  mask: maskEntry.optional(),
  reduce: reduceEntry.optional(),
  image: z.string().min(1).optional().describe('Asset id of an image.'),
  expression: z
    .unknown()
    .optional()
    .describe(
      "An image as an Earth Engine expression { result, values }, or as the text that Python's image.serialize() and JavaScript's ee.Serializer.toCloudApiJSON(image) make of it. With time steps: a function of the start and the end of a step, in milliseconds.",
    ),
  local: z
    .literal(true)
    .optional()
    .describe('No source at Earth Engine: the cube is filled from files on disk alone.'),
  bands: z
    .array(z.union([bandName, bandEntry]))
    .min(1)
    .max(1024)
    .describe("In the order of the cube's arrays."),
  dtype: z
    .enum(DTYPES)
    .optional()
    .describe('Pixel type of all bands that do not say their own; needed where one does not.'),
  nodata: z
    .number()
    .optional()
    .describe(
      'The code for "no value" in integer cubes. Without it gaps are stored as 0, and masks travel as bits.',
    ),
  grid: gridEntry.describe(
    'The grid of the cube: "crs" and "bounds" with "resolution" or "shape", or "crs", "transform" and "shape", or "like". What is given beside must agree.',
  ),
  requestGrid: requestGridEntry.optional(),
  time: timeEntry.optional(),
  fill: z
    .enum(FILLS)
    .optional()
    .describe("How gaps are filled: not, by GDAL's fillNodata, or with the nearest valid pixel.")
    .meta({ default: DEFAULT_PROCESSING.fill }),
  maxFillDistance: z
    .number()
    .positive()
    .nullable()
    .optional()
    .describe('Pixels from its edge up to which a gap is filled; null is without limit.')
    .meta({ default: DEFAULT_PROCESSING.maxFillDistance }),
  clipToObserved: z
    .boolean()
    .optional()
    .describe("Keep filled values within the band's valid range in the tile.")
    .meta({ default: DEFAULT_PROCESSING.clipToObserved }),
  resampling: z
    .enum(RESAMPLINGS)
    .optional()
    .describe('How pixels that arrive on another grid are resampled.')
    .meta({ default: DEFAULT_PROCESSING.resampling }),
  codec: z
    .enum(CODECS)
    .optional()
    .describe(
      'Compression: Blosc with zstd, level 2; with LZ4, faster and larger; or with zstd, level 9, as smart-geocubes has it.',
    )
    .meta({ default: 'default' }),
  innerChunk: z
    .int()
    .min(1)
    .optional()
    .describe(
      "Side in pixels of the inner chunks that a chunk consists of (Zarr's sharding), which divides the chunk's sides: for readers of small windows. Without it chunks are encoded whole.",
    ),
});

/** A dataset as it stands in a JSON file. */
export type DatasetFile = z.input<typeof datasetFile>;

/** The same after a check. */
export type CheckedDatasetFile = z.output<typeof datasetFile>;

import { z } from 'zod';

const side = z.int().min(1).max(32_768);
const pair = z.tuple([z.number(), z.number()]);
const positive = z.number().positive();

/** The grid as people write it; `read-grid.ts` says which fields make it, and which must agree. */
export const gridEntry = z.strictObject({
  crs: z
    .union([z.string(), z.record(z.string(), z.unknown())])
    .optional()
    .describe(
      'EPSG code such as EPSG:3413, or that of another authority (ESRI:102001), an OGC URN, WKT, a PROJ string, or PROJJSON. Coordinates are x before y, whatever it says.',
    ),
  bounds: z
    .tuple([z.number(), z.number(), z.number(), z.number()])
    .optional()
    .describe(
      'xmin, ymin, xmax, ymax in the CRS. With "resolution", edges are snapped outward to the pixel grid that "origin" or "anchor" says; with "shape", they are kept.',
    ),
  resolution: z
    .union([positive, z.tuple([positive, positive])])
    .optional()
    .describe(
      'Side of a pixel in units of the CRS, or its two sides [x, y], x first. Both are positive: rows run from north to south.',
    ),
  origin: pair
    .optional()
    .describe(
      "Any pixel's corner [x, y], inside the bounds or not: where the pixel grid is anchored.",
    ),
  anchor: z
    .union([
      z.enum(['edge', 'center', 'floating']),
      z.tuple([z.number().min(0).lt(1), z.number().min(0).lt(1)]),
    ])
    .optional()
    .describe(
      "Where the pixel grid is anchored, as in odc-geo: pixel edges on multiples of the resolution, pixel centres on them, the bounds' own corner, or [x, y], fractions of a pixel that edges lie right of and above such multiples.",
    )
    .meta({ default: 'edge' }),
  transform: z
    .tuple([z.number(), z.number(), z.number(), z.number(), z.number(), z.number()])
    .optional()
    .describe(
      'The affine transform a, b, c, d, e, f, as rasterio and Earth Engine\'s crsTransform have it (not GDAL\'s order): x = a col + c, y = e row + f of the upper left corner, a > 0, e < 0, b and d 0. With "shape".',
    ),
  shape: z
    .tuple([z.int().min(1), z.int().min(1)])
    .optional()
    .describe('Rows and columns.'),
  like: z
    .string()
    .min(1)
    .optional()
    .describe(
      'A raster file whose grid the cube takes exactly: CRS, transform and shape. Relative to the dataset file. Read once, when the cube is created.',
    ),
  chunk: z
    .union([side, z.tuple([side, side])])
    .describe('Side of a chunk in pixels, or its height and width.'),
});

/** The grid of a dataset file after the check of its fields. */
export type GridEntry = z.output<typeof gridEntry>;

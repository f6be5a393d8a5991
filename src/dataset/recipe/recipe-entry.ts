import { z } from 'zod';
import { MASK_NAMES } from './named-masks.js';
import { REDUCTIONS } from './recipe.js';

const comparison = z.string().min(1);

export const filterEntry = z
  .union([comparison, z.array(comparison).min(1).max(100)])
  .describe(
    'Which images of the collection: comparisons of their properties with < <= > >= = != or in, all of which hold.',
  )
  .meta({ examples: ['CLOUDY_PIXEL_PERCENTAGE < 60', ['SPACECRAFT_ID in ["LANDSAT_8"]']] });

const classes = z.array(z.int()).min(1).max(256);

export const pixelMaskEntry = z
  .strictObject({
    band: z.string().min(1).describe('Name of the band that tells.'),
    withoutBits: z
      .array(z.int().min(0).max(30))
      .min(1)
      .max(31)
      .optional()
      .describe('Keeps pixels in which none of these bits is set; 0 is the least.'),
    withoutClasses: classes.optional().describe('Keeps pixels of no such value.'),
    onlyClasses: classes.optional().describe('Keeps pixels of one of these values.'),
    atLeast: z.number().optional().describe('Keeps pixels of this value or a greater one.'),
    atMost: z.number().optional().describe('Keeps pixels of this value or a smaller one.'),
    collection: z
      .string()
      .min(1)
      .optional()
      .describe(
        'Collection that has the band, in an image of the same system:index for each image.',
      ),
  })
  .describe('Exactly one of withoutBits, withoutClasses, onlyClasses, atLeast and atMost.');

const oneMask = z.union([z.enum(MASK_NAMES), pixelMaskEntry]);

export const maskEntry = z
  .union([oneMask, z.array(oneMask).min(1).max(20)])
  .describe(
    "Which pixels of each image are kept, before anything is computed of them: by a named mask, or by a band's bits, classes or values. Of a list all hold.",
  );

export const reduceEntry = z
  .union([
    z.enum(REDUCTIONS),
    z.strictObject({ percentile: z.number().min(0).max(100).describe('0 to 100.') }),
  ])
  .describe(
    "How the collection's images become one: mosaic puts the last on top, first the earliest; the others look at all valid pixels.",
  )
  .meta({ default: 'mosaic' });

const scale = z.number().optional();

const operandEntry = z.union([
  z.string().min(1),
  z.strictObject({ name: z.string().min(1), scale, offset: scale }),
]);

/** Fields of a band that say how its values come about. */
export const bandRecipeFields = {
  scale: scale.describe("The stored value is the image's times this, plus offset.").meta({
    default: 1,
  }),
  offset: scale.describe('Added after scale.').meta({ default: 0 }),
  normalizedDifference: z
    .tuple([operandEntry, operandEntry])
    .optional()
    .describe(
      'The band is (one - other) / (one + other) of two bands, masked where one is negative. A band of this dataset is meant as the dataset has it; others may have a scale and an offset.',
    ),
};

import { ALPHA_EARTH } from './alphaearth.js';
import type { Dataset, Processing, Source } from './dataset.js';
import { TCTREND_2019, TCTREND_2020, TCTREND_2022, TCTREND_2024 } from './tctrend.js';

/** What the Python package smart-geocubes does for the cubes of one of its classes, but does not record in them. */
export interface SeedRecipe {
  readonly source: Source;
  readonly processing: Processing;
}

/** Gaps take the nearest valid pixel, however far, and the tile's range is kept. */
function filledAsSeed({ source, processing }: Dataset): SeedRecipe {
  return { source, processing: { ...processing, fill: 'nearest', maxFillDistance: null } };
}

/**
 * By the cube's title, which is the name of the Python class. `TCTrend` was such a class at first, with
 * the data of 2019; as the alias it became later it is no title.
 */
const RECIPES: Readonly<Record<string, SeedRecipe>> = {
  TCTrend: filledAsSeed(TCTREND_2019),
  TCTrend2019: filledAsSeed(TCTREND_2019),
  TCTrend2020: filledAsSeed(TCTREND_2020),
  TCTrend2022: filledAsSeed(TCTREND_2022),
  TCTrend2024: filledAsSeed(TCTREND_2024),
  AlphaEarthEmbeddings: ALPHA_EARTH,
};

/** How smart-geocubes fills its cube of this title; `undefined` for titles it has no Earth Engine class for. */
export function seedRecipe(title: string): SeedRecipe | undefined {
  return Object.hasOwn(RECIPES, title) ? RECIPES[title] : undefined;
}

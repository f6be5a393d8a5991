import { DEFAULT_PROCESSING, type Processing, type Source } from './dataset.js';

/** What the Python package smart-geocubes does for the cubes of one of its classes, but does not record in them. */
export interface SeedRecipe {
  readonly source: Source;
  readonly processing: Processing;
}

/** Gaps take the nearest valid pixel, however far, and the tile's range is kept. */
const SEED_FILL: Processing = {
  ...DEFAULT_PROCESSING,
  fill: 'nearest',
  maxFillDistance: null,
  clipToObserved: true,
};

const tctrend = (id: string): SeedRecipe => ({
  source: { kind: 'collection', id },
  processing: SEED_FILL,
});

/**
 * By the cube's title, which is the name of the Python class. `TCTrend` was a class of its own up to
 * 0.0.x's early versions, with the data of 2019; as an alias it never becomes a title.
 */
const RECIPES: Readonly<Record<string, SeedRecipe>> = {
  TCTrend: tctrend('users/ingmarnitze/TCTrend_SR_2000-2019_TCVIS'),
  TCTrend2019: tctrend('users/ingmarnitze/TCTrend_SR_2000-2019_TCVIS'),
  TCTrend2020: tctrend('users/ingmarnitze/TCTrend_SR_2001-2020_TCVIS'),
  TCTrend2022: tctrend('users/ingmarnitze/TCTrend_SR_2003-2022_TCVIS'),
  TCTrend2024: tctrend('projects/ee-ingmarnitze/assets/TCTrend_SR_2005-2024_TCVIS'),
};

/** How smart-geocubes fills its cube of this title; `undefined` for titles it has no Earth Engine class for. */
export function seedRecipe(title: string): SeedRecipe | undefined {
  return Object.hasOwn(RECIPES, title) ? RECIPES[title] : undefined;
}

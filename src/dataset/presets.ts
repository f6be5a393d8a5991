import { expected } from '../errors.js';
import { ALPHA_EARTH } from './alphaearth.js';
import type { Dataset } from './dataset.js';
import {
  DEMO,
  DEMO_ANNUAL,
  TCTREND_2019,
  TCTREND_2020,
  TCTREND_2022,
  TCTREND_2024,
} from './tctrend.js';

const PRESETS: Readonly<Record<string, Dataset>> = {
  TCTrend: TCTREND_2024,
  TCTrend2019: TCTREND_2019,
  TCTrend2020: TCTREND_2020,
  TCTrend2022: TCTREND_2022,
  TCTrend2024: TCTREND_2024,
  AlphaEarth: ALPHA_EARTH,
  demo: DEMO,
  'demo-annual': DEMO_ANNUAL,
};

/** Names that {@link presetDataset} knows. */
export const PRESET_NAMES = Object.keys(PRESETS);

/** A built-in dataset by name; upper and lower case are alike. @throws {InvalidInputError} */
export function presetDataset(name: string): Dataset {
  const found = Object.entries(PRESETS).find(
    ([known]) => known.toLowerCase() === name.toLowerCase(),
  );
  if (found === undefined) {
    throw expected(
      `one of ${PRESET_NAMES.join(', ')}, or the path of a .json file`,
      'the dataset',
      name,
    );
  }
  return found[1];
}

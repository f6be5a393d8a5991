import { expected } from '../errors.js';
import { ALPHA_EARTH, type AlphaEarthBands } from './alphaearth.js';
import type { Dataset } from './dataset.js';
import type { TypedDataset } from './file/typed.js';
import {
  DEMO,
  DEMO_ANNUAL,
  type TasseledCapBands,
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

type TasseledCap = TypedDataset<TasseledCapBands>;

/** The bands of each preset, as the compiler knows them. */
export interface Presets {
  readonly TCTrend: TasseledCap;
  readonly TCTrend2019: TasseledCap;
  readonly TCTrend2020: TasseledCap;
  readonly TCTrend2022: TasseledCap;
  readonly TCTrend2024: TasseledCap;
  readonly AlphaEarth: TypedDataset<AlphaEarthBands>;
  readonly demo: TasseledCap;
  readonly 'demo-annual': TasseledCap;
}

/** A built-in dataset by name; upper and lower case are alike. @throws {InvalidInputError} */
export function presetDataset<Name extends keyof Presets>(name: Name): Presets[Name];
export function presetDataset(name: string): Dataset;
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

/**
 * What a program has to know to fill and read a cube. A version from before a feature would not fail at it but make
 * other pixels (mosaics where medians are meant), so cubes that use one have a layout that it refuses. Cubes that use
 * none keep the number they always had.
 */
import type { Dataset } from '../../dataset/dataset.js';
import { isComputed } from '../../dataset/recipe/recipe.js';
import { StoreError } from '../../errors.js';
import { isNarrow } from '../../raster/dtype.js';

/** Beyond a source, bands of one type, a grid and a time axis. */
const FEATURES = {
  /** Images of a collection that are filtered, masked, reduced; bands that are scaled or derived. */
  recipe: ({ source, bands }) =>
    ((source.kind === 'collection' || source.kind === 'image') && source.recipe !== undefined) ||
    bands.some(isComputed),
  /** An expression that is called for each time step. */
  'time-function': ({ source, time }) => source.kind === 'expression' && time !== undefined,
  /** Bands of another type than the dataset's. */
  'band-types': ({ bands }) =>
    bands.some(({ dtype, nodata }) => dtype !== undefined || nodata !== undefined),
  /** Bands of types that pixels are only stored in: bool and int8. */
  'narrow-types': ({ dtype, bands }) => bands.some((band) => isNarrow(band.dtype ?? dtype)),
  /** Chunks that consist of inner chunks. */
  'inner-chunks': ({ innerChunk }) => innerChunk !== undefined,
} as const satisfies Readonly<Record<string, (dataset: Dataset) => boolean>>;

/** 1 is `[y, x]`, 2 is `[time, y, x]`; of either, 3 is what uses the features that it lists. */
const LAYOUT_VERSIONS: readonly unknown[] = [1, 2, 3];

/** As the attributes of a cube have it. */
export interface CubeLayout {
  readonly layout: number;
  /** Features without which its pixels would be wrong; absent where there are none. */
  readonly requires?: readonly string[];
}

export function layoutOf(dataset: Dataset): CubeLayout {
  const requires = Object.entries(FEATURES)
    .filter(([, isUsed]) => isUsed(dataset))
    .map(([name]) => name);
  if (requires.length > 0) return { layout: 3, requires };
  return { layout: dataset.time === undefined ? 1 : 2 };
}

/** @throws {StoreError} of kind `not-a-cube` where this version does not know all that the cube asks for. */
export function checkLayout({ layout, requires = [] }: Partial<CubeLayout>, storage: string): void {
  if (!LAYOUT_VERSIONS.includes(layout))
    throw newer(
      `a cube of layout ${LAYOUT_VERSIONS.slice(0, -1).join(', ')} or ${LAYOUT_VERSIONS.at(-1)}`,
      storage,
      String(layout),
    );
  const unknown = requires.filter((name) => !Object.hasOwn(FEATURES, name));
  if (unknown.length > 0)
    throw newer(
      `a cube that needs no more than ${Object.keys(FEATURES).join(', ')}`,
      storage,
      `one that needs ${unknown.join(', ')}`,
    );
}

function newer(wanted: string, storage: string, received: string): StoreError {
  return new StoreError(
    'not-a-cube',
    `Expected ${wanted} at ${storage} but received ${received}. Update smart-geocubes-native.`,
  );
}

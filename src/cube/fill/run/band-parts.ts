/** A tile in parts of some of its bands each, and whole again: arithmetic alone. */
import type { EncodedTile, FetchedTile, Recipe } from '../../../tile.js';
import type { BandsRecipe } from '../recipe.js';
import { sumOfTimings } from './tile-events.js';

/** What has come of a tile for bands of one type, and how they are processed. */
export interface TypedPart {
  readonly tile: FetchedTile;
  readonly recipe: Recipe;
}

/** A tile by the types of its bands, or of those that it is of; itself where all are of one. */
export function partsByType(
  fetched: FetchedTile,
  recipes: readonly BandsRecipe[],
): readonly TypedPart[] {
  return recipes.flatMap(({ bands, recipe }) => {
    if (recipes.length === 1) return { tile: fetched, recipe };
    const own = bands.filter((band) => fetched.bands?.includes(band) ?? true);
    return own.length === 0 ? [] : { tile: ofBands(fetched, own), recipe };
  });
}

/** No request has bands of several types; a file may. */
function ofBands(fetched: FetchedTile, bands: readonly number[]): FetchedTile {
  const own = new Set(bands);
  const has = ({ request }: { readonly request: { readonly bands: readonly number[] } }) =>
    request.bands.some((band) => own.has(band));
  return {
    ...fetched,
    bands,
    parts: fetched.parts.filter(has),
    ...(fetched.files === undefined ? {} : { files: fetched.files.filter(has) }),
  };
}

/**
 * All bands of a tile, or those that it is of; of several types one type after the other, each from what has come for it.
 *
 * @param drop told of what is encoded of a tile that fails at the next type
 */
export async function processByType(
  fetched: FetchedTile,
  recipes: readonly BandsRecipe[],
  process: (part: TypedPart) => Promise<EncodedTile>,
  drop: (part: EncodedTile) => void = () => {},
): Promise<EncodedTile> {
  const encoded: EncodedTile[] = [];
  try {
    for (const part of partsByType(fetched, recipes)) encoded.push(await process(part));
  } catch (error) {
    encoded.forEach(drop);
    throw error;
  }
  return merged(encoded);
}

/** One tile of the parts that its bands were encoded in, one at least. */
function merged(parts: readonly EncodedTile[]): EncodedTile {
  const [first] = parts;
  if (first === undefined) throw new Error('A tile has at least one band.');
  if (parts.length === 1) return first;
  return {
    ...first,
    chunks: parts.flatMap(({ chunks }) => chunks).sort((one, other) => one.band - other.band),
    isEmpty: parts.every(({ isEmpty }) => isEmpty),
    timings: sumOfTimings(parts),
  };
}

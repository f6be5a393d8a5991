/** The image of a dataset whose collection is filtered, masked, computed with and reduced. */
import type { Dataset, Source } from '../../dataset/dataset.js';
import { isComputed } from '../../dataset/recipe/recipe.js';
import { isFloat } from '../../raster/dtype.js';
import { filtered } from './comparisons.js';
import { computedBands } from './computed-bands.js';
import { call, constant, type Node, type Reference } from './nodes.js';
import { linked, masked } from './pixel-masks.js';
import { reduced } from './reductions.js';

type Described = Pick<Dataset, 'source' | 'bands' | 'dtype'>;
type Asset = Extract<Source, { kind: 'collection' | 'image' }>;

/** Gives a value of the expression a name that is free. */
export type Define = (wanted: string, node: Node) => Reference;

/** Whether the image is anything but the mosaic of a collection, or a stored one. */
export function hasRecipe({ source, bands }: Pick<Dataset, 'source' | 'bands'>): boolean {
  const isAsset = source.kind === 'collection' || source.kind === 'image';
  return isAsset && (source.recipe !== undefined || bands.some(isComputed));
}

/**
 * The image, with bands of the dataset's names. Where whole numbers are stored, what may be a fraction is rounded
 * here: a cast would cut it off.
 *
 * @param inTime the images of a collection that belong to a time step
 */
export function recipeImage(
  dataset: Described & { readonly source: Asset },
  inTime: (collection: Node) => Node,
  define: Define,
): Node {
  const { source, bands, dtype } = dataset;
  const by = source.kind === 'collection' ? (source.recipe?.reduce ?? 'mosaic') : 'first';
  const made =
    source.kind === 'image'
      ? perImage(dataset, call('Image.load', { id: constant(source.id) }), define)
      : reduced(
          call('Collection.map', {
            collection: ordered(
              inTime(
                filtered(
                  call('ImageCollection.load', { id: constant(source.id) }),
                  source.recipe?.filter ?? [],
                ),
              ),
              by === 'first',
            ),
            baseAlgorithm: perImageFunction(dataset, define),
          }),
          bands.map(({ name }) => name),
          by,
        );
  return isFloat(dtype) || by === 'count' ? made : call('Image.round', { value: made });
}

/** By time, where the order decides what is taken. */
function ordered(collection: Node, isNeeded: boolean): Node {
  return isNeeded
    ? call('Collection.limit', { collection, key: constant('system:time_start') })
    : collection;
}

function perImageFunction(dataset: Described & { readonly source: Asset }, define: Define): Node {
  const body = perImage(dataset, { argumentReference: ARGUMENT }, define);
  return {
    functionDefinitionValue: {
      argumentNames: [ARGUMENT],
      body: define('perImage', body).valueReference,
    },
  };
}

const ARGUMENT = 'image';

function perImage(
  { source, bands }: Described & { readonly source: Asset },
  given: Node,
  define: Define,
): Node {
  const masks = source.recipe?.mask ?? [];
  if (masks.length === 0) return computedBands(given, bands);
  const known = define('linked', linked(given, masks));
  return computedBands(define('kept', masked(known, masks)), bands);
}

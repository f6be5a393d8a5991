import type { PixelMask } from '../../dataset/recipe/recipe.js';
import { call, constant, image, type Node, select } from './nodes.js';

/** `given` with what linked collections have for it; the bands that masks look at are among its own then. */
export function linked(given: Node, masks: readonly PixelMask[]): Node {
  return masks.reduce(
    (node, { band, collection }) =>
      collection === undefined
        ? node
        : call('Image.linkCollection', {
            input: node,
            imageCollection: call('ImageCollection.load', { id: constant(collection) }),
            linkedBands: constant([band]),
          }),
    given,
  );
}

/** `given` masked where one of the masks does not keep a pixel. */
export function masked(given: Node, masks: readonly PixelMask[]): Node {
  return masks.reduce(
    (node, mask) => call('Image.updateMask', { image: node, mask: keptBy(mask, given) }),
    given,
  );
}

const operate = (name: string, image1: Node, image2: Node) =>
  call(`Image.${name}`, { image1, image2 });

/** 1 where a pixel is kept. */
function keptBy(mask: PixelMask, given: Node): Node {
  const { withoutBits, withoutClasses, onlyClasses, atLeast, atMost } = mask;
  const band = select(given, [mask.band]);
  const each = (name: string, values: readonly number[]) =>
    values.map((value) => operate(name, band, image(value)));
  if (withoutBits !== undefined) {
    const bits = withoutBits.reduce((sum, bit) => sum | (1 << bit), 0);
    return operate('eq', operate('bitwiseAnd', band, image(bits)), image(0));
  }
  if (withoutClasses !== undefined)
    return each('neq', withoutClasses).reduce((all, one) => operate('and', all, one));
  if (onlyClasses !== undefined)
    return each('eq', onlyClasses).reduce((all, one) => operate('or', all, one));
  return atLeast !== undefined
    ? operate('gte', band, image(atLeast))
    : operate('lte', band, image(atMost ?? 0));
}

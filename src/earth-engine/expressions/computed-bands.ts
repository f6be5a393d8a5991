import type { Band } from '../../dataset/dataset.js';
import { isComputed, type Operand } from '../../dataset/recipe/recipe.js';
import { call, constant, image, type Node, renamed, select, withBands } from './nodes.js';

/** The bands of the dataset from those of `given`, not in their order: what is copied goes before what is computed. */
export function computedBands(given: Node, bands: readonly Band[]): Node {
  const copied = bands.filter((band) => !isComputed(band)).map(({ name }) => name);
  const computed = bands
    .filter(isComputed)
    .map((band) => renamed(valuesOf(given, band, bands), band.name));
  const all = copied.length === 0 ? computed : [select(given, copied), ...computed];
  const [first, ...others] = all as [Node, ...Node[]];
  return withBands(first, ...others);
}

function valuesOf(given: Node, band: Band, bands: readonly Band[]): Node {
  const { name, scale, offset, normalizedDifference: pair } = band;
  const values =
    pair === undefined
      ? select(given, [name])
      : call('Image.normalizedDifference', {
          input: withBands(
            renamed(operandOf(given, pair[0], bands), 'one'),
            renamed(operandOf(given, pair[1], bands), 'other'),
          ),
          bandNames: constant(['one', 'other']),
        });
  return scaled(values, scale, offset);
}

function operandOf(given: Node, { name, scale, offset }: Operand, bands: readonly Band[]): Node {
  const own = bands.find((band) => band.name === name && band.normalizedDifference === undefined);
  return scaled(select(given, [name]), scale ?? own?.scale, offset ?? own?.offset);
}

/** In doubles: a float times a whole number is a float, which has too few digits for kelvins in hundredths. */
function scaled(values: Node, scale = 1, offset = 0): Node {
  if (scale === 1 && offset === 0) return values;
  const exact = call('Image.toDouble', { value: values });
  const product =
    scale === 1 ? exact : call('Image.multiply', { image1: exact, image2: image(scale) });
  return offset === 0 ? product : call('Image.add', { image1: product, image2: image(offset) });
}

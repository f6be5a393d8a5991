import { constantImage } from '../image/constant.js';
import type { Image, ImageBand } from '../image/image.js';
import type { Definitions } from './algorithm.js';
import type { Arguments } from './arguments.js';
import { isList, type Value } from './value.js';

/** Loading, and which bands an image has under which names. No pixel is touched here. */
export const STRUCTURE: Definitions = {
  'Image.load': {
    description: 'The stored image with this id.',
    signature: '(id: String, version: Long = -1) => Image',
    evaluate: (given, catalogue) => catalogue.image(given.string('id')),
  },
  'Image.constant': {
    description:
      'An image with the same value everywhere; a list of numbers makes a band for each.',
    signature: '(value: Object) => Image',
    evaluate: (given) => given.image('value'),
  },
  'Image.select': {
    description: 'The bands picked by name, regular expression or index, optionally renamed.',
    signature:
      '(input: Image, bandSelectors: List<Object>, newNames: List<String> = null) => Image',
    evaluate: select,
  },
  'Image.rename': {
    description: 'The same bands under new names, one for each band.',
    signature: '(input: Image, names: List<String>) => Image',
    evaluate: (given) => {
      const image = given.image('input');
      return { ...image, bands: rename(image.bands, given.names('names'), given) };
    },
  },
  'Image.addBands': {
    description: 'The bands of dstImg followed by those of srcImg.',
    signature:
      '(dstImg: Image, srcImg: Image, names: List<String> = null, overwrite: Boolean = false) => Image',
    evaluate: addBands,
  },
  'Image.cat': {
    description: 'The bands of all the images, in order.',
    signature: '(images: List<Object>) => Image',
    evaluate: (given) => {
      const [first = constantImage([]), ...rest] = given.images('images');
      return rest.reduce(append, first);
    },
  },
};

function select(given: Arguments): Image {
  const image = given.image('input');
  const selectors = given.list('bandSelectors');
  const bands = selectors.flatMap((selector) => pick(image.bands, selector, given));
  if (given.optional('newNames') === undefined) return { ...image, bands };
  return { ...image, bands: rename(bands, given.names('newNames'), given) };
}

function pick(bands: readonly ImageBand[], selector: Value, given: Arguments): ImageBand[] {
  if (typeof selector === 'number') {
    const band = bands[selector];
    if (band !== undefined) return [band];
    throw given.refuse(
      `Band number ${selector} is out of range for an Image with ${bands.length} bands.`,
    );
  }
  const pattern = String(selector);
  if (bands.length === 0) {
    throw given.refuse(`Band pattern '${pattern}' was applied to an Image with no bands.`);
  }
  const named = bands.filter(({ name }) => name === pattern);
  const picked = named.length > 0 ? named : bands.filter(({ name }) => matches(name, pattern));
  if (picked.length > 0) return picked;
  throw given.refuse(
    `Band pattern '${pattern}' did not match any bands. Available bands: [${bands.map(({ name }) => name).join(', ')}]`,
  );
}

function matches(name: string, pattern: string): boolean {
  try {
    return new RegExp(`^(?:${pattern})$`).test(name);
  } catch {
    return false;
  }
}

function rename(
  bands: readonly ImageBand[],
  names: readonly string[],
  given: Arguments,
): ImageBand[] {
  if (names.length !== bands.length) {
    throw given.refuse(
      `The number of names (${names.length}) must match the number of bands (${bands.length}).`,
    );
  }
  return bands.map((band, index) => ({ ...band, name: names[index] ?? band.name }));
}

function addBands(given: Arguments): Image {
  const target = given.image('dstImg');
  const source = given.image('srcImg');
  const selectors = given.optional('names');
  const added =
    selectors === undefined
      ? source.bands
      : (isList(selectors) ? selectors : [selectors]).flatMap((selector) =>
          pick(source.bands, selector, given),
        );
  if (!given.boolean('overwrite', false)) return append(target, { ...source, bands: added });
  const replacing = new Map(added.map((band) => [band.name, band]));
  const kept = target.bands.map((band) => replacing.get(band.name) ?? band);
  const names = new Set(target.bands.map(({ name }) => name));
  return { ...target, bands: [...kept, ...added.filter(({ name }) => !names.has(name))] };
}

/** A name already taken gets `_1`, `_2`, ... */
function append(target: Image, source: Image): Image {
  const names = new Set(target.bands.map(({ name }) => name));
  const added = source.bands.map((band) => {
    let name = band.name;
    for (let number = 1; names.has(name); number++) name = `${band.name}_${number}`;
    names.add(name);
    return { ...band, name };
  });
  return { ...target, bands: [...target.bands, ...added] };
}

import type { Image } from '../../image/image.js';
import { type PixelType, typeOfConstant, unite } from '../../image/pixel-type.js';
import { pixelwise } from '../../image/pixelwise.js';
import type { Definitions } from '../algorithm.js';
import type { Arguments } from '../arguments.js';
import { computedFrom } from '../element.js';

/** Classes for other classes. */
export const REMAP: Definitions = {
  'Image.remap': {
    description:
      'One band, "remapped": each of its values that is in one list becomes that of the other; others the default, or masked.',
    signature:
      '(image: Image, from: List<Object>, to: List<Object>, defaultValue: Object = null, bandName: String = null) => Image',
    evaluate: remap,
  },
};

function remap(given: Arguments): Image {
  const image = given.image('image');
  const [from, to] = [numbersOf(given, 'from'), numbersOf(given, 'to')];
  if (from.length !== to.length)
    throw given.refuse(`Lists must be of one length, not ${from.length} and ${to.length}.`);
  const otherwise =
    given.optional('defaultValue') === undefined ? undefined : given.number('defaultValue');
  const name = given.optional('bandName') === undefined ? undefined : given.string('bandName');
  const band = image.bands.find((each) => name === undefined || each.name === name);
  if (band === undefined) throw given.refuse(`Band '${name ?? ''}' not found.`);
  const becomes = new Map(from.map((value, at) => [value, to[at] as number]));
  const values = otherwise === undefined ? to : [...to, otherwise];
  const type = values
    .map(typeOfConstant)
    .reduce(
      (all: PixelType | undefined, each) => (all === undefined ? each : unite(all, each)),
      undefined,
    );
  if (type === undefined) throw given.refuse("'to' must not be empty.");
  const operate = (value: number) => becomes.get(value) ?? otherwise ?? Number.NaN;
  const source = pixelwise([band.source], type, operate);
  return { ...computedFrom(image), bands: [{ ...band, name: 'remapped', type, source }] };
}

function numbersOf(given: Arguments, name: string): number[] {
  return given.list(name).map((value) => {
    if (typeof value === 'number') return value;
    throw given.refuse(`'${name}' must be a list of numbers.`);
  });
}

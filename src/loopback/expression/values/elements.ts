import type { Definition, Definitions } from '../algorithm.js';
import type { Arguments } from '../arguments.js';
import {
  type Element,
  FOOTPRINT,
  isElement,
  propertiesOf,
  propertyOf,
  withProperties,
} from '../element.js';
import { isKind, kindOf, type Value } from '../value.js';

const COPY =
  '(destination: Element = null, source: Element = null, properties: List<String> = null, exclude: List<String> = null) => Element';
const GEOMETRY =
  '(feature: Element, maxError: ErrorMargin = null, proj: Projection = null, geodesics: Boolean = null) => Geometry';

/** Properties of images and collections. */
export const ELEMENTS: Definitions = {
  'Element.get': {
    description: 'A property, null where there is none.',
    signature: '(object: Element, property: String) => <any>',
    evaluate: (given) => propertyOf(given.element('object'), given.string('property')),
  },
  'Element.getNumber': typed('number', 'Number'),
  'Element.getString': typed('string', 'String'),
  'Element.set': {
    description: 'The element with one property changed; null takes it away.',
    signature: '(object: Element, key: String, value: Object = null) => Element',
    evaluate: (given) =>
      withProperties(
        given.element('object'),
        new Map([[given.string('key'), given.optional('value') ?? null]]),
      ),
  },
  'Element.setMulti': {
    description: 'The element with some properties changed.',
    signature: '(object: Element, properties: Dictionary<Object>) => Element',
    evaluate: (given) =>
      withProperties(given.element('object'), given.dictionary('properties').entries),
  },
  'Element.propertyNames': {
    description: 'The names of the properties.',
    signature: '(element: Element) => List<Object>',
    evaluate: (given) => {
      const element = given.element('element');
      const names = Object.keys(propertiesOf(element));
      const own = element.id === undefined ? [] : ['system:id'];
      return [
        ...own,
        ...names,
        ...(isKind(element, 'Image') ? ['system:bands', 'system:band_names'] : []),
      ];
    },
  },
  'Element.toDictionary': {
    description: "The properties that are not the system's own, or those named.",
    signature: '(element: Element, properties: List<String> = null) => Dictionary<Object>',
    evaluate: (given) => {
      const element = given.element('element');
      const names =
        given.optional('properties') === undefined
          ? Object.keys(propertiesOf(element)).filter((name) => !name.startsWith('system:'))
          : given.names('properties');
      return {
        kind: 'Dictionary',
        entries: new Map(names.map((name) => [name, propertyOf(element, name)])),
      };
    },
  },
  'Element.copyProperties': {
    description: 'Copies properties of another element.',
    signature: COPY,
    evaluate: copy,
  },
  'Image.copyProperties': {
    description: 'Copies properties of another image.',
    signature: COPY,
    evaluate: copy,
  },
  'Element.geometry': { description: 'The footprint.', signature: GEOMETRY, evaluate: geometry },
  'Image.geometry': {
    description: 'The footprint of the image.',
    signature: GEOMETRY,
    evaluate: geometry,
  },
  'Image.id': {
    description: "The image's index in its collection, or its id.",
    signature: '(element: Element) => String',
    evaluate: (given) => propertyOf(given.element('element'), 'system:index'),
  },
  'Image.date': {
    description: "When the image begins: its property 'system:time_start'.",
    signature: '(image: Image) => Date',
    evaluate: (given) => {
      const time = propertyOf(given.image('image'), 'system:time_start');
      if (typeof time === 'number') return { kind: 'Date', time };
      throw given.refuse("The image has no property 'system:time_start'.");
    },
  },
};

function copy(given: Arguments): Element {
  const destination = given.element('destination');
  if (given.optional('source') === undefined) return destination;
  const source = given.element('source');
  const excluded = given.optional('exclude') === undefined ? [] : given.names('exclude');
  // Without a list the system's own properties stay behind.
  const names =
    given.optional('properties') === undefined
      ? Object.keys(propertiesOf(source)).filter((name) => !name.startsWith('system:'))
      : given.names('properties');
  const copied = names
    .filter((name) => !excluded.includes(name))
    .map((name) => [name, propertiesOf(source)[name] ?? null] as const)
    .filter(([, value]) => value !== null);
  return withProperties(destination, new Map<string, Value>(copied));
}

function geometry(given: Arguments): Value {
  if (given.optional('proj') !== undefined || given.optional('geodesics') !== undefined) {
    throw given.refuse("'proj' and 'geodesics' are not known to the loopback Earth Engine.");
  }
  const element = given.required('feature');
  if (!isElement(element)) throw given.refuse('Only images have a footprint here.');
  const footprint = propertyOf(element, FOOTPRINT);
  if (isKind(footprint, 'Geometry')) return footprint;
  throw given.refuse('The image is unbounded: the loopback Earth Engine has no such geometry.');
}

function typed(type: 'number' | 'string', name: string): Definition {
  return {
    description: `A property that is a ${type}.`,
    signature: `(object: Element, property: String) => ${name}`,
    evaluate: (given) => {
      const value = propertyOf(given.element('object'), given.string('property'));
      if (value === null || typeof value === type) return value;
      throw given.refuse(`'${given.string('property')}' is of type ${kindOf(value)}.`);
    },
  };
}

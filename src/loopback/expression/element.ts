/** Properties of images and collections, and what of them outlives an operation. */

import type { Image } from '../image/image.js';
import { refuse } from '../refusal.js';
import type { ImageCollection, Value } from './value.js';
import { isKind, kindOf } from './value.js';

export type Element = Image | ImageCollection;

export const FOOTPRINT = 'system:footprint';

export function isElement(value: Value): value is Element {
  return isKind(value, 'Image') || isKind(value, 'ImageCollection');
}

/** The property, null where the element has none. What is no element is its own `item`, as in lists. */
export function propertyOf(element: Value, name: string): Value {
  if (!isElement(element)) {
    if (isKind(element, 'Dictionary')) return element.entries.get(name) ?? null;
    if (name === 'item') return element;
    throw refuse(`A value of type ${kindOf(element)} has no property '${name}'.`);
  }
  if (name === 'system:id') return element.id ?? null;
  const properties = propertiesOf(element);
  return Object.hasOwn(properties, name) ? (properties[name] ?? null) : null;
}

export function propertiesOf(element: Element): Readonly<Record<string, Value>> {
  return (element.properties ?? {}) as Readonly<Record<string, Value>>;
}

/** The element with some of its properties changed; null takes one away. */
export function withProperties<E extends Element>(
  element: E,
  changes: ReadonlyMap<string, Value>,
): E {
  const properties = new Map([...Object.entries(propertiesOf(element)), ...changes]);
  const kept = [...properties].filter(([, value]) => value !== null);
  return { ...element, properties: Object.fromEntries(kept) };
}

/** What arithmetic leaves of an image's description: its index and its footprint, no id and no time. */
export function computedFrom({ properties }: Image): Pick<Image, 'kind' | 'properties'> {
  const kept = Object.entries(properties).filter(
    ([name]) => name === 'system:index' || name === FOOTPRINT,
  );
  return { kind: 'Image', properties: Object.fromEntries(kept) };
}

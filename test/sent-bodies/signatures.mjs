/** The functions of Earth Engine as they are published, and which type may stand for which. */
import { readFileSync } from 'node:fs';

/**
 * @typedef {{ argumentName: string, type: string, optional?: boolean }} Argument
 * @typedef {{ name: string, returnType: string, arguments?: Argument[] }} Signature
 */

/** An excerpt; see make-algorithms.py beside it. @type {Map<string, Signature>} */
export const SIGNATURES = new Map(
  JSON.parse(
    readFileSync(new URL('../unit/loopback/published/algorithms.json', import.meta.url), 'utf8'),
  ).algorithms.map((entry) => [entry.name.replace(/^algorithms\//, ''), entry]),
);

/** What nothing can be said of. */
export const ANYTHING = 'Object';

/** Types that are said to be one, and may be another of these below it: collections give elements. */
const ABOVE = {
  Image: ['Element'],
  Feature: ['Element'],
  ImageCollection: ['FeatureCollection', 'Element'],
  FeatureCollection: ['Element'],
  Integer: ['Number'],
  Long: ['Number'],
  Float: ['Number'],
};

/** What the official clients leave to the service: a code is a projection, a number a margin of error. */
const FROM_CONSTANT = {
  String: ['Projection'],
  Number: ['ErrorMargin', 'Integer', 'Long', 'Float'],
};

/**
 * Whether a value that is of one type, as far as can be told, may be given where another is wanted.
 * @param {string} given
 * @param {string} wanted
 * @param {boolean} isConstant
 */
export function fits(given, wanted, isConstant) {
  // Whoever has no value leaves the argument out.
  if (given === 'null') return false;
  const [one, other] = [bare(given), bare(wanted)];
  if (one === other) return one !== 'List' || itemFits(given, wanted, isConstant);
  if ([one, other].some((type) => [ANYTHING, '<any>', 'ComputedObject'].includes(type)))
    return true;
  if (ABOVE[one]?.includes(other) || ABOVE[other]?.includes(one)) return true;
  return isConstant && FROM_CONSTANT[one]?.includes(other) === true;
}

function itemFits(given, wanted, isConstant) {
  return fits(itemOf(given), itemOf(wanted), isConstant);
}

/** `List<String>` without its item. */
function bare(type) {
  return type.replace(/(?<=\w)<.*>$/, '');
}

function itemOf(type) {
  return /^List<(.*)>$/.exec(type)?.[1] ?? ANYTHING;
}

/** The types that a constant has, one for each of a list's items where they differ. */
export function typesOfConstant(value) {
  if (Array.isArray(value)) {
    const items = new Set(value.flatMap(typesOfConstant));
    return items.size === 0 ? [`List<${ANYTHING}>`] : [...items].map((item) => `List<${item}>`);
  }
  switch (typeof value) {
    case 'string':
      return ['String'];
    case 'boolean':
      return ['Boolean'];
    case 'number':
      return ['Number'];
    default:
      return [value === null ? 'null' : 'Dictionary'];
  }
}

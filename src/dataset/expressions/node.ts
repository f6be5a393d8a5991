import { expected, type InvalidInputError } from '../../errors.js';
import type { Uses } from './free-arguments.js';

export type Json = Readonly<Record<string, unknown>>;

/** An Earth Engine expression in the REST API's form, as `ee.Serializer.encodeCloudApi` and Python's `image.serialize()` write it. */
export interface ExpressionRecord {
  /** Which of the values is the image, or the function that gives it for a time step. */
  readonly result: string;
  readonly values: Readonly<Record<string, unknown>>;
}

/** The kinds of a value node, of which each node is exactly one. */
const NODE_KINDS = new Set([
  'argumentReference',
  'arrayValue',
  'bytesValue',
  'constantValue',
  'dictionaryValue',
  'functionDefinitionValue',
  'functionInvocationValue',
  'integerValue',
  'valueReference',
]);

const TODO =
  "Python's image.serialize() and JavaScript's ee.Serializer.toCloudApiJSON(image) write it.";

/**
 * Objects and lists within one another in one value, above which the service refuses an expression, by the
 * comments in the serializer of Google's client, which keeps to half of it.
 */
export const MAX_DEPTH = 100;

/**
 * What a value refers to.
 * @param keys of all values
 * @throws {InvalidInputError} where it is no value of an expression, or refers to a key that is not there.
 */
export function usesOf(json: unknown, where: string, keys: ReadonlySet<string>): Uses {
  const names = new Set<string>();
  const references: Uses['references'][number][] = [];
  readNode(json, where, {
    argument: (name) => names.add(name),
    reference: (key, bound = []) => {
      if (typeof key !== 'string' || !keys.has(key))
        throw wrong('a key of "values"', `a reference in ${where}`, key);
      references.push({ key, bound });
    },
  });
  return { arguments: names, references };
}

interface Reader {
  argument(name: string): void;
  reference(key: unknown, bound?: readonly string[]): void;
}

function readNode(json: unknown, where: string, reader: Reader): void {
  const entries = Object.entries(asObject(json, where));
  const [kind = '', content] = entries[0] ?? [];
  if (entries.length !== 1 || !NODE_KINDS.has(kind)) {
    throw wrong(
      'one of constantValue, functionInvocationValue, valueReference and their like',
      where,
      entries.map(([name]) => name).join(', ') || 'nothing',
    );
  }
  const readAll = (nodes: unknown) => {
    for (const node of Object.values(asObject(nodes ?? {}, where))) readNode(node, where, reader);
  };
  switch (kind) {
    case 'valueReference':
      reader.reference(content);
      break;
    case 'argumentReference':
      if (typeof content !== 'string')
        throw wrong('a name', `the argumentReference in ${where}`, content);
      reader.argument(content);
      break;
    case 'dictionaryValue':
      readAll(asObject(content, where).values);
      break;
    case 'arrayValue': {
      const { values = [] } = asObject(content, where);
      if (!Array.isArray(values)) throw wrong('a list', `the array in ${where}`, values);
      for (const node of values) readNode(node, where, reader);
      break;
    }
    case 'functionDefinitionValue':
      reader.reference(asObject(content, where).body, argumentsOf(content, where));
      break;
    case 'functionInvocationValue': {
      const { functionName, functionReference, arguments: args } = asObject(content, where);
      if (functionName === undefined) reader.reference(functionReference);
      else if (typeof functionName !== 'string')
        throw wrong('a name', `the function in ${where}`, functionName);
      readAll(args);
      break;
    }
  }
}

/** The names of a function's arguments, in order. */
export function argumentsOf(definition: unknown, where: string): readonly string[] {
  const { argumentNames = [] } = asObject(definition, where);
  if (Array.isArray(argumentNames) && argumentNames.every((name) => typeof name === 'string'))
    return argumentNames;
  throw wrong('a list of names', `"argumentNames" in ${where}`, argumentNames);
}

/**
 * To be asked before anything else that calls itself for what lies within.
 * @throws {InvalidInputError}
 */
export function checkDepth(json: unknown, where: string, depth: number): void {
  if (typeof json !== 'object' || json === null) return;
  if (depth > MAX_DEPTH)
    throw expected(
      `at most ${MAX_DEPTH} objects and lists within one another`,
      where,
      'more',
      'Earth Engine takes no deeper ones; a part that is a value of its own, with a valueReference to it, begins anew.',
    );
  for (const inner of Object.values(json)) checkDepth(inner, where, depth + 1);
}

export function asObject(json: unknown, where: string): Json {
  if (typeof json === 'object' && json !== null && !Array.isArray(json)) return json as Json;
  throw wrong('an object', where, json);
}

export function wrong(what: string, where: string, received: unknown): InvalidInputError {
  const shown =
    typeof received === 'object' ? (JSON.stringify(received) ?? '').slice(0, 80) : received;
  return expected(what, where, shown, TODO);
}

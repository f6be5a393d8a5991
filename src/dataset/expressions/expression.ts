import { expected } from '../../errors.js';

/** An Earth Engine expression in the REST API's form, as `ee.Serializer.encodeCloudApi` and Python's `image.serialize()` write it. */
export interface ExpressionRecord {
  /** Which of the values is the image. */
  readonly result: string;
  readonly values: Readonly<Record<string, unknown>>;
}

type Json = Readonly<Record<string, unknown>>;

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
 * Checks that `json` is an expression whose references all lead somewhere. Whether its functions exist is
 * for the service to say.
 * @throws {InvalidInputError}
 */
export function checkExpression(json: unknown): ExpressionRecord {
  const { result, values, ...rest } = asObject(json, 'the expression');
  const [other] = Object.keys(rest);
  if (other !== undefined) throw wrong('"result" and "values" alone', 'the expression', other);
  if (typeof result !== 'string')
    throw wrong('a key of "values"', '"result" of the expression', result);
  const nodes = asObject(values, '"values" of the expression');
  const keys = new Set(Object.keys(nodes));
  if (!keys.has(result)) throw wrong('a key of "values"', '"result" of the expression', result);
  for (const [key, node] of Object.entries(nodes))
    checkNode(node, `value "${key}" of the expression`, keys);
  return { result, values: nodes };
}

function checkNode(json: unknown, where: string, keys: ReadonlySet<string>): void {
  const entries = Object.entries(asObject(json, where));
  const [kind = '', content] = entries[0] ?? [];
  if (entries.length !== 1 || !NODE_KINDS.has(kind)) {
    throw wrong(
      'one of constantValue, functionInvocationValue, valueReference and their like',
      where,
      entries.map(([name]) => name).join(', ') || 'nothing',
    );
  }
  const checkKey = (key: unknown) => {
    if (typeof key !== 'string' || !keys.has(key))
      throw wrong('a key of "values"', `a reference in ${where}`, key);
  };
  const checkAll = (nodes: unknown) => {
    for (const node of Object.values(asObject(nodes ?? {}, where))) checkNode(node, where, keys);
  };
  if (kind === 'valueReference') checkKey(content);
  if (kind === 'dictionaryValue') checkAll(asObject(content, where).values);
  if (kind === 'arrayValue') {
    const { values } = asObject(content, where);
    if (!Array.isArray(values)) throw wrong('a list', `the array in ${where}`, values);
    for (const node of values) checkNode(node, where, keys);
  }
  if (kind === 'functionDefinitionValue') checkKey(asObject(content, where).body);
  if (kind === 'functionInvocationValue') {
    const { functionName, functionReference, arguments: args } = asObject(content, where);
    if (functionName === undefined) checkKey(functionReference);
    else if (typeof functionName !== 'string')
      throw wrong('a name', `the function in ${where}`, functionName);
    checkAll(args);
  }
}

function asObject(json: unknown, where: string): Json {
  if (typeof json === 'object' && json !== null && !Array.isArray(json)) return json as Json;
  throw wrong('an object', where, json);
}

function wrong(what: string, where: string, received: unknown) {
  const shown =
    typeof received === 'object' ? (JSON.stringify(received) ?? '').slice(0, 80) : received;
  return expected(what, where, shown, TODO);
}

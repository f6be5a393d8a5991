import { expected } from '../../errors.js';
import { freeArguments, type Uses } from './free-arguments.js';
import { asObject, checkDepth, type ExpressionRecord, usesOf, wrong } from './node.js';
import { timeFunctionOf } from './time-function.js';

/** Of an expression as JSON. The service takes 10 MB with all that a request says beside it. */
export const MAX_EXPRESSION_BYTES = 9 * 1024 ** 2;

/**
 * An expression that is given as what it is, or as the text that Python's `serialize()` and JavaScript's
 * `ee.Serializer.toCloudApiJSON()` make of it.
 * @throws {InvalidInputError} as {@link checkExpression} does, and for a text that is no JSON.
 */
export function readExpression(given: unknown): ExpressionRecord {
  if (typeof given !== 'string') return checkExpression(given);
  let json: unknown;
  try {
    json = JSON.parse(given);
  } catch {
    throw wrong('an object, or one as JSON text,', 'the expression', given);
  }
  return checkExpression(json);
}

/**
 * Checks that `json` is an expression of an image, or of a function that gives one for a time step: references
 * all lead somewhere and none leads back, arguments belong to a function around them, and the service's limits of
 * size and depth are kept. Whether its functions exist is for the service to say.
 * @throws {InvalidInputError}
 */
export function checkExpression(json: unknown): ExpressionRecord {
  // The value nodes are two levels below.
  checkDepth(json, 'the expression', -1);
  const { result, values, ...rest } = asObject(json, 'the expression');
  const [other] = Object.keys(rest);
  if (other !== undefined) throw wrong('"result" and "values" alone', 'the expression', other);
  if (typeof result !== 'string')
    throw wrong('a key of "values"', '"result" of the expression', result);
  const nodes = asObject(values, '"values" of the expression');
  const keys = new Set(Object.keys(nodes));
  if (!keys.has(result)) throw wrong('a key of "values"', '"result" of the expression', result);
  const uses = usesIn(nodes, keys);
  const bytes = Buffer.byteLength(JSON.stringify(json));
  if (bytes > MAX_EXPRESSION_BYTES)
    throw expected(
      `at most ${MAX_EXPRESSION_BYTES} bytes of JSON`,
      'the expression',
      `${bytes}`,
      'Earth Engine takes no larger ones; what it computes many times can be a function, called by map.',
    );
  const expression = { result, values: nodes };
  checkArguments(expression, uses);
  return expression;
}

function usesIn(
  nodes: ExpressionRecord['values'],
  keys: ReadonlySet<string>,
): ReadonlyMap<string, Uses> {
  const uses = new Map<string, Uses>();
  for (const [key, node] of Object.entries(nodes))
    uses.set(key, usesOf(node, `value "${key}" of the expression`, keys));
  return uses;
}

/** The arguments that the result of an expression refers to and that no function within it has. */
export function argumentsIn({ result, values }: ExpressionRecord): ReadonlySet<string> {
  const uses = usesIn(values, new Set(Object.keys(values)));
  return freeArguments(uses).get(result) ?? new Set();
}

function checkArguments(expression: ExpressionRecord, uses: ReadonlyMap<string, Uses>): void {
  const free = freeArguments(uses);
  const [argument] = free.get(expression.result) ?? [];
  if (argument !== undefined)
    throw expected(
      'a function around each argument',
      'the expression',
      `"${argument}", which none has`,
      'A function of the time step is a functionDefinitionValue, and the result.',
    );
  const step = timeFunctionOf(expression);
  if (step === undefined) return;
  const [body] = uses.get(step.key)?.references ?? [];
  const used = free.get(body?.key ?? '');
  if (used?.has(step.start) || used?.has(step.end)) return;
  throw expected(
    'a function that looks at its time step',
    'the expression',
    `one that uses neither "${step.start}" nor "${step.end}"`,
    'Filter by them, as filterDate(start, end) does: each step would be the same image.',
  );
}

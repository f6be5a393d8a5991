/** Expressions that are functions of their time step. */
import { expected } from '../../errors.js';
import { argumentsOf, asObject, type ExpressionRecord, type Json } from './node.js';

/** A function that is called for each time step: where it is, and what its arguments are called. */
export interface TimeFunction {
  /** Its key among the values of the expression. */
  readonly key: string;
  /** The first argument: milliseconds since 1970 in UTC at which the step starts. */
  readonly start: string;
  /** The second: those at which it ends, which do not belong to it. */
  readonly end: string;
}

/**
 * The function that an expression is, or `undefined` where it is an image.
 *
 * Arguments are told by their place, not by their names: the first is the start, the second the end.
 *
 * @throws {InvalidInputError} for a function of another number of arguments.
 */
export function timeFunctionOf({ result, values }: ExpressionRecord): TimeFunction | undefined {
  const key = resolved(result, values);
  const { functionDefinitionValue: definition } = asObject(values[key], 'the expression');
  if (definition === undefined) return undefined;
  const names = argumentsOf(definition, 'the function of the expression');
  const [start, end] = names;
  if (start === undefined || end === undefined || names.length > 2 || start === end)
    throw expected(
      'two arguments, the start and the end of the time step in this order,',
      'the function of the expression',
      names.join(', ') || 'none',
    );
  return { key, start, end };
}

/** A value may be no more than another one's name. */
function resolved(result: string, values: Json): string {
  let key = result;
  for (let steps = Object.keys(values).length; steps > 0; steps--) {
    const { valueReference } = asObject(values[key], 'the expression');
    if (typeof valueReference !== 'string') break;
    key = valueReference;
  }
  return key;
}

const HOW =
  'Make it a function of the start and the end of a step, with filterDate(start, end) in it: ee.CustomFunction in Python, image: (ee, { start, end }) => ... in TypeScript.';

/**
 * A dataset with time steps needs a function of them, one without an image.
 * @throws {InvalidInputError} that says how to get there.
 */
export function checkExpressionTime(expression: ExpressionRecord, hasTime: boolean): void {
  const isFunction = timeFunctionOf(expression) !== undefined;
  if (isFunction === hasTime) return;
  throw hasTime
    ? expected(
        'a function of the time step',
        'the expression of a dataset with time steps',
        'an expression of one image',
        HOW,
      )
    : expected(
        'an image',
        'the expression of a dataset without time steps',
        'a function of the time step',
        'Give the dataset its steps as "time", or an expression without arguments.',
      );
}

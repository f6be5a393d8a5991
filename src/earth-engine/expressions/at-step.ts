import type { ExpressionRecord } from '../../dataset/expressions/node.js';
import { checkExpressionTime, timeFunctionOf } from '../../dataset/expressions/time-function.js';
import type { TimeSpan } from '../../dataset/period.js';

/**
 * The image of an expression as a node: of one that is a function, a call of it for one time step, with the
 * milliseconds of the step, whose end does not belong to it, as `filterDate` takes them.
 *
 * @throws {InvalidInputError} for a function without a step, and for a step of what is no function.
 */
export function imageAt(
  expression: ExpressionRecord,
  time: TimeSpan | undefined,
): Readonly<Record<string, unknown>> {
  checkExpressionTime(expression, time !== undefined);
  const step = timeFunctionOf(expression);
  if (step === undefined || time === undefined) return { valueReference: expression.result };
  return {
    functionInvocationValue: {
      functionReference: step.key,
      arguments: {
        [step.start]: { constantValue: time.start },
        [step.end]: { constantValue: time.end },
      },
    },
  };
}

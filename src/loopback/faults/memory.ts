import type { Handler, LoopbackReply, LoopbackRequest } from '../handler.js';
import { routeOf } from '../handler.js';
import { errorReply } from './errors.js';
import type { CheckedPlan } from './plan.js';

/** Refuses pixel requests above the limits in the words of Earth Engine. */
export function limitMemory(inner: Handler, limits: CheckedPlan['memoryLimit']): Handler {
  if (limits === undefined) return inner;
  const { maxPixels = Number.POSITIVE_INFINITY, maxBytes = Number.POSITIVE_INFINITY } = limits;
  return async (request) => {
    if (routeOf(request.method, request.path) !== 'pixels') return inner(request);
    if (pixelsOf(request) > maxPixels) return refusal();
    const reply = await inner(request);
    return reply.status === 200 && reply.body.length > maxBytes ? refusal() : reply;
  };
}

function refusal(): LoopbackReply {
  return { ...errorReply(400, { message: 'User memory limit exceeded.' }), fault: 'memory-limit' };
}

/** Width x height of the grid; 0 when there is none, which the service refuses by itself. */
function pixelsOf({ body }: LoopbackRequest): number {
  try {
    const { grid } = JSON.parse(new TextDecoder().decode(body)) as {
      readonly grid: { readonly dimensions: { readonly width: number; readonly height: number } };
    };
    return grid.dimensions.width * grid.dimensions.height;
  } catch {
    return 0;
  }
}

/** Pixels that were computed before: the same request gets the same reply, without the time that computing takes. */
import { type Handler, type LoopbackReply, type LoopbackRequest, routeOf } from './handler.js';

/**
 * Keeps replies with pixels, the last ones asked for, up to so many bytes. What was refused is computed anew.
 *
 * @param most bytes of all replies together; with 0 none is kept
 */
export function keepReplies(inner: Handler, most: number): Handler {
  if (most === 0) return inner;
  /** In the order in which they were last asked for. */
  const kept = new Map<string, LoopbackReply>();
  let bytes = 0;
  const keep = (key: string, reply: LoopbackReply) => {
    if (kept.has(key) || reply.body.length > most) return;
    kept.set(key, reply);
    bytes += reply.body.length;
    for (const [oldest, { body }] of kept) {
      if (bytes <= most) return;
      kept.delete(oldest);
      bytes -= body.length;
    }
  };
  return async (request) => {
    if (routeOf(request.method, request.path) !== 'pixels') return inner(request);
    const key = keyOf(request);
    const known = kept.get(key);
    if (known !== undefined) {
      kept.delete(key);
      kept.set(key, known);
      return known;
    }
    const reply = await inner(request);
    if (reply.status === 200) keep(key, reply);
    return reply;
  };
}

/** All that a reply depends on, who asks included. */
function keyOf({ method, path, query = '', host = '', authorization = '', body }: LoopbackRequest) {
  return JSON.stringify([
    method,
    path,
    query,
    host,
    authorization,
    Buffer.from(body).toString('latin1'),
  ]);
}

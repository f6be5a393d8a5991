import { EarthEngineError } from '../../errors.js';
import { type LoopbackReply, toJson } from '../handler.js';
import { errorBody } from '../refusal.js';
import type { ReplyFormat } from './words.js';
import { inFormat } from './write.js';

/**
 * The reply with its GeoTIFF in that form, or a refusal where the pixels cannot take it; any other reply
 * as it is.
 */
export function formed(reply: LoopbackReply, format: ReplyFormat | undefined): LoopbackReply {
  const isTiff = reply.status === 200 && reply.headers['content-type'] === 'image/tiff';
  if (format === undefined || !isTiff) return reply;
  try {
    return { ...reply, body: inFormat(reply.body, format) };
  } catch (error) {
    if (error instanceof EarthEngineError) return toJson(400, errorBody(400, error.message));
    throw error;
  }
}

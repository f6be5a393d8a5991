/** Injected errors, in Earth Engine's words where they are known. */
import { type LoopbackReply, toJson } from '../handler.js';
import { errorBody, UNAUTHENTICATED } from '../refusal.js';

const MESSAGES: Readonly<Record<number, string>> = {
  401: UNAUTHENTICATED,
  403: 'Caller does not have required permission to use project demo. Grant the caller the roles/serviceusage.serviceUsageConsumer role, or a custom role with the serviceusage.services.use permission.',
  429: "Quota exceeded for quota metric 'Number of read requests' and limit 'Number of read requests per minute per user' of service 'earthengine.googleapis.com' for consumer 'project_number:0'.",
  500: 'An internal error has occurred.',
  502: 'Bad gateway.',
  503: 'The service is currently unavailable.',
  504: 'Deadline exceeded.',
};

export interface ErrorWords {
  readonly message?: string | undefined;
  readonly googleStatus?: string | undefined;
  readonly reason?: string | undefined;
}

/** The body of an error; what `words` leave open follows from the code. */
export function errorJson(code: number, { message, googleStatus, reason }: ErrorWords = {}) {
  const { error } = errorBody(code, message ?? MESSAGES[code] ?? 'The request failed.');
  const details = [{ '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason }];
  return {
    error: {
      ...error,
      ...(googleStatus === undefined ? {} : { status: googleStatus }),
      ...(reason === undefined ? {} : { details }),
    },
  };
}

export function errorReply(
  code: number,
  words?: ErrorWords,
  retryAfter?: number | undefined,
): LoopbackReply {
  const reply = toJson(code, errorJson(code, words));
  if (retryAfter === undefined) return reply;
  return { ...reply, headers: { ...reply.headers, 'retry-after': String(retryAfter) } };
}

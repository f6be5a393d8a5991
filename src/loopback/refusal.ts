import { EarthEngineError, type EarthEngineErrorKind } from '../errors.js';

/** A refusal of the request, in Earth Engine's own words where they are known. */
export function refuse(message: string, kind: EarthEngineErrorKind = 'bad-request', status = 400) {
  return new EarthEngineError(kind, message, status);
}

/** google.rpc codes of the HTTP codes this server answers with (AIP-193). */
const RPC_STATUS: Readonly<Record<number, string>> = {
  400: 'INVALID_ARGUMENT',
  401: 'UNAUTHENTICATED',
  403: 'PERMISSION_DENIED',
  404: 'NOT_FOUND',
  409: 'ABORTED',
  429: 'RESOURCE_EXHAUSTED',
  499: 'CANCELLED',
  500: 'INTERNAL',
  501: 'UNIMPLEMENTED',
  503: 'UNAVAILABLE',
  504: 'DEADLINE_EXCEEDED',
};

/** What a missing, wrong or expired token is answered with. */
export const UNAUTHENTICATED =
  'Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid authentication credential.';

/** The body of an error reply. */
export function errorBody(code: number, message: string) {
  return { error: { code, message, status: RPC_STATUS[code] ?? 'UNKNOWN' } };
}

import { EarthEngineError, type EarthEngineErrorKind } from '../errors.js';

/** A refusal of the request, in Earth Engine's own words where they are known. */
export function refuse(message: string, kind: EarthEngineErrorKind = 'bad-request', status = 400) {
  return new EarthEngineError(kind, message, status);
}

/** google.rpc codes of the HTTP codes this server answers with (AIP-193). */
const RPC_STATUS: Readonly<Record<number, string>> = {
  400: 'INVALID_ARGUMENT',
  401: 'UNAUTHENTICATED',
  404: 'NOT_FOUND',
  500: 'INTERNAL',
};

/** The body of an error reply. */
export function errorBody(code: number, message: string): object {
  return { error: { code, message, status: RPC_STATUS[code] ?? 'UNKNOWN' } };
}

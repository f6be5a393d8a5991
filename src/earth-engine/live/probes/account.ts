/** What the account may do. */
import { READ_ONLY } from '../../credentials.js';
import { CASTS } from '../../expressions/expression.js';
import { type Ask, confirmed, differs, type Probe, unasked, withoutPixels } from '../probe.js';

/** Every function that requests are built of. */
export const FUNCTIONS: readonly string[] = [
  ...['Collection.filter', 'DateRange', 'Filter.dateRangeContains', 'Image.add', 'Image.addBands'],
  ...['Image.constant', 'Image.gt', 'Image.load', 'Image.mask', 'Image.multiply', 'Image.rename'],
  ...['Image.select', 'Image.unmask', 'ImageCollection.load', 'ImageCollection.mosaic'],
  ...Object.values(CASTS),
];

export const ACCOUNT_ASKS: Readonly<Record<string, Ask>> = {
  functions: { kind: 'get', path: '/v1/projects/{project}/algorithms' },
  scopes: { kind: 'scopes' },
};

export const ACCOUNT_PROBES: readonly Probe[] = [
  {
    id: 'functions',
    title: 'The list of functions has those that requests are built of',
    expected: `all of ${FUNCTIONS.length}`,
    asks: ['functions'],
    judge([answer]) {
      if (answer === undefined || answer.kind === 'pixels') return unasked('nothing was asked');
      if (answer.kind !== 'json') return withoutPixels(answer);
      const { algorithms } = answer.value as {
        readonly algorithms?: readonly { readonly name?: unknown }[];
      };
      if (!Array.isArray(algorithms)) return differs('JSON without a list of functions');
      const names = new Set(
        algorithms.map(({ name }) => String(name).replace(/^algorithms\//, '')),
      );
      const missing = FUNCTIONS.filter((name) => !names.has(name));
      const words = `${names.size} functions in ${answer.bytes} bytes`;
      return missing.length === 0
        ? confirmed(words)
        : differs(`${words}, without ${missing.join(', ')}`);
    },
  },
  {
    id: 'scope',
    title: 'The scope earthengine.readonly suffices for pixels and for the list of functions',
    expected: `pixels and the list of functions, with a token of ${READ_ONLY.join(' ')} alone`,
    asks: ['scopes', 'three-bands', 'functions'],
    judge([scopes, pixels, functions]) {
      if (scopes?.kind !== 'json')
        return unasked(
          scopes?.kind === 'none' ? scopes.reason : "Google does not tell the token's scopes",
        );
      const { scope } = scopes.value as { readonly scope: string };
      if (scope !== READ_ONLY.join(' '))
        return unasked(
          "the token's scopes are those of a login; a service account's key asks for this one alone",
        );
      const failed = [pixels, functions].find(
        (answer) => answer?.kind === 'refusal' || answer?.kind === 'none',
      );
      if (failed === undefined) return confirmed('both');
      return failed.kind === 'refusal'
        ? differs(`${failed.status}: ${failed.message}`)
        : unasked('nothing came');
    },
  },
];

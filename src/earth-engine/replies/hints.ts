/** What to do about the service's errors: a sentence behind its own words. */
import type { EarthEngineErrorKind } from '../../errors.js';
import { type Fields, isFields, recordsOf } from './fields.js';

/** What an error says. */
export interface ErrorFacts {
  readonly code: number;
  /** The message, and the reasons that programs are to read. */
  readonly words: string;
  /** `details` of google.rpc.Status, and `errors` of Google's older APIs. */
  readonly details: readonly Fields[];
}

/** A sentence with a space before it, or nothing where the service's own words say all that is known. */
export function hintOf(kind: EarthEngineErrorKind, facts: ErrorFacts): string {
  switch (kind) {
    case 'credentials':
      return ' Run "gcloud auth application-default login", or set GEOCUBES_TOKEN to a fresh token.';
    case 'permission':
      return permissionHint(facts);
    case 'quota':
      return isOfTheDay(facts)
        ? ' The quota of the day is used up: run the same command again when it has been renewed, at midnight Pacific Time.'
        : '';
    case 'not-found':
      return ' Check the asset id, and that the account may read it.';
    case 'bad-request':
      return requestHint(facts);
    default:
      return facts.code === 511 ? ` ${ANOTHER_ANSWERS}` : '';
  }
}

/** What is behind an answer that Earth Engine does not give. */
export const ANOTHER_ANSWERS =
  'Something else answers in its place: a proxy, or a network that wants a login first. Check the network and --endpoint.';

/**
 * Whether a quota comes back on another day: by its reason, or by the limit that is named, in words or as the
 * unit `1/d/{project}` and the name of the limit in the details.
 */
export function isOfTheDay({ words, details }: Pick<ErrorFacts, 'words' | 'details'>): boolean {
  if (/daily[_ ]?limit[_ ]?exceeded|daily_eecu_usage|limit '[^']{0,200}per day\b/i.test(words))
    return true;
  return details.some(({ metadata }) => {
    if (!isFields(metadata)) return false;
    const { quota_unit: unit, quota_limit: limit, quota_metric: metric } = metadata;
    return (
      (typeof unit === 'string' && unit.startsWith('1/d/')) ||
      (typeof limit === 'string' && /per[_-]?day/i.test(limit)) ||
      (typeof metric === 'string' && metric.includes('daily_eecu_usage'))
    );
  });
}

/** In the order of looking: the first that fits counts. Reasons are those of google.api.ErrorReason. */
const PERMISSION_HINTS: readonly (readonly [RegExp, string])[] = [
  [
    /requires a quota project/i,
    'Name a project with --project, on which the account has serviceusage.services.use (role Service Usage Consumer).',
  ],
  [
    /not registered|not signed up/i,
    'Register the project for Earth Engine: https://code.earthengine.google.com/register',
  ],
  [
    /VPC[_ ]?Service[_ ]?Controls|SECURITY_POLICY_VIOLATED|Request is prohibited by organization/i,
    'A VPC Service Controls perimeter refuses it: run within the perimeter, or ask its administrator for access.',
  ],
  [
    /ACCESS_TOKEN_SCOPE_INSUFFICIENT|insufficient authentication scopes|insufficientPermissions/i,
    'The token lacks a scope: log in again with https://www.googleapis.com/auth/earthengine or .../auth/cloud-platform.',
  ],
  [
    /CONSUMER_SUSPENDED|GCP_SUSPENDED|has been suspended/i,
    'Google has suspended the project: its owner finds the reason in the Cloud console; or name another with --project.',
  ],
  [
    /CONSUMER_INVALID|RESOURCE_PROJECT_INVALID|not found or deleted|has been deleted/i,
    'Check the id of the project (--project).',
  ],
  [
    /ORG_RESTRICTION|LOCATION_(TAX_)?POLICY_VIOLATED|USER_BLOCKED_BY_ADMIN|RESOURCE_USAGE_RESTRICTION/i,
    "A policy of the account's organization refuses it: ask its administrator.",
  ],
  [
    /BILLING_DISABLED|enable billing|billing (account|to be enabled)/i,
    'Enable billing for the project.',
  ],
  [
    /quota project|serviceusage|USER_PROJECT_DENIED/i,
    'Grant the account serviceusage.services.use on the project (role Service Usage Consumer).',
  ],
  [/earthengine\.assets\./i, 'Check the asset id, and that the account may read it.'],
];

function permissionHint({ words, details }: ErrorFacts): string {
  const isDisabled =
    /SERVICE_DISABLED|accessNotConfigured|has not been used in project|SERVICE_NOT_VISIBLE/i;
  if (isDisabled.test(words) && !/requires a quota project/i.test(words))
    return ` Enable the Earth Engine API for the project${linkIn(details)}, and wait some minutes.`;
  const hint =
    PERMISSION_HINTS.find(([pattern]) => pattern.test(words))?.[1] ??
    'The account needs the roles Earth Engine Resource Viewer and Service Usage Consumer on the project.';
  return ` ${hint}`;
}

function requestHint({ code, words }: ErrorFacts): string {
  if (code >= 300 && code < 400)
    return ` It leads elsewhere, which is not followed. ${ANOTHER_ANSWERS}`;
  if (
    /Request payload size exceeds|request entity too large|request that was too large/i.test(words)
  )
    return ' The expression is too long: let it name stored assets in place of long lists of coordinates or values.';
  return '';
}

/** Where the service says that its API is enabled; no link that leads elsewhere than to Google's console. */
function linkIn(details: readonly Fields[]): string {
  const urls = details.flatMap(({ metadata, links }) => [
    ...(isFields(metadata) ? [metadata.activationUrl] : []),
    ...recordsOf(links).map(({ url }) => url),
  ]);
  const found = urls.find(
    (url) =>
      typeof url === 'string' &&
      /^https:\/\/console[.](cloud|developers)\.google\.com\/[\w\-./?=&%]{1,300}$/.test(url),
  );
  return found === undefined ? '' : ` (${found})`;
}

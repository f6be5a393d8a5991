import { Option } from 'commander';
import type { QuotaOptions } from '../../cube/sources/quota.js';
import type { QuotaNotice } from '../../quota/quota-client.js';
import { checkSecret } from '../../quota/secret.js';
import { readText } from '../../raster/read-text.js';
import { warn } from '../output/terminal.js';
import { pathFor, wholeNumber } from './common.js';

/** Who lends the requests of an ingest. */
export interface QuotaLenderOptions {
  readonly quota?: string;
  readonly quotaTokenFile?: string;
}

export const concurrencyOption = () =>
  new Option(
    '--concurrency <n>',
    'requests in flight at the most (default: 40, the quota of a project)',
  ).argParser(wholeNumber('--concurrency', 1, 1000));

export const quotaOption = () =>
  new Option(
    '--quota <url>',
    'a server of "geocubes quota" that shares the requests of a project among processes; while it is away, an equal part is used',
  );

export const quotaTokenFileOption = () =>
  new Option(
    '--quota-token-file <file>',
    'the secret of a quota server that other machines reach (or GEOCUBES_QUOTA_TOKEN); it does not travel',
  ).argParser(pathFor('--quota-token-file'));

/** The secret of a quota server, from a file or the environment: a command line is public. @throws {InvalidInputError} */
export async function quotaSecret({
  quotaTokenFile: file,
}: Pick<QuotaLenderOptions, 'quotaTokenFile'>): Promise<string | undefined> {
  const { GEOCUBES_QUOTA_TOKEN: given = '' } = process.env;
  if (file === undefined)
    return given === '' ? undefined : checkSecret(given, 'GEOCUBES_QUOTA_TOKEN');
  return checkSecret(await readText(file, '--quota-token-file'), '--quota-token-file');
}

/**
 * The server that is named, with its secret; what becomes of it is told on stderr.
 * @param shards of a shard: how many there are, so that its part is known without the server
 * @throws {InvalidInputError}
 */
export async function quotaOf(
  options: QuotaLenderOptions,
  shards?: number,
): Promise<QuotaOptions | undefined> {
  const { quota: url } = options;
  if (url === undefined) return undefined;
  const onNotice = (notice: QuotaNotice) => warn(noticeText(notice, url));
  return { url, secret: await quotaSecret(options), shards, onNotice };
}

function noticeText({ isAway, places, why }: QuotaNotice, url: string): string {
  return isAway
    ? `the quota server at ${url} is away (${why}): up to ${places} requests at a time until it is back`
    : `the quota server at ${url} is back`;
}

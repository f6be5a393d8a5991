import type { Storage } from '@earthmover/icechunk';
import { expected } from '../../errors.js';
import type { ObjectStoreLocation } from '../storage-url.js';
import { loadIcechunk } from './load.js';

type Environment = Readonly<Record<string, string | undefined>>;

/** What an Icechunk storage of S3 needs beside bucket and prefix. */
export interface S3Settings {
  readonly anonymous: boolean;
  readonly region?: string;
  readonly endpointUrl?: string;
  readonly allowHttp: boolean;
  readonly forcePathStyle: boolean;
}

/**
 * Reads AWS's own variables: `AWS_REGION` or `AWS_DEFAULT_REGION`, `AWS_ENDPOINT_URL_S3` or
 * `AWS_ENDPOINT_URL`; and two of GDAL's: `AWS_NO_SIGN_REQUEST=YES` asks for anonymous access, and
 * `AWS_VIRTUAL_HOSTING` says whether the bucket is part of the host name (by default at AWS, not at an
 * endpoint of one's own). The keys themselves are left to Icechunk, so that they never pass through here.
 *
 * @throws {InvalidInputError} when the endpoint is no http or https URL.
 */
export function s3Settings(env: Environment): S3Settings {
  const region = env.AWS_REGION || env.AWS_DEFAULT_REGION;
  const endpointUrl = env.AWS_ENDPOINT_URL_S3 || env.AWS_ENDPOINT_URL;
  if (endpointUrl && !/^https?:\/\/[^@/]+(?:\/|$)/.test(endpointUrl)) {
    throw expected(
      'a URL with http: or https: and without credentials',
      'AWS_ENDPOINT_URL',
      'another text',
    );
  }
  const isOwnEndpoint = Boolean(endpointUrl);
  return {
    anonymous: isYes(env.AWS_NO_SIGN_REQUEST),
    ...(region ? { region } : isOwnEndpoint ? { region: 'us-east-1' } : {}),
    ...(endpointUrl ? { endpointUrl } : {}),
    allowHttp: endpointUrl?.startsWith('http:') ?? false,
    forcePathStyle:
      env.AWS_VIRTUAL_HOSTING === undefined ? isOwnEndpoint : !isYes(env.AWS_VIRTUAL_HOSTING),
  };
}

/**
 * Google: credentials as Google's libraries find them, `GS_NO_SIGN_REQUEST=YES` for anonymous access.
 * Azure: the account from `AZURE_STORAGE_ACCOUNT` or `AZURE_STORAGE_ACCOUNT_NAME`, credentials as
 * Icechunk finds them, `AZURE_NO_SIGN_REQUEST=YES` for anonymous access.
 *
 * @throws {InvalidInputError | SetupError}
 */
export async function objectStorage(
  { kind, bucket, prefix }: ObjectStoreLocation,
  env: Environment = process.env,
): Promise<Storage> {
  const { Storage } = await loadIcechunk();
  const below = prefix === '' ? undefined : prefix;
  switch (kind) {
    case 's3': {
      const settings = s3Settings(env);
      const credentials = settings.anonymous ? 'Anonymous' : 'FromEnv';
      return Storage.newS3(bucket, below, { type: credentials }, settings);
    }
    case 'gs': {
      const credentials = isYes(env.GS_NO_SIGN_REQUEST) ? 'Anonymous' : 'FromEnv';
      return Storage.newGcs(bucket, below, { type: credentials });
    }
    case 'az': {
      const account = env.AZURE_STORAGE_ACCOUNT || env.AZURE_STORAGE_ACCOUNT_NAME;
      if (!account)
        throw expected('the name of the storage account', 'AZURE_STORAGE_ACCOUNT', 'nothing');
      const credentials = isYes(env.AZURE_NO_SIGN_REQUEST) ? 'Anonymous' : 'FromEnv';
      return Storage.newAzureBlob(account, bucket, below, { type: credentials });
    }
  }
}

function isYes(value: string | undefined): boolean {
  return /^(?:yes|true|on|1)$/i.test(value ?? '');
}

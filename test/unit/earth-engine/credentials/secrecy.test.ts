import { expect, test } from 'vitest';
import { normaliseEndpoint } from '../../../../src/earth-engine/client.js';
import { checkSecrecy, withoutToken } from '../../../../src/earth-engine/credentials/secrecy.js';
import { findCredentials } from '../../../../src/earth-engine/credentials.js';
import { InvalidInputError } from '../../../../src/errors.js';

test.each([
  'http://127.0.0.1:8787',
  'http://127.255.3.4',
  'http://127.1/base',
  'http://0x7f.1',
  'http://0177.0.0.1',
  'http://2130706433',
  'http://[::1]:80',
  'http://[0:0:0:0:0:0:0:1]',
  'http://localhost:1',
  'http://LOCALHOST',
  'https://anywhere.example',
])('a token may go to %s', (endpoint) => {
  expect(() => checkSecrecy(endpoint)).not.toThrow();
});

test.each([
  'http://127.evil.example',
  'http://127.0.0.1.evil.example',
  'http://localhost.evil.example',
  'http://localhost.',
  'http://evil.localhost',
  'http://128.0.0.1',
  'http://0.0.0.0',
  'http://[::]',
  'http://[::ffff:127.0.0.1]',
  'http://127.0.0.1@evil.example',
  'http://evil.example#127.0.0.1',
  'http://lоcalhost',
])('a token does not go to %s in clear', async (endpoint) => {
  expect(() => checkSecrecy(endpoint)).toThrow(InvalidInputError);
  expect(() => checkSecrecy(endpoint, true)).not.toThrow();
  await expect(findCredentials({ endpoint, token: 'canary-token', project: 'p' })).rejects.toThrow(
    'Expected an https URL for the endpoint',
  );
});

test.each([
  'https://user:canary@earthengine.googleapis.com',
  'http://user:canary@127.0.0.1',
  'https://canary@host.example/x',
])('an endpoint with a password is refused without it: %s', (endpoint) => {
  expect(() => normaliseEndpoint(endpoint)).toThrow(
    /without user and password.*received "https?:\/\/\*\*\*@/,
  );
});

test.each(['https://host.example/?key=1', 'https://host.example/#a'])(
  'an endpoint with more than a path is refused: %s',
  (endpoint) => {
    expect(() => normaliseEndpoint(endpoint)).toThrow('without query and fragment');
  },
);

test('a token is masked as it was sent and percent-encoded', () => {
  const token = 'ya29.a/b+c=d';
  expect(withoutToken(`${token}, ${encodeURIComponent(token)}!`, `Bearer ${token}`)).toBe(
    '***, ***!',
  );
  expect(withoutToken('nothing to hide', undefined)).toBe('nothing to hide');
});

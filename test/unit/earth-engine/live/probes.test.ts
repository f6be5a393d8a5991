import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { cleaner, cleanHeaders } from '../../../../src/earth-engine/live/clean.js';
import type { Answer } from '../../../../src/earth-engine/live/probe.js';
import { ASKS, LEFT_OUT, PROBES } from '../../../../src/earth-engine/live/probes.js';

const README = readFileSync(
  new URL('../../../../src/earth-engine/README.md', import.meta.url),
  'utf8',
);

/** The last column of the table under "To confirm against the live service". */
function namedInReadme(): string[][] {
  const [, section = ''] = README.split('## To confirm against the live service');
  return section
    .split('\n')
    .filter((line) => line.startsWith('|') && !/^\|[-|]+$|^\| assumption/.test(line))
    .map((line) =>
      [...(line.split('|').at(-2) ?? '').matchAll(/`([a-z0-9-]+)`/g)].map(([, id = '']) => id),
    );
}

describe('the table of what is to be confirmed', () => {
  const known = [...PROBES, ...LEFT_OUT].map(({ id }) => id);

  test('names a probe in every row, and only those that there are', () => {
    const rows = namedInReadme();
    expect(rows.length).toBeGreaterThan(10);
    for (const ids of rows) {
      expect(ids.length).toBeGreaterThan(0);
      for (const id of ids) expect(known).toContain(id);
    }
  });

  test('has every probe', () => {
    const named = new Set(namedInReadme().flat());
    expect(known.filter((id) => !named.has(id))).toEqual([]);
  });
});

test('every probe asks what there is to ask, and every question has a probe', () => {
  const asked = PROBES.flatMap(({ asks }) => asks);
  expect(new Set(asked)).toEqual(new Set(Object.keys(ASKS)));
  expect(new Set(PROBES.map(({ id }) => id)).size).toBe(PROBES.length);
});

describe('judging', () => {
  const nothing: Answer = { kind: 'none', reason: 'nothing came (ECONNRESET)' };
  const denied: Answer = { kind: 'refusal', status: 403, message: 'no', taken: 'permission' };

  test.each(PROBES.map((probe) => [probe.id, probe] as const))(
    '%s: without an answer it could not be asked',
    (_, { asks, judge }) => {
      expect(judge(asks.map(() => nothing)).verdict).toBe('could not be asked');
    },
  );

  test.each(PROBES.map((probe) => [probe.id, probe] as const))(
    '%s: what the account may not do confirms nothing',
    (id, { asks, judge }) => {
      const { verdict } = judge(asks.map(() => denied));
      expect(verdict, id).not.toBe('confirmed');
    },
  );
});

test('a text of the service is cleaned of token, project, addresses, numbers of projects and control sequences', () => {
  const clean = cleaner('Bearer canary-token', 'my-project');
  expect(
    clean(
      'canary-token of me@example.org in my-project (project_number:123456789012), not my-project-2\x1b[31m',
    ),
  ).toBe('*** of *** in PROJECT (project_number:***), not my-project-2\\x1b[31m');
  expect(cleaner(undefined, undefined)('x'.repeat(5000)).length).toBeLessThan(700);
});

test('of headers only those that tell how the service answers are kept', () => {
  const clean = cleaner('Bearer canary-token', 'p1234');
  expect(
    cleanHeaders(
      {
        'content-type': 'image/tiff',
        'set-cookie': 'a',
        'x-goog-user': 'me',
        vary: 'canary-token',
      },
      clean,
    ),
  ).toEqual({ 'content-type': 'image/tiff', vary: '***' });
});

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  checkLive,
  type LiveReport,
  liveHtml,
  liveMarkdown,
} from '../../../../src/cube/sources/live.js';
import { type LoopbackServer, startLoopback } from '../../../../src/loopback/index.js';

const TOKEN = 'canary-of-a-token';
const PROJECT = 'canary-project';

let server: LoopbackServer;
let report: LiveReport;
beforeAll(async () => {
  server = await startLoopback({ token: TOKEN });
  report = await checkLive({ endpoint: server.url, token: TOKEN, project: PROJECT });
});
afterAll(() => server.close());

/** What the loopback server need not know: NPY, longitudes, nodata tags and scopes. */
const OPEN = ['gzip', 'masked-npy', 'embedding-type', 'nodata-tag', 'scope'];

test('the loopback server answers every question as the live service is expected to', () => {
  const others = report.rows.filter(
    ({ id, verdict }) => verdict !== 'confirmed' && !OPEN.includes(id),
  );
  expect(others).toEqual([]);
});

test('the check costs less than a tile: some thirty requests and two megabytes', () => {
  expect(report.requests.length).toBeLessThan(35);
  expect(report.bytes).toBeLessThan(2e6);
});

describe.each([
  ['Markdown', liveMarkdown],
  ['HTML', liveHtml],
] as const)('the page in %s', (_, page) => {
  test('has every row, the headers and the tags, and neither token nor project', () => {
    const text = page(report);
    for (const { id } of report.rows) expect(text).toContain(id);
    expect(text).toContain('content-type: image/tiff');
    expect(text).toMatch(/ModelPixelScale|ModelTransformation/);
    expect(text).not.toContain(TOKEN);
    expect(text).not.toContain(PROJECT);
  });
});

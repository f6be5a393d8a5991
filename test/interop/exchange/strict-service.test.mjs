/** The live check against a service of another hand, as it should be and as it should not. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { geocubes, options, PROJECT, startStrictService } from './strict-server.mjs';

/** The report of a check, and the page it wrote. */
async function check(deviations = '') {
  const folder = mkdtempSync(join(tmpdir(), 'geocubes-strict-'));
  const service = await startStrictService(deviations);
  try {
    const page = join(folder, 'page.md');
    const { stdout, status } = await geocubes(
      ...['doctor', '--live', '--format', 'json', '--endpoint', service.url],
      ...['--project', PROJECT, '--out', page],
    );
    const verdicts = new Map(JSON.parse(stdout).rows.map(({ id, verdict }) => [id, verdict]));
    return { status, verdicts, page: readFileSync(page, 'utf8') };
  } finally {
    service.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

test('a service of another hand is not said to differ where it does not', options, async () => {
  const { status, verdicts, page } = await check();
  assert.equal(status, 5, 'it knows no scopes');
  const differing = [...verdicts].filter(([, verdict]) => verdict === 'differs').map(([id]) => id);
  assert.deepEqual(differing, []);
  assert.match(page, /ModelTransformation/);
  assert.doesNotMatch(page, /canary/);
});

const DEVIATIONS = {
  'wrapped-longitude': 'first-column',
  'shifted-grid': 'geotiff',
  'masked-values': 'masked-npy',
  'no-nodata-tag': 'nodata-tag',
  'casts-lose-masks': 'casts',
  'no-mask-bytes': 'mask-bytes',
  'too-large-413': 'too-large',
  'octet-stream': 'content-type',
  'unasked-gzip': 'content-encoding',
  'missing-function': 'functions',
  'embedding-double': 'embedding-float32',
  'point-pixels': 'georeferencing',
};

test('where it differs, the row of it says so', options, async () => {
  const { verdicts } = await check(Object.keys(DEVIATIONS).join(','));
  const seen = Object.entries(DEVIATIONS).map(([name, row]) => [name, verdicts.get(row)]);
  assert.deepEqual(
    seen.filter(([, verdict]) => verdict !== 'differs'),
    [],
  );
});

/** The live check against a service of another hand, as it should be and as it should not. */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const PYTHON = process.env.GEOCUBES_STRICT_PYTHON;
const MAIN = fileURLToPath(new URL('../../../dist/cli/main.js', import.meta.url));
const SERVICE = fileURLToPath(new URL('../strict_service.py', import.meta.url));
const TOKEN = 'canary-of-a-token';
const PROJECT = 'canary-project';

/** The report of a check, and the page it wrote. */
async function check(deviations = '') {
  const folder = mkdtempSync(join(tmpdir(), 'geocubes-strict-'));
  const service = spawn(
    PYTHON,
    [SERVICE, '--token', TOKEN, '--project', PROJECT, '--deviate', deviations],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  );
  try {
    const [line] = await once(service.stdout, 'data');
    const { url } = JSON.parse(String(line));
    const page = join(folder, 'page.md');
    const { stdout, status } = spawnSync(
      process.execPath,
      [
        ...[MAIN, 'doctor', '--live', '--format', 'json', '--endpoint', url],
        ...['--project', PROJECT, '--out', page],
      ],
      { encoding: 'utf8', env: { ...process.env, GEOCUBES_TOKEN: TOKEN } },
    );
    const verdicts = new Map(JSON.parse(stdout).rows.map(({ id, verdict }) => [id, verdict]));
    return { status, verdicts, page: readFileSync(page, 'utf8') };
  } finally {
    service.stdin.end();
    service.kill();
    rmSync(folder, { recursive: true, force: true });
  }
}

const options = { skip: PYTHON === undefined ? 'no Python for the strict service' : false };

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

import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const POOL = fileURLToPath(new URL('../../../../dist/pool/pool.js', import.meta.url));

/*
 * Each pool loads GDAL in its two threads and computes in both before it stops: a thread that ends is
 * what used to take the process down with SIGSEGV.
 */
const SCRIPT = `
import { createPool } from ${JSON.stringify(POOL)};
const bytes = new Uint8Array(64);
const codec = { name: 'blosc', cname: 'zstd', clevel: 1, shuffle: 'bitshuffle', typesize: 1 };
for (let i = 0; i < 100; i++) {
  const pool = createPool({ size: 2 });
  await pool.ready();
  const array = { dtype: 'uint8', shape: [8, 8], bytes };
  await Promise.all([pool.encode(array, codec), pool.encode(array, codec)]);
  await pool.close();
}
process.stdout.write('all stopped');
`;

test('a process that starts and stops a pool of two threads a hundred times ends with code 0', async () => {
  const child = spawn(process.execPath, ['--input-type=module', '--eval', SCRIPT], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let out = '';
  let err = '';
  child.stdout.on('data', (data) => {
    out += String(data);
  });
  child.stderr.on('data', (data) => {
    err += String(data);
  });
  const ending = await new Promise((resolve) => {
    child.on('close', (code, signal) => resolve({ code, signal }));
  });
  expect({ ending, out, err }).toEqual({
    ending: { code: 0, signal: null },
    out: 'all stopped',
    err: '',
  });
});

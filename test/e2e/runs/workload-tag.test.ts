import { afterAll, beforeAll, expect, test } from 'vitest';
import { type LoopbackServer, startLoopback } from '../../../src/loopback/index.js';
import { type SmallServer, serve } from '../../unit/earth-engine/small-server.js';
import { runCommand } from '../command.js';
import { createCube, environmentFor, SMALL_DATASET, temporaryFolder } from '../loopback-cubes.js';

const DATASET = {
  ...SMALL_DATASET,
  title: 'Small, of the Delta (2024)',
  fill: 'none',
  grid: { ...SMALL_DATASET.grid, bounds: [126, 72, 128, 73] },
} as const;
const BBOX = '126,72,128,73';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let server: LoopbackServer;
/** Writes down what it passes on. */
let recorder: SmallServer;
beforeAll(async () => {
  folder = await temporaryFolder();
  server = await startLoopback();
  recorder = await serve((response, { method, path, headers, body }) => {
    const { authorization = '' } = headers;
    const sent = method === 'GET' ? {} : { body };
    void fetch(`${server.url}${path}`, { method, headers: { authorization }, ...sent })
      .then(async (reply) => {
        const bytes = Buffer.from(await reply.arrayBuffer());
        response.writeHead(reply.status, {
          'content-type': reply.headers.get('content-type') ?? '',
          'content-length': bytes.length,
        });
        response.end(bytes);
      })
      .catch(() => response.destroy());
  });
});
afterAll(async () => {
  await recorder.close();
  await server.close();
  await folder.remove();
});

/** The tags of the requests for pixels that a command sends: one for each request. */
async function tagsOf(command: string, ...more: string[]): Promise<unknown[]> {
  const store = await createCube(folder.path, `cube-${recorder.seen.length}`, DATASET);
  const before = recorder.seen.length;
  const args = [command, '--store', store, '--bbox', BBOX, '--threads', '1', ...more];
  const { code, stderr } = await runCommand(args, environmentFor(recorder));
  expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' });
  const bodies = recorder.seen
    .slice(before)
    .filter(({ path }) => path.endsWith(':computePixels'))
    .map(({ body }) => JSON.parse(body) as Record<string, unknown>);
  return bodies.map((body) => body.workloadTag);
}

test("each request for pixels carries a tag made from the cube's title", async () => {
  expect(await tagsOf('ingest', '-q')).toEqual(Array(2).fill('small-of-the-delta-2024'));
});

test('a tag that is given goes before, and an empty one is none', async () => {
  expect(await tagsOf('ingest', '-q', '--workload-tag', 'delta_7')).toEqual(['delta_7', 'delta_7']);
  expect(await tagsOf('ingest', '-q', '--workload-tag', '')).toEqual([undefined, undefined]);
});

test('the tiles of a sample carry it too', async () => {
  expect(await tagsOf('plan', '--sample', '1')).toEqual(['small-of-the-delta-2024']);
});

test('plan says what the accounting will show, and that it tells nothing in advance', async () => {
  const store = await createCube(folder.path, 'planned', DATASET);
  const plan = async (...more: string[]) =>
    runCommand(['plan', '--store', store, '--bbox', BBOX, ...more]);
  expect((await plan()).stdout).toContain(
    'accounting: Earth Engine counts the EECU of these requests with the workload tag "small-of-the-delta-2024"; it tells them afterwards, not in advance\n',
  );
  expect((await plan('--workload-tag', '')).stdout).toContain(
    'without a workload tag, among all others of the project;',
  );
  const { stdout } = await plan('--format', 'json', '--workload-tag', 'delta');
  expect(JSON.parse(stdout)).toMatchObject({ workloadTag: 'delta', pending: 2 });
});

test('a tag of another form is a wrong call, before anything is asked', async () => {
  const before = recorder.seen.length;
  const args = ['ingest', '--store', 'x', '--bbox', BBOX, '--workload-tag', 'My cube'];
  const { code, stderr } = await runCommand(args, environmentFor(recorder));
  expect(code).toBe(2);
  expect(stderr).toContain(
    'Expected up to 63 of a-z, 0-9, - and _, with a letter or digit at both ends, for --workload-tag but received "My cube".',
  );
  expect(recorder.seen.length).toBe(before);
});

/** Services, files and names of strangers, and what the command makes of them: bounded, cleaned, and led nowhere. */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startLoopback } from '../../../src/loopback/index.js';
import { type Ended, type Running, runCommand, startCommand } from '../../e2e/command.js';
import { environmentFor, temporaryFolder } from '../../e2e/loopback-cubes.js';
import { serveEndless } from '../../unit/earth-engine/endless-server.js';
import { datasetOf, ingestArgs, Workplace } from '../support/disturbed-cubes.js';

const TOKEN = 'canary-of-a-token-0123456789';
const MB = 1024 ** 2;
/** The whole process: Node with the program loaded holds some 150 MB. */
const MOST_BYTES = 600 * MB;

let place: Workplace;
let other: Awaited<ReturnType<typeof temporaryFolder>>;
/** What a file that leads to the network would reach. */
let connections = 0;
const trap = createServer((_, response) => response.writeHead(404).end());
trap.on('connection', () => connections++);
let trapUrl: string;

beforeAll(async () => {
  place = await Workplace.open(datasetOf(50));
  other = await temporaryFolder();
  await new Promise<void>((resolve) => trap.listen(0, '127.0.0.1', resolve));
  const dataset = place.file('dataset.json');
  await runCommand(['create', '--store', place.file('imports'), '--dataset', dataset]);
  trapUrl = `http://127.0.0.1:${(trap.address() as AddressInfo).port}`;
});

afterAll(async () => {
  trap.close();
  await other?.remove();
  await place?.remove();
});

/** @returns how a command ended, and the most memory it ever held, in bytes */
async function watchMemory({ child, ended }: Running): Promise<Ended & { readonly peak: number }> {
  let peak = 0;
  let isOver = false;
  void ended.then(() => {
    isOver = true;
  });
  while (!isOver) {
    try {
      const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
      peak = Math.max(peak, 1024 * Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1] ?? 0));
    } catch {
      // It has ended.
    }
    await sleep(50);
  }
  return { ...(await ended), peak };
}

describe('a service whose reply never ends', () => {
  test.each([
    ['pixels', 200],
    ['an error', 400],
  ])('for %s is hung up on, within bounded memory', async (what, status) => {
    const store = await place.createCube(`endless-${status}`, '');
    const server = await serveEndless((response: ServerResponse) => {
      response.writeHead(status, { 'content-type': 'application/octet-stream' });
    });
    try {
      const run = ingestArgs(store, '--quiet', '--max-tiles', '1', '--max-outage', '1s');
      const env = { ...environmentFor(server), GEOCUBES_TOKEN: TOKEN };
      const { code, stderr, peak } = await watchMemory(startCommand(run, env));
      console.log(`${what}: ${Math.round(peak / MB)} MB at the peak, code ${code}`);
      expect([1, 3]).toContain(code);
      expect(stderr.length).toBeLessThan(4000);
      expect(peak).toBeGreaterThan(20 * MB);
      expect(peak).toBeLessThan(MOST_BYTES);
    } finally {
      await server.close();
    }
  });
});

describe('words of strangers', () => {
  const ESCAPES = '\u001b[2J\u001b]0;owned\u0007\u001b]52;c;cm0gLXJm\u0007\r\u009b31m';

  /** What a terminal obeys: control characters of both sets, newlines and tabs apart. */
  const acts = (character: string) => {
    const code = character.charCodeAt(0);
    return code < 9 || (code > 10 && code < 32) || (code > 126 && code < 160);
  };

  function expectClean({ stdout, stderr }: Pick<Ended, 'stdout' | 'stderr'>): void {
    expect([...stdout, ...stderr].filter(acts)).toEqual([]);
  }

  test("of a service's error reach terminal, log and list without what a terminal obeys, and without the token", async () => {
    const store = await place.createCube('words', '');
    const honest = await startLoopback();
    const server = createServer(async (incoming, response) => {
      const { method = 'GET', url: path = '/', headers } = incoming;
      if (method === 'GET') {
        const reply = await fetch(`${honest.url}${path}`, {
          headers: { authorization: 'Bearer loopback' },
        });
        response.writeHead(reply.status).end(await reply.text());
        return;
      }
      const said = `${ESCAPES} you sent ${headers.authorization}`;
      response
        .writeHead(400, { 'content-type': 'application/json' })
        .end(JSON.stringify({ error: { code: 400, status: 'INVALID_ARGUMENT', message: said } }));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const [log, list] = [place.file('words.log'), place.file('words.failed')];
    try {
      const ended = await runCommand(
        ingestArgs(store, '--max-tiles', '2', '--log-file', log, '--failed', list),
        { ...environmentFor({ url }), GEOCUBES_TOKEN: TOKEN },
      );
      expect([1, 3]).toContain(ended.code);
      expectClean(ended);
      const files = [log, list].map((file) => readFileSync(file, 'utf8'));
      const told = [ended.stdout, ended.stderr, ...files].join('\n');
      expect(told).toContain('you sent');
      expect(told).not.toContain(TOKEN);
      expect(told).not.toContain('\u001b');
    } finally {
      server.close();
      await honest.close();
    }
  });

  test('in the title and the bands of a cube, and in names of files, are shown as escapes', async () => {
    const dataset = { ...(datasetOf(50) as object), title: `Cube ${ESCAPES}` };
    writeFileSync(place.file('evil.json'), JSON.stringify(dataset));
    const store = place.file('evil-title');
    const commands = [
      ['create', '--store', store, '--dataset', place.file('evil.json')],
      ['status', '--store', store],
      ['verify', '--store', store],
      ['log', '--store', store],
      ['import', `${ESCAPES}.tif`, '--store', store],
      ['status', '--store', `${store}${ESCAPES}`],
    ];
    for (const command of commands) expectClean(await runCommand(command));
  });
});

describe('a token', () => {
  test.each([
    'http://127.evil.example',
    'http://127.0.0.1.evil.example',
    'http://localhost.evil.example:80',
    'http://127.0.0.1@evil.example',
  ])('does not go to %s', async (url) => {
    const store = place.file('imports');
    const { code, stderr } = await runCommand(ingestArgs(store, '--quiet'), {
      ...environmentFor({ url }),
      GEOCUBES_TOKEN: TOKEN,
    });
    expect({ code, stderr }).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/^geocubes: Expected .*https?.*\n$/),
    });
    expect(stderr).not.toContain(TOKEN);
  });

  test('is not asked for by a page: the loopback server refuses foreign hosts', async () => {
    const server = await startLoopback();
    try {
      const { port } = new URL(server.url);
      const status = await new Promise<number | undefined>((resolve, reject) => {
        request({ host: '127.0.0.1', port, path: '/v1/x', headers: { host: 'evil.example' } })
          .on('response', (response) => resolve(response.statusCode))
          .on('error', reject)
          .end();
      });
      expect(status).toBeGreaterThanOrEqual(400);
      expect(status).toBeLessThan(500);
      expect(status).not.toBe(404);
    } finally {
      await server.close();
    }
  });
});

describe('files of strangers', () => {
  const vrt = (source: string, type = 'SimpleSource') =>
    `<VRTDataset rasterXSize="4" rasterYSize="4"><SRS>EPSG:4326</SRS><GeoTransform>120,1,0,76,0,-1</GeoTransform><VRTRasterBand dataType="Byte" band="1"><${type}><SourceFilename relativeToVRT="0">${source}</SourceFilename><SourceBand>1</SourceBand></${type}></VRTRasterBand></VRTDataset>`;
  const raw =
    '<VRTDataset rasterXSize="4" rasterYSize="4"><VRTRasterBand dataType="Byte" band="1" subClass="VRTRawRasterBand"><SourceFilename relativeToVRT="0">/etc/passwd</SourceFilename></VRTRasterBand></VRTDataset>';
  const wms = () =>
    `<GDAL_WMS><Service name="TMS"><ServerUrl>${trapUrl}/\${z}/\${x}/\${y}.png</ServerUrl></Service><DataWindow><UpperLeftX>-180</UpperLeftX><UpperLeftY>90</UpperLeftY><LowerRightX>180</LowerRightX><LowerRightY>-90</LowerRightY><TileLevel>1</TileLevel></DataWindow><BandsCount>1</BandsCount></GDAL_WMS>`;

  async function importFile(name: string, content?: string): Promise<Ended> {
    const store = place.file('imports');
    if (content !== undefined) writeFileSync(join(other.path, name), content);
    const file = content === undefined ? name : join(other.path, name);
    return runCommand(['import', file, '--store', store, '--bands', '1,1,1', '--quiet']);
  }

  test.each([
    ['passwd.vrt', () => vrt('/etc/passwd')],
    ['raw.vrt', () => raw],
    ['curl.vrt', () => vrt(`/vsicurl/${trapUrl}/a.tif`)],
    ['python.vrt', () => vrt('x.tif', 'KernelFilteredSource')],
    ['wms.xml', wms],
    ['renamed.tif', wms],
    ['ers.ers', () => 'DatasetHeader Begin\n  Name = "/etc/passwd"\nDatasetHeader End\n'],
  ])('%s is refused in one line, and leads nowhere', async (name, content) => {
    const { code, stdout, stderr } = await importFile(name, content());
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^geocubes: [^\n]+\n$/);
    expect(stderr).toContain(name);
    expect(stderr).not.toContain('root:');
    expect(connections).toBe(0);
  });

  test('names of network drives are no files', async () => {
    const { code } = await importFile(`/vsicurl/${trapUrl}/a.tif`);
    expect(code).toBe(2);
    expect(connections).toBe(0);
  });

  test('regions that lead elsewhere are refused', async () => {
    const store = place.file('imports');
    const regions = {
      'linked.geojson': JSON.stringify({
        type: 'FeatureCollection',
        crs: { type: 'link', properties: { href: `${trapUrl}/crs`, type: 'proj4' } },
        features: [],
      }),
      'ogr.vrt': `<OGRVRTDataSource><OGRVRTLayer name="a"><SrcDataSource>/vsicurl/${trapUrl}/a.json</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>`,
      'wfs.xml': `<OGRWFSDataSource><URL>${trapUrl}/wfs</URL></OGRWFSDataSource>`,
    };
    for (const [name, content] of Object.entries(regions)) {
      const roi = join(other.path, name);
      writeFileSync(roi, content);
      const { code, stderr } = await runCommand(['plan', '--store', store, '--roi', roi]);
      expect({ name, code }).toEqual({ name, code: 2 });
      expect(stderr).toMatch(/^geocubes: [^\n]+\n$/);
    }
    expect(connections).toBe(0);
  });

  test.each([[[]], [['--trust-inputs']]])(
    'a pipe behind a VRT holds nothing up (%j)',
    async (options) => {
      const pipe = join(other.path, `pipe${options.length}.tif`);
      execFileSync('mkfifo', [pipe]);
      writeFileSync(`${pipe}.vrt`, vrt(pipe));
      const store = place.file('imports');
      const run = ['import', `${pipe}.vrt`, '--store', store, '--bands', '1,1,1', ...options];
      const running = startCommand(run);
      const { code } = await running.ended;
      expect(code).toBe(2);
    },
  );
});

test.each([
  ['ulimit -n 64', /at least 200 open files .*ulimit -n 1024/],
  ['ulimit -v 2000000', /address space .*ulimit -v unlimited/],
])('a shell with %s is told what is needed', async (limit, words) => {
  const { code, stderr } = await runCommand(['doctor'], {}, undefined, [
    ...['sh', '-c', `${limit} && exec "$@"`, 'sh'],
  ]);
  expect(code).toBe(1);
  expect(stderr).toMatch(/^geocubes: [^\n]+\n$/);
  expect(stderr).toMatch(words);
});

test('200 open files are enough to fill a cube with many requests at once', async () => {
  const server = await startLoopback({ faults: { latency: { ms: 50 } } });
  const store = await place.createCube('few-files', '');
  try {
    const run = ingestArgs(store, '--quiet', '--concurrency', '60');
    const ended = await runCommand(run, environmentFor(server), undefined, [
      ...['sh', '-c', 'ulimit -n 200 && exec "$@"', 'sh'],
    ]);
    expect(ended).toMatchObject({ code: 0, stderr: '' });
  } finally {
    await server.close();
  }
});

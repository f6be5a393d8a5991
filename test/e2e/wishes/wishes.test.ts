/**
 * The page of wishes, typed line by line, as somebody does who follows it. With GEOCUBES_WISHES=FILE a table of
 * wish, command, what it printed and seconds is written there; with GEOCUBES_PICTURES=1 the pictures of the page are
 * put into .github/pictures.
 */
import { spawn } from 'node:child_process';
import { chmod, copyFile, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type LoopbackServer, startLoopback } from '../../../src/loopback/index.js';
import { cleanEnvironment, type Ended, MAIN } from '../command.js';
import { environmentFor, temporaryFolder } from '../loopback-cubes.js';
import { OUTCOMES } from './outcomes.js';
import { PAGE, readWishes, type Wish } from './wishes.js';

const WISHES = readWishes();
const BASIN = [
  [123, 71],
  [127, 71.3],
  [128.5, 72.5],
  [126, 73.7],
  [123.5, 73],
  [123, 71],
];

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let server: LoopbackServer;
let env: Record<string, string | undefined>;
const table: (readonly string[])[] = [];
const at = (name: string) => join(folder.path, name);

beforeAll(async () => {
  folder = await temporaryFolder();
  server = await startLoopback();
  const programs = at('.programs');
  await mkdir(programs);
  const script = async (name: string, line: string) => {
    await writeFile(join(programs, name), `#!/bin/sh\n${line}\n`);
    await chmod(join(programs, name), 0o755);
  };
  await script('npx', 'exec "$@"');
  await script('geocubes', `exec "${process.execPath}" "${MAIN}" "$@"`);
  await symlink(process.execPath, join(programs, 'node'));
  const PATH = [programs, process.env.PATH].join(delimiter);
  // One thread: what it does is told by other tests, and each takes a while to start.
  const own = { HOME: folder.path, PATH, GEOCUBES_THREADS: '1' };
  env = { ...cleanEnvironment(), ...environmentFor(server), ...own };
  const geometry = { type: 'Polygon', coordinates: [BASIN] };
  await writeFile(
    at('basin.geojson'),
    JSON.stringify({ type: 'Feature', properties: { name: 'Lena' }, geometry }),
  );
  await writeFile(at('sites.csv'), 'site,lat,lon\nnorth,72.5,126.5\nsouth,71.5,125.5\nfar,10,10\n');
  await writeFile(at('token.mjs'), "console.log('loopback');");
  await writeFile(at('no-token.mjs'), 'process.exit(3);');
});
afterAll(async () => {
  const file = process.env.GEOCUBES_WISHES;
  if (file !== undefined) await writeFile(file, tableOf(table));
  if (process.env.GEOCUBES_PICTURES === '1')
    for (const name of new Set(PICTURES))
      await copyFile(at(name), join(PAGE, '..', '..', '..', '.github', 'pictures', name));
  await server.close();
  await folder.remove();
});

test('every wish of the page has an outcome, and every outcome a wish', () => {
  expect(WISHES.map(({ title }) => title)).toEqual(Object.keys(OUTCOMES));
  for (const { title, lines } of WISHES) expect(lines.length, title).toBeGreaterThan(0);
});

const README = join(PAGE, '..', '..', '..', 'README.md');
/** Of both pages, by name: those of the README that a line of this page makes stand beside it, in a row of a table. */
const ROWS = [
  ...(await readFile(README, 'utf8')).matchAll(
    /^\| <img src="\.github\/pictures\/([\w.-]+)".*\| `(.*)` \|$/gm,
  ),
].map(([, name = '', line = '']) => ({ name, line }));
const PICTURES = [
  ...[
    ...(await readFile(PAGE, 'utf8')).matchAll(/\(\.\.\/\.\.\/\.github\/pictures\/([\w.-]+)\)/g),
  ].map(([, name = '']) => name),
  ...ROWS.map(({ name }) => name),
];

test('every picture of the page, and of the README where a command stands beside it, is made by that line', () => {
  const lines = WISHES.flatMap(({ lines }) => lines);
  expect(PICTURES.length).toBeGreaterThan(5);
  for (const name of PICTURES)
    expect(
      lines.filter((line) => line.endsWith(` ${name}`)),
      name,
    ).toHaveLength(1);
  for (const { name, line } of ROWS) {
    expect(lines, name).toContain(line);
    expect(line).toMatch(new RegExp(` ${name}$`));
  }
});

// In order: a wish finds what those before it have made.
for (const wish of WISHES)
  test.runIf(process.platform !== 'win32')(`${wish.title}`, () => fulfil(wish));

async function fulfil({ title, lines }: Wish): Promise<void> {
  const { code = 0, stdout, stderr, check, serves } = OUTCOMES[title] ?? {};
  for (const [i, line] of lines.entries()) {
    const isLast = i === lines.length - 1;
    const begun = performance.now();
    const ended = await type(line, serves);
    const seconds = (performance.now() - begun) / 1000;
    table.push([i === 0 ? title : '', line, told(ended), seconds.toFixed(1)]);
    expect(ended, line).toMatchObject({ code: isLast ? code : 0 });
    if (!isLast) continue;
    if (stdout !== undefined) expect(ended.stdout).toMatch(stdout);
    if (stderr !== undefined) expect(ended.stderr).toMatch(stderr);
    await check?.(at, ended.stdout);
  }
}

/** As a shell does; a server is asked for its page, and stopped. */
async function type(line: string, serves?: (url: string) => Promise<void>): Promise<Ended> {
  // The token of the server would go before a command that prints one.
  const { GEOCUBES_TOKEN, ...without } = env;
  const child = spawn('sh', ['-c', serves === undefined ? line : `exec ${line}`], {
    cwd: folder.path,
    env: line.includes('--token-command') ? without : { ...without, GEOCUBES_TOKEN },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [stdout, stderr] = ['', ''];
  let served: Promise<void> | undefined;
  child.stdout.on('data', (data) => {
    stdout += data;
    const [, url] = /on (http:\S+)\n.*Ctrl-C/.exec(stdout) ?? [];
    if (serves === undefined || served !== undefined || url === undefined) return;
    served = serves(url).finally(() => child.kill('SIGINT'));
  });
  child.stderr.on('data', (data) => {
    stderr += data;
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (serves !== undefined) expect(served).toBeDefined();
  await served;
  return { code, stdout, stderr };
}

/** The first line that was printed, and how many there were. */
function told({ code, stdout, stderr }: Ended): string {
  const lines = (stdout === '' ? stderr : stdout).trimEnd().split('\n');
  const more = lines.length > 1 ? ` (and ${lines.length - 1} more)` : '';
  const first = (lines[0] ?? '')
    .replaceAll('|', '\\|')
    .replace(/127\.0\.0\.1:\d+/, '127.0.0.1:PORT');
  return `${first}${more}${code === 0 ? '' : `; code ${code}`}`;
}

function tableOf(rows: readonly (readonly string[])[]): string {
  const head = ['| wish | command | what it printed | seconds |', '|---|---|---|---:|'];
  const body = rows.map(
    ([wish, line = '', printed, seconds]) =>
      `| ${wish} | \`${line.replaceAll('|', '\\|')}\` | ${printed} | ${seconds} |`,
  );
  return `${[...head, ...body].join('\n')}\n`;
}

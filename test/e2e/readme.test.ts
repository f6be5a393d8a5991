/** Everything that the README and the other pages ask their readers to type, typed. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createProgram } from '../../src/cli/program.js';
import { type LoopbackServer, startLoopback } from '../../src/loopback/index.js';
import { readPages } from '../pages.js';
import { runCommand } from './command.js';
import { environmentFor } from './loopback-cubes.js';
import { compileAndRun, libraryProgram } from './readme/library.js';
import { commandsOf, type PageCommand, parsePage } from './readme/markdown.js';
import { findPython, openReader, type Reader, ROOT } from './readme/reader.js';
import { RULES, type Rule } from './readme/rules.js';

const COMMANDS = (await createProgram()).commands.map((command) => command.name()).sort();
const FRAGMENT = new RegExp(`^(${COMMANDS.join('|')}) --`);

/** Of the set-up, the benchmark, the tests, vitest and kubectl, where a page says how to call them. */
const OTHERS_OPTIONS = [
  '--for',
  '--from-file',
  '--install',
  '--only',
  '--part',
  '--requeue',
  '--short',
  '--timeout',
  '--type',
  '--version',
];
const OTHER_VARIABLES = [
  'GEOCUBES_TOKEN',
  'GEOCUBES_QUOTA_TOKEN',
  'GEOCUBES_GDAL',
  'GEOCUBES_NO_APT',
  'GEOCUBES_LIVE',
  'GEOCUBES_NO_ADDONS',
];

/** Has a test of its own: test/e2e/wishes. */
const WISHES = 'src/cli/WISHES.md';

/** In the order in which their commands are run: what the README makes, the others may use. */
const PAGES = readPages().map(({ file, text }) => {
  const page = parsePage(text);
  // Of the page of wishes the blocks are run by a test of its own, and so is what they print.
  const own = file === WISHES ? { ...page, blocks: [] } : page;
  return { file, text, page, commands: commandsOf(own, (typed) => FRAGMENT.test(typed)) };
});

function pageOf(name: string) {
  const page = PAGES.find(({ file }) => file === name);
  if (page === undefined) throw new Error(`Expected a page ${name} but received none.`);
  return page;
}

const ruleOf = ({ text }: PageCommand): Rule | undefined =>
  RULES.find(({ pattern }) => pattern.test(text));

function isRun(command: PageCommand): boolean {
  return ['run', 'serve'].includes(ruleOf(command)?.how ?? '');
}

let server: LoopbackServer;
let reader: Reader;
beforeAll(async () => {
  server = await startLoopback();
  reader = await openReader({ ...environmentFor(server), CHECKOUT: ROOT }, PAGES);
});
afterAll(async () => {
  await reader.leave();
  await server.close();
});

test('every command of the pages has a rule, and every rule has a command', () => {
  const all = PAGES.flatMap(({ commands }) => commands);
  expect(all.filter((command) => ruleOf(command) === undefined)).toEqual([]);
  const unused = RULES.filter((rule) => !all.some((command) => ruleOf(command) === rule));
  expect(unused.map(({ pattern }) => String(pattern))).toEqual([]);
  expect(all.length).toBeGreaterThan(60);
  expect(all.filter(isRun).length).toBeGreaterThanOrEqual(28);
});

test("what is run elsewhere is run by a file that is there, and the README's first path is five commands", () => {
  for (const rule of RULES)
    if (rule.how === 'elsewhere') expect(existsSync(join(ROOT, rule.where)), rule.where).toBe(true);
  const path = pageOf('README.md').page.blocks.find(({ text }) => text.startsWith('gcloud auth'));
  expect(path?.text.split('\n')).toHaveLength(5);
});

// In order: a command finds what those before it have made.
for (const { file, commands } of PAGES.filter(({ commands }) => commands.some(isRun)))
  describe.runIf(process.platform !== 'win32')(`in ${file}`, () => {
    for (const command of commands) {
      const rule = ruleOf(command);
      const title = `line ${command.line} does what it says: ${command.text}`;
      if (rule?.how === 'run') test(title, () => runAs(rule, command), 120_000);
      if (rule?.how === 'serve') test(title, () => serve(command), 120_000);
    }
  });

/** Options that name what a command writes. */
const OUTPUT = /--(?:out|png|report|failed|log-file) (\S+)/g;

async function runAs(rule: Rule & { how: 'run' }, { text }: PageCommand): Promise<void> {
  const line = rule.change?.(text) ?? text;
  const ended = await reader.run(line, rule.options);
  expect(ended, JSON.stringify(ended, undefined, 2)).toMatchObject({ code: 0, ...rule.expected });
  expect(ended.stderr).not.toMatch(/warning/i);
  for (const [, name = ''] of line.matchAll(OUTPUT))
    expect((await stat(join(reader.folder, name))).size, name).toBeGreaterThanOrEqual(0);
}

/** The lines that a server prints begin with two spaces. */
async function serve({ text }: PageCommand): Promise<void> {
  const { child, ended, stdout } = reader.start(`exec ${text}`, { env: { GEOCUBES_PORT: '0' } });
  try {
    await expect.poll(stdout).toContain('Ctrl-C stops it.');
    const lines = [...stdout().matchAll(/^ {2}(.*)$/gm)].map(([, line = '']) => line);
    expect(lines[0]).toMatch(/^export /);
    const used = await reader.run(`rm -rf practice/cubes; cd practice && ${lines.join(' && ')}`);
    expect(used, used.stderr).toMatchObject({ code: 0 });
    expect(used.stdout).toMatch(/^6 tiles committed /m);
  } finally {
    child.kill('SIGINT');
  }
  expect((await ended).code).toBe(0);
}

describe.runIf(process.platform !== 'win32')('the library, as the pages show it,', () => {
  const { page } = pageOf('src/cube/README.md');

  test('compiles strictly and does what it says: the example, and each call in the text', async () => {
    const [example] = page.blocks.filter(({ language }) => language === 'ts');
    const { program, calls } = libraryProgram(example?.text ?? '', PAGES);
    expect(calls.length).toBeGreaterThan(10);
    const { code, stdout, stderr } = await compileAndRun(reader, 'delta', example?.text ?? '');
    expect([code, stdout], stderr).toEqual([
      0,
      expect.stringMatching(/^0 tiles, 0 failed, .*3 bands\n$/s),
    ]);
    const ended = await compileAndRun(reader, 'calls', program);
    expect([ended.code, ended.stdout], ended.stderr).toEqual([0, `${calls.length} calls\n`]);
  });

  const python = findPython();
  if (python === undefined)
    process.stderr.write(
      'skipped: the line of Python in src/cube/README.md, because no Python with icechunk and xarray is there (GEOCUBES_VENV; see test/interop)\n',
    );
  test.skipIf(python === undefined)('opens in Python as the page says', () => {
    const span = page.spans.find(({ text }) => text.startsWith('xr.open_zarr(icechunk.'));
    const script = `import icechunk, xarray as xr; print(dict(${span?.text}.sizes))`;
    const sizes = execFileSync(python ?? '', ['-c', script], {
      cwd: reader.folder,
      env: { ...process.env, ICECHUNK_LOG: 'error' },
      encoding: 'utf8',
    });
    expect(sizes).toMatch(/^\{'[xy]': \d+, '[xy]': \d+\}\n$/);
  });
});

describe('the pages', () => {
  test('name no option, variable or command that is none, and every command', async () => {
    const helps = await Promise.all(COMMANDS.map((name) => runCommand([name, '--help'])));
    const options = new Set(helps.flatMap(({ stdout }) => stdout.match(/--[a-z][a-z-]+/g) ?? []));
    const typed = PAGES.flatMap(({ page }) => [...page.blocks, ...page.spans]).map(
      ({ text }) => text,
    );
    const named = typed.flatMap((text) => text.match(/(?<=^|\s)--[a-z][a-z-]+/g) ?? []);
    expect([...new Set(named)].filter((name) => !options.has(name)).sort()).toEqual(OTHERS_OPTIONS);
    const variables = new Set([
      ...[...options].map((name) => `GEOCUBES_${name.slice(2).toUpperCase().replaceAll('-', '_')}`),
      ...OTHER_VARIABLES,
    ]);
    const set = PAGES.flatMap(({ text }) => text.match(/GEOCUBES_[A-Z_]+/g) ?? []);
    expect(set.filter((name) => !variables.has(name))).toEqual([]);
    const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
    const run = typed.flatMap((text) => text.match(/(?<=\bnpm run )[a-z:]+/g) ?? []);
    expect(run.filter((name) => !(name in scripts))).toEqual([]);
    const [, table = ''] =
      /\| command \| what it does \|\n([\s\S]*?)\n\n/.exec(pageOf('src/cli/README.md').text) ?? [];
    const rows = table.split('\n').flatMap((row) => row.split('|')[1]?.match(/[a-z]+/g) ?? []);
    expect(rows.sort()).toEqual(COMMANDS);
  });

  test('have the commands and exit codes of geocubes --help', async () => {
    const { stdout } = await runCommand(['--help']);
    const listed = [...stdout.matchAll(/^ {2}([a-z]+) \[options\]/gm)].map(([, name]) => name);
    expect(listed.sort()).toEqual(COMMANDS);
    const [codes = ''] = /^Exit codes: .*$/m.exec(stdout) ?? [];
    expect(pageOf('src/cli/README.md').text.split('\n')).toContain(codes);
  });
});

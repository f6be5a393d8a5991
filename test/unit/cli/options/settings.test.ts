import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command, CommanderError, Option } from 'commander';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { wholeNumber } from '../../../../src/cli/options/common.js';
import { addRegionOptions } from '../../../../src/cli/options/region.js';
import { addSettings } from '../../../../src/cli/options/settings.js';
import { InvalidInputError } from '../../../../src/errors.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'geocubes-settings-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** Two commands as they are made: the values that "fill" ends up with. */
function valuesOf(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Record<string, unknown> {
  const silent = { writeOut: () => {}, writeErr: () => {} };
  const root = new Command('root').exitOverride().configureOutput(silent);
  const fill = addRegionOptions(
    new Command('fill').addOption(new Option('--store <url>').makeOptionMandatory()),
  )
    .addOption(new Option('--threads <n>').argParser(wholeNumber('--threads', 0, 256)))
    .addOption(new Option('--format <format>').choices(['text', 'json']).default('text'))
    .addOption(new Option('--retry <list>').conflicts(['bbox', 'roi', 'dryRun']))
    .option('--token-command <command>')
    .option('--dry-run')
    .option('-q, --quiet')
    .action(() => {});
  const other = new Command('other').option('--port <n>').action(() => {});
  for (const command of [fill, other])
    root.addCommand(command.exitOverride().configureOutput(silent));
  addSettings([fill, other], env);
  root.parse(['fill', ...args], { from: 'user' });
  return fill.opts();
}

async function settings(content: unknown): Promise<string> {
  const file = join(folder, 'settings.json');
  await writeFile(file, typeof content === 'string' ? content : JSON.stringify(content));
  return file;
}

test('a file of settings cannot name a program to run; the environment can', async () => {
  const config = await settings({ tokenCommand: 'rm' });
  expect(() => valuesOf(['--store', 'x', '--config', config])).toThrow(
    'Expected --token-command on the command line or in the environment for the settings in',
  );
  const { tokenCommand } = valuesOf(['--store', 'x'], { GEOCUBES_TOKEN_COMMAND: 'print' });
  expect(tokenCommand).toBe('print');
});

describe('an option', () => {
  test('is what the command line says, else the environment, else the file, else its default', async () => {
    const config = await settings({ store: 'file', threads: 1, format: 'json' });
    const env = { GEOCUBES_STORE: 'env', GEOCUBES_THREADS: '2' };
    expect(valuesOf(['--config', config, '--store', 'line'], env)).toMatchObject({
      store: 'line',
      threads: 2,
      format: 'json',
      bboxCrs: 'EPSG:4326',
    });
    expect(valuesOf(['--config', config])).toMatchObject({ store: 'file', threads: 1 });
    expect(valuesOf(['--store', 'line'])).toMatchObject({ store: 'line', format: 'text' });
  });

  test('that is mandatory may come from anywhere, and is missed where it comes from nowhere', async () => {
    expect(valuesOf([], { GEOCUBES_STORE: 'env' })).toMatchObject({ store: 'env' });
    expect(valuesOf(['--config', await settings({ store: 'file' })])).toMatchObject({
      store: 'file',
    });
    expect(() => valuesOf([])).toThrow("required option '--store <url>' not specified");
    expect(() => valuesOf([], { GEOCUBES_STORE: '' })).toThrow(CommanderError);
  });

  test('of the file whose name is set in the environment counts as one of --config', async () => {
    const GEOCUBES_CONFIG = await settings({ store: 'file' });
    expect(valuesOf([], { GEOCUBES_CONFIG })).toMatchObject({ store: 'file' });
    const other = join(folder, 'other.json');
    await writeFile(other, '{"store": "other"}');
    expect(valuesOf(['--config', other], { GEOCUBES_CONFIG })).toMatchObject({ store: 'other' });
  });

  test('with dashes has them as _ in the environment, and as they are or in camelCase in the file', async () => {
    const store = { GEOCUBES_STORE: 'x' };
    expect(valuesOf([], { ...store, GEOCUBES_BBOX_CRS: 'EPSG:3413' }).bboxCrs).toBe('EPSG:3413');
    for (const name of ['bbox-crs', 'bboxCrs']) {
      const config = await settings({ [name]: 'EPSG:3413' });
      expect(valuesOf(['--config', config], store).bboxCrs).toBe('EPSG:3413');
    }
  });

  test('may be a list in the file, where the command line has commas', async () => {
    const config = await settings({ store: 'x', bbox: [120, 70.5, 130, 76] });
    expect(valuesOf(['--config', config]).bbox).toBe('120,70.5,130,76');
  });

  test('that is none is told before one that is missing', () => {
    expect(() => valuesOf(['--storr', 'x'])).toThrow(
      "unknown option '--storr'\n(Did you mean --store?)",
    );
  });

  test('of another command is no mistake, and a $schema none either', async () => {
    const config = await settings({ $schema: 'x', store: 'x', port: 1 });
    expect(valuesOf(['--config', config])).not.toHaveProperty('port');
  });
});

describe('a switch', () => {
  test.each(['1', 'true', 'YES', 'on'])('is on by "%s"', (text) => {
    expect(valuesOf([], { GEOCUBES_STORE: 'x', GEOCUBES_QUIET: text }).quiet).toBe(true);
  });

  test.each(['0', 'false', 'No', 'off'])(
    'is off by "%s", also where the file has it on, and contradicts nothing',
    async (text) => {
      const config = await settings({ store: 'x', dryRun: true });
      expect(valuesOf(['--config', config]).dryRun).toBe(true);
      const env = { GEOCUBES_DRY_RUN: text };
      expect(valuesOf(['--config', config], env).dryRun).toBeUndefined();
      expect(valuesOf(['--config', config, '--retry', 'list'], env).retry).toBe('list');
    },
  );

  test('is true or false in the file', async () => {
    expect(valuesOf(['--config', await settings({ store: 'x', quiet: true })]).quiet).toBe(true);
    expect(
      valuesOf(['--config', await settings({ store: 'x', quiet: false })]).quiet,
    ).toBeUndefined();
  });

  test('takes nothing else', () => {
    expect(() => valuesOf([], { GEOCUBES_STORE: 'x', GEOCUBES_QUIET: 'perhaps' })).toThrow(
      'Expected true or false for GEOCUBES_QUIET but received "perhaps".',
    );
  });
});

describe('options that cannot be used together', () => {
  test('are no contradiction where one goes before the other', async () => {
    const config = await settings({ store: 'x', roi: 'basins.gpkg', where: 'a = 1', layer: 'l' });
    const line = valuesOf(['--config', config, '--bbox', '1,2,3,4']);
    expect(line).toMatchObject({ bbox: '1,2,3,4' });
    for (const name of ['roi', 'where', 'layer']) expect(line).not.toHaveProperty(name);
    expect(valuesOf(['--config', config], { GEOCUBES_BBOX: '1,2,3,4' })).not.toHaveProperty('roi');
    const region = await settings({ store: 'x', bbox: [1, 2, 3, 4] });
    expect(valuesOf(['--config', region, '--roi', 'a.gpkg'])).not.toHaveProperty('bbox');
    expect(valuesOf(['--config', region, '--retry', 'list'])).not.toHaveProperty('bbox');
  });

  test('are one where both come from the same place, which is told', async () => {
    const config = await settings({ store: 'x', roi: 'basins.gpkg', bbox: [1, 2, 3, 4] });
    expect(() => valuesOf(['--config', config])).toThrow(
      `Expected one of --bbox and --roi but received both: "bbox" in ${config} and "roi" in ${config}.`,
    );
    expect(() =>
      valuesOf([], { GEOCUBES_STORE: 'x', GEOCUBES_BBOX: '1', GEOCUBES_ROI: 'a' }),
    ).toThrow('GEOCUBES_BBOX and GEOCUBES_ROI');
    expect(() => valuesOf(['--store', 'x', '--bbox', '1,2,3,4', '--roi', 'a.gpkg'])).toThrow(
      /'--bbox <.*>' cannot be used with option '--roi/,
    );
  });
});

describe('a wrong setting is refused with where it comes from', () => {
  test.each([
    [{ GEOCUBES_THREADS: 'many' }, 'received "many". It is set by GEOCUBES_THREADS.'],
    [
      { GEOCUBES_FORMAT: 'xml' },
      'Expected one of text, json for GEOCUBES_FORMAT but received "xml".',
    ],
  ])('in the environment: %o', (env, message) => {
    const call = () => valuesOf(['--store', 'x'], env as Record<string, string>);
    expect(call).toThrow(InvalidInputError);
    expect(call).toThrow(message);
  });

  test.each([
    [{ threads: 1000 }, 'received "1000". It is set by "threads" in '],
    [{ format: 'xml' }, 'Expected one of text, json for "format" in '],
    [{ bbox: { west: 1 } }, 'Expected a text or a number for "bbox" in '],
    [{ bbox: null }, 'Expected a text or a number for "bbox" in '],
    [{ quiet: 'perhaps' }, 'Expected true or false for "quiet" in '],
    [{ bocks: '1,2,3,4' }, 'Expected the names of options for the settings in '],
    [{ config: 'other.json' }, undefined],
    [[], 'Expected a JSON object with values of options for --config'],
    ['"text"', 'Expected a JSON object with values of options for --config'],
    ['{"store": ', 'Expected a readable JSON file for --config'],
  ])('in the file: %o', async (content, message) => {
    const config = await settings(content);
    const call = () => valuesOf(['--store', 'x', '--config', config]);
    if (message === undefined) expect(call).not.toThrow();
    else {
      expect(call).toThrow(InvalidInputError);
      expect(call).toThrow(message);
      expect(call).toThrow(config);
    }
  });

  test('a file that is not there', () => {
    const missing = join(folder, 'missing.json');
    expect(() => valuesOf(['--store', 'x', '--config', missing])).toThrow(
      `Expected a readable JSON file for --config but received "${missing}" (ENOENT).`,
    );
  });

  test('but what the command line overrules is not looked at, and help is always given', () => {
    const env = { GEOCUBES_THREADS: 'many' };
    expect(valuesOf(['--store', 'x', '--threads', '2'], env).threads).toBe(2);
    for (const help of ['--help', '-h'])
      expect(() => valuesOf([help], env)).toThrow('(outputHelp)');
  });
});

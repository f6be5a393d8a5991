import { readdirSync } from 'node:fs';
import type { Command } from 'commander';
import { describe, expect, test } from 'vitest';
import { createProgram } from '../../../src/cli/program.js';

/** As a terminal of 80 columns shows it. */
function helpOf(command: Command): string {
  let text = '';
  command.configureOutput({
    writeOut: (part) => {
      text += part;
    },
    getOutHelpWidth: () => 80,
    getOutHasColors: () => false,
  });
  command.outputHelp();
  return text;
}

const program = await createProgram();
const NAMES = [
  ...['demo', 'dataset', 'create', 'plan', 'ingest', 'import', 'load', 'status', 'stats', 'sample'],
  ...['view'],
  ...['log', 'tag', 'rollback'],
  ...['extend', 'drop', 'overviews', 'finalise', 'verify', 'job', 'quota', 'loopback', 'doctor'],
  ...['setup', 'completion'],
];

test('there are these commands', () => {
  expect(program.commands.map((command) => command.name())).toEqual(NAMES);
});

test('each file of cli/commands is the command of its name, and is listed in cli/program.ts', () => {
  const entries = readdirSync(new URL('../../../src/cli/commands', import.meta.url), {
    recursive: true,
    withFileTypes: true,
  });
  const files = entries.filter((entry) => entry.isFile()).map(({ name }) => name);
  expect(files.sort()).toEqual(NAMES.map((name) => `${name}.ts`).sort());
});

describe('the help of', () => {
  test('geocubes', () => {
    expect(helpOf(program)).toMatchSnapshot();
  });

  test('geocubes is the same before any command is loaded', async () => {
    const bare = await createProgram(['--help']);
    expect(bare.commands.flatMap(({ options }) => options.map((option) => option.name()))).toEqual(
      NAMES.map(() => 'config'),
    );
    expect(helpOf(bare)).toBe(helpOf(program));
  });

  test('a command that is named among the words is loaded, with --config all of them', async () => {
    const count = async (words: string[]) =>
      (await createProgram(words)).commands.filter(({ options }) => options.length > 1).length;
    expect(await count(['help', 'status'])).toBe(1);
    // The one has no option of its own.
    expect(await count(['status', '--config', 'night.json'])).toBe(NAMES.length - 1);
    expect(await count(['completion', 'bash'])).toBe(NAMES.length - 1);
  });

  test.each(NAMES)('geocubes %s is as it was, and has an example', (name) => {
    const command = program.commands.find((each) => each.name() === name) as Command;
    const text = helpOf(command);
    expect(text).toContain(`  $ geocubes ${name} `);
    expect(text).toMatchSnapshot();
  });
});

test('each option of one name takes the same values in all commands', () => {
  const flags = new Map<string, Set<string>>();
  for (const { options } of program.commands)
    for (const option of options) {
      const known = flags.get(option.name()) ?? new Set();
      flags.set(option.name(), known.add(option.flags));
    }
  const several = [...flags].filter(([, forms]) => forms.size > 1).map(([name]) => name);
  // A list is written by an ingest and read by status.
  expect([...several].sort()).toEqual(['failed']);
});

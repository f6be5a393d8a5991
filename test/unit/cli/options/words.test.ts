import { Command, Option } from 'commander';
import { describe, expect, test } from 'vitest';
import { addSettings } from '../../../../src/cli/options/settings.js';
import { addStoreWord, joinNumbers } from '../../../../src/cli/options/words.js';

describe('a list of numbers', () => {
  test.each<[string, string]>([
    ['load --bbox 126 72 128 73 --out x.tif', 'load --bbox 126,72,128,73 --out x.tif'],
    ['load --bbox -10.5 50 -5 60', 'load --bbox -10.5,50,-5,60'],
    ['load --bbox 1, 2, 3, 4', 'load --bbox 1,2,3,4'],
    ['load --bbox 1e5 2e5 3e5 4e5 x', 'load --bbox 1e5,2e5,3e5,4e5 x'],
    ['load --bbox 1,2,3,4', 'load --bbox 1,2,3,4'],
    ['load --bbox 1 2 3', 'load --bbox 1,2,3'],
    ['load --bbox 1 2 3 --out', 'load --bbox 1,2,3 --out'],
    ['load --bbox=-10.5 50 -5 60', 'load --bbox -10.5,50,-5,60'],
    ['load --bbox=1,2,3,4 x', 'load --bbox 1,2,3,4 x'],
    ['load --bbox 1 2 3 4 5', 'load --bbox 1,2,3,4 5'],
    ['load --bbox', 'load --bbox'],
    ['load --size 800 600 cubes/x', 'load --size 800,600 cubes/x'],
    ['load --resolution 500 cubes/x', 'load --resolution 500 cubes/x'],
    ['load --resolution 500 250 -q', 'load --resolution 500,250 -q'],
    ['load --stretch 10 200 --out x', 'load --stretch 10,200 --out x'],
    ['load --stretch p2 p98', 'load --stretch p2,p98'],
    ['load --out p2 p98', 'load --out p2 p98'],
    ['load --buffer 1 2 3 4', 'load --buffer 1 2 3 4'],
  ])('typed as %j is %j', (typed, meant) => {
    expect(joinNumbers(typed.split(' '))).toEqual(meant.split(' '));
  });
});

describe('a store', () => {
  const parse = (...words: string[]) => {
    const silent = { writeOut: () => {}, writeErr: () => {} };
    const root = new Command('root').enablePositionalOptions().exitOverride();
    root.configureOutput(silent);
    const status = new Command('status')
      .addOption(
        new Option('--store <url>').argParser((url) => `read ${url}`).makeOptionMandatory(),
      )
      .option('-q, --quiet')
      .action(() => {});
    const tag = new Command('tag')
      .argument('[name]')
      .addOption(new Option('--store <url>').makeOptionMandatory())
      .action(() => {});
    for (const command of [status, tag])
      root.addCommand(command.exitOverride().configureOutput(silent));
    addStoreWord([status, tag]);
    addSettings([status, tag], {});
    root.parse(words, { from: 'user' });
    return { status: status.opts(), tag: tag.opts() };
  };

  test('may be the word after the command, wherever it stands among options', () => {
    expect(parse('status', 'cubes/x', '-q').status).toEqual({ store: 'read cubes/x', quiet: true });
    expect(parse('status', '-q', 'cubes/x').status).toMatchObject({ store: 'read cubes/x' });
    expect(parse('status', '--store', 'cubes/x').status).toMatchObject({ store: 'read cubes/x' });
  });

  test('is named once, and by one word', () => {
    expect(() => parse('status', '--store', 'a', 'b')).toThrow('Expected the store once');
    expect(() => parse('status', 'a', 'b')).toThrow(
      'Expected one word beside the options, the store',
    );
    expect(() => parse('status')).toThrow('--store <url>');
  });

  test('stays an option where a command takes words of its own', () => {
    expect(parse('tag', 'v1', '--store', 'a').tag).toEqual({ store: 'a' });
  });
});

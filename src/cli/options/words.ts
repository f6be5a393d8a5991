/** What people type beside options: a store by its place alone, and a box of four words. */
import type { Command } from 'commander';
import { expected } from '../../errors.js';

const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?,?$/i;

/**
 * `--bbox 126 72 128 73` as `--bbox 126,72,128,73`: four words that are numbers, after the option. A number that is
 * below zero would be taken for an option.
 */
export function joinBoxes(words: readonly string[]): string[] {
  const joined: string[] = [];
  for (let i = 0; i < words.length; ) {
    const word = words[i++] as string;
    joined.push(word);
    const four = words.slice(i, i + 4);
    if (word !== '--bbox' || four.length < 4 || !four.every((text) => NUMBER.test(text))) continue;
    joined.push(four.map((text) => text.replace(/,$/, '')).join(','));
    i += 4;
  }
  return joined;
}

/**
 * Lets commands that need a store, and take no words of their own, take it as their one word:
 * `geocubes status cubes/x`.
 */
export function addStoreWord(commands: readonly Command[]): void {
  for (const command of commands) {
    const option = command.options.find(({ long, mandatory }) => long === '--store' && mandatory);
    if (option === undefined || command.registeredArguments.length > 0) continue;
    const parse = command.parseOptions.bind(command);
    command.parseOptions = (args) => {
      const parsed = parse(args);
      const [store, ...rest] = parsed.operands;
      if (store === undefined) return parsed;
      if (command.getOptionValueSource('store') === 'cli')
        throw expected(
          'the store once',
          '--store',
          store,
          'It is the word after the command, too.',
        );
      command.setOptionValueWithSource(
        'store',
        option.parseArg?.(store, undefined) ?? store,
        'cli',
      );
      return { ...parsed, operands: rest };
    };
    command.usage('[options] [store]');
  }
}

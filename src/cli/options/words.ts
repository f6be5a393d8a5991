/** What people type beside options: a store by its place alone, and a box of four words, or a size of two. */
import type { Command } from 'commander';
import { expected } from '../../errors.js';

const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?,?$/i;
const PERCENTILE = /^p\d+\.?\d*,?$/i;

/** How many words these options take at the most, where others know them as words: -te, -ts, -tr of GDAL. */
const LISTS: ReadonlyMap<string, number> = new Map([
  ['--bbox', 4],
  ['--size', 2],
  ['--resolution', 2],
  ['--stretch', 6],
]);

/**
 * `--bbox 126 72 128 73` as `--bbox 126,72,128,73`: words that are numbers, after an option that takes several. A
 * number that is below zero would be taken for an option. Too few of them stay one list, for the option to refuse.
 */
export function joinNumbers(words: readonly string[]): string[] {
  const joined: string[] = [];
  for (let i = 0; i < words.length; ) {
    const word = words[i++] as string;
    const [option = '', first] = splitAtEqual(word);
    const most = LISTS.get(option);
    if (most === undefined) {
      joined.push(word);
      continue;
    }
    const list = first === undefined ? [] : [first];
    while (list.length < most && isNumber(words[i], option)) list.push(words[i++] as string);
    joined.push(option);
    if (list.length === 0) continue;
    joined.push(list.length === 1 ? (list[0] as string) : list.map(withoutComma).join(','));
  }
  return joined;
}

function splitAtEqual(word: string): readonly [option: string, value?: string] {
  const at = word.indexOf('=');
  return at < 0 ? [word] : [word.slice(0, at), word.slice(at + 1)];
}

function isNumber(word: string | undefined, option: string): boolean {
  if (word === undefined) return false;
  return NUMBER.test(word) || (option === '--stretch' && PERCENTILE.test(word));
}

function withoutComma(text: string): string {
  return text.replace(/,$/, '');
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
      if (rest.length > 0)
        throw expected(
          'one word beside the options, the store',
          command.name(),
          parsed.operands.join(' '),
          'Words with spaces in them need quotes.',
        );
      command.setOptionValueWithSource(
        'store',
        option.parseArg?.(store, undefined) ?? store,
        'cli',
      );
      return { ...parsed, operands: [] };
    };
    command.usage('[options] [store]');
  }
}

/** What can be typed after `geocubes`, as data: taken from the commands themselves. */
import type { Command, Option } from 'commander';

export interface CommandWords {
  readonly name: string;
  readonly description: string;
  /** What its own words are, where it takes some. */
  readonly words: 'files' | 'nothing' | readonly string[];
  readonly options: readonly OptionWords[];
}

export interface OptionWords {
  /** Without dashes. */
  readonly long: string;
  readonly short: string | undefined;
  readonly description: string;
  /** What may follow it: nothing for a flag, anything for what only the user knows. */
  readonly value: 'nothing' | 'anything' | 'files' | readonly string[];
}

/** Every command of a program, which has to be loaded whole, with all its options. */
export function wordsOfProgram(program: Command): CommandWords[] {
  return program.commands.map((command) => ({
    name: command.name(),
    description: command.description(),
    words: ownWords(command),
    options: command.options
      .filter(({ long, hidden }) => long != null && !hidden)
      .map((option) => ({
        long: (option.long as string).replace(/^--/, ''),
        short: option.short?.replace(/^-/, ''),
        description: firstClause(option.description),
        value: kindOf(option),
      })),
  }));
}

function ownWords(command: Command): CommandWords['words'] {
  const [argument] = command.registeredArguments;
  if (argument?.argChoices !== undefined) return argument.argChoices;
  if (argument !== undefined) return argument.variadic ? 'files' : 'nothing';
  return command.options.some(({ long }) => long === '--store') ? 'files' : 'nothing';
}

function kindOf(option: Option): OptionWords['value'] {
  if (option.isBoolean()) return 'nothing';
  if (option.argChoices !== undefined) return option.argChoices;
  return /<[^>]*(?:file|list|folder|dir)/.test(option.flags) || option.long === '--store'
    ? 'files'
    : 'anything';
}

/** A line of a menu has room for this much. */
const LONGEST = 70;

function firstClause(text: string): string {
  const [clause = ''] = text.split(/[;:(]|, /);
  return clause.length > LONGEST ? `${clause.slice(0, LONGEST - 1)}…` : clause.trim();
}

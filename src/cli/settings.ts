/**
 * Options from elsewhere than the command line: the environment (GEOCUBES_NAME), and a file of settings
 * (--config). The command line goes first, then the environment, then the file, then defaults.
 */
import { readFileSync } from 'node:fs';
import { type Command, Option } from 'commander';
import { expected, InvalidInputError } from '../errors.js';

export const SETTINGS_HELP =
  'Each option can also be set in the environment, as GEOCUBES_BBOX, or in the JSON file of --config, as "bbox". ' +
  'The command line goes first, then the environment.';

const configOption = () =>
  new Option('--config <file>', 'JSON file with values of options, for one command or for several');

/** Lets each command take its options from the environment and from a file as well. */
export function addSettings(
  commands: readonly Command[],
  env: Readonly<Record<string, string | undefined>> = process.env,
): void {
  for (const command of commands) command.addOption(configOption());
  const known = new Set(commands.flatMap(({ options }) => options.map(nameOf)));
  for (const command of commands) {
    const parse = command.parseOptions.bind(command);
    // Commander looks for mandatory options right after this.
    command.parseOptions = (args) => {
      const parsed = parse(args);
      apply(command, known, env);
      return parsed;
    };
  }
}

function apply(
  command: Command,
  known: ReadonlySet<string>,
  env: Readonly<Record<string, string | undefined>>,
): void {
  const file = (command.getOptionValue('config') as string | undefined) ?? env.GEOCUBES_CONFIG;
  const fromEnv = new Map<Option, Setting>();
  const fromFile = new Map<Option, Setting>();
  const settings = file === undefined ? new Map<string, unknown>() : readSettings(file, known);
  for (const option of command.options) {
    if (['config', 'help', 'version'].includes(nameOf(option))) continue;
    const variable = `GEOCUBES_${nameOf(option).toUpperCase().replaceAll('-', '_')}`;
    const text = env[variable];
    if (text !== undefined && text !== '')
      fromEnv.set(option, { value: text, source: 'env', origin: variable });
    const value = settings.get(nameOf(option));
    if (value !== undefined)
      fromFile.set(option, {
        value,
        source: 'config',
        origin: `"${nameOf(option)}" in ${file}`,
      });
  }
  // One after the other: what is set in the environment keeps out what contradicts it in the file.
  for (const layer of [fromEnv, fromFile])
    for (const [option, setting] of layer) set(command, option, setting);
}

interface Setting {
  readonly value: unknown;
  readonly source: 'env' | 'config';
  /** For messages. */
  readonly origin: string;
}

const RANKS: Readonly<Record<string, number>> = { default: 0, config: 1, env: 2, cli: 3 };

function set(command: Command, option: Option, { value, source, origin }: Setting): void {
  const rank = RANKS[source] ?? 0;
  const rivals = command.options.filter(
    (other) => other === option || conflict(other, option) || conflict(option, other),
  );
  const isOverruled = rivals.some(
    (other) => (RANKS[command.getOptionValueSource(other.attributeName()) ?? ''] ?? 0) > rank,
  );
  if (isOverruled) return;
  command.setOptionValueWithSource(option.attributeName(), parse(option, value, origin), source);
}

function conflict(one: Option, other: Option): boolean {
  // Commander has no public way to ask.
  const { conflictsWith = [] } = one as unknown as { conflictsWith?: readonly string[] };
  return conflictsWith.includes(other.attributeName());
}

function parse(option: Option, value: unknown, origin: string): unknown {
  if (option.isBoolean()) return truth(value, origin);
  const text = textOf(value);
  if (text === undefined) throw expected('a text or a number', origin, JSON.stringify(value));
  if (option.parseArg === undefined) return text;
  try {
    return option.parseArg(text, undefined);
  } catch (cause) {
    throw new InvalidInputError(`${(cause as Error).message} It came from ${origin}.`, { cause });
  }
}

/** A list is what the command line has with commas. */
function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return String(value);
  return Array.isArray(value) && value.every((item) => ['string', 'number'].includes(typeof item))
    ? value.join(',')
    : undefined;
}

function truth(value: unknown, origin: string): boolean {
  if (typeof value === 'boolean') return value;
  const text = String(value).toLowerCase();
  if (['1', 'true', 'yes', 'on'].includes(text)) return true;
  if (['0', 'false', 'no', 'off'].includes(text)) return false;
  throw expected('true or false', origin, String(value));
}

/** The file's values by the names of options, as the command line has them without the dashes. */
function readSettings(file: string, known: ReadonlySet<string>): Map<string, unknown> {
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(file, 'utf8'));
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    throw new InvalidInputError(
      `Expected a readable JSON file for --config but received "${file}" (${code ?? message}).`,
      { cause },
    );
  }
  if (typeof content !== 'object' || content === null || Array.isArray(content))
    throw expected('a JSON object with values of options', '--config', file);
  const settings = new Map<string, unknown>();
  for (const [key, value] of Object.entries(content)) {
    const name = key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    if (name === '$schema') continue;
    if (!known.has(name)) throw expected('the names of options', `the settings in ${file}`, key);
    settings.set(name, value);
  }
  return settings;
}

function nameOf(option: Option): string {
  return option.name();
}

/**
 * Options from elsewhere than the command line: the environment (GEOCUBES_NAME), and a file of settings
 * (--config). The command line goes first, then the environment, then the file, then defaults.
 */
import { type Command, Option } from 'commander';
import { expected, InvalidInputError } from '../../errors.js';
import { localPath } from '../../machine/local-path.js';
import { readFileAtMost } from '../../raster/read-at-most.js';

/** What a file of settings may not say, because such files are passed on, and why. */
const NEVER_IN_FILES: ReadonlyMap<string, string> = new Map([
  ['token-command', 'A file that is passed on could run any program.'],
]);

export const SETTINGS_HELP = `Each option can also be set in the environment (GEOCUBES_BBOX for --bbox) or in a
JSON file that --config or GEOCUBES_CONFIG names ({ "bbox": [122, 71.5, 130, 74] }).
The command line goes first, then the environment, then the file.`;

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
      const [unknown] = parsed.unknown;
      // Nobody who asks for help is told that a setting is wrong.
      if (parsed.unknown.some((arg) => arg === '--help' || arg === '-h')) return parsed;
      // Before "--storr" makes commander say that --store is missing.
      if (unknown?.startsWith('-')) refuse(command, unknown);
      apply(command, known, env);
      return parsed;
    };
  }
}

/** With what may have been meant; commander has no public way to say it. */
function refuse(command: Command, flag: string): void {
  (command as unknown as { unknownOption?(flag: string): void }).unknownOption?.(flag);
}

interface Setting {
  readonly value: unknown;
  readonly source: 'env' | 'config';
  /** For messages. */
  readonly origin: string;
}

function apply(
  command: Command,
  known: ReadonlySet<string>,
  env: Readonly<Record<string, string | undefined>>,
): void {
  const file = settingsFile(command.getOptionValue('config'), env);
  const inFile = file === undefined ? new Map<string, unknown>() : readSettings(file, known);
  const settings = new Map<Option, Setting>();
  for (const option of command.options) {
    const name = nameOf(option);
    if (['config', 'help', 'version'].includes(name) || isOnCommandLine(command, option)) continue;
    const variable = `GEOCUBES_${name.toUpperCase().replaceAll('-', '_')}`;
    const [text, value] = [env[variable], inFile.get(name)];
    if (text !== undefined && text !== '')
      settings.set(option, { value: text, source: 'env', origin: variable });
    else if (value !== undefined)
      settings.set(option, { value, source: 'config', origin: `"${name}" in ${file}` });
  }
  // One after the other: what is set in the environment keeps out what contradicts it in the file.
  for (const source of ['env', 'config'] as const)
    for (const [option, setting] of settings)
      if (setting.source === source) set(command, settings, option, setting);
}

/** Unless what goes first says something that cannot be said with it. */
function set(
  command: Command,
  settings: ReadonlyMap<Option, Setting>,
  option: Option,
  { value, source, origin }: Setting,
): void {
  const parsed = parse(option, value, origin);
  // Said by leaving it out; commander would take it for a contradiction to others.
  if (parsed === false) return;
  const rivals = command.options.filter(
    (other) => isSet(command, other) && (conflict(other, option) || conflict(option, other)),
  );
  for (const rival of rivals) {
    const said = settings.get(rival);
    if (said === undefined || isOnCommandLine(command, rival) || said.source !== source) return;
    throw new InvalidInputError(
      `Expected one of --${nameOf(rival)} and --${nameOf(option)} but received both: ${said.origin} and ${origin}.`,
    );
  }
  command.setOptionValueWithSource(option.attributeName(), parsed, source);
}

function isSet(command: Command, option: Option): boolean {
  const source = command.getOptionValueSource(option.attributeName());
  return source !== undefined && source !== 'default';
}

function isOnCommandLine(command: Command, option: Option): boolean {
  return command.getOptionValueSource(option.attributeName()) === 'cli';
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
  const { argChoices } = option;
  if (argChoices !== undefined && !argChoices.includes(text))
    throw expected(`one of ${argChoices.join(', ')}`, origin, text);
  if (option.parseArg === undefined) return text;
  try {
    return option.parseArg(text, undefined);
  } catch (cause) {
    throw new InvalidInputError(`${(cause as Error).message} It is set by ${origin}.`, { cause });
  }
}

/** The file of settings that `--config` or the environment names. */
export function settingsFile(
  config: string | undefined,
  env: Readonly<Record<string, string | undefined>> = process.env,
): string | undefined {
  return (config ?? env.GEOCUBES_CONFIG) || undefined;
}

/**
 * What is in a file of settings, by the names of options, as the command line takes it. Whether a command takes it is
 * asked elsewhere. @throws {InvalidInputError}
 */
export function settingsIn(file: string): [name: string, text: string][] {
  return [...readSettings(file)].map(([name, value]) => {
    const text = typeof value === 'boolean' ? String(value) : textOf(value);
    if (text === undefined)
      throw expected('a text or a number', `"${name}" in ${file}`, JSON.stringify(value));
    return [name, text];
  });
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
function readSettings(given: string, known?: ReadonlySet<string>): Map<string, unknown> {
  const file = localPath(given, '--config');
  let content: unknown;
  try {
    content = JSON.parse(startOf(file));
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
    if (known?.has(name) === false)
      throw expected(
        'the names of options',
        `the settings in ${file}`,
        key,
        '"geocubes COMMAND --help" lists them.',
      );
    const reason = NEVER_IN_FILES.get(name);
    if (reason !== undefined)
      throw expected(
        `--${name} on the command line or in the environment`,
        `the settings in ${file}`,
        key,
        reason,
      );
    settings.set(name, value);
  }
  return settings;
}

/** Options take a few kB; commander waits for nothing, so this is read at once, and no further than that. */
const MAX_SETTINGS_BYTES = 1024 ** 2;

function startOf(file: string): string {
  const { bytes, isCut } = readFileAtMost(file, MAX_SETTINGS_BYTES);
  if (isCut) throw new Error('more than 1 MiB');
  return bytes.toString('utf8');
}

function nameOf(option: Option): string {
  return option.name();
}

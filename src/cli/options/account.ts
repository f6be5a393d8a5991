/** Which service is asked, as whom. */
import { type Command, Option } from 'commander';
import { pathFor } from './common.js';

export interface AccountOptions {
  readonly endpoint?: string;
  readonly project?: string;
  readonly keyFile?: string;
  readonly tokenCommand?: string;
  readonly insecureHttp?: boolean;
}

/** The options of every command that asks Earth Engine for anything. */
export function addAccountOptions(command: Command): Command {
  return command
    .addOption(endpointOption())
    .addOption(projectOption())
    .addOption(keyFileOption())
    .addOption(tokenCommandOption())
    .addOption(insecureHttpOption());
}

export const endpointOption = () =>
  new Option('--endpoint <url>', 'base URL of Earth Engine (default: the high-volume endpoint)');

export const projectOption = () =>
  new Option('--project <id>', 'Google Cloud project that is billed');

export const keyFileOption = () =>
  new Option(
    '--key-file <file>',
    "JSON key of a service account (default: this machine's credentials)",
  ).argParser(pathFor('--key-file'));

/** Not from a file of settings, which others may have written: it would run what they like. */
export const tokenCommandOption = () =>
  new Option(
    '--token-command <command>',
    'command that prints a token, run without a shell each time that one is needed; not from --config',
  );

export const insecureHttpOption = () =>
  new Option(
    '--insecure-http',
    'let the token go over plain http to another machine, readable on the way',
  );

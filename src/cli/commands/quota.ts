import { Command, Option } from 'commander';
import { expected } from '../../errors.js';
import { type QuotaEvent, startQuotaServer } from '../../quota/server.js';
import { wholeNumber } from '../options/common.js';
import { concurrencyOption, quotaSecret, quotaTokenFileOption } from '../options/quota.js';
import { print } from '../output/terminal.js';

interface Options {
  readonly concurrency?: number;
  readonly rate?: number;
  readonly port: number;
  readonly host?: string;
  readonly quotaTokenFile?: string;
  readonly quiet?: boolean;
}

const DEFAULT_CONCURRENCY = 40;
const DEFAULT_RATE = 100;

export function quotaCommand(): Command {
  return new Command('quota')
    .addOption(concurrencyOption())
    .addOption(
      new Option(
        '--rate <rate>',
        'requests begun in a second at the most: 100, or 6000/min (default: 100, the quota of a project)',
      ).argParser(parseRequestRate),
    )
    .addOption(
      new Option('--port <n>', 'port; 0 takes any free one')
        .default(8788)
        .argParser(wholeNumber('--port', 0, 65_535)),
    )
    .addOption(
      new Option(
        '--host <address>',
        'address to listen on, where other machines are to reach it; asks for a secret (default: 127.0.0.1)',
      ),
    )
    .addOption(quotaTokenFileOption())
    .option('-q, --quiet', 'no line for each process that comes or goes')
    .addHelpText(
      'after',
      '\nExamples:\n  $ geocubes quota --concurrency 40 --rate 100 --port 8788\n  $ geocubes quota --host 0.0.0.0 --port 8788 --quota-token-file quota.secret',
    )
    .action(run);
}

/** Requests a second. @throws {InvalidInputError} */
export function parseRequestRate(text: string): number {
  const [, number = '', unit = 's'] = /^\s*(\d{1,7})\s*(?:\/\s*(s|min))?\s*$/i.exec(text) ?? [];
  const rate = Math.floor(Number(number) / (unit.toLowerCase() === 'min' ? 60 : 1));
  if (number === '' || rate < 1 || rate > 100_000)
    throw expected('requests in a second such as 100, or 6000/min', '--rate', text);
  return rate;
}

async function run(options: Options): Promise<void> {
  const { concurrency = DEFAULT_CONCURRENCY, rate = DEFAULT_RATE, port, host, quiet } = options;
  const server = await startQuotaServer({
    ...{ concurrency, rate, port, host },
    secret: await quotaSecret(options),
    ...(quiet ? {} : { onEvent: (event) => print(lineOf(event)) }),
  });
  const close = () => void server.close().then(() => process.exit(0));
  process.on('SIGTERM', close);
  process.on('SIGINT', close);
  print(
    `${concurrency} requests at a time, ${rate} a second, shared at ${server.url}. Each process that takes part:`,
    `  geocubes ingest --quota ${server.url} ...`,
    'Without it they go on, with an equal part each. Ctrl-C stops it.',
  );
}

function lineOf({ type, name, holders }: QuotaEvent): string {
  return `${new Date().toISOString()} ${name} ${type}, ${holders} ${holders === 1 ? 'process' : 'processes'}`;
}

import { Option } from 'commander';
import { expected } from '../../errors.js';
import { type FaultPlan, mixedFaults, parseFaultPlan } from '../../loopback/index.js';
import { readJson } from '../../raster/read-text.js';
import { pathFor, wholeNumber } from './common.js';

/** What a user wants to go wrong at the loopback server. */
export interface FaultOptions {
  readonly faults?: string;
  readonly faultRate?: number;
  readonly seed?: number;
  readonly latency?: number;
  readonly maxConcurrency?: number;
  readonly maxRate?: number;
}

export function faultOptions(): Option[] {
  return [
    new Option(
      '--faults <file>',
      'what is to go wrong, as JSON (see src/loopback/README.md)',
    ).argParser(pathFor('--faults')),
    new Option(
      '--fault-rate <share>',
      'share of pixel requests that go wrong in some retryable way',
    )
      .argParser(share)
      .conflicts('faults'),
    new Option('--seed <n>', 'decides which requests go wrong (default: 1)').argParser(
      wholeNumber('--seed', 0, 2 ** 31 - 1),
    ),
    new Option('--latency <ms>', 'time that each pixel request takes at least').argParser(
      wholeNumber('--latency', 0, 600_000),
    ),
    new Option('--max-concurrency <n>', 'pixel requests at a time; more get 429').argParser(
      wholeNumber('--max-concurrency', 1, 100_000),
    ),
    new Option('--max-rate <n>', 'pixel requests in any second; more get 429').argParser(
      wholeNumber('--max-rate', 1, 100_000),
    ),
  ];
}

/** One plan of all options; the others overrule what the file says. @throws {InvalidInputError} */
export async function faultPlanOf(options: FaultOptions): Promise<FaultPlan> {
  const { faults, faultRate, seed, latency, maxConcurrency, maxRate } = options;
  const plan =
    faults !== undefined
      ? parseFaultPlan(await readJson(faults, '--faults'))
      : faultRate !== undefined
        ? mixedFaults({ probability: faultRate })
        : {};
  return {
    ...plan,
    ...(seed === undefined ? {} : { seed }),
    ...(latency === undefined ? {} : { latency: { ms: latency } }),
    ...(maxConcurrency === undefined ? {} : { concurrency: { limit: maxConcurrency } }),
    ...(maxRate === undefined ? {} : { rate: { limit: maxRate } }),
  };
}

function share(text: string): number {
  const value = text.trim() === '' ? Number.NaN : Number(text);
  if (!(value >= 0 && value <= 1)) throw expected('a number from 0 to 1', '--fault-rate', text);
  return value;
}

import { Command, Option } from 'commander';
import {
  checkLive,
  isConfirmed,
  liveHtml,
  liveMarkdown,
  summaryOf,
} from '../../../cube/sources/live.js';
import { expected } from '../../../errors.js';
import { EXIT } from '../../exit-codes.js';
import { abortOnSignals } from '../../interrupt.js';
import {
  endpointOption,
  insecureHttpOption,
  keyFileOption,
  projectOption,
  tokenCommandOption,
} from '../../options/account.js';
import { formatOption, pathFor } from '../../options/common.js';
import { checkOutput, writeOutput } from '../../options/output-file.js';
import { doctorLines, gatherDoctorReport } from '../../output/doctor-report.js';
import { print, printIn, printJson } from '../../output/terminal.js';

interface DoctorCommandOptions {
  readonly format: 'text' | 'json';
  readonly live?: boolean;
  readonly endpoint?: string;
  readonly project?: string;
  readonly keyFile?: string;
  readonly tokenCommand?: string;
  readonly insecureHttp?: boolean;
  readonly showProject?: boolean;
  readonly out: string;
}

export function doctorCommand(): Command {
  return new Command('doctor')
    .addOption(formatOption())
    .option(
      '--live',
      'ask Earth Engine itself: some thirty small requests, less than a tile costs; ends with 5 where something differs or could not be asked',
    )
    .addOption(endpointOption())
    .addOption(projectOption())
    .addOption(keyFileOption())
    .addOption(tokenCommandOption())
    .addOption(insecureHttpOption())
    .addOption(
      new Option('--out <file>', 'page of the live check to write, without secrets: .html or .md')
        .argParser(pathFor('--out'))
        .default('earth-engine-live.md'),
    )
    .option('--show-project', "leave the project's id in that page")
    .addHelpText(
      'after',
      '\nExamples:\n  $ geocubes doctor --format json\n  $ geocubes doctor --live --project my-project --out live.html',
    )
    .action(async (options: DoctorCommandOptions) => {
      if (options.live) return runLive(options);
      const report = await gatherDoctorReport();
      if (options.format === 'json') printJson(report);
      else
        for (const { text, status } of doctorLines(report))
          printIn(status === undefined ? undefined : COLOURS[status], text);
      if (!report.ok) process.exitCode = EXIT.failed;
    });
}

const COLOURS = { ok: 'green', warn: 'yellow', fail: 'red' } as const;

async function runLive({ out, format, ...options }: DoctorCommandOptions): Promise<void> {
  const page = out.endsWith('.html') ? liveHtml : out.endsWith('.md') ? liveMarkdown : undefined;
  if (page === undefined) throw expected('a file that ends with .html or .md', '--out', out);
  await checkOutput(out, '--out');
  const interrupt = abortOnSignals('Stopping.');
  try {
    const report = await checkLive({ ...options, signal: interrupt.signal });
    await writeOutput(out, page(report), '--out');
    if (format === 'json') printJson(report);
    else {
      for (const { id, verdict, came } of report.rows)
        if (verdict !== 'confirmed') print(`${id}: ${verdict}: ${came}`);
      print(summaryOf(report), `Page: ${out}`);
    }
    if (!isConfirmed(report)) process.exitCode = EXIT.unconfirmed;
  } finally {
    interrupt.release();
  }
}

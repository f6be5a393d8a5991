import { Command } from 'commander';
import { gatherDoctorReport, renderDoctorReport } from './doctor-report.js';
import { EXIT } from './exit-codes.js';
import { formatOption } from './options.js';

export function doctorCommand(): Command {
  return new Command('doctor')
    .description('tell what this machine has, and whether cubes can be filled on it')
    .addOption(formatOption())
    .addHelpText('after', '\nExample:\n  $ geocubes doctor --format json')
    .action(async ({ format }: { format: 'text' | 'json' }) => {
      const report = await gatherDoctorReport();
      process.stdout.write(
        format === 'json'
          ? `${JSON.stringify(report, undefined, 2)}\n`
          : `${renderDoctorReport(report)}\n`,
      );
      if (!report.ok) process.exitCode = EXIT.failed;
    });
}

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { SetupError } from '../../../errors.js';
import { packageFolder } from '../../../machine/set-up.js';

/** The same script that `npm start` runs in a checkout; where npm has installed the package, this starts it. */
export function setupCommand(): Command {
  return new Command('setup')
    .option('--no-apt', 'install no packages of the system')
    .addHelpText(
      'after',
      '\nMakes ready what is native: GDAL and its binding, Blosc, resampling. Without it pixels are computed in JavaScript.\n\nExample:\n  $ geocubes setup --no-apt',
    )
    .action(async ({ apt }: { readonly apt: boolean }) => {
      const script = fileURLToPath(new URL('scripts/bootstrap.mjs', packageFolder()));
      if (!existsSync(script))
        throw new SetupError(
          `Expected the set-up of this package at ${script} but found none. Install the package anew.`,
        );
      const child = spawn(process.execPath, [script, ...(apt ? [] : ['--no-apt'])], {
        stdio: 'inherit',
      });
      const [code] = (await once(child, 'exit')) as [number | null];
      process.exitCode = code ?? 1;
    });
}

import { Command, Option } from 'commander';
import { asOfOption, storeOption, threadsOption, wholeNumber } from '../../options/common.js';
import { type ComputeOptions, kernelOption, openPool } from '../../options/pool.js';
import { print } from '../../output/terminal.js';

interface Options extends ComputeOptions {
  readonly store: string;
  readonly asOf?: string;
  readonly port: number;
}

export function viewCommand(): Command {
  return new Command('view')
    .addOption(storeOption())
    .addOption(
      new Option('--port <n>', 'port; 0 takes any free one')
        .default(8789)
        .argParser(wholeNumber('--port', 0, 65_535)),
    )
    .addOption(asOfOption())
    .addOption(threadsOption())
    .addOption(kernelOption())
    .addHelpText(
      'after',
      [
        '\nThe page is served on 127.0.0.1, to this machine alone, and works without a network. It shows the cube in its own CRS: one band or three, as they are stretched there, the states of tiles, values and time series where it is clicked, statistics and a histogram of a box. What another process commits meanwhile appears.',
        '\nExamples:',
        '  $ geocubes view --store cubes/tctrend',
        '  $ geocubes view cubes/tctrend --port 0',
      ].join('\n'),
    )
    .action(run);
}

async function run({ store, asOf, port, ...compute }: Options): Promise<void> {
  const { startViewer } = await import('../../../view/server.js');
  // Before anything is told: whoever reads it may stop the process at once.
  const stopped = new Promise<void>((resolve) => {
    process.once('SIGINT', resolve);
    process.once('SIGTERM', resolve);
  });
  const pool = await openPool(compute, 'chunks');
  try {
    const viewer = await startViewer({ storage: store, pool, port, asOf });
    print(`${viewer.title} at ${store} on ${viewer.url}`, 'Ctrl-C stops it.');
    await stopped;
    await viewer.close();
  } finally {
    await pool.close();
  }
}

import { Command, Option } from 'commander';
import {
  DEFAULT_TOKEN,
  FORMAT_WORDS,
  parseReplyFormat,
  startLoopback,
} from '../../loopback/index.js';
import { pathFor, wholeNumber } from '../options/common.js';
import { type FaultOptions, faultOptions, faultPlanOf } from '../options/faults.js';
import { print } from '../output/terminal.js';

/** What a forked server tells its parent. */
export interface LoopbackReady {
  readonly url: string;
}

interface Options extends FaultOptions {
  readonly port: number;
  readonly folder?: string;
  readonly replyFormat?: string;
  readonly verbose?: boolean;
}

export function loopbackCommand(): Command {
  const command = new Command('loopback')
    .addOption(
      new Option('--port <n>', 'port; 0 takes any free one')
        .default(8787)
        .argParser(wholeNumber('--port', 0, 65_535)),
    )
    .addOption(
      new Option(
        '--folder <dir>',
        'folder of rasters with a manifest.json, served beside the built-in assets',
      ).argParser(pathFor('--folder')),
    )
    .addOption(
      new Option(
        '--reply-format <words>',
        `form of the GeoTIFFs: words joined by commas, one of a kind (${FORMAT_WORDS})`,
      ).argParser((text: string) => {
        parseReplyFormat(text);
        return text;
      }),
    )
    .option('-v, --verbose', 'one line for each request')
    .addHelpText(
      'after',
      '\nExamples:\n  $ geocubes loopback --port 8787\n  $ geocubes loopback --fault-rate 0.3 --seed 7 --latency 200 --max-concurrency 8 -v\n  $ geocubes loopback --reply-format matrix,tiled,lzw,predictor=2,bigtiff',
    )
    .action(run);
  for (const option of faultOptions()) command.addOption(option);
  return command;
}

async function run({ port, folder, replyFormat, verbose, ...options }: Options): Promise<void> {
  const server = await startLoopback({
    port,
    faults: await faultPlanOf(options),
    ...(folder === undefined ? {} : { folder }),
    ...(replyFormat === undefined ? {} : { replyFormat }),
    ...(verbose
      ? {
          onRequest: (event) =>
            print(
              `${event.method} ${event.path} ${event.status} ${event.bytes} bytes ${event.ms.toFixed(0)} ms${event.fault === undefined ? '' : ` fault: ${event.fault}`}`,
            ),
        }
      : {}),
  });
  const close = () => void server.close().then(() => process.exit(0));
  process.on('SIGTERM', close);
  if (process.send !== undefined) {
    // Forked by the demo: it is told the address, and takes the server down with it. Ctrl-C reaches
    // both; the demo decides what becomes of it.
    process.on('SIGINT', () => {});
    process.on('disconnect', close);
    process.send({ url: server.url } satisfies LoopbackReady);
    return;
  }
  process.on('SIGINT', close);
  print(
    `An Earth Engine on ${server.url}. In another terminal:`,
    `  export GEOCUBES_ENDPOINT=${server.url} GEOCUBES_TOKEN=${DEFAULT_TOKEN} GEOCUBES_PROJECT=demo`,
    '  npx geocubes create --store cubes/demo --dataset demo',
    '  npx geocubes ingest --store cubes/demo --bbox 126,72,128,73',
    'Ctrl-C stops it.',
  );
}

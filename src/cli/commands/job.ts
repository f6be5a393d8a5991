import { resolve } from 'node:path';
import { Argument, Command, Option } from 'commander';
import { Cube } from '../../cube/cube.js';
import type { Toi } from '../../dataset/toi.js';
import { expected } from '../../errors.js';
import { localPath, schemeOf } from '../../machine/local-path.js';
import { awsBatchJob } from '../jobs/aws-batch.js';
import { googleBatchJob } from '../jobs/google-batch.js';
import { FILES_WRITTEN, type Job } from '../jobs/job.js';
import { kubernetesJob } from '../jobs/kubernetes.js';
import { slurmJob } from '../jobs/slurm.js';
import { snakemakeJob } from '../jobs/snakemake.js';
import { wholeNumber } from '../options/common.js';
import { type RegionOptions, regionOf } from '../options/region.js';
import { bytesFor, parseDuration } from '../options/run-limits.js';
import { addSettings, settingsFile, settingsIn } from '../options/settings.js';
import { COMMANDER_OUTPUT, complain, writeOut } from '../output/terminal.js';
import { ingestCommand } from './ingest.js';

/** Who runs the shards, and what has to be said for it. */
const PLATFORMS = {
  slurm: { write: slurmJob, needs: [], isContainer: false },
  kubernetes: { write: kubernetesJob, needs: ['image'], isContainer: true },
  'aws-batch': { write: awsBatchJob, needs: ['image', 'queue'], isContainer: true },
  'google-batch': { write: googleBatchJob, needs: ['image', 'location'], isContainer: true },
  snakemake: { write: snakemakeJob, needs: [], isContainer: false },
} as const;

type Platform = keyof typeof PLATFORMS;

interface Options {
  readonly config?: string;
  readonly shards: number;
  readonly name: string;
  readonly cores: number;
  readonly taskMemory?: number;
  readonly walltime: number;
  readonly image?: string;
  readonly queue?: string;
  readonly location?: string;
  readonly serviceAccount?: string;
}

const DEFAULT_CORES = 2;
const DEFAULT_WALLTIME_MS = 12 * 3_600_000;
const MIB = 1024 ** 2;

/** Beside what a plan tells: it is a rough number, and a shard that is killed for memory would be so again. */
const MEMORY_MARGIN = 1.25;
const MEMORY_STEP_MIB = 256;

export function jobCommand(): Command {
  return new Command('job')
    .addArgument(new Argument('<platform>', 'who is to run it').choices(Object.keys(PLATFORMS)))
    .addOption(
      new Option('--shards <n>', 'parts of the region, a task each')
        .argParser(wholeNumber('--shards', 1, 10_000))
        .makeOptionMandatory(),
    )
    .addOption(
      new Option('--name <name>', 'what the job is called')
        .default('geocubes')
        .argParser(
          matching(
            '--name',
            /^[a-z](?:[a-z0-9-]{0,38}[a-z0-9])?$/,
            'lower-case letters, digits and hyphens',
          ),
        ),
    )
    .addOption(
      new Option('--cores <n>', 'of a shard')
        .default(DEFAULT_CORES)
        .argParser(wholeNumber('--cores', 1, 256)),
    )
    .addOption(
      new Option(
        '--task-memory <size>',
        'of a shard, such as 4GB (default: what "geocubes plan" tells, and a quarter)',
      ).argParser(bytesFor('--task-memory')),
    )
    .addOption(
      new Option(
        '--walltime <duration>',
        'after which a shard is ended, and begun again (default: 12h)',
      )
        .default(DEFAULT_WALLTIME_MS, '12h')
        .argParser((text) => parseDuration(text, '--walltime')),
    )
    .addOption(
      new Option(
        '--image <name>',
        'container image (see .github/Containerfile); not for slurm and snakemake',
      ).argParser(matching('--image', /^[\w./:@-]{1,300}$/, 'the name of a container image')),
    )
    .addOption(
      new Option('--queue <name>', "Slurm's partition, or the job queue of AWS Batch").argParser(
        matching('--queue', /^[\w.,:/-]{1,200}$/, 'the name of a partition or queue'),
      ),
    )
    .addOption(
      new Option('--location <region>', "Google's region, such as europe-west4").argParser(
        matching('--location', /^[a-z0-9-]{1,60}$/, 'the name of a region'),
      ),
    )
    .addOption(
      new Option(
        '--service-account <name>',
        'as whom tasks run: an account of Kubernetes or Google, a role of AWS',
      ).argParser(
        matching('--service-account', /^[\w.@:/+=,-]{1,300}$/, 'the name of an account or role'),
      ),
    )
    .addHelpText(
      'after',
      '\nExamples:\n  $ geocubes job slurm --config night.json --shards 40 > night.sh\n  $ geocubes job kubernetes --config cloud.json --shards 40 --task-memory 4GB --image registry.example/geocubes:1 > night.yaml',
    )
    .action(run);
}

function matching(name: string, pattern: RegExp, what: string): (text: string) => string {
  return (text) => {
    if (!pattern.test(text)) throw expected(what, name, text);
    return text;
  };
}

async function run(platform: Platform, options: Options): Promise<void> {
  const { write, needs, isContainer } = PLATFORMS[platform];
  for (const name of needs)
    if (options[name] === undefined) throw expected(`--${name}`, `a job of ${platform}`, 'none');
  const file = settingsFile(options.config);
  if (file === undefined)
    throw expected('--config, a file with the options of ingest,', 'a job', 'none');
  const config = resolve(localPath(file, '--config'));
  const ingest = checkedOptions(config);
  const { taskMemory: _, walltime, ...rest } = options;
  const settings = new Map(settingsIn(config));
  const view = settings.get('view');
  if (view !== undefined)
    throw expected(
      'no "view"',
      `a job in ${config}`,
      view,
      'Nobody sees the pages of tasks: take it out, and look with "geocubes view".',
    );
  if (isContainer) checkContainer(settings, config);
  const job: Job = {
    ...rest,
    ...{ config, settings },
    memoryMiB: await memoryOf(ingest, options),
    seconds: Math.max(Math.ceil(walltime / 1000), 120),
  };
  await writeOut(write(job));
}

/** The settings as `ingest` takes them, which is the one that has to. @throws {InvalidInputError} or commander's own. */
function checkedOptions(config: string): IngestSettings {
  const ingest = ingestCommand()
    .exitOverride()
    .configureOutput(COMMANDER_OUTPUT)
    .action(() => {});
  // Not what happens to be set where the job is written.
  addSettings([ingest], {});
  ingest.parse(['--config', config], { from: 'user' });
  return ingest.opts();
}

interface IngestSettings extends RegionOptions {
  readonly store: string;
  readonly time?: Toi;
  readonly memory?: number;
}

/** MiB of one shard. */
async function memoryOf(ingest: IngestSettings, { taskMemory, cores }: Options): Promise<number> {
  if (taskMemory !== undefined) return Math.ceil(taskMemory / MIB);
  const region = await regionOf(ingest);
  const cube = await Cube.open(ingest.store);
  const estimate = await cube.estimate(region, {
    ...{ time: ingest.time, threads: cores, memory: ingest.memory },
  });
  const mib = (estimate.memory.bytes * MEMORY_MARGIN) / MIB;
  return Math.ceil(mib / MEMORY_STEP_MIB) * MEMORY_STEP_MIB;
}

/** What a container does not have of this machine. */
function checkContainer(settings: Map<string, string>, config: string): void {
  const store = settings.get('store') ?? '';
  if ([undefined, 'file'].includes(schemeOf(store)))
    throw expected(
      'an object store, such as s3://bucket/cube,',
      `"store" in ${config}`,
      store,
      'Containers share no folder.',
    );
  const lost = ['report', ...FILES_WRITTEN, 'key-file', 'quota-token-file'].filter((name) =>
    settings.delete(name),
  );
  if (lost.length > 0)
    complain(
      `${lost.join(', ')}: left out, because ${lost.length === 1 ? 'it names a file' : 'they name files'} of this machine`,
    );
  if (settings.has('roi'))
    complain(
      `"roi" names a file: it has to be in the image, or in a volume, as ${settings.get('roi')}`,
    );
}

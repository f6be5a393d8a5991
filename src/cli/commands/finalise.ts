import { Command, Option } from 'commander';
import { Cube } from '../../cube/cube.js';
import type { MergeReport } from '../../cube/shards/merge.js';
import type { MergedReport } from '../../cube/state/merged-report.js';
import { expected } from '../../errors.js';
import { tileId } from '../../grid/tiling.js';
import { shardList } from '../../observe/shard-list.js';
import { EXIT } from '../exit-codes.js';
import { abortOnSignals } from '../interrupt.js';
import {
  branchOption,
  formatOption,
  pathFor,
  quietOption,
  storeOption,
  timeOption,
} from '../options/common.js';
import { checkOutput } from '../options/output-file.js';
import { addRegionOptions, type RegionOptions, regionIn } from '../options/region.js';
import { shardsOption } from '../options/shard.js';
import { writeTileList } from '../options/tile-list.js';
import { companionText, livingText, megabytes, plural } from '../output/summary-text.js';
import { complain, print, printJson, tell } from '../output/terminal.js';

interface Options extends RegionOptions {
  readonly store: string;
  readonly shards?: number;
  readonly merge?: true | readonly string[];
  readonly failed?: string;
  readonly report?: string;
  readonly branch?: string;
  readonly incomplete?: boolean;
  readonly format: 'text' | 'json';
  readonly quiet?: boolean;
}

export function finaliseCommand(): Command {
  const command = new Command('finalise').addOption(storeOption());
  return addRegionOptions(command)
    .addOption(timeOption())
    .addOption(
      shardsOption('of how many shards the region was filled; tells those that lack tiles'),
    )
    .addOption(
      new Option(
        '--merge [stores...]',
        'first copy what these stores hold into the cube, encoded chunks as they are: those that shards have filled with --own-store (without a name: those of all --shards)',
      ).argParser(storesOf),
    )
    .option(
      '--failed <file>',
      'file for the tiles that are not loaded, for "ingest --retry-failed"',
      pathFor('--failed'),
    )
    .option(
      '--report <dir>',
      'folder that the shards have named as theirs: one page over all of them goes into it (report.html), and its numbers (report.json, failures.ndjson)',
      pathFor('--report'),
    )
    .addOption(
      branchOption(
        'the branch that was filled: where all of the region is loaded, and nobody fills it, the cube goes on from it, in one step that readers see whole, and the branch is removed',
      ).conflicts('merge'),
    )
    .option('--incomplete', 'of --branch: also where tiles of the region are missing')
    .addOption(formatOption())
    .addOption(quietOption())
    .addHelpText(
      'after',
      '\nRun it when all shards have ended: it removes what dead ones left, writes the list that smart-geocubes reads, looks whether each chunk is there, and lists what is missing. It fetches nothing. With --merge it first copies what is in stores of their own that shards have filled; what is in the cube already stays, and the stores are left as they are. With --branch it is the branch that is looked at.\n\nExit codes: 0 all is loaded, 1 damaged, 3 tiles are missing.\n\nExamples:\n  $ geocubes finalise --store cubes/tctrend --bbox 126,72,128,73\n  $ geocubes finalise --store cubes/tctrend --bbox 126,72,128,73 --shards 40 --report reports/tctrend\n  $ geocubes finalise --store cubes/tctrend --bbox 126,72,128,73 --shards 2 --merge',
    )
    .action(run);
}

async function run(options: Options): Promise<void> {
  const { store, shards, failed, format, quiet, time, report: folder, branch } = options;
  if (options.incomplete && branch === undefined)
    throw expected('--branch', 'what --incomplete is of', 'none');
  if (failed !== undefined) await checkOutput(failed, '--failed', true);
  const region = await regionIn(options);
  const whole = await Cube.open(store);
  const cube = branch === undefined ? whole : await Cube.open(store, { branch });
  const roi = region ?? cube.grid.geobox;
  const at = time === undefined ? {} : { time };
  const missing: string[] = [];
  const damaged: string[] = [];
  const interrupt = abortOnSignals('Stopping: tiles stay as they are.');
  const merged = await mergeFirst(cube, options, interrupt.signal).catch((error: unknown) => {
    interrupt.release();
    throw error;
  });
  const report = await cube
    .finalise(roi, {
      ...at,
      ...(shards === undefined ? {} : { shards }),
      ...(folder === undefined ? {} : { report: folder }),
      onWait: (processes, ms) => {
        if (!quiet) tell(livingText(processes, ms));
      },
      onMissing: (tile) => missing.push(tileId(tile)),
      onDamage: ({ id, message }) => damaged.push(`tile ${id} ${message}`),
      signal: interrupt.signal,
    })
    .finally(interrupt.release);
  if (failed !== undefined)
    await writeTileList(
      failed,
      missing.map((tile) => `${JSON.stringify({ tile })}\n`),
    );
  if (report.damaged + report.companions.length > 0) process.exitCode = EXIT.failed;
  else if (report.missing > 0 || (merged?.lost ?? 0) > 0) process.exitCode = EXIT.partial;
  const isWhole =
    report.damaged + report.companions.length + report.running === 0 &&
    (report.missing === 0 || options.incomplete === true);
  const published = branch !== undefined && isWhole ? await whole.publish(branch) : undefined;
  if (branch !== undefined && !isWhole && process.exitCode === undefined)
    process.exitCode = EXIT.failed;
  if (quiet) return;
  if (format === 'json')
    printJson({
      ...report,
      ...(merged === undefined ? {} : { merged }),
      ...(branch === undefined ? {} : { published: published ?? null }),
    });
  else {
    const { tiles, loaded, empty, lacking } = report;
    print(
      ...(merged === undefined ? [] : mergeWords(merged)),
      ...damaged,
      ...report.companions.map(companionText),
      `${plural(tiles, 'tile')}: ${loaded} loaded, ${empty} loaded and empty, ${report.missing} missing, ${report.damaged} damaged`,
      ...lacking.map(
        ({ shard, tiles: count }) =>
          `shard ${shard + 1} of ${shards} lacks ${plural(count, 'tile')}`,
      ),
      ...(report.missing > 0
        ? ['Run the shards again, or "geocubes ingest": what is loaded is not fetched again']
        : []),
      ...(report.running === 0
        ? []
        : [
            `${plural(report.running, 'process is', 'processes are')} filling the cube still, or may: what ${report.running === 1 ? 'it holds is left, and what it adds' : 'they hold is left, and what they add'} is not counted`,
          ]),
      ...(report.report === undefined ? [] : reportWords(report.report)),
      ...(branch === undefined ? [] : [branchWords(branch, published)]),
    );
  }
}

function branchWords(
  branch: string,
  published: Awaited<ReturnType<Cube['publish']>> | undefined,
): string {
  if (published === undefined)
    return `The branch ${branch} stays beside the cube, whose readers see nothing of it`;
  const { commits, snapshot } = published;
  return `The cube is where the branch ${branch} was, ${plural(commits, 'commit')} further (${snapshot}); the branch is removed`;
}

/** Several words, or a list in a file of settings. */
function storesOf(text: string, before: unknown): string[] {
  return [...(Array.isArray(before) ? (before as string[]) : []), ...text.split(',')];
}

/** Damaged tiles that are named. */
const DAMAGE_NAMED = 20;

/** What is to be done first, where there is anything. @throws {InvalidInputError} */
async function mergeFirst(
  cube: Cube,
  { merge, shards, format, quiet }: Options,
  signal: AbortSignal,
): Promise<MergeReport | undefined> {
  if (merge === undefined) return undefined;
  if (merge === true && shards === undefined)
    throw expected('the stores to merge, or --shards,', '--merge', 'neither');
  let damaged = 0;
  return cube.merge(merge === true ? { shards: shards ?? 0 } : merge, {
    onDamage: ({ storage, id, message }) => {
      if (damaged++ < DAMAGE_NAMED) complain(`tile ${id} of ${storage} is not copied: ${message}`);
    },
    onStore: ({ storage, copied, alreadyThere }) => {
      if (!quiet && format === 'text')
        print(`${storage}: ${plural(copied, 'tile')} copied, ${alreadyThere} there already`);
    },
    signal,
  });
}

function mergeWords({ stores, absent, copied, alreadyThere, damaged, lost, bytes }: MergeReport) {
  return [
    ...(absent.length === 0
      ? []
      : [
          absent.length === 1
            ? `1 shard has no store, ${absent[0]}: it never began, or the store was removed`
            : `${absent.length} shards have no store, the first of them ${absent[0]}: they never began, or the stores were removed`,
        ]),
    `Merged ${plural(stores.length, 'store')}: ${plural(copied, 'tile')} copied (${megabytes(bytes)}), ${alreadyThere} there already and left as ${alreadyThere === 1 ? 'it was' : 'they were'}, ${damaged} damaged${damaged === 0 ? '' : ` (of ${lost} there is no whole one)`}`,
    ...(lost === 0
      ? []
      : [
          'Damaged tiles are fetched again by "geocubes ingest --store" of the cube itself, without --own-store',
        ]),
    ...(stores.length === 0
      ? []
      : [
          lost === 0
            ? 'The stores are as they were; all that is in them is in the cube, and they may be removed'
            : 'The stores are as they were; what is whole in them is in the cube',
        ]),
  ];
}

/** Files that are named; the page has more of them. */
const FILES_NAMED = 20;

/** What the page over all shards is made of, and what of it is missing. */
function reportWords({ page, shards, runs, hosts, without, damaged, others }: MergedReport) {
  const left = [
    ...damaged.map(({ file, why }) => `not read: ${file}, because ${why}`),
    ...others.map(({ file, why }) => `left out: ${file}, because ${why}`),
  ];
  const more = left.length - FILES_NAMED;
  return [
    `Report: ${page}, of ${plural(shards, 'shard')} (${plural(runs, 'run')} on ${plural(hosts, 'host')})`,
    ...(without.length === 0 ? [] : [`no report of ${shardList(without)}`]),
    ...left.slice(0, FILES_NAMED),
    ...(more > 0 ? [`and ${plural(more, 'file')} more, which the report names`] : []),
  ];
}

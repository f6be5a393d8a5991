/** The page of a run. Everything in it comes from the results. */

import { PARTS } from '../options.mjs';
import { bytesOf, caseOf, contenderOf, number, size, table } from './numbers.mjs';
import { SECTIONS } from './sections.mjs';
import { judge, judgeKernels } from './targets.mjs';

/**
 * @param {object} results as run.mjs writes them
 * @param {string} [part] `kernels`; by default of all that was measured
 * @returns {string} Markdown
 */
export function writePage(results, part) {
  const { tasks, mode } = results;
  return `${[
    '# Benchmark',
    `What the native kernel gains over pure JavaScript and over the Python original, and how near it comes to what its libraries allow. Written by \`native-bench/report.mjs\` from \`results/kernels.json\`; no number on this page is typed by hand. How whole commands fare beside those that one would type instead is on [a page of its own](commands/README.md).`,
    command(results),
    ...(caseOf(tasks['whole-tile'], 'default') === undefined
      ? []
      : ['![Milliseconds a whole tile takes, by contender](whole-tile.svg)']),
    targets(results, part === undefined ? judge(results) : judgeKernels(results)),
    contenders(results),
    fairness(results),
    ...sectionsOf(results, part === undefined ? Object.keys(SECTIONS) : PARTS[part]),
    '## The limiter',
    'How well the adaptive limiter does against fixed concurrency is measured by `node native-bench/limiter/run.mjs`, which writes its figures into [src/earth-engine/README.md](../src/earth-engine/README.md).',
    'How planning, counting and commits fare as a cube grows is measured by `node native-bench/growth/run.mjs`, with its figures in [src/store/README.md](../src/store/README.md).',
    'What becomes of commits in a cube of 48 million chunks is on [a page of its own](growth/README.md), and so is [how several processes fare at one cube](cluster/README.md), with one quota among them. [A tile of gigabytes](large-tile/README.md) has one too, so have [files of other codecs](file-codecs/README.md), and so has [the history of a year of nightly runs](life/README.md).',
    ...quickly(mode),
  ].join('\n\n')}\n`;
}

export const quickly = (mode) =>
  mode === 'full' ? [] : ['(A quick run: smaller inputs and fewer rounds than a full one.)'];

/** Those of tasks that were run. */
export const sectionsOf = ({ tasks }, names) =>
  names.flatMap((name) => (tasks[name] === undefined ? [] : [SECTIONS[name](tasks[name])]));

function command(results) {
  return [
    '```sh',
    'npm run bench                   # both parts; writes this page and that of commands',
    'npm run bench -- --part kernels # this page alone',
    'npm run bench -- --quick        # under three minutes on two cores; writes to results/partial/',
    'npm run bench -- --only fill    # one task; --help lists them',
    '```',
    '',
    described(results),
  ].join('\n');
}

/** When and where it ran. */
export function described({ date, mode, seed, threads, seconds, machine, rounds, runs = [] }) {
  const { cpu, cores, memoryGiB, os, load } = machine;
  return `This run: ${mode}, ${date}, seed ${seed}, up to ${threads} threads, ${rounds} rounds (where it does not say otherwise), ${number(seconds / 60)} minutes. Machine: ${cpu}, ${cores} cores, ${number(memoryGiB)} GiB of memory, ${os}; load before the run ${load.toFixed(2)}.${runs.length < 2 ? '' : ` Measured by ${runs.length} calls of the command on one commit: ${runs.map((run) => `${run.tasks.join(', ')} (load before it ${run.load.toFixed(2)})`).join('; ')}.`}`;
}

export function targets(results, judged) {
  const rows = judged.map(({ claim, goal, measured, isMet }) => [
    claim,
    goal,
    measured ?? 'not measured',
    isMet === undefined ? '' : isMet ? 'met' : '**not met**',
  ]);
  return [
    '## Targets',
    table(['', 'target', 'median of the rounds (range)', ''], rows),
    ...(results.mode === 'quick'
      ? [
          'Targets are those of small inputs, of which the way into a thread and the opening of replies and cubes are a larger part: a full run is held to more.',
        ]
      : []),
  ].join('\n\n');
}

/** Of all that took part. */
export function versionsOf({ versions, python, pythonSeed }) {
  const list = (record) =>
    Object.entries(record)
      .map(([name, version]) => `${name} ${version}`)
      .join(', ');
  return `Versions: ${list(versions)}.${python === undefined ? '' : ` Python: ${list(python)}.`}${pythonSeed === undefined ? '' : ` Python with smart-geocubes: ${list(pythonSeed)}.`}`;
}

function contenders(results) {
  return [
    '## Contenders',
    [
      "- **native**: the `gdal` kernel in the project's pool, 1 to n threads.",
      '- **pure JS**: the `js` kernel in the same pool.',
      "- **floor**: the same bytes decoded (each data band and each mask band read by gdal-async into typed arrays) and encoded (each band by the native kernel's own encoder), and nothing else, in the main thread of a process.",
      results.python === undefined
        ? '- The **Python original** is left out: this run had no Python with its packages.'
        : '- **Python original**: what smart-geocubes does with a downloaded tile: observed range, rioxarray\'s `interpolate_na(method="nearest")` for each band, clip, cast to uint8 by truncation, Blosc zstd 9 with bitshuffle by numcodecs (`python/contender.py`).',
    ].join('\n'),
    versionsOf(results),
  ].join('\n\n');
}

export const TURNS =
  'They take turns (A B C, A B C); the check before and the warm-up are not counted. Figures are medians with the range of all rounds; ratios are medians of the ratios within rounds.';

function fairness({ tasks, python, seed }) {
  const whole = caseOf(tasks['whole-tile'], 'default');
  const best = contenderOf(caseOf(tasks['whole-tile'], 'seed'), 'gdal');
  const character =
    whole === undefined || best === undefined
      ? ''
      : ` The tile of ${size(whole.shape, whole.bands)} compresses ${number(whole.rawBytes / bytesOf(best))}-fold at level 9.`;
  return [
    '## Fairness',
    [
      `- Each contender is a process of its own. ${TURNS}`,
      '- Results are compared before anything is timed, pixel by pixel, and a run ends where they differ, or by more than the part says. Chunks are decoded by numcodecs.js for that. Ties of the nearest fill are judged by distance: any of the nearest values is right.',
      '- Inputs of single stages and tiles lie in shared memory before anything is timed, as the source of the project lends it, and are read where they lie; garbage is collected outside of what is timed.',
      `- Pixels are synthetic (seed ${seed}): a smooth field of seven waves with even noise of 6 grey levels, gaps as specks at the same pixels of all bands.${character} Easier or harder pixels move the share of encoding.`,
      ...(python === undefined
        ? []
        : [
            '- In favour of the original: its pixels come decoded, as float32 in memory, and Blosc gets as many threads as numcodecs takes by default in a main thread (zarr calls it from others, where it takes one). Against it: it writes level 9 only, so that its chunks are smaller than those of the default codec; the case with its own codec makes that even. It has fewer rounds, because it takes so long.',
          ]),
      "- Pure JS encodes with numcodecs.js (WASM), whose zstd is another version than that of GDAL's Blosc: frames of one level differ a little in size.",
      '- Peak memory is what the system counted as resident in the process (`VmHWM`, set back before the first round); it includes the inputs that the contender holds.',
    ].join('\n'),
  ].join('\n\n');
}

/** The page of whole commands. Everything in it comes from the results. */
import { PARTS } from '../options.mjs';
import { described, quickly, sectionsOf, TURNS, targets, versionsOf } from './page.mjs';
import { judgeCommands } from './targets.mjs';

/**
 * @param {object} results as run.mjs writes them
 * @returns {string} Markdown
 */
export function writeCommandsPage(results) {
  return `${[
    '# Whole commands',
    "How whole commands fare beside those that one would type instead, from their start to their end. Written by `native-bench/report.mjs` from `results/commands.json`; no number on this page is typed by hand. What kernels gain, and how a cube's pixels come into the memory of a process, is on [the benchmark's page](../README.md).",
    ['```sh', 'npm run bench -- --part commands', '```', '', described(results)].join('\n'),
    targets(results, judgeCommands(results)),
    versionsOf(results),
    '## Fairness',
    [
      `- Each round of a contender is a process of its own: what starts and ends it, and what it imports, counts. ${TURNS}`,
      '- Pixels are compared before anything is timed, and a run ends where they differ by more than its part says.',
      '- What a command writes to standard output is thrown away. Files that it reads are in the cache of the system; a warp writes a file that is not there.',
      '- `NODE_EXTRA_CA_CERTS` is not set: where a machine has it, Node 20 reads the certificates that it names at each start (70 ms for those of Debian), whatever it is started for.',
    ].join('\n'),
    ...sectionsOf(results, PARTS.commands),
    ...quickly(results.mode),
  ].join('\n\n')}\n`;
}

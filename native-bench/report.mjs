import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { drawChart } from './report/chart.mjs';
import { writeCommandsPage } from './report/commands-page.mjs';
import { caseOf, size } from './report/numbers.mjs';
import { writePage } from './report/page.mjs';
import { shortTable } from './report/sections.mjs';

const MARKED = /<!-- bench:start -->[\s\S]*<!-- bench:end -->/;

/**
 * Writes the page of a run and its chart, and the short table of the project's README.
 *
 * @param {string} file results as run.mjs writes them
 * @param {{ folder: string, part?: string, readme?: string }} places where the page goes; of which part of the benchmark it
 *   is, by default of whatever was measured; the README, if it is to change
 * @returns {string[]} paths of what was written
 */
export function reportOn(file, { folder, part, readme }) {
  const results = JSON.parse(readFileSync(file, 'utf8'));
  const written = [];
  const write = (path, text) => {
    writeFileSync(path, text);
    written.push(path);
  };
  mkdirSync(folder, { recursive: true });
  const page = part === 'commands' ? writeCommandsPage(results) : writePage(results, part);
  write(join(folder, 'README.md'), page);
  const entry = caseOf(results.tasks['whole-tile'], 'default');
  if (entry === undefined) return written;
  const title = `A ${size(entry.shape, entry.bands)} tile, from replies to chunks (logarithmic)`;
  write(join(folder, 'whole-tile.svg'), drawChart(entry, title));
  if (readme !== undefined) write(readme, putShortTable(readFileSync(readme, 'utf8'), results));
  return written;
}

/**
 * The README with the short table between its marks.
 *
 * @param {string} text
 * @param {object} results
 * @throws {Error} when the marks are not there
 */
export function putShortTable(text, results) {
  if (!MARKED.test(text))
    throw new Error(
      'Expected the marks bench:start and bench:end in the README but received none.',
    );
  const { machine, date, versions } = results;
  const { shape, bands } = caseOf(results.tasks['whole-tile'], 'default');
  const body = [
    '<!-- bench:start -->',
    `A ${size(shape, bands)} uint8 tile from replies to chunks, median (range), ${date}, ${machine.cpu}, ${machine.cores} cores, Node ${versions.node}:`,
    '',
    shortTable(results),
    '<!-- bench:end -->',
  ].join('\n');
  return text.replace(MARKED, () => body);
}

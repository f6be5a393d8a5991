/**
 * Holds src/DECISIONS.md: each decision has a number of its own, a day, what would change it and a line in the
 * table of src/ARCHITECTURE.md; whoever speaks of one speaks of one that is there; so do the pages of files.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { extname, join, relative } from 'node:path';

const PAGES = ['src/DECISIONS.md', 'src/ARCHITECTURE.md'];
const SPEAKERS = ['src', 'test', 'scripts', 'native-bench', '.github', 'README.md'];
const TEXTS = new Set(['.ts', '.mjs', '.cjs', '.md', '.py', '.c', '.yml']);

/** `2026-11-22`, and a later day where the decision was changed; then where it is found in the code. */
const DATED = /^\d{4}-\d\d-\d\d(?:, changed \d{4}-\d\d-\d\d)? · \S/;

/**
 * @typedef {object} Record
 * @property {number} number
 * @property {string} title
 * @property {string} date the line below the heading
 * @property {string} last the last line
 */

/**
 * @param {string} root of the project
 * @returns {string[]} what is wrong
 */
export function checkDecisions(root) {
  const read = (/** @type {string} */ name) => readFileSync(join(root, name), 'utf8');
  const [decisions = '', architecture = ''] = PAGES.map(read);
  const records = recordsOf(decisions);
  return [
    ...checkRecords(records, architecture),
    ...textsOf(root).flatMap((name) => checkMentions(name, read(name), records)),
    ...PAGES.flatMap((page) =>
      filesNamedIn(read(page))
        .filter((file) => !existsSync(join(root, 'src', file)) && !existsSync(join(root, file)))
        .map((file) => `${page}: names ${file}, which is not there`),
    ),
  ];
}

/**
 * @param {string} page
 * @returns {Record[]}
 */
export function recordsOf(page) {
  return page
    .split(/^## /m)
    .slice(1)
    .map((text) => {
      const [heading = '', ...lines] = text
        .trim()
        .split('\n')
        .filter((line) => line !== '');
      const [, number, title = ''] = /^(\d+)\. (.+)$/.exec(heading) ?? [];
      return { number: Number(number), title, date: lines[0] ?? '', last: lines.at(-1) ?? '' };
    });
}

/**
 * @param {readonly Record[]} records
 * @param {string} architecture the page with the table
 * @returns {string[]}
 */
export function checkRecords(records, architecture) {
  const problems = [];
  const rows = architecture.split('\n').filter((line) => /^\| \d+ \|/.test(line));
  let before = 0;
  for (const { number, title, date, last } of records) {
    const name = `decision ${number}`;
    if (!(number > before))
      problems.push(`${name}: expected a number above ${before}, as a heading "## NUMBER. TITLE"`);
    before = number;
    if (!DATED.test(date))
      problems.push(
        `${name}: expected a day and files, "2026-11-28 · \`FILE\`", but received ${date}`,
      );
    if (!/^Would change it: \S/.test(last))
      problems.push(`${name}: expected a last line "Would change it: ..." but received ${last}`);
    const row = `| ${number} | [${title}](DECISIONS.md#${anchorOf(`${number}. ${title}`)}) |`;
    if (!rows.includes(row)) problems.push(`${name}: expected the line ${row} in ARCHITECTURE.md`);
  }
  if (rows.length > records.length)
    problems.push(`ARCHITECTURE.md has ${rows.length} decisions, DECISIONS.md ${records.length}`);
  return problems;
}

/**
 * @param {string} name of the file
 * @param {string} text
 * @param {readonly Record[]} records
 * @returns {string[]}
 */
export function checkMentions(name, text, records) {
  const numbers = new Set(records.map(({ number }) => number));
  return [...text.matchAll(/\bdecisions? (\d+)(?: and (\d+))?/gi)]
    .flatMap(([, one, other]) => [one, other])
    .filter((number) => number !== undefined && !numbers.has(Number(number)))
    .map((number) => `${name}: speaks of decision ${number}, which is not in DECISIONS.md`);
}

/** As GitHub makes them of headings. @param {string} heading */
function anchorOf(heading) {
  return heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}_\- ]/gu, '')
    .replaceAll(' ', '-');
}

/**
 * Files and folders in backticks, by their endings.
 * @param {string} page
 */
function filesNamedIn(page) {
  return [...page.matchAll(/`([\w.-]+(?:\/[\w.-]+)*(?:\.(?:ts|mjs|cjs|c|md|json)|\/))`/g)].map(
    ([, file = '']) => file,
  );
}

/** @param {string} root @returns {string[]} */
function textsOf(root) {
  return SPEAKERS.filter((name) => existsSync(join(root, name))).flatMap((name) =>
    extname(name) === '' || name.startsWith('.')
      ? readdirSync(join(root, name), { recursive: true, withFileTypes: true })
          .filter((entry) => entry.isFile() && TEXTS.has(extname(entry.name)))
          .map((entry) => relative(root, join(entry.parentPath, entry.name)))
          .filter((file) => !file.split('/').includes('node_modules'))
      : [name],
  );
}

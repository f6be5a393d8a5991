/** The bodies that a run of tests has sent: written down by every process, checked at its end. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { checkBody } from './check.mjs';

const PRELOAD = fileURLToPath(new URL('journal.cjs', import.meta.url));

/** Problems that are printed; those of one mistake are many. */
const SHOWN = 10;

/**
 * Begins to write down what this process and those that it starts from now on send.
 * @returns {string} the folder for {@link checkJournal}
 */
export function openJournal() {
  const folder = mkdtempSync(join(tmpdir(), 'geocubes-sent-bodies-'));
  process.env.SENT_BODIES = folder;
  process.env.NODE_OPTIONS = withJournal(process.env.NODE_OPTIONS);
  return folder;
}

/** Options for Node with which a process keeps the journal too. */
export function withJournal(options = '') {
  return `--require ${JSON.stringify(PRELOAD)} ${options}`.trim();
}

/**
 * Checks all that was sent, and forgets it.
 * @param {string} folder
 * @returns {{ count: number, line: string, problems: string[] }} what to print at the end, and what to fail for
 */
export function checkJournal(folder) {
  /** @type {Map<string, string[]>} */
  const seen = new Map();
  const problems = [];
  let count = 0;
  for (const file of readdirSync(folder)) {
    for (const line of readFileSync(join(folder, file), 'utf8').split('\n')) {
      if (line === '') continue;
      count++;
      const { verb, body } = JSON.parse(line);
      if (!seen.has(line)) seen.set(line, checkBody(verb, body));
    }
  }
  rmSync(folder, { recursive: true, force: true });
  for (const found of seen.values()) problems.push(...found);
  const distinct = [...new Set(problems)];
  const wrong = [...seen.values()].filter((found) => found.length > 0).length;
  return {
    count,
    line: `sent bodies: ${count} checked against the published schema and functions (${seen.size} distinct), ${wrong} wrong`,
    problems: [
      ...distinct.slice(0, SHOWN),
      ...(distinct.length > SHOWN ? [`and ${distinct.length - SHOWN} more`] : []),
    ],
  };
}

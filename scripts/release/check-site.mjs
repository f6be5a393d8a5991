/** Whether the site of the public names has all of them: the compiler says which, not TypeDoc. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lastLine, run } from '../bootstrap/run.mjs';
import { readExports } from '../write-api-page.mjs';

const FOLDERS = ['classes', 'functions', 'interfaces', 'types', 'variables'];

/**
 * Problems, one a line; empty where there are none.
 * @param {string} root the checkout
 */
export async function trySite(root) {
  const folder = mkdtempSync(join(tmpdir(), 'geocubes-site-'));
  try {
    const script = join(root, 'scripts', 'write-api-site.mjs');
    const made = await run(process.execPath, [script, '--out', folder], { cwd: root });
    if (!made.ok) {
      const warnings = made.output.split('\n').filter((line) => /warning|error/i.test(line));
      return warnings.length > 0 ? warnings : [lastLine(made.output)];
    }
    return readExports().flatMap((described) => findMissing(folder, described));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** @param {string} folder of the site @param {ReturnType<typeof readExports>[number]} described */
export function findMissing(folder, { name, members, fields }) {
  const pages = FOLDERS.map((kind) => join(folder, kind, `${name}.html`)).filter(existsSync);
  if (pages.length === 0) return [`expected a page of ${name} but there is none`];
  const page = pages.map((file) => readFileSync(file, 'utf8').toLowerCase()).join('');
  const anchors = [...members.map((member) => member.name), ...fields];
  return anchors
    .filter((member) => !page.includes(`id="${anchorOf(member)}"`))
    .map((member) => `expected ${member} on the page of ${name} but it is not there`);
}

/** `[Symbol.asyncDispose]` is `asyncdispose` of a page. */
const anchorOf = (/** @type {string} */ member) =>
  member.toLowerCase().replace(/^\[symbol\.(\w+)\]$/, '$1');

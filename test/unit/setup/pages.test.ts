import { existsSync } from 'node:fs';
import { join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { readPages } from '../../pages.js';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const WHOLE = readPages();
const PAGES = new Map(WHOLE.map(({ file, text }) => [file, withoutCode(text)]));

/** Neither a comment of a shell nor a type in angle brackets is Markdown. */
function withoutCode(text: string): string {
  return text.replace(/^\s*```[\s\S]*?^\s*```\s*$/gm, '').replace(/`[^`\n]+`/g, (code) => {
    return code.replace(/[[\]()]/g, ' ');
  });
}

interface Link {
  readonly from: string;
  readonly to: string;
  readonly anchor: string | undefined;
}

/** Links within the project, pictures among them. */
function linksOf(from: string, text: string): Link[] {
  return [...text.matchAll(/\]\(([^)\s]+)\)|\b(?:src|href)="([^"]+)"/g)]
    .map(([, link, attribute]) => link ?? attribute ?? '')
    .filter((link) => !/^[a-z]+:/.test(link))
    .map((link) => {
      const [path = '', anchor] = link.split('#');
      return { from, to: path === '' ? from : posix.join(posix.dirname(from), path), anchor };
    });
}

/** As GitHub makes them of headings: a second one of the same words has a number. */
function anchorsOf(text: string): string[] {
  const seen = new Map<string, number>();
  return [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => {
    const anchor = heading
      .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .toLowerCase()
      .replace(/[^\p{L}\p{N}_\- ]/gu, '')
      .replaceAll(' ', '-');
    const count = seen.get(anchor) ?? 0;
    seen.set(anchor, count + 1);
    return count === 0 ? anchor : `${anchor}-${count}`;
  });
}

const LINKS = [...PAGES].flatMap(([file, text]) => linksOf(file, text));

describe('the pages', () => {
  test('link to files that are there', () => {
    expect(LINKS.length).toBeGreaterThan(150);
    expect(LINKS.filter(({ to }) => !existsSync(join(ROOT, to)))).toEqual([]);
  });

  test('link to headings that are there', () => {
    const toHeadings = LINKS.filter(({ anchor }) => anchor !== undefined);
    expect(toHeadings.length).toBeGreaterThan(20);
    const broken = toHeadings.filter(
      ({ to, anchor = '' }) => !anchorsOf(PAGES.get(to) ?? '').includes(anchor),
    );
    expect(broken).toEqual([]);
  });

  test('are all reached from the README', () => {
    const reached = new Set(['README.md']);
    for (const page of reached)
      for (const { to } of linksOf(page, PAGES.get(page) ?? '')) if (PAGES.has(to)) reached.add(to);
    expect([...PAGES.keys()].filter((file) => !reached.has(file))).toEqual([]);
  });

  test.each([
    ['README.md', 110],
    ['.github/CONTRIBUTING.md', 120],
  ])('%s stays short: what it has no room for belongs beside the code', (file, lines) => {
    const [page] = WHOLE.filter((each) => each.file === file);
    expect(page?.text.trimEnd().split('\n').length).toBeLessThanOrEqual(lines);
  });
});

/** The wishes of a page: what is asked for, and the lines that do it. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parsePage } from '../readme/markdown.js';

export const PAGE = fileURLToPath(new URL('../../../src/cli/WISHES.md', import.meta.url));

export interface Wish {
  /** Unique: its section, and the comment that it stands under. */
  readonly title: string;
  readonly lines: readonly string[];
}

/** In the order of the page. */
export function readWishes(): readonly Wish[] {
  const text = readFileSync(PAGE, 'utf8');
  const sections = text.split('\n').map((line) => /^## (.*)/.exec(line)?.[1]);
  const wishes: { title: string; lines: string[] }[] = [];
  for (const block of parsePage(text).blocks) {
    const section = sections.slice(0, block.line).findLast((name) => name !== undefined);
    for (const line of block.text.split('\n')) {
      const [, comment] = /^# (.*)/.exec(line) ?? [];
      if (comment !== undefined) wishes.push({ title: `${section}: ${comment}`, lines: [] });
      else wishes.at(-1)?.lines.push(line);
    }
  }
  return wishes;
}

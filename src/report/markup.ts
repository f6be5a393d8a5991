import { escapeXml } from '../picture/text.js';
import { STYLE } from './style.js';

/**
 * Text as it stands between tags or in a double-quoted attribute. Everything that is not the page's own
 * words goes through here: messages of a service, titles of datasets, ids.
 */
export function escapeText(text: string): string {
  // Half of a surrogate pair is no character, and a file in UTF-8 cannot hold it.
  return escapeXml(
    text.replaceAll(
      /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g,
      '\ufffd',
    ),
  );
}

/** A word in a chart. Ready fonts of the reader's browser, unlike pictures that are files of their own. */
export function chartText(
  text: string,
  x: number,
  y: number,
  style: 'label' | 'tick' | 'note' = 'tick',
  anchor: 'start' | 'middle' | 'end' = 'start',
): string {
  return `<text class="${style}" x="${x}" y="${y}" text-anchor="${anchor}">${escapeText(text)}</text>`;
}

/** What a chart shows, and the sentence that a reader of the screen hears. */
export function chartFrame(name: string, width: number, height: number, parts: string[]): string {
  return [
    `<svg class="chart" role="img" aria-label="${escapeText(name)}" viewBox="0 0 ${width} ${height}">`,
    ...parts,
    '</svg>',
  ].join('\n');
}

/**
 * A document that needs no network, no script and no other file. Its own policy forbids browsers to load or run
 * anything, whatever an error message may hold.
 * @param parts markup, one below the other; empty ones are left out.
 */
export function wholePage(title: string, parts: readonly string[]): string {
  return [
    '<!DOCTYPE html>',
    '<html lang="en">',
    '<head>',
    '<meta charset="utf-8">',
    `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">`,
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    `<title>${escapeText(title)}</title>`,
    `<style>${STYLE}</style>`,
    '</head>',
    '<body>',
    '<main>',
    ...parts.filter((part) => part !== ''),
    '</main>',
    '</body>',
    '</html>',
    '',
  ].join('\n');
}

/** @param heading and content are markup already. */
export function section(name: string, heading: string, content: string): string {
  return `<section id="${name}">\n<h2>${heading}</h2>\n${content}\n</section>`;
}

export type Fact = readonly [name: string, value: string, more: string];

/** Numbers that stand out, each with what it means. */
export function factList(facts: readonly Fact[]): string {
  const items = facts.map(
    ([name, value, more]) =>
      `<div><dt>${name}</dt><dd class="value">${escapeText(value)}</dd><dd class="more">${escapeText(more)}</dd></div>`,
  );
  return `<dl class="facts">\n${items.join('\n')}\n</dl>`;
}

import { escapeXml } from '../picture/text.js';

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

/** The report of a live check as one page, in Markdown or HTML. Pure functions. */
import type { LiveReport, LiveRequest, LiveRow } from './check.js';
import type { TiffTag } from './tiff-tags.js';

type Block =
  | { readonly kind: 'heading'; readonly level: 1 | 2; readonly text: string }
  | { readonly kind: 'text'; readonly text: string }
  | {
      readonly kind: 'table';
      readonly head: readonly string[];
      readonly rows: readonly (readonly string[])[];
    };

function* blocks(report: LiveReport): Generator<Block> {
  const { rows, requests, leftOut } = report;
  yield { kind: 'heading', level: 1, text: 'Earth Engine as it answers' };
  yield { kind: 'text', text: summaryOf(report) };
  yield {
    kind: 'text',
    text: `Made by geocubes doctor --live at ${report.at}, from ${report.endpoint}${report.project === undefined ? '' : ` with the project ${report.project}`}. Tokens, addresses and numbers of projects are masked.`,
  };
  yield { kind: 'heading', level: 2, text: 'What was expected, and what came' };
  yield {
    kind: 'table',
    head: ['probe', 'verdict', 'question', 'expected', 'came'],
    rows: rows.map(rowOf),
  };
  yield { kind: 'heading', level: 2, text: 'Not asked' };
  yield { kind: 'text', text: 'Only an overload of the service shows these.' };
  yield {
    kind: 'table',
    head: ['probe', 'question'],
    rows: leftOut.map(({ id, title }) => [id, title]),
  };
  yield { kind: 'heading', level: 2, text: 'Replies' };
  yield {
    kind: 'table',
    head: ['request', 'status', 'ms', 'bytes', 'headers', 'words'],
    rows: requests.map(replyOf),
  };
  for (const { name, tags } of requests) {
    if (tags.length === 0) continue;
    yield { kind: 'heading', level: 2, text: `Tags of ${name}` };
    yield { kind: 'table', head: ['tag', 'name', 'count', 'value'], rows: tags.map(tagOf) };
  }
}

/** One line: how many rows came out how, and what it cost. */
export function summaryOf({ rows, requests, bytes }: LiveReport): string {
  const count = (verdict: LiveRow['verdict']) =>
    rows.filter((row) => row.verdict === verdict).length;
  return `${count('confirmed')} of ${rows.length} rows confirmed, ${count('differs')} differ, ${count('could not be asked')} could not be asked; ${requests.length} requests, ${(bytes / 1e6).toFixed(2)} MB received.`;
}

const rowOf = ({ id, verdict, title, expected, came }: LiveRow) => [
  ...[id, verdict, title, expected, came],
];

const replyOf = ({ name, status, ms, bytes, headers, words }: LiveRequest) => [
  name,
  String(status ?? 'none'),
  String(ms ?? ''),
  String(bytes ?? ''),
  Object.entries(headers)
    .map(([header, value]) => `${header}: ${value}`)
    .join('; '),
  words ?? '',
];

const tagOf = ({ id, name, count, value }: TiffTag) => [
  String(id),
  name,
  String(count),
  typeof value === 'string' ? value : value.join(' '),
];

export function liveMarkdown(report: LiveReport): string {
  return `${[...blocks(report)].map(markdownOf).join('\n\n')}\n`;
}

function markdownOf(block: Block): string {
  switch (block.kind) {
    case 'heading':
      return `${'#'.repeat(block.level)} ${escapeMarkdown(block.text)}`;
    case 'text':
      return escapeMarkdown(block.text);
    case 'table': {
      const line = (cells: readonly string[]) => `| ${cells.map(escapeMarkdown).join(' | ')} |`;
      return [
        line(block.head),
        `|${'---|'.repeat(block.head.length)}`,
        ...block.rows.map(line),
      ].join('\n');
    }
  }
}

function escapeMarkdown(text: string): string {
  return text
    .replace(/[\\`*_[\]|]/g, '\\$&')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;');
}

export function liveHtml(report: LiveReport): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>Earth Engine as it answers</title>
<style>
body { font: 15px/1.45 system-ui, sans-serif; margin: 2rem; max-width: 90rem; }
table { border-collapse: collapse; }
td, th { border: 1px solid #ccc; padding: 0.25rem 0.5rem; text-align: left; vertical-align: top; overflow-wrap: anywhere; }
</style>
</head>
<body>
${[...blocks(report)].map(htmlOf).join('\n')}
</body>
</html>
`;
}

function htmlOf(block: Block): string {
  switch (block.kind) {
    case 'heading':
      return `<h${block.level}>${escapeHtml(block.text)}</h${block.level}>`;
    case 'text':
      return `<p>${escapeHtml(block.text)}</p>`;
    case 'table': {
      const line = (cells: readonly string[], tag: 'td' | 'th') =>
        `<tr>${cells.map((cell) => `<${tag}>${escapeHtml(cell)}</${tag}>`).join('')}</tr>`;
      return `<table>\n${line(block.head, 'th')}\n${block.rows.map((row) => line(row, 'td')).join('\n')}\n</table>`;
    }
  }
}

function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}

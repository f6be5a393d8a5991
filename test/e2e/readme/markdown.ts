/** What a page of Markdown asks its reader to type, in the order of the page. */

/** A command of a page: a line of an `sh` block, or a span of code that begins like one. */
export interface PageCommand {
  readonly text: string;
  /** Line of the page, from 1. */
  readonly line: number;
}

export interface CodeBlock {
  readonly language: string;
  readonly text: string;
  readonly line: number;
}

export interface Page {
  readonly blocks: readonly CodeBlock[];
  /** Code within text, comments of Markdown left out. */
  readonly spans: readonly PageCommand[];
}

export function parsePage(markdown: string): Page {
  const blocks: CodeBlock[] = [];
  const spans: PageCommand[] = [];
  let open: { language: string; lines: string[]; line: number } | undefined;
  for (const [index, text] of markdown.split('\n').entries()) {
    const line = index + 1;
    const [, fence] = /^\s*```(\w*)\s*$/.exec(text) ?? [];
    if (open !== undefined && fence !== undefined) {
      blocks.push({ language: open.language, text: open.lines.join('\n'), line: open.line });
      open = undefined;
    } else if (open !== undefined) open.lines.push(text);
    else if (fence !== undefined) open = { language: fence, lines: [], line: line + 1 };
    else for (const [, span = ''] of text.matchAll(/`([^`]+)`/g)) spans.push({ text: span, line });
  }
  return { blocks, spans };
}

/** Programs that a reader is told to start. */
const PROGRAMS =
  /^(?:[A-Z_]+=\S+ )*(?:npx|npm|node|geocubes|gcloud|earthengine|apt-get|find|pip|python3?) \S/;

/** Commands as a page has them, `isFragment` telling those of `geocubes` that are named without it. */
export function commandsOf(
  { blocks, spans }: Page,
  isFragment: (text: string) => boolean,
): PageCommand[] {
  const typed = blocks
    .filter(({ language }) => ['sh', 'bash', 'shell', 'console'].includes(language))
    .flatMap(({ text, line }) => linesOf(text, line));
  const named = spans.filter(({ text }) => PROGRAMS.test(text) || isFragment(text));
  return [...typed, ...named].sort((one, other) => one.line - other.line);
}

/** Lines that end in a backslash go on in the next one; comments are left out. */
function linesOf(text: string, first: number): PageCommand[] {
  const commands: PageCommand[] = [];
  let begun = '';
  for (const [index, line] of text.split('\n').entries()) {
    begun += line.replace(/(^|\s)#.*$/, '');
    if (begun.endsWith('\\')) {
      begun = begun.slice(0, -1);
      continue;
    }
    if (begun.trim() !== '') commands.push({ text: begun.trim(), line: first + index });
    begun = '';
  }
  return commands;
}

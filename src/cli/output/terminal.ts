/**
 * The one place that writes to stdout and stderr. What is written may hold words of the service, of files
 * and of stores, so whatever a terminal would obey comes out as a visible escape; a line stays one line.
 */
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import type { WriteStream } from 'node:tty';
import { styleText } from 'node:util';
import { visible, visibleJson } from '../../visible.js';
import type { Terminal } from './progress-bar.js';

/** Lines on stdout. */
export function print(...lines: readonly string[]): void {
  process.stdout.write(textOf(lines));
}

export type Colour = 'green' | 'yellow' | 'red';

/** A line on stdout, in a colour where a terminal wants it. */
export function printIn(colour: Colour | undefined, line: string): void {
  const clean = visible(line);
  const { stdout } = process;
  stdout.write(`${colour === undefined ? clean : painted(stdout, colour, clean)}\n`);
}

/** Lines on stderr, for whoever watches. */
export function tell(...lines: readonly string[]): void {
  process.stderr.write(textOf(lines));
}

/** A failure, told on stderr as the command's own word. */
export function complain(message: string): void {
  process.stderr.write(complaint(message));
}

/** The same while a bar may be drawn: the line takes its place, and the bar comes again below it. */
export function warn(message: string): void {
  process.stderr.write(`${process.stderr.isTTY ? '\r\x1b[K' : ''}${complaint(message)}`);
}

function complaint(message: string): string {
  return `${painted(process.stderr, 'red', 'geocubes:')} ${visible(message)}\n`;
}

/** Whether a terminal wants colours is Node's to say: NO_COLOR, FORCE_COLOR and TERM count. */
function painted(stream: WriteStream, colour: Colour, clean: string): string {
  return stream.isTTY && stream.hasColors() ? styleText(colour, clean) : clean;
}

/** A value as JSON on stdout, over several lines or in one: the same JSON, with nothing in it that acts. */
export function printJson(
  value: unknown,
  replacer?: (key: string, value: unknown) => unknown,
  indent: number | undefined = 2,
): void {
  process.stdout.write(`${visibleJson(JSON.stringify(value, replacer, indent))}\n`);
}

/**
 * A piece of a long output on stdout; waits where whoever reads it is slower: what is made is then not kept
 * in memory. Newlines are the caller's own.
 */
export async function writeOut(text: string): Promise<void> {
  if (!process.stdout.write(visibleJson(text))) await once(process.stdout, 'drain');
}

/** Whether what is written to stdout is seen by somebody, who would not know what to do with a file. */
export function isTerminal(): boolean {
  return process.stdout.isTTY === true;
}

/** The bytes of a file on stdout, as they are: for `--out -`, where nothing else may go there. */
export async function writeFileOut(path: string): Promise<void> {
  for await (const part of createReadStream(path))
    if (!process.stdout.write(part)) await once(process.stdout, 'drain');
}

/** What commander writes: help, versions and its own errors, which quote arguments. */
export const COMMANDER_OUTPUT = {
  writeOut: (text: string): void => {
    process.stdout.write(paragraphsOf(text));
  },
  writeErr: (text: string): void => {
    process.stderr.write(paragraphsOf(text));
  },
};

/** Stderr as a progress bar draws on it, with control sequences of its own and clean words. */
export const screen: Terminal = process.stderr;

/** Stdout, for what is drawn there because it is what was asked for. */
export const page: Terminal = process.stdout;

/** Whoever reads stdout is gone, or the disk that takes it is full; progress that can be written nowhere stops no work. */
export function onOutputGone(onGone: (error: NodeJS.ErrnoException) => void): void {
  process.stderr.on('error', () => {});
  process.stdout.on('error', onGone);
}

function textOf(lines: readonly string[]): string {
  return lines.map((line) => `${visible(line)}\n`).join('');
}

function paragraphsOf(text: string): string {
  return text.split('\n').map(visible).join('\n');
}

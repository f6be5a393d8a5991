import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { expected, InvalidInputError, StoreError } from '../errors.js';
import { parseTileId } from '../grid/tiling.js';
import type { IngestEvent } from '../observe/events.js';
import type { FailedTile } from '../tile.js';

/** Gathers the tiles that failed, for a file that `--retry-failed` and other programs read. */
export class FailureList {
  readonly #failures: FailedTile[] = [];

  constructor(private readonly file: string) {}

  readonly onEvent = (event: IngestEvent): void => {
    if (event.type === 'failed') this.#failures.push(event.failure);
  };

  /**
   * Writes one JSON record a line, and an empty file where nothing failed; an older list is replaced at once.
   * @throws {StoreError} of kind `io`
   */
  async write(): Promise<void> {
    const draft = `${this.file}.${process.pid}.part`;
    try {
      await writeFile(draft, this.#failures.map(lineOf).join(''));
      await rename(draft, this.file);
    } catch (cause) {
      await rm(draft, { force: true });
      throw new StoreError(
        'io',
        `Expected to write the list of failed tiles to ${this.file} but received: ${(cause as Error).message}`,
        { cause },
      );
    }
  }
}

function lineOf({ id, index, stage, tries, error: { stack: _, ...error } }: FailedTile): string {
  return `${JSON.stringify({ tile: id, index, stage, tries, error })}\n`;
}

/**
 * The ids of the tiles in a list: what `--failed` or a report wrote, what `--format json` printed, or ids
 * one a line.
 * @throws {InvalidInputError}
 */
export async function readTileList(file: string): Promise<string[]> {
  const content = await readFile(file, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    throw new InvalidInputError(
      `Expected a readable file for --retry-failed but received "${file}" (${cause.code ?? cause.message}).`,
      { cause },
    );
  });
  const summary = parseJson(content);
  const records =
    isRecord(summary) && Array.isArray(summary.failed)
      ? (summary.failed as unknown[])
      : content.split(/\r?\n/).filter((line) => line.trim() !== '');
  return records.map((record) => idOf(record, file));
}

function idOf(record: unknown, file: string): string {
  const parsed = typeof record === 'string' ? (parseJson(record) ?? record) : record;
  const id = isRecord(parsed) ? (parsed.tile ?? parsed.id) : parsed;
  if (typeof id !== 'string')
    throw expected('a list of failed tiles', '--retry-failed', `a line without one in ${file}`);
  const trimmed = id.trim();
  parseTileId(trimmed);
  return trimmed;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

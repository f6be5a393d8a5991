import { rename, rm, writeFile } from 'node:fs/promises';
import { extname } from 'node:path';
import { type Shard, shardSuffix } from '../../cube/shards/shard.js';
import {
  AbortedError,
  type ErrorRecord,
  expected,
  StoreError,
  toRecord,
  withoutStack,
} from '../../errors.js';
import { parseTileId } from '../../grid/tiling.js';
import type { IngestEvent } from '../../observe/events.js';
import { readText, textOf } from '../../raster/read-text.js';
import type { FailedTile, PlannedTile } from '../../tile.js';
import { checkOutput } from './output-file.js';

/** A tile that a run was to load, and that is not loaded after it. */
type MissingTile = Omit<FailedTile, 'state'>;

/**
 * Gathers the tiles that failed, for a file that `--retry-failed` and other programs read. Where something
 * ended the run before its tiles were done, as a full disk does, those that are left are in the list too,
 * so that it has all that is missing. Whoever stops a run, or sets it a limit, knows that there are more.
 */
export class FailureList {
  readonly #failures: FailedTile[] = [];
  /** Tiles of the run that are not loaded yet; `undefined` before it has begun. */
  #left: number | undefined;

  /** Where it is written. */
  readonly file: string;

  /** @param part of a shard, whose list has a name of its own: all of them are told the same. */
  constructor(file: string, part?: Shard) {
    this.file = part === undefined ? file : fileOfShard(file, part);
  }

  readonly onEvent = (event: IngestEvent): void => {
    if (event.type === 'failed') this.#failures.push(event.failure);
    else if (event.type === 'planned') this.#left = event.tiles;
    else if (this.#left === undefined) return;
    else if (event.type === 'committed') this.#left -= event.tiles.length;
    else if (event.type === 'loaded-elsewhere') this.#left--;
    else if (event.type === 'taken-over') this.#left++;
  };

  /**
   * Makes sure before a long run that the list can be written after it; nothing is made yet.
   * @throws {InvalidInputError}
   */
  check(): Promise<void> {
    return checkOutput(this.file, '--failed', true);
  }

  /**
   * Writes one JSON record a line, and an empty file where nothing failed; an older list is replaced at once.
   * @throws {StoreError} of kind `io`
   */
  write(): Promise<void> {
    return this.#write(this.#failures);
  }

  /**
   * The same after a run that threw; one that failed before it began leaves an older list as it is.
   * @param plan plans the run's region anew, with so many tiles at the most.
   * @throws {StoreError} of kind `io`
   */
  async writeAfter(
    error: unknown,
    plan: (maxTiles: number) => Promise<Iterable<Pick<PlannedTile, 'id' | 'index'>>>,
  ): Promise<void> {
    if (this.#left === undefined) return;
    if (error instanceof AbortedError || this.#left === 0) return this.write();
    await this.#write(this.#withLeft(toRecord(error), await plan(this.#left)));
  }

  *#withLeft(
    error: ErrorRecord,
    left: Iterable<Pick<PlannedTile, 'id' | 'index'>>,
  ): Generator<MissingTile> {
    const failed = new Set(this.#failures.map(({ id }) => id));
    yield* this.#failures;
    for (const { id, index } of left)
      if (!failed.has(id)) yield { id, index, stage: 'fetch', tries: 0, error };
  }

  #write(tiles: Iterable<MissingTile>): Promise<void> {
    return writeTileList(this.file, linesOf(tiles));
  }
}

/** `failed.shard-3-of-40.ndjson` for `failed.ndjson`. */
export function fileOfShard(file: string, part: Shard): string {
  const ending = extname(file);
  return `${file.slice(0, file.length - ending.length)}${shardSuffix(part)}${ending}`;
}

function* linesOf(tiles: Iterable<MissingTile>): Generator<string> {
  for (const tile of tiles) yield lineOf(tile);
}

/** Writes a list of tiles, a line each; an older one is replaced at once. @throws {StoreError} of kind `io` */
export async function writeTileList(file: string, lines: Iterable<string>): Promise<void> {
  const draft = `${file}.${process.pid}.part`;
  try {
    await writeFile(draft, lines);
    await rename(draft, file);
  } catch (cause) {
    await rm(draft, { force: true }).catch(() => {});
    throw new StoreError(
      'io',
      `Expected to write the list of failed tiles to ${file} but received: ${(cause as Error).message}`,
      { cause },
    );
  }
}

function lineOf({ id, index, stage, tries, error }: MissingTile): string {
  return `${JSON.stringify({ tile: id, index, stage, tries, error: withoutStack(error) })}\n`;
}

/** A tile of a list, and how it failed, where the list tells. */
export interface ListedTile {
  readonly id: string;
  readonly stage?: string;
  readonly tries?: number;
  readonly error?: { readonly message: string };
}

/**
 * The tiles in a list: what `--failed` or a report wrote, what `--format json` or `ndjson` printed, or
 * ids one a line. Of lines, blank ones and what follows a `#` count for nothing.
 *
 * @param file `-` is standard input
 * @param option that names the file, for messages
 * @throws {InvalidInputError}
 */
export async function readTileList(file: string, option: string): Promise<ListedTile[]> {
  const content =
    file === '-'
      ? await textOf(process.stdin, option, 'standard input')
      : await readText(file, option);
  const tiles: ListedTile[] = [];
  for (const record of recordsIn(content)) {
    const tile = tileOf(record);
    if (tile === undefined)
      throw expected('a list of tiles', option, `a line without one in ${file}`);
    parseTileId(tile.id);
    tiles.push(tile);
  }
  return tiles;
}

/** What stands for one tile each. */
function recordsIn(content: string): unknown[] {
  const whole = parseJson(content);
  // The summary of a run, or the record of one.
  const listed = isRecord(whole) ? (whole.failed ?? whole.failures) : whole;
  if (Array.isArray(listed)) return listed;
  const lines = content
    .split(/\r?\n/)
    .map((line) => (isRecord(parseJson(line)) ? line : bare(line)));
  const records = lines.filter((line) => line !== '').map((line) => parseJson(line) ?? line);
  // Of a stream of events those that tell of a failure.
  return records.some((record) => isRecord(record) && 'type' in record)
    ? records.flatMap((record) =>
        isRecord(record) && isRecord(record.failure) ? [record.failure] : [],
      )
    : records;
}

/** A line of a list without what is said of it. */
function bare(line: string): string {
  return line.replace(/#.*$/, '').trim();
}

function tileOf(record: unknown): ListedTile | undefined {
  if (typeof record === 'string') return { id: record.trim() };
  if (!isRecord(record)) return undefined;
  const { stage, tries } = record;
  const id = record.tile ?? record.id;
  if (typeof id !== 'string') return undefined;
  const { stack: _, ...error } = isRecord(record.error) ? record.error : {};
  return {
    id: id.trim(),
    ...(typeof stage === 'string' ? { stage } : {}),
    ...(typeof tries === 'number' ? { tries } : {}),
    ...(typeof error.message === 'string' ? { error: { ...error, message: error.message } } : {}),
  };
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

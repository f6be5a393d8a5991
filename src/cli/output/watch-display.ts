import type { FollowEvent, FollowedState } from '../../cube/state/follow.js';
import { RATE_WINDOW_MS } from '../../cube/state/follow.js';
import { visible, visibleJson } from '../../visible.js';
import { formatSeconds, type Terminal } from './progress-bar.js';

/** Shards that have a number each in a line. */
const SHARDS_IN_LINE = 8;

/**
 * Shows how far a region has come that others fill: one line drawn again and again on a terminal; elsewhere a line, or
 * a JSON record, for each change, and one when nothing has changed for long.
 */
export class WatchDisplay {
  #isDrawn = false;
  #isAway = false;
  /** The change after which it was said that nothing is new. */
  #stalledSince: number | undefined;

  constructor(
    private readonly terminal: Terminal,
    private readonly format: 'text' | 'ndjson',
  ) {}

  show(event: FollowEvent): void {
    if (this.format === 'ndjson') this.#record(event);
    else if (event.type === 'away') this.#away(event);
    else this.#state(event);
  }

  /** Leaves the last line standing. */
  stop(): void {
    if (this.#isDrawn) this.terminal.write('\n');
    this.#isDrawn = false;
  }

  #record(event: FollowEvent): void {
    if (event.type === 'state' && !this.#isNews(event)) return;
    const { isChanged: _, ...record } = event as FollowedState;
    this.terminal.write(`${visibleJson(JSON.stringify(record))}\n`);
  }

  #away({ error, delayMs }: Extract<FollowEvent, { type: 'away' }>): void {
    this.#isAway = true;
    this.#line(
      `Waiting for the store. ${error.message.replace(/[^.!?]$/, '$&.')} Next look in ${formatSeconds(delayMs / 1000)}`,
    );
  }

  #state(state: FollowedState): void {
    if (this.#isAway) this.#line('The store is back');
    this.#isAway = false;
    const { isTTY, columns = 100 } = this.terminal;
    if (!isTTY) {
      if (this.#isNews(state)) this.terminal.write(`${watchText(state)}\n`);
      return;
    }
    this.terminal.write(`\r${watchText(state, columns - 1)}\x1b[K`);
    this.#isDrawn = true;
  }

  #isNews({ isChanged, at, changedAt }: FollowedState): boolean {
    if (isChanged) return true;
    if (at - changedAt < RATE_WINDOW_MS || this.#stalledSince === changedAt) return false;
    this.#stalledSince = changedAt;
    return true;
  }

  /** A line of its own, above what is drawn. */
  #line(text: string): void {
    const clean = visible(text);
    this.terminal.write(this.terminal.isTTY ? `\r${clean}\x1b[K\n` : `${clean}\n`);
    this.#isDrawn = false;
  }
}

/**
 * `36/120 tiles (30.0 %)  0.82 tiles/s  ETA 1 min 42 s  shards 1: 9/30, 2: 27/90  newest commit 2026-11-28T18:24:05Z`.
 * Where that is longer than `width`, the less important is left out.
 */
export function watchText(state: FollowedState, width = Number.POSITIVE_INFINITY): string {
  const { at, changedAt, tiles, loaded, empty, missing, perSecond, secondsLeft, commit } = state;
  const done = loaded + empty;
  const idleMs = at - changedAt;
  const parts = {
    tiles: `${done}/${tiles} tiles (${percent(done, tiles)})`,
    rate: perSecond === undefined ? '' : `  ${perSecond.toFixed(2)} tiles/s`,
    time:
      missing === 0
        ? '  all loaded'
        : idleMs >= RATE_WINDOW_MS
          ? `  nothing new for ${formatSeconds(idleMs / 1000)}`
          : secondsLeft === undefined
            ? ''
            : `  ETA ${formatSeconds(secondsLeft)}`,
    shards: state.shards === undefined ? '' : `  ${shardsText(state.shards)}`,
    commit:
      commit === undefined
        ? ''
        : `  newest commit ${visible(commit.writtenAt.replace(/\.\d+/, '').replace(/\+00:00$/, 'Z'))}`,
  };
  for (const part of ['commit', 'shards', 'rate', 'time'] as const) {
    if (Object.values(parts).join('').length <= width) break;
    parts[part] = '';
  }
  return Object.values(parts).join('').slice(0, width);
}

function shardsText(shards: NonNullable<FollowedState['shards']>): string {
  if (shards.length <= SHARDS_IN_LINE)
    return `shards ${shards.map(({ shard, loaded, tiles }) => `${shard + 1}: ${loaded}/${tiles}`).join(', ')}`;
  const open = shards.filter(({ loaded, tiles }) => loaded < tiles);
  const whole = `${shards.length - open.length}/${shards.length} shards whole`;
  const [first] = open;
  if (first === undefined) return whole;
  const part = ({ loaded, tiles }: (typeof shards)[number]) => loaded / tiles;
  const last = open.reduce((least, each) => (part(each) < part(least) ? each : least), first);
  return `${whole}, least in ${last.shard + 1}: ${last.loaded}/${last.tiles}`;
}

/** 100 only where nothing is missing. */
function percent(done: number, tiles: number): string {
  const value = tiles === 0 ? 100 : (100 * done) / tiles;
  return `${(done < tiles ? Math.min(value, 99.9) : 100).toFixed(1)} %`;
}

/** How many tiles are there, and how fast they come. */
import type { Run, State } from './api.js';
import { element } from './elements.js';

/** Milliseconds over which tiles make a rate. */
const WINDOW_MS = 60_000;

export class Progress {
  readonly #seen: { readonly at: number; readonly done: number }[] = [];

  constructor(private readonly target: HTMLElement) {}

  /** Another step's tiles are others. */
  forget(): void {
    this.#seen.length = 0;
  }

  show({ loaded, empty, missing, commit, run }: State, at = performance.now()): void {
    const done = loaded + empty;
    this.#seen.push({ at, done });
    while ((this.#seen[1]?.at ?? at) < at - WINDOW_MS) this.#seen.shift();
    const first = this.#seen[0] ?? { at, done };
    const perSecond = at > first.at ? ((done - first.done) * 1000) / (at - first.at) : 0;
    const all = done + missing;
    const bar = element('progress', { max: String(all), value: String(done) });
    const words = [
      `${loaded} loaded, ${empty} loaded and empty, ${missing} of ${all} not loaded`,
      ...(run === undefined ? [] : runWords(run)),
      ...(perSecond > 0 && run === undefined
        ? [`${perSecond.toPrecision(2)} tiles a second, ${durationWords(missing / perSecond)} left`]
        : []),
      ...(commit === undefined ? [] : [`newest commit ${commit.writtenAt.slice(0, 19)}Z`]),
    ];
    this.target.replaceChildren(bar, ...words.map((line) => element('p', { class: 'hint' }, line)));
  }
}

function runWords(run: Run): string[] {
  const { tiles, committed, failed, left, perSecond, requests, retries } = run;
  const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`;
  const end = perSecond > 0 && left > 0 ? `, ${durationWords(left / perSecond)} left` : '';
  return [
    `This run: ${committed} of ${tiles} tiles committed, ${failed} failed, ${left} to do`,
    `${perSecond.toPrecision(2)} tiles a second${end}`,
    `${requests} requests answered, ${retries} sent again, ${megabytes(run.bytesIn)} received, ${megabytes(run.bytesOut)} of chunks made`,
  ];
}

function durationWords(seconds: number): string {
  if (seconds < 90) return `${Math.round(seconds)} s`;
  return seconds < 5400 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
}

import type { ErrorRecord } from '../../../src/errors.js';
import type { IngestEvent } from '../../../src/observe/events.js';
import { IngestRecorder, type RecorderOptions } from '../../../src/observe/recorder.js';

/** When the runs of these tests begin, in milliseconds since the epoch. */
export const START = Date.UTC(2025, 2, 1, 18, 4, 5);

export const SUBJECT = { dataset: 'Trend', region: '122,71,130,74 (EPSG:4326)', threads: 2 };

export const ERROR: ErrorRecord = {
  tag: 'earth-engine',
  kind: 'quota',
  status: 429,
  message: 'Too many requests.',
  stack: 'EarthEngineError: Too many requests.\n    at /home/somebody/client.js:1:1',
};

/** The events of a tile: fetched from `start` to `start + 40`, processed until 20 later. */
export function tileEvents(tile: string, start: number, thread: number): IngestEvent[] {
  const at = START + start;
  return [
    { type: 'fetching', at, tile },
    { type: 'request', at: at + 40, tile, bytes: 1000, ms: 40 },
    { type: 'fetched', at: at + 40, tile, ms: 40, bytes: 1000 },
    {
      type: 'processed',
      at: at + 61,
      tile,
      ms: 21,
      timings: { decode: 5, warp: 0, fill: 7, encode: 3 },
      startedAt: at + 45,
      thread,
      bytes: 300,
      isEmpty: false,
    },
    { type: 'written', at: at + 65, tile, ms: 4 },
  ];
}

export function planned(tiles: number): IngestEvent {
  return { type: 'planned', at: START, tiles, alreadyLoaded: 4, requests: tiles, bytes: 9000 };
}

export function committed(at: number, ...tiles: string[]): IngestEvent {
  return { type: 'committed', at: START + at, tiles, snapshot: 'S1', ms: 10 };
}

export function failed(tile: string, at: number, error: ErrorRecord = ERROR): IngestEvent {
  const [row = 0, col = 0] = tile.split('-').map(Number);
  const failure = {
    state: 'failed',
    id: tile,
    index: { row, col },
    stage: 'fetch',
    tries: 2,
    error,
  } as const;
  return { type: 'failed', at: START + at, failure };
}

/** A recorder whose run ends `durationMs` after it began, and whose process never changes. */
export function recorderOf(
  events: Iterable<IngestEvent>,
  durationMs: number,
  options: RecorderOptions & { subject?: typeof SUBJECT } = {},
): IngestRecorder {
  let now = START;
  const recorder = new IngestRecorder(options.subject ?? SUBJECT, {
    now: () => now,
    probe: () => ({ rss: 200e6, files: 40 }),
    ...options,
  });
  for (const event of events) recorder.onEvent(event);
  now = START + durationMs;
  return recorder;
}

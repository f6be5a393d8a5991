import { describe, expect, test } from 'vitest';
import { CommitPace } from '../../../../src/store/tiles/commit-pace.js';

describe('a group of tiles is due', () => {
  test('when it has 16 tiles, or ten seconds after its first, where commits take no time', () => {
    const pace = new CommitPace();
    pace.ended(0, 0);
    expect(pace.dueAt(15, 500)).toBe(10_500);
    expect(pace.dueAt(16, 500)).toBe(500);
  });

  test('nineteen times as long after a commit as commits take, so that they have a twentieth of the time', () => {
    const pace = new CommitPace();
    pace.ended(1_000, 2_000);
    expect(pace.dueAt(16, 1_500)).toBe(1_000 + 38_000);
    expect(pace.dueAt(1_000, 1_500)).toBe(39_000);
    // A tile that came late in that time waits for its ten seconds.
    expect(pace.dueAt(1, 38_000)).toBe(48_000);
  });

  test('no later for one commit that waited for a store that was away', () => {
    const pace = new CommitPace();
    for (const [at, ms] of [
      [0, 10],
      [1_000, 12],
      [3_601_000, 3_600_000],
    ] as const)
      pace.ended(at, ms);
    expect(pace.dueAt(16, 3_601_100)).toBe(3_601_000 + 19 * 12);
  });

  test('five minutes after the last commit at the most, whatever commits take', () => {
    const pace = new CommitPace();
    for (let i = 0; i < 3; i++) pace.ended(0, 60_000);
    expect(pace.dueAt(16, 10)).toBe(300_000);
  });

  test('as the caller says, whatever commits take', () => {
    const bySize = new CommitPace({ groupSize: 4 });
    const byTime = new CommitPace({ groupSize: 1e9, maxDelayMs: 60_000 });
    for (const pace of [bySize, byTime]) pace.ended(1_000, 50_000);
    expect(bySize.dueAt(4, 2_000)).toBe(2_000);
    expect(bySize.dueAt(3, 2_000)).toBe(12_000);
    expect(byTime.dueAt(500, 2_000)).toBe(62_000);
  });
});

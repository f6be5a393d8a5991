/** From what was noted to figures: arithmetic alone. Times are milliseconds since the epoch. */

/** Jain's index of fairness: 1 where all have had the same, 1/n where one had all. */
export function jain(counts) {
  const sum = counts.reduce((all, count) => all + count, 0);
  return sum ** 2 / (counts.length * counts.reduce((all, count) => all + count * count, 0));
}

/**
 * What a service did in a stretch of time.
 *
 * @param {readonly { endedAt: number, ms: number, project: string, status: number }[]} noted
 * @returns requests served a second; the mean of those under way; refusals; how evenly projects were served
 */
export function served(noted, { from, to }) {
  const seconds = (to - from) / 1000;
  const good = noted.filter(({ status }) => status === 200);
  const within = good.filter(({ endedAt }) => endedAt >= from && endedAt < to);
  const busyMs = good.reduce((sum, { endedAt, ms }) => {
    const overlap = Math.min(endedAt, to) - Math.max(endedAt - ms, from);
    return sum + Math.max(overlap, 0);
  }, 0);
  const underWay = busyMs / (to - from);
  const byProject = new Map();
  for (const { project } of within) byProject.set(project, (byProject.get(project) ?? 0) + 1);
  const counts = [...byProject.values()];
  return {
    seconds,
    perSecond: within.length / seconds,
    meanMs: within.reduce((sum, { ms }) => sum + ms, 0) / Math.max(within.length, 1),
    underWay,
    refused: noted.filter(
      ({ status, endedAt }) => status === 429 && endedAt >= from && endedAt < to,
    ).length,
    processes: counts.length,
    least: Math.min(...counts),
    most: Math.max(...counts),
    jain: jain(counts),
  };
}

/** The most requests that began in any second, by the service's clock. */
export function mostInASecond(noted) {
  const begun = noted
    .filter(({ status }) => status === 200)
    .map(({ endedAt, ms }) => endedAt - ms)
    .sort((a, b) => a - b);
  let most = 0;
  for (let first = 0, last = 0; last < begun.length; last++) {
    while (begun[last] - begun[first] >= 1000) first++;
    most = Math.max(most, last - first + 1);
  }
  return most;
}

const of = (events, name) => events.filter(({ msg }) => msg === name);

/**
 * What several ingests of one cube came to, from the events of each.
 *
 * The stretch in which all of them are at work says what each gets: before it some are still being started, on the
 * same two cores, and after it those that are done look for what others have left.
 *
 * @param {readonly (readonly object[])[]} logs
 */
export function together(logs) {
  const runs = logs.map((events) => {
    const fetched = of(events, 'fetched');
    const written = of(events, 'written');
    const commits = of(events, 'committed');
    const [first, last] = [events[0].time, events.at(-1).time];
    return {
      begunAt: of(events, 'planned')[0].time,
      firstAt: Math.min(...fetched.map(({ time }) => time)),
      lastAt: Math.max(...fetched.map(({ time }) => time)),
      fetchedAt: fetched.map(({ time }) => time),
      tiles: commits.reduce((sum, { tiles }) => sum + tiles.length, 0),
      written: written.length,
      commits: commits.length,
      lost: commits.reduce((sum, { lostRaces = 0 }) => sum + lostRaces, 0),
      commitMs: commits.map(({ ms }) => ms),
      commitShare: commits.reduce((sum, { ms }) => sum + ms, 0) / (last - first),
      committedAt: Math.max(...commits.map(({ time }) => time), first),
    };
  });
  const from = Math.max(...runs.map(({ firstAt }) => firstAt));
  const to = Math.min(...runs.map(({ lastAt }) => lastAt));
  const counts = runs.map(
    ({ fetchedAt }) => fetchedAt.filter((time) => time >= from && time < to).length,
  );
  const all = counts.reduce((sum, count) => sum + count, 0);
  const tiles = runs.reduce((sum, run) => sum + run.tiles, 0);
  const wholeMs =
    Math.max(...runs.map((run) => run.committedAt)) - Math.min(...runs.map((run) => run.begunAt));
  const commitMs = runs.flatMap((run) => run.commitMs).sort((a, b) => a - b);
  return {
    tiles,
    wholeSeconds: wholeMs / 1000,
    wholePerSecond: (tiles * 1000) / wholeMs,
    stretchSeconds: (to - from) / 1000,
    perSecond: (all * 1000) / (to - from),
    slowestToMean: Math.min(...counts) / (all / counts.length),
    jain: jain(counts),
    commits: runs.reduce((sum, run) => sum + run.commits, 0),
    lostRaces: runs.reduce((sum, run) => sum + run.lost, 0),
    commitShare: runs.reduce((sum, run) => sum + run.commitShare, 0) / runs.length,
    commitMs: commitMs[Math.floor(commitMs.length / 2)],
    longestCommitMs: commitMs.at(-1),
  };
}

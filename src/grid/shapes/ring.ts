import type { XY } from '../affine.js';

/** A closed outline; the first point is not repeated at the end. */
export type Ring = readonly XY[];

/** An outline and its holes. What lies inside an odd number of rings is inside, whatever their direction. */
export type RingSet = readonly Ring[];

/** Which coordinate of a point. */
export type Axis = 0 | 1;

/** True when the point is inside by the even-odd rule; points on the outline may fall to either side. */
export function holds(rings: RingSet, [x, y]: XY): boolean {
  let inside = false;
  for (const ring of rings) {
    let before = ring.at(-1);
    for (const point of ring) {
      if (before !== undefined && point[1] > y !== before[1] > y) {
        const share = (y - before[1]) / (point[1] - before[1]);
        if (x < before[0] + share * (point[0] - before[0])) inside = !inside;
      }
      before = point;
    }
  }
  return inside;
}

/** Twice the area a ring surrounds; positive when it runs from the first axis towards the second. */
export function doubleArea(ring: Ring): number {
  let sum = 0;
  let before = ring.at(-1);
  for (const point of ring) {
    if (before !== undefined) sum += before[0] * point[1] - point[0] * before[1];
    before = point;
  }
  return sum;
}

/**
 * The parts of a ring where `point[axis] <= limit` (or `>=`), each a ring of its own.
 *
 * The outline is cut where it crosses the limit; crossings, sorted along the limit, are joined in
 * pairs, because between the first and the second, the third and the fourth, ... lies the inside. So a
 * comb keeps its teeth apart, which the usual clipping (Sutherland-Hodgman) would join along the limit.
 */
export function clipRing(ring: Ring, axis: Axis, limit: number, side: 'below' | 'above'): Ring[] {
  const sign = side === 'below' ? 1 : -1;
  // What lies on the limit counts as inside, so that a ring that only touches it is left whole.
  const isKept = (point: XY) => sign * (point[axis] - limit) <= 0;
  const firstOut = ring.findIndex((point) => !isKept(point));
  if (firstOut === -1) return [ring];
  const chains: XY[][] = [];
  let open: XY[] | undefined;
  let before = ring[firstOut] as XY;
  for (let step = 1; step <= ring.length; step++) {
    const point = ring[(firstOut + step) % ring.length] as XY;
    if (isKept(point)) {
      open ??= [crossing(before, point, axis, limit)];
      open.push(point);
    } else if (open !== undefined) {
      open.push(crossing(before, point, axis, limit));
      chains.push(open);
      open = undefined;
    }
    before = point;
  }
  return joinChains(chains, (1 - axis) as Axis);
}

function crossing(one: XY, other: XY, axis: Axis, limit: number): XY {
  const share = (limit - one[axis]) / (other[axis] - one[axis]);
  const across = (1 - axis) as Axis;
  const value = one[across] + share * (other[across] - one[across]);
  return axis === 0 ? [limit, value] : [value, limit];
}

function joinChains(chains: readonly XY[][], along: Axis): Ring[] {
  const ends = chains.flatMap((chain, index) => [
    { index, isStart: true, at: (chain[0] as XY)[along] },
    { index, isStart: false, at: (chain.at(-1) as XY)[along] },
  ]);
  ends.sort((one, other) => one.at - other.at);
  /** For each end of a chain, the end that the limit joins it to. */
  const partner = new Map<string, (typeof ends)[number]>();
  const key = (end: { index: number; isStart: boolean }) => `${end.index} ${end.isStart}`;
  for (let i = 0; i + 1 < ends.length; i += 2) {
    const [one, other] = [ends[i], ends[i + 1]];
    if (one === undefined || other === undefined) continue;
    partner.set(key(one), other);
    partner.set(key(other), one);
  }
  const rings: Ring[] = [];
  const used = new Set<number>();
  for (const start of chains.keys()) {
    if (used.has(start)) continue;
    const ring: XY[] = [];
    let [index, isStart] = [start, true];
    while (!used.has(index)) {
      used.add(index);
      const chain = chains[index] ?? [];
      for (const point of isStart ? chain : chain.toReversed()) ring.push(point);
      const next = partner.get(key({ index, isStart: !isStart }));
      if (next === undefined) break;
      ({ index, isStart } = next);
    }
    rings.push(ring);
  }
  return rings;
}

/** The parts of rings between two limits of one axis. */
export function clipRings(rings: RingSet, axis: Axis, low: number, high: number): Ring[] {
  return rings
    .flatMap((ring) => clipRing(ring, axis, low, 'above'))
    .flatMap((ring) => clipRing(ring, axis, high, 'below'))
    .filter((ring) => ring.length > 2);
}

/** The parts of an open path between two limits of one axis. */
export function clipLine(line: readonly XY[], axis: Axis, low: number, high: number): XY[][] {
  const parts: XY[][] = [];
  let open: XY[] = [];
  const close = () => {
    if (open.length > 1) parts.push(open);
    open = [];
  };
  for (const [i, point] of line.entries()) {
    const before = line[i - 1];
    if (before === undefined) continue;
    const piece = clipSegment(before, point, axis, low, high);
    if (piece === undefined) close();
    else {
      const [start, end] = piece;
      const last = open.at(-1);
      if (last === undefined || last[0] !== start[0] || last[1] !== start[1]) {
        close();
        open = [start];
      }
      open.push(end);
    }
  }
  close();
  return parts;
}

function clipSegment(p: XY, q: XY, axis: Axis, low: number, high: number): [XY, XY] | undefined {
  const [a, b] = [p[axis], q[axis]];
  if (Math.max(a, b) < low || Math.min(a, b) > high) return undefined;
  const cut = (point: XY): XY => {
    if (point[axis] < low) return crossing(p, q, axis, low);
    return point[axis] > high ? crossing(p, q, axis, high) : point;
  };
  return [cut(p), cut(q)];
}

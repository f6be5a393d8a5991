/** Reads back what the maps write: path data with M, relative l, and z. */

export type Point = readonly [x: number, y: number];

/** The `d` of the paths whose class is or begins with `name`. */
export function pathsOf(svg: string, name: string): string[] {
  return [...svg.matchAll(/<path class="([^"]*)"[^>]*? d="([^"]*)"/g)]
    .filter(([, classes]) => classes === name || classes?.startsWith(`${name} `))
    .map(([, , data]) => data ?? '');
}

/** The lines or rings of path data, in picture units. */
export function piecesOf(data: string): Point[][] {
  const pieces: Point[][] = [];
  for (const [, text = ''] of data.matchAll(/M([^Mz]*)/g)) {
    const numbers = [...text.matchAll(/-?(?:\d+\.?\d*|\.\d+)/g)].map(([number]) => Number(number));
    const points: Point[] = [];
    for (let i = 0; i + 1 < numbers.length; i += 2) {
      const [x, y] = [numbers[i] as number, numbers[i + 1] as number];
      const pen = points.at(-1);
      points.push(pen === undefined ? [x, y] : [pen[0] + x, pen[1] + y]);
    }
    pieces.push(points);
  }
  return pieces;
}

/** The longest straight segment of these paths, in picture units. */
export function longestSegment(paths: readonly string[]): number {
  let longest = 0;
  for (const piece of paths.flatMap(piecesOf)) {
    for (let i = 1; i < piece.length; i++) {
      const [from, to] = [piece[i - 1] as Point, piece[i] as Point];
      longest = Math.max(longest, Math.hypot(to[0] - from[0], to[1] - from[1]));
    }
  }
  return longest;
}

/** Extent of a ring as [left, top, right, bottom]. */
export function boxOf(ring: readonly Point[]): [number, number, number, number] {
  const [xs, ys] = [ring.map(([x]) => x), ring.map(([, y]) => y)];
  return [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)];
}

/** What the drawn letters say, in document order. */
export function textsOf(svg: string): string[] {
  return [...svg.matchAll(/aria-label="([^"]*)"/g)].map(([, text]) => text ?? '');
}

/** The main map's frame in picture units. */
export function frameOf(svg: string): { x: number; y: number; width: number; height: number } {
  const found = /<rect class="frame" x="([^"]+)" y="([^"]+)" width="([^"]+)" height="([^"]+)"/.exec(
    svg,
  );
  const [x, y, width, height] = (found ?? []).slice(1).map(Number) as [
    number,
    number,
    number,
    number,
  ];
  return { x, y, width, height };
}

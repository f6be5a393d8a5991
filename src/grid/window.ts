/**
 * A rectangle of pixels: rows `row .. row + height - 1`, columns `col .. col + width - 1`, whole
 * numbers, counted from the first row and column of the raster it belongs to.
 */
export interface Window {
  readonly row: number;
  readonly col: number;
  readonly height: number;
  readonly width: number;
}

/** The common part, or `undefined` when there is none. */
export function intersect(one: Window, other: Window): Window | undefined {
  const row = Math.max(one.row, other.row);
  const col = Math.max(one.col, other.col);
  const height = Math.min(one.row + one.height, other.row + other.height) - row;
  const width = Math.min(one.col + one.width, other.col + other.width) - col;
  return height > 0 && width > 0 ? { row, col, height, width } : undefined;
}

/** Whether any two of the windows have a pixel in common. */
export function overlap(windows: readonly Window[]): boolean {
  return windows.some((one, i) => windows.slice(i + 1).some((other) => intersect(one, other)));
}

/** The smallest window that holds them all, or `undefined` of none. */
export function around(windows: readonly Window[]): Window | undefined {
  const [first] = windows;
  if (first === undefined) return undefined;
  let { row, col } = first;
  let [bottom, right] = [row, col];
  for (const window of windows) {
    row = Math.min(row, window.row);
    col = Math.min(col, window.col);
    bottom = Math.max(bottom, window.row + window.height);
    right = Math.max(right, window.col + window.width);
  }
  return { row, col, height: bottom - row, width: right - col };
}

export function contains(outer: Window, inner: Window): boolean {
  return (
    inner.row >= outer.row &&
    inner.col >= outer.col &&
    inner.row + inner.height <= outer.row + outer.height &&
    inner.col + inner.width <= outer.col + outer.width
  );
}

/** By as many pixels more on each side. */
export function widened({ row, col, height, width }: Window, by: number): Window {
  return { row: row - by, col: col - by, height: height + 2 * by, width: width + 2 * by };
}

/** The smallest window that holds both, or the one that is there. */
export function united<T extends Window | undefined>(
  one: Window | undefined,
  other: T,
): Window | T {
  return one === undefined ? other : other === undefined ? one : (around([one, other]) as Window);
}

/** The same rectangle, counted from the corner of another one. */
export function relativeTo(window: Window, { row, col }: Pick<Window, 'row' | 'col'>): Window {
  return { ...window, row: window.row - row, col: window.col - col };
}

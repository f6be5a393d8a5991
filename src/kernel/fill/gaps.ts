import type { Shape } from '../../grid/geobox.js';
import type { Window } from '../../grid/window.js';

/**
 * The pixels of one band that have no value, as indices into the raster. A list, so that what is done
 * about gaps costs what they are, not what the raster is. Used again for the next band.
 */
export class GapList {
  #indices = new Int32Array(1024);
  #length = 0;
  /** How often a run of ascending indices ended and another one began, and where the last one did. */
  #breaks = 0;
  #lastRun = 0;

  add(index: number): void {
    const length = this.#length;
    if (length === this.#indices.length) this.#growTo(length + 1);
    this.#noteStart(index);
    this.#indices[length] = index;
    this.#length = length + 1;
  }

  /** @param ascending each once */
  addAll(ascending: Int32Array): void {
    const length = this.#length;
    const [first] = ascending;
    if (first === undefined) return;
    this.#noteStart(first);
    this.#growTo(length + ascending.length);
    this.#indices.set(ascending, length);
    this.#length = length + ascending.length;
  }

  /** The pixels from `start` up to `end`. */
  addRun(start: number, end: number): void {
    if (end <= start) return;
    this.#noteStart(start);
    this.#growTo(this.#length + end - start);
    const indices = this.#indices;
    let length = this.#length;
    for (let index = start; index < end; index++) indices[length++] = index;
    this.#length = length;
  }

  /**
   * Those of the marks from `from` up to `to` that are 1, where the others are 0; the first of these marks is that
   * of pixel `start`.
   */
  addMarked(isGap: Uint8Array, from: number, to: number, start = from): void {
    for (let at = from; at < to; at += MARKS_AT_A_TIME)
      this.#addMarks(isGap.subarray(at, Math.min(at + MARKS_AT_A_TIME, to)), start + at - from);
  }

  /** Gaps mostly lie together: a search for the end of each run is fast, unless there are many of them. */
  #addMarks(marks: Uint8Array, start: number): void {
    let first = marks.indexOf(1);
    for (let runs = 0; first !== -1 && runs < MOST_RUNS; runs++) {
      const next = marks.indexOf(0, first);
      const end = next === -1 ? marks.length : next;
      this.addRun(start + first, start + end);
      first = marks.indexOf(1, end);
    }
    if (first === -1) return;
    this.#noteStart(start + first);
    this.#growTo(this.#length + marks.length - first);
    const indices = this.#indices;
    let length = this.#length;
    for (let i = first; i < marks.length; i++) if (marks[i] === 1) indices[length++] = start + i;
    this.#length = length;
  }

  clear(): void {
    this.#length = 0;
    this.#breaks = 0;
  }

  /** Ascending, each once. A view that holds until the list is changed. */
  indices(): Int32Array {
    if (this.#breaks === 1) this.#merge();
    else if (this.#breaks > 1) this.#sort();
    return this.#indices.subarray(0, this.#length);
  }

  /** 1 for each of them, 0 for the other pixels of a raster; `undefined` where there are none. */
  asRaster(length: number): Uint8Array<ArrayBuffer> | undefined {
    const indices = this.indices();
    if (indices.length === 0) return undefined;
    const isGap = new Uint8Array(length);
    for (const index of indices) isGap[index] = 1;
    return isGap;
  }

  #noteStart(index: number): void {
    const length = this.#length;
    if (length === 0 || (this.#indices[length - 1] as number) < index) return;
    this.#breaks++;
    this.#lastRun = length;
  }

  #growTo(length: number): void {
    if (length <= this.#indices.length) return;
    const larger = new Int32Array(Math.max(length, 2 * this.#indices.length));
    larger.set(this.#indices);
    this.#indices = larger;
  }

  /** Two ascending runs into one. */
  #merge(): void {
    const middle = this.#lastRun;
    // The second is put aside, so that both can be merged from their ends, where there is room.
    const indices = this.#indices;
    const second = indices.slice(middle, this.#length);
    let [i, to] = [middle - 1, this.#length - 1];
    let isTwice = false;
    for (let k = second.length - 1; k >= 0; to--) {
      const [one, other] = [i < 0 ? -1 : (indices[i] as number), second[k] as number];
      if (one === other) isTwice = true;
      if (one > other) {
        indices[to] = one;
        i--;
      } else {
        indices[to] = other;
        k--;
      }
    }
    this.#breaks = 0;
    if (isTwice) this.#sort();
  }

  /** By a mark for each pixel: sorting takes ten times as long where they are many. */
  #sort(): void {
    const indices = this.#indices;
    let last = 0;
    for (let k = 0; k < this.#length; k++) last = Math.max(last, indices[k] as number);
    const isGap = new Uint8Array(last + 1);
    for (let k = 0; k < this.#length; k++) isGap[indices[k] as number] = 1;
    let length = 0;
    for (let i = 0; i <= last; i++) if (isGap[i] === 1) indices[length++] = i;
    this.#length = length;
    this.#breaks = 0;
  }
}

/** Marks among which runs are searched for, and after how many runs the rest is looked at one by one. */
const MARKS_AT_A_TIME = 4096;
const MOST_RUNS = 4;

/** Stretches of a raster that make up a window: one where it spans the raster, else one for each row. */
export function* runs(
  width: number,
  window: Window,
): Generator<readonly [start: number, end: number]> {
  if (window.width === width) {
    yield [window.row * width, (window.row + window.height) * width];
    return;
  }
  for (let row = window.row; row < window.row + window.height; row++) {
    const start = row * width + window.col;
    yield [start, start + window.width];
  }
}

/** The pixels for which some of up to eight bands have no value, with the bits that say which have. */
export interface MaskedPixels {
  /** Indices into the tile's raster. */
  readonly indices: Int32Array;
  readonly bits: Uint8Array;
  /** Bits that are set at some of them: a band whose bit is not among these is masked at all of them. */
  readonly ofAny: number;
}

/**
 * The pixels of a window at which a band of mask bits is not full.
 *
 * @param bits one byte for each pixel of the window; bit `i` is 1 where band `i` of the group is valid
 * @param bands bands in the group, at most eight
 * @param width of the tile's raster
 */
export function findMasked(
  bits: Uint8Array,
  bands: number,
  width: number,
  window: Window,
): MaskedPixels {
  const full = 2 ** bands - 1;
  const found = new GapList();
  const look = (from: number, to: number) => {
    for (let i = from; i < to; i++) if (((bits[i] as number) & full) !== full) found.add(i);
  };
  const fullWord = (full * 0x01010101) | 0;
  const words = new Int32Array(bits.buffer, bits.byteOffset, Math.floor(bits.length / 4));
  const at = (w: number) => words[w] as number;
  // 32 pixels at a time: nearly all of them are full.
  let w = 0;
  for (; w + 7 < words.length; w += 8) {
    const low = at(w) & at(w + 1) & at(w + 2) & at(w + 3);
    const high = at(w + 4) & at(w + 5) & at(w + 6) & at(w + 7);
    if ((low & high & fullWord) === fullWord) continue;
    for (let k = w; k < w + 8; k++) if ((at(k) & fullWord) !== fullWord) look(4 * k, 4 * k + 4);
  }
  look(4 * w, bits.length);
  const indices = found.indices();
  const own = new Uint8Array(indices.length);
  const spansRows = window.width === width;
  let ofAny = 0;
  for (let k = 0; k < indices.length; k++) {
    const i = indices[k] as number;
    own[k] = bits[i] as number;
    ofAny |= bits[i] as number;
    const row = spansRows ? 0 : Math.floor(i / window.width);
    indices[k] = (window.row + row) * width + window.col + (i - row * window.width);
  }
  return { indices, bits: own, ofAny };
}

/** Adds the pixels at which band `bit` of the group has no value. */
export function addMasked(
  gaps: GapList,
  { indices, bits, ofAny }: MaskedPixels,
  bit: number,
): void {
  if (((ofAny >> bit) & 1) === 0) {
    gaps.addAll(indices);
    return;
  }
  for (let k = 0; k < indices.length; k++)
    if ((((bits[k] as number) >> bit) & 1) === 0) gaps.add(indices[k] as number);
}

/** Adds the pixels of a raster `width` wide and `height` high that lie in none of the windows. */
export function addUncovered(
  gaps: GapList,
  { height, width }: Shape,
  windows: readonly Window[],
): void {
  const covered = windows.reduce((sum, window) => sum + window.height * window.width, 0);
  if (covered >= height * width) return;
  const [only] = windows;
  if (only !== undefined && windows.length === 1) {
    addAround(gaps, { height, width }, only);
    return;
  }
  const isCovered = new Uint8Array(height * width);
  for (const window of windows)
    for (const [start, end] of runs(width, window)) isCovered.fill(1, start, end);
  for (let i = 0; i < isCovered.length; i++) if (isCovered[i] === 0) gaps.add(i);
}

/** Adds the pixels around a window, and those in it that are marked, where there are marks: all of them in their order. */
export function addAround(
  gaps: GapList,
  { height, width }: Shape,
  window: Window,
  isGap?: Uint8Array,
): void {
  const [bottom, right] = [window.row + window.height, window.col + window.width];
  for (let row = 0; row < height; row++) {
    const start = row * width;
    const isWithin = row >= window.row && row < bottom;
    gaps.addRun(start, start + (isWithin ? window.col : width));
    if (!isWithin) continue;
    if (isGap !== undefined) gaps.addMarked(isGap, start + window.col, start + right);
    gaps.addRun(start + right, start + width);
  }
}

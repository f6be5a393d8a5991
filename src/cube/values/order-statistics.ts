/**
 * The k-th smallest of any number of values, exactly, in little memory: values are counted by the 16 leading bits of
 * numbers that sort as they do, then those that share the leading bits of a wanted one by the next 16, and so on. So
 * types of 16 bits are gone through once, those of 32 twice, float64 four times.
 */
import { bytesOf, type DType, isFloat } from '../../raster/dtype.js';
import { type LoadedPixels, pixelsOver } from '../../raster/loaded-pixels.js';

const BINS = 65_536;

/** The bit that tells negative numbers, where it is not that of 16 bits: unsigned ones have none. */
const SIGN_BITS: Readonly<Partial<Record<DType, number>>> = {
  ...{ bool: 0, uint8: 0, uint16: 0, uint32: 0, int8: 0x80 },
};

/** Leading bits as one number: of three digits at the most, which a double holds. */
function prefixOf(digits: readonly number[]): number {
  return digits.reduce((prefix, digit) => prefix * BINS + digit, 0);
}

/** One of the values that are looked for. */
interface Wanted {
  /** Its place in the order, from 0. */
  readonly rank: number;
  /** Its leading bits, 16 by 16, as far as they are known. */
  readonly digits: number[];
  /** Its place among the values that share them. */
  rest: number;
}

export class OrderStatistics {
  /** How often the values are gone through. */
  readonly passes: number;
  /** Passes that are over. */
  #pass = 0;
  /** By the leading bits that values share; in the first pass one, of all. */
  #counts = new Map<number, Float64Array>([[0, new Float64Array(BINS)]]);
  /** Whether values with these first 16 bits are looked for. */
  #isMeant = new Uint8Array(BINS).fill(1);
  #wanted: Wanted[] = [];
  readonly #topFlip: number;
  readonly #isFloat: boolean;
  readonly #words: number;

  constructor(private readonly dtype: DType) {
    this.#words = Math.max(bytesOf(dtype) / 2, 1);
    this.passes = this.#words;
    this.#isFloat = isFloat(dtype);
    // Of signed ones and floats the leading bit, so that they sort as they do.
    this.#topFlip = SIGN_BITS[dtype] ?? 0x8000;
  }

  /** How often each value came, of types of 16 bits at the most, after their pass and in order. */
  *values(): Generator<readonly [value: number, count: number]> {
    for (const [bits, count] of (this.#counts.get(0) ?? []).entries())
      if (count > 0) yield [this.#valueOf([bits]), count];
  }

  /**
   * Counts the values of a piece in the pass that is under way; the machine's byte order is little-endian, as Node's are.
   * @param runs rows of pixels in threes: row, first column, the one after the last
   * @param nodata a value that is none, beside NaN
   */
  add(pixels: LoadedPixels, width: number, runs: Int32Array, nodata: number): void {
    const words = this.#words;
    const { buffer, byteOffset, byteLength } = pixels;
    const parts =
      bytesOf(this.dtype) === 1
        ? new Uint8Array(buffer, byteOffset, byteLength)
        : new Uint16Array(buffer, byteOffset, byteLength / 2);
    const first = this.#pass === 0 ? this.#counts.get(0) : undefined;
    const [isMeant, topFlip, isFloating] = [this.#isMeant, this.#topFlip, this.#isFloat];
    for (let k = 0; k < runs.length; k += 3) {
      const row = (runs[k] as number) * width;
      const end = row + (runs[k + 2] as number);
      for (let i = row + (runs[k + 1] as number); i < end; i++) {
        const value = pixels[i] as number;
        if (value === nodata || Number.isNaN(value)) continue;
        const at = (i + 1) * words - 1;
        const top = parts[at] as number;
        // Negative floats sort the other way round.
        const flip = isFloating && top >= 0x8000 ? 0xffff : 0;
        const leading = flip === 0 ? top ^ topFlip : top ^ 0xffff;
        if (first !== undefined) (first[leading] as number)++;
        else if (isMeant[leading] === 1) this.#countDeeper(parts, at, leading, flip);
      }
    }
  }

  #countDeeper(parts: Uint8Array | Uint16Array, at: number, leading: number, flip: number): void {
    let prefix = leading;
    for (let pass = 1; pass < this.#pass; pass++)
      prefix = prefix * BINS + ((parts[at - pass] as number) ^ flip);
    const counts = this.#counts.get(prefix);
    if (counts !== undefined) (counts[(parts[at - this.#pass] as number) ^ flip] as number)++;
  }

  /** Ends a pass. @param ranks that are wanted, from 0 and below the number of values; said after the first pass */
  endPass(ranks: readonly number[] = []): void {
    if (this.#pass === 0)
      this.#wanted = [...new Set(ranks)].map((rank) => ({ rank, digits: [], rest: rank }));
    for (const wanted of this.#wanted) {
      const counts = this.#counts.get(prefixOf(wanted.digits)) ?? [];
      let bits = 0;
      while (wanted.rest >= (counts[bits] ?? Number.POSITIVE_INFINITY))
        wanted.rest -= counts[bits++] as number;
      wanted.digits.push(bits);
    }
    this.#pass++;
    if (this.#pass === this.passes) return;
    this.#counts = new Map(
      this.#wanted.map(({ digits }) => [prefixOf(digits), new Float64Array(BINS)]),
    );
    this.#isMeant.fill(0);
    for (const { digits } of this.#wanted) this.#isMeant[digits[0] as number] = 1;
  }

  /** The value at a rank that was wanted, when all passes are over. */
  at(rank: number): number {
    const wanted = this.#wanted.find((each) => each.rank === rank);
    return wanted === undefined ? Number.NaN : this.#valueOf(wanted.digits);
  }

  #valueOf(digits: readonly number[]): number {
    const bytes = new Uint8Array(8);
    const pixels = pixelsOver(this.dtype, bytes.buffer, 0, 1);
    const parts = bytesOf(this.dtype) === 1 ? bytes : new Uint16Array(bytes.buffer);
    const isNegative = this.#isFloat && (digits[0] ?? 0) < 0x8000;
    for (const [place, digit] of digits.entries())
      parts[this.#words - 1 - place] = isNegative
        ? digit ^ 0xffff
        : digit ^ (place === 0 ? this.#topFlip : 0);
    return pixels[0] as number;
  }
}

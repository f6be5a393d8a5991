import type { LoadedPixels } from '../../raster/loaded-pixels.js';

/**
 * Count, extremes, mean and squared deviations of values that come in pieces, in double precision: of each piece by
 * two passes over it, its sum by sums of rows; pieces are joined as Chan, Golub and LeVeque have it (1979).
 */
export class Moments {
  count = 0;
  mean = Number.NaN;
  min = Number.POSITIVE_INFINITY;
  max = Number.NEGATIVE_INFINITY;
  /** Sum of squared deviations from the mean. */
  #squares = 0;

  /** Of all values, not of a sample of them: as numpy's std. */
  get std(): number {
    return Math.sqrt(this.#squares / this.count);
  }

  /**
   * @param runs rows of pixels in threes: row, first column, the one after the last
   * @param nodata a value that is none, beside NaN
   */
  add(pixels: LoadedPixels, width: number, runs: Int32Array, nodata: number): void {
    let [count, sum] = [0, 0];
    let { min, max } = this;
    for (let k = 0; k < runs.length; k += 3) {
      const row = (runs[k] as number) * width;
      const end = row + (runs[k + 2] as number);
      let ofRow = 0;
      for (let i = row + (runs[k + 1] as number); i < end; i++) {
        const value = pixels[i] as number;
        if (value === nodata || Number.isNaN(value)) continue;
        count++;
        ofRow += value;
        if (value < min) min = value;
        if (value > max) max = value;
      }
      sum += ofRow;
    }
    if (count === 0) return;
    const mean = sum / count;
    let squares = 0;
    for (let k = 0; k < runs.length; k += 3) {
      const row = (runs[k] as number) * width;
      const end = row + (runs[k + 2] as number);
      let ofRow = 0;
      for (let i = row + (runs[k + 1] as number); i < end; i++) {
        const value = pixels[i] as number;
        if (value === nodata || Number.isNaN(value)) continue;
        ofRow += (value - mean) * (value - mean);
      }
      squares += ofRow;
    }
    [this.min, this.max] = [min, max];
    this.#join(count, mean, squares);
  }

  /** One value, so many times. */
  addTimes(value: number, count: number): void {
    if (value < this.min) this.min = value;
    if (value > this.max) this.max = value;
    this.#join(count, value, 0);
  }

  #join(count: number, mean: number, squares: number): void {
    if (this.count === 0) {
      [this.count, this.mean, this.#squares] = [count, mean, squares];
      return;
    }
    const all = this.count + count;
    const apart = mean - this.mean;
    this.mean += (apart * count) / all;
    this.#squares += squares + apart * apart * ((this.count * count) / all);
    this.count = all;
  }
}

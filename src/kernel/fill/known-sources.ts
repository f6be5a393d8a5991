/**
 * The sources of the gaps of the band before. The bands of a tile mostly have the same gaps, clouds and
 * the edges of scenes, and where the nearest valid pixel lies is then the same too.
 */
export class KnownSources {
  #gaps = new Int32Array(0);
  #sources: Int32Array | undefined;

  /** To be called where the shape or the limit may change: with each tile. */
  forget(): void {
    this.#sources = undefined;
  }

  /**
   * @param gaps ascending
   * @param find computes the sources where the last list was another one; what it returns must stay as it is
   *   until it is called again
   */
  of(gaps: Int32Array, find: () => Int32Array): Int32Array {
    if (this.#sources?.length === gaps.length && this.#isLast(gaps)) return this.#sources;
    this.#sources = undefined;
    const sources = find();
    if (this.#gaps.length < gaps.length) this.#gaps = new Int32Array(gaps.length);
    this.#gaps.set(gaps);
    this.#sources = sources;
    return sources;
  }

  #isLast(gaps: Int32Array): boolean {
    const last = this.#gaps;
    for (let k = 0; k < gaps.length; k++) if (gaps[k] !== last[k]) return false;
    return true;
  }
}

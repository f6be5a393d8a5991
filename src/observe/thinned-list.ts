/**
 * A list that never grows over `limit`. When it would, its items are joined two by two, and from then
 * on twice as many values make one item: a run of any length keeps its whole course, ever coarser.
 */
export class ThinnedList<T> {
  #items: T[] = [];
  #perItem = 1;
  #pending: T | undefined;
  #pendingValues = 0;

  /**
   * @param limit an even number of items.
   * @param join makes one item of two neighbours, the earlier one first.
   */
  constructor(
    private readonly limit: number,
    private readonly join: (earlier: T, later: T) => T,
  ) {}

  /** Values that stand behind each item but the last. */
  get valuesPerItem(): number {
    return this.#perItem;
  }

  add(value: T): void {
    this.#pending = this.#pending === undefined ? value : this.join(this.#pending, value);
    this.#pendingValues++;
    if (this.#pendingValues < this.#perItem) return;
    this.#items.push(this.#pending);
    this.#pending = undefined;
    this.#pendingValues = 0;
    if (this.#items.length > this.limit) this.#halve();
  }

  /** The items so far, in the order they came; the last may stand for fewer values. */
  items(): T[] {
    return this.#pending === undefined ? [...this.#items] : [...this.#items, this.#pending];
  }

  #halve(): void {
    const halved: T[] = [];
    for (let i = 0; i + 1 < this.#items.length; i += 2)
      halved.push(this.join(this.#items[i] as T, this.#items[i + 1] as T));
    this.#perItem *= 2;
    // Of an odd number one is left over: the first half of the next item.
    if (this.#items.length % 2 === 1) {
      this.#pending = this.#items.at(-1);
      this.#pendingValues = this.#perItem / 2;
    }
    this.#items = halved;
  }
}

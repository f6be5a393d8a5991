/** A cube as zarrita opens it, without zarrita's own types: they do not compile in every project. */

/** What zarrita tells of a group. Its own types say more, and are named by whoever has them. */
export interface ZarrGroup {
  readonly path: string;
  readonly attrs: Readonly<Record<string, unknown>>;
}

/** What zarrita tells of an array. Its own types say more, and are named by whoever has them. */
export interface ZarrArray extends ZarrGroup {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly chunks: readonly number[];
  /** @param coordinates of the chunk, in chunks */
  getChunk(coordinates: number[]): Promise<{
    readonly data: unknown;
    readonly shape: readonly number[];
    readonly stride: readonly number[];
  }>;
}

/** A cube as zarrita sees it. */
export interface OpenZarr<Group = ZarrGroup, OfBand = ZarrArray> {
  readonly group: Group;
  /** The bands, by name. */
  readonly arrays: ReadonlyMap<string, OfBand>;
}

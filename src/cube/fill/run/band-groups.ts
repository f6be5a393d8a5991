import type { PixelRequest, PlannedTile } from '../../../tile.js';

/** Bands of a tile whose requests have no band of another group: they can be decoded without the others. */
export interface BandGroup {
  /** In order. */
  readonly bands: readonly number[];
  readonly requests: readonly PixelRequest[];
  /** Uncompressed bytes of the replies, as the service counts them. */
  readonly bytes: number;
}

/** The groups that a tile's requests make; one of all bands where nothing is asked for by requests. */
export function bandGroups(
  { requests }: Pick<PlannedTile, 'requests'>,
  bands: number,
): readonly BandGroup[] {
  const all = Array.from({ length: bands }, (_, band) => band);
  // Of each band the least one of its group, as far as it is known.
  const least = [...all];
  const leastOf = (band: number): number => {
    const known = least[band] ?? band;
    return known === band ? band : leastOf(known);
  };
  for (const { bands: own } of requests) {
    const together = own.map(leastOf);
    for (const band of together) least[band] = Math.min(...together);
  }
  // Bands that nobody asks for have no value: they are recorded so with the first group.
  const first = requests[0]?.bands[0] ?? 0;
  const asked = new Set(requests.flatMap(({ bands: own }) => own));
  const keyOf = (band: number) => leastOf(asked.has(band) ? band : first);
  return [...new Set(all.map(keyOf))].map((key) => {
    const own = requests.filter(({ bands: [band = 0] }) => keyOf(band) === key);
    return {
      bands: all.filter((band) => keyOf(band) === key),
      requests: own,
      bytes: own.reduce((sum, { bytes }) => sum + bytes, 0),
    };
  });
}

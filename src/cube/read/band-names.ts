import { distance } from '../../dataset/choose/near.js';
import type { Dataset } from '../../dataset/dataset.js';
import { expected } from '../../errors.js';

/** Names that a message lists; AlphaEarth has 64. */
const LISTED = 8;

/**
 * The bands wanted, in the order they are wanted in; by default all, in the cube's order.
 * @throws {InvalidInputError} for one that the cube does not have, with names near it; for one named twice, and for none.
 */
export function bandNames({ bands }: Dataset, wanted: readonly string[] | undefined): string[] {
  const names = bands.map(({ name }) => name);
  if (wanted === undefined) return names;
  const unknown = wanted.find((name) => !names.includes(name));
  if (unknown !== undefined) {
    const more = names.length > LISTED ? ` and ${names.length - LISTED} more` : '';
    const near = names.filter((name) => isNear(name, unknown)).slice(0, LISTED);
    const hint = near.length === 0 ? undefined : `Near it: ${near.join(', ')}.`;
    throw expected(`one of ${names.slice(0, LISTED).join(', ')}${more}`, 'a band', unknown, hint);
  }
  const twice = wanted.find((name, i) => wanted.indexOf(name) !== i);
  if (twice !== undefined) throw expected('each band once', 'the bands', `${twice} twice`);
  if (wanted.length === 0) throw expected('one band at least', 'the bands', 'none');
  return [...wanted];
}

/** The same but for case, a part of it, or few letters. */
function isNear(name: string, given: string): boolean {
  const [one, other] = [name.toLowerCase(), given.toLowerCase()];
  if (one === other) return true;
  if (other.length > 2 && (one.includes(other) || other.includes(one))) return true;
  const shorter = Math.min(one.length, other.length);
  return shorter > 1 && distance(one, other) <= Math.max(1, Math.floor(shorter / 3));
}

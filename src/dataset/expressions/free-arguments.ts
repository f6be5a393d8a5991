import { expected } from '../../errors.js';

/** What one value of an expression refers to. */
export interface Uses {
  /** Arguments of functions around it. */
  readonly arguments: ReadonlySet<string>;
  /** Other values, by key, each with the arguments that it gets there: those of a function, of its body. */
  readonly references: readonly { readonly key: string; readonly bound: readonly string[] }[];
}

/**
 * The arguments that each value refers to and that no function within it has, by key.
 *
 * It goes by a list of its own rather than by calls: of references, one may follow the other for as long as
 * an expression has values.
 *
 * @throws {InvalidInputError} for a value that refers to itself.
 */
export function freeArguments(
  uses: ReadonlyMap<string, Uses>,
): ReadonlyMap<string, ReadonlySet<string>> {
  const free = new Map<string, ReadonlySet<string>>();
  const underWay = new Set<string>();
  for (const first of uses.keys()) {
    const frames = free.has(first) ? [] : [{ key: first, at: 0 }];
    underWay.add(first);
    for (let frame = frames.at(-1); frame !== undefined; frame = frames.at(-1)) {
      const own = uses.get(frame.key) ?? { arguments: new Set(), references: [] };
      while (free.has(own.references[frame.at]?.key ?? '')) frame.at++;
      const next = own.references[frame.at];
      if (next === undefined) {
        free.set(frame.key, unionOf(own, free));
        underWay.delete(frame.key);
        frames.pop();
      } else if (underWay.has(next.key)) {
        throw expected(
          'values that follow from one another',
          'the expression',
          `value "${next.key}", which refers to itself`,
        );
      } else {
        underWay.add(next.key);
        frames.push({ key: next.key, at: 0 });
      }
    }
    underWay.delete(first);
  }
  return free;
}

function unionOf(
  { arguments: own, references }: Uses,
  free: ReadonlyMap<string, ReadonlySet<string>>,
): ReadonlySet<string> {
  const all = new Set(own);
  for (const { key, bound } of references)
    for (const name of free.get(key) ?? []) if (!bound.includes(name)) all.add(name);
  return all;
}

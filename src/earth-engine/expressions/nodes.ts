/** Nodes of an expression, as the REST API has them. */

/** An argument or a value of an expression. */
export type Node = Readonly<Record<string, unknown>>;

export type Reference = { readonly valueReference: string };

export const constant = (value: unknown): Node => ({ constantValue: value });
export const call = (functionName: string, args: Readonly<Record<string, Node>>): Node => ({
  functionInvocationValue: { functionName, arguments: args },
});
export const image = (value: number): Node => call('Image.constant', { value: constant(value) });

export function select(input: Node, names: readonly string[]): Node {
  return call('Image.select', { input, bandSelectors: constant(names) });
}

export function renamed(input: Node, name: string): Node {
  return call('Image.rename', { input, names: constant([name]) });
}

/** The bands of all images, in order. */
export function withBands(first: Node, ...others: readonly Node[]): Node {
  return others.reduce(
    (all, other) => call('Image.addBands', { dstImg: all, srcImg: other }),
    first,
  );
}

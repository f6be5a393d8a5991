/** Signatures as text, the way they stand in the list of functions that Earth Engine publishes. */

export interface Parameter {
  readonly name: string;
  readonly type: string;
  /** Present (null included) when the parameter may be left out. */
  readonly otherwise?: unknown;
}

export interface Signature {
  readonly parameters: readonly Parameter[];
  readonly returns: string;
}

/**
 * Reads `(image: Image, scale: Float = null) => Image`: what follows `=` is JSON, and stands for the
 * argument where that is left out. `Image` is short for the published `Image<unknown bands>`.
 */
export function parseSignature(text: string): Signature {
  const [, inside = '', returns = ''] = /^\((.*)\) => (.+)$/.exec(text) ?? [];
  if (returns === '') throw new TypeError(`"${text}" is no signature.`);
  return { parameters: split(inside).map(parseParameter), returns: published(returns) };
}

/** At the commas between parameters: those in types and in JSON stand inside of brackets. */
function split(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let start = 0;
  for (const [at, letter] of [...text].entries()) {
    if ('<{['.includes(letter)) depth++;
    if ('>}]'.includes(letter)) depth--;
    if (letter === ',' && depth === 0) {
      parts.push(text.slice(start, at));
      start = at + 1;
    }
  }
  if (text !== '') parts.push(text.slice(start));
  return parts.map((part) => part.trim());
}

function parseParameter(text: string): Parameter {
  const [, name = '', type = '', otherwise] = /^(\w+): (.+?)(?: = (.+))?$/.exec(text) ?? [];
  if (name === '') throw new TypeError(`"${text}" is no parameter.`);
  return {
    name,
    type: published(type),
    ...(otherwise === undefined ? {} : { otherwise: JSON.parse(otherwise) as unknown }),
  };
}

function published(type: string): string {
  return type.replaceAll(/\bImage\b/g, 'Image<unknown bands>');
}

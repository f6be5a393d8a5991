/** Words within a script, so that nothing in them acts. */

/** One word of a POSIX shell, whatever is in it. */
export function shellWord(word: string): string {
  return /^[\w@%+:,./=-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/** In comments and directives a new line would begin another one. */
export function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Zl}\p{Zp}]/gu, '?');
}

/** A heredoc without expansion, under a name that no line of it is. */
export function heredoc(text: string): string {
  const lines = text.split('\n');
  let name = 'END';
  while (lines.includes(name)) name += '_';
  return `<<'${name}'\n${text}\n${name}`;
}

/** JSON for people to read and change. */
export function jsonOf(value: object): string {
  return JSON.stringify(value, undefined, 2);
}

export type Plain =
  | string
  | number
  | boolean
  | readonly Plain[]
  | { readonly [key: string]: Plain | undefined };

/** YAML of plain data: every text in double quotes, as JSON has it, which is YAML too. */
export function yamlOf(value: Plain, indent = ''): string {
  if (Array.isArray(value)) {
    if (value.length === 0) return ' []';
    if (value.every((item) => typeof item !== 'object')) return ` ${JSON.stringify(value)}`;
    return value
      .map((item: Plain) => `\n${indent}-${yamlOf(item, `${indent}  `).replace(/^\n\s*/, ' ')}`)
      .join('');
  }
  if (typeof value !== 'object') return ` ${JSON.stringify(value)}`;
  return Object.entries(value)
    .filter((entry): entry is [string, Plain] => entry[1] !== undefined)
    .map(([key, item]) => {
      const name = /^[A-Za-z][\w./-]*$/.test(key) ? key : JSON.stringify(key);
      return `\n${indent}${name}:${yamlOf(item, Array.isArray(item) ? indent : `${indent}  `)}`;
    })
    .join('');
}

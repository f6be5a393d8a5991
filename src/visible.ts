/**
 * Control characters (C0, DEL, C1), format characters such as bidi overrides, line and paragraph
 * separators, lone surrogates. Joiners stay: scripts and emoji need them.
 */
const UNSEEN = /(?![\u200c\u200d])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/**
 * A text in which nothing acts: whatever a terminal would obey, or a reader would not see, as a visible
 * escape such as `\x1b`. One line, whatever the text was.
 */
export function visible(text: string): string {
  return text.replace(UNSEEN, (character) => SHORT[character] ?? escapeOf(character));
}

/** The same within JSON, which stays the same JSON: what its writer leaves as it is becomes `\u009b`. */
export function visibleJson(json: string): string {
  return json.replace(UNSEEN, (character) => (character === '\n' ? character : unitsOf(character)));
}

function escapeOf(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x100) return `\\x${code.toString(16).padStart(2, '0')}`;
  return unitsOf(character);
}

function unitsOf(character: string): string {
  return Array.from(
    { length: character.length },
    (_, i) => `\\u${character.charCodeAt(i).toString(16).padStart(4, '0')}`,
  ).join('');
}

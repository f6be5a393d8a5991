import { afterEach, describe, expect, test, vi } from 'vitest';
import { ProgressBar } from '../../../../src/cli/output/progress-bar.js';
import {
  COMMANDER_OUTPUT,
  complain,
  print,
  printIn,
  printJson,
  tell,
  writeOut,
} from '../../../../src/cli/output/terminal.js';
import { visible } from '../../../../src/visible.js';

afterEach(() => {
  vi.restoreAllMocks();
});

/** A title that moves the cursor, one that sets a window's title, C1 forms of both, an override, two lines. */
const HOSTILE = 'a\x1b[2J\x1b]0;x\x07\u009b31m\u009d\u202eevil\u2066\u200b\u2028b\rc\nd\x7f\ud800';
// biome-ignore lint/suspicious/noMisleadingCharacterClass: joiners are left alone on purpose
const ACTS = /(?![\u200c\u200d\n])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u;

function written(write: () => unknown): string {
  const texts: string[] = [];
  for (const stream of [process.stdout, process.stderr])
    vi.spyOn(stream, 'write').mockImplementation((text) => {
      texts.push(String(text));
      return true;
    });
  write();
  return texts.join('');
}

test('what acts is shown as an escape, and what merely is unusual stays', () => {
  expect(visible('\x1b[31m\u009b\u202e\n\t\u2028\ud800')).toBe(
    '\\x1b[31m\\x9b\\u202e\\n\\t\\u2028\\ud800',
  );
  expect(visible('Ω 日本 👩\u200d🌾 نمی\u200cدانم ½ "x"')).toBe(
    'Ω 日本 👩\u200d🌾 نمی\u200cدانم ½ "x"',
  );
});

describe.each<[string, () => unknown]>([
  ['a line', () => print(HOSTILE)],
  ['a line in a colour', () => printIn('red', HOSTILE)],
  ['a line on stderr', () => tell(HOSTILE)],
  ['a failure', () => complain(HOSTILE)],
  ['JSON', () => printJson({ [HOSTILE]: HOSTILE }, undefined, 0)],
])('%s', (_, write) => {
  test('is one line in which nothing acts', () => {
    const text = written(write);
    expect(text).not.toMatch(ACTS);
    expect(text.indexOf('\n')).toBe(text.length - 1);
  });
});

test('JSON stays the same JSON', () => {
  const value = { [HOSTILE]: [HOSTILE, 1] };
  expect(JSON.parse(written(() => printJson(value)))).toEqual(value);
});

test('a long output has its own newlines, and nothing else that acts', () => {
  const text = written(() => writeOut(`${JSON.stringify(HOSTILE)}\n{"x":1}\n`));
  expect(text).not.toMatch(ACTS);
  expect(text.split('\n')).toHaveLength(3);
});

test('what commander says of arguments is cleaned', () => {
  const text = written(() => COMMANDER_OUTPUT.writeErr(`error: unknown option '${HOSTILE}'\n`));
  expect(text).not.toMatch(ACTS);
});

test("the progress bar's words are cleaned, its own sequences work", () => {
  const texts: string[] = [];
  const bar = new ProgressBar({ isTTY: true, columns: 80, write: (text) => texts.push(text) });
  bar.onEvent({
    type: 'waiting',
    at: 0,
    error: { tag: 'earth-engine', message: HOSTILE },
    delayMs: 1000,
    endsAt: 1000,
  });
  bar.stop();
  const line = texts.find((text) => text.includes('evil')) ?? '';
  expect(line.startsWith('\r') && line.endsWith('\x1b[K\n')).toBe(true);
  expect(line.slice(1, -4)).not.toMatch(ACTS);
  expect(line.slice(1, -4)).not.toContain('\n');
});

describe('colours', () => {
  const streams = [process.stdout, process.stderr];
  const before = streams.map(({ isTTY, hasColors }) => ({ isTTY, hasColors }));
  const asTerminal = (hasColors: boolean) => {
    for (const stream of streams)
      Object.assign(stream, { isTTY: true, hasColors: () => hasColors });
  };
  afterEach(() => {
    for (const [i, stream] of streams.entries()) Object.assign(stream, before[i]);
  });
  const write = () => {
    printIn('green', 'ok');
    complain('no');
  };

  test('are for a terminal that has them, around clean words', () => {
    asTerminal(true);
    expect(written(write)).toBe('\x1b[32mok\x1b[39m\n\x1b[31mgeocubes:\x1b[39m no\n');
    expect(written(() => printIn('red', '\x1b[2J'))).toBe('\x1b[31m\\x1b[2J\x1b[39m\n');
  });

  test('are not for one that has none, as NO_COLOR says, nor for a file', () => {
    asTerminal(false);
    expect(written(write)).toBe('ok\ngeocubes: no\n');
    for (const stream of streams) Object.assign(stream, { isTTY: false, hasColors: () => true });
    expect(written(write)).toBe('ok\ngeocubes: no\n');
  });
});

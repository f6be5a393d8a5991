import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { CommandTokens, wordsOf } from '../../../../src/earth-engine/credentials/token-command.js';
import { findCredentials } from '../../../../src/earth-engine/credentials.js';
import { EarthEngineError, toRecord } from '../../../../src/errors.js';

const GOOGLE = 'https://earthengine-highvolume.googleapis.com';
const SECRET = 'canary-of-a-secret';

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'geocubes-home-'));
});
afterEach(() => {
  vi.useRealTimers();
  rmSync(home, { recursive: true, force: true });
});

const find = (tokenCommand?: string, env: Readonly<Record<string, string>> = {}, url = GOOGLE) =>
  findCredentials(
    { endpoint: url, project: 'p', tokenCommand },
    { env, home, biosVendorFile: join(home, 'no-bios') },
  );

/** A real program in a file, whose path has a blank. */
function program(source: string): string {
  const file = join(home, 'a program.mjs');
  writeFileSync(file, source);
  return `"${process.execPath}" '${file}'`;
}

describe('the words of a command', () => {
  test.each<[string, readonly string[]]>([
    ['gcloud auth print-access-token', ['gcloud', 'auth', 'print-access-token']],
    [`python3 -c "import ee; print('x')"`, ['python3', '-c', "import ee; print('x')"]],
    [`a --name='b c'd "" e`, ['a', '--name=b cd', '', 'e']],
    ['a $HOME | b > c; ~ `d` \\n', ['a', '$HOME', '|', 'b', '>', 'c;', '~', '`d`', '\\n']],
    ['  a\tb\n', ['a', 'b']],
  ])('of %j are %j, as nobody interprets them', (line, words) => {
    expect(wordsOf(line)).toEqual(words);
  });

  test.each([
    ['a "b', 'has a quote without its end'],
    ["it's", 'has a quote without its end'],
    ['""', 'names no program'],
  ])('are none in %j, which %s', (line, problem) => {
    expect(wordsOf(line)).toBe(problem);
  });

  test('that are none end before anything is run, and the words are not told', async () => {
    const failure = await find(`${SECRET} "`).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(EarthEngineError);
    expect(failure).toMatchObject({ kind: 'credentials' });
    expect(String(failure)).toContain('the token command given has a quote without its end');
    expect(JSON.stringify(toRecord(failure))).not.toContain(SECRET);
  });
});

test('a real program is run once for all requests, without a shell', async () => {
  const log = join(home, 'log');
  const command = program(
    `import { appendFileSync } from 'node:fs';
     appendFileSync(${JSON.stringify(log)}, JSON.stringify(process.argv.slice(2)) + '\\n');
     console.log('a-token');`,
  );
  const credentials = await find(`${command} $HOME '; touch ${home}/touched'`);
  const all = await Promise.all([1, 2, 3].map(() => credentials.headers()));
  expect(new Set(all.map(({ authorization }) => authorization))).toEqual(
    new Set(['Bearer a-token']),
  );
  expect(readFileSync(log, 'utf8')).toBe(
    `${JSON.stringify(['$HOME', `; touch ${home}/touched`])}\n`,
  );
});

describe('what a command prints', () => {
  const now = Date.parse('2026-01-01T00:00:00Z');
  const printing = (...outputs: string[]) => {
    let runs = 0;
    const tokens = new CommandTokens(
      'the test',
      ['x'],
      async () => outputs[Math.min(runs++, outputs.length - 1)] as string,
    );
    return { tokens, runs: () => runs };
  };

  test.each([
    ['a line', 'one\n', undefined],
    ["OAuth's response", '{"access_token":"one","expires_in":3600,"token_type":"Bearer"}', 3600],
    ['google-auth', '{"token":"one","expiry":"2026-01-01T01:00:00.000000Z"}', 3600],
    ['google-auth without a zone', '{"token":"one","expiry":"2026-01-01T01:00:00"}', 3600],
    [
      "kubectl's ExecCredential",
      '{"kind":"ExecCredential","status":{"token":"one","expirationTimestamp":"2026-01-01T03:00:00+02:00"}}',
      3600,
    ],
  ])('as %s is a token that is kept until five minutes before its end', async (_, first, end) => {
    vi.useFakeTimers({ now, toFake: ['Date'] });
    const { tokens, runs } = printing(first, 'two');
    expect(await tokens.token()).toBe('one');
    vi.setSystemTime(now + 1000 * ((end ?? 1e9) - 301));
    expect(await tokens.token()).toBe('one');
    expect(runs()).toBe(1);
    if (end === undefined) return;
    vi.setSystemTime(now + 1000 * (end - 299));
    expect(await tokens.token()).toBe('two');
  });

  test('anew after a refusal replaces the token, once for all who were refused', async () => {
    vi.useFakeTimers({ now, toFake: ['Date'] });
    const { tokens, runs } = printing('one', 'two', 'three');
    await tokens.token();
    vi.setSystemTime(now + 60_000);
    await Promise.all([tokens.refresh(), tokens.refresh()]);
    await tokens.refresh();
    expect(await tokens.token()).toBe('two');
    expect(runs()).toBe(2);
  });

  test.each(['', 'two words', `${SECRET}\nmore`, '{"refresh_token":"r"}', '{"token":5}'])(
    'as %j is no token, and is not repeated',
    async (output) => {
      const failure = await printing(output)
        .tokens.token()
        .catch((error: unknown) => error);
      expect(failure).toMatchObject({ kind: 'credentials' });
      expect(String(failure)).toContain('Run it by hand');
      if (output.includes(SECRET)) expect(JSON.stringify(toRecord(failure))).not.toContain(SECRET);
    },
  );
});

describe('a command that fails', () => {
  test.each([
    ['ends with code 7', `console.error('${SECRET}'); process.exit(7)`, 'it ended with code 7'],
    ['prints without end', `process.stdout.write('x'.repeat(1 << 20))`, 'more than 64 KiB'],
  ])('since it %s is told without its words', async (_, source, words) => {
    const credentials = await find(program(source));
    const failure = await credentials.headers().catch((error: unknown) => error);
    expect(failure).toMatchObject({ kind: 'credentials' });
    expect(String(failure)).toContain(words);
    expect(JSON.stringify(toRecord(failure))).not.toMatch(/canary|program\.mjs/);
  });

  test('since there is no such program says so, and may work the next time', async () => {
    const credentials = await find('no-such-program-anywhere');
    const failure = await credentials.headers().catch((error: unknown) => error);
    expect(String(failure)).toContain('names a program that is not there');
  });
});

test("the tokens of a command that the environment names go to Google's hosts alone", async () => {
  const env = { GEOCUBES_TOKEN_COMMAND: 'x' };
  await expect(find(undefined, env, 'http://127.0.0.1:1')).rejects.toThrow('sent to Google only');
  await expect(find(undefined, env)).resolves.toMatchObject({ origin: 'GEOCUBES_TOKEN_COMMAND' });
  await expect(find('x', {}, 'http://127.0.0.1:1')).resolves.toMatchObject({
    origin: 'the token command given',
  });
});

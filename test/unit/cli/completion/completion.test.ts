import { execFileSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { completionScript, SHELLS } from '../../../../src/cli/completion/scripts.js';
import { wordsOfProgram } from '../../../../src/cli/completion/words.js';
import { createProgram } from '../../../../src/cli/program.js';

const commands = wordsOfProgram(await createProgram());

/** What bash itself offers after these words. */
function offered(...words: string[]): string[] {
  const typed = words.map((word) => `'${word}'`).join(' ');
  const script = `${completionScript('bash', commands)}
    COMP_WORDS=(geocubes ${typed}); COMP_CWORD=${words.length}; _geocubes; printf '%s\\n' "\${COMPREPLY[@]}"`;
  return execFileSync('bash', ['--norc', '-c', script], {
    encoding: 'utf8',
    cwd: import.meta.dirname,
  })
    .trim()
    .split('\n');
}

describe('bash offers', () => {
  test('every command, or those that begin as what was typed', () => {
    expect(offered('')).toEqual(commands.map(({ name }) => name));
    expect(offered('st')).toEqual(['status', 'stats']);
  });

  test('the options of the command, and the choices of an option', () => {
    expect(offered('load', '--resa')).toEqual(['--resampling']);
    expect(offered('status', 'x', '--format', '')).toEqual([
      'text',
      'csv',
      'json',
      'geojson',
      'ndjson',
    ]);
    expect(offered('completion', '')).toEqual([...SHELLS]);
  });

  test('files where an option or the command takes one, and nothing where only the user knows', () => {
    expect(offered('load', '--like', 'compl')).toEqual(['completion.test.ts']);
    expect(offered('import', 'compl')).toEqual(['completion.test.ts']);
    expect(offered('ingest', '--time', '')).toEqual(['']);
  });
});

test.each(SHELLS)('the script of %s names each option of each command once', (shell) => {
  const script = completionScript(shell, commands);
  for (const { options } of commands)
    for (const { long } of options) expect(script).toMatch(new RegExp(`\\b${long}\\b`));
});

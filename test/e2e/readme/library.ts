/** The TypeScript of the README, as programs. */
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Ended } from '../command.js';
import { parsePage } from './markdown.js';
import { type Reader, ROOT } from './reader.js';

/** What a call in the text takes for granted, by a part of the call. */
const GIVEN: readonly (readonly [part: string, declarations: string])[] = [
  ['failed.map', 'const failed: { id: string }[] = [];'],
  [
    'localFiles(',
    "const paths = ['exports/west.tif']; const order = 'first'; const nodata = 0; const bands = [1, 1, 1]; const resampling = 'near';",
  ],
  ['readRoi(', `const where = "name = 'Lena'"; const layer = 'basins';`],
];

/** A program of all calls that the section on the library has in its text, after what its example begins with. */
export function libraryProgram(
  example: string,
  readme: string,
): { readonly program: string; readonly calls: readonly string[] } {
  const [, section = ''] = /## As a library\n([\s\S]*?)\n###/.exec(readme) ?? [];
  const calls = parsePage(section)
    .spans.map(({ text }) => text)
    .filter((text) => /^(?:\(?await |cube\.|[a-z]\w+\().*\)$/i.test(text))
    .filter((text) => !text.startsWith('xr.'));
  const names = new Set(
    calls.join(' ').match(/\b(?:ingestWithReport|localFiles|parseToi|readRoi)\b/g),
  );
  const begun = example
    .split('\n')
    .filter((line) => /^(?:import|const (?:pool|cube|source|delta)) /.test(line))
    .join('\n');
  const program = [
    `import { ${[...names].join(', ')} } from 'smart-geocubes-native';`,
    begun,
    'let count = 0;',
    ...calls.map((call) => {
      const given = GIVEN.filter(([part]) => call.includes(part)).map(([, code]) => code);
      return `{ ${given.join(' ')} const result = await (${call}); if (result !== undefined) count += 1; }`;
    }),
    'await Promise.all([source.close(), pool.close()]);',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is the program's own
    'console.log(`${count} calls`);',
  ].join('\n');
  return { program, calls };
}

const PROJECT = "{ project: 'my-cloud-project' }";
/** The library takes its endpoint from its caller alone; the token is in the environment. */
const SERVICE = "{ project: 'my-cloud-project', endpoint: process.env.GEOCUBES_ENDPOINT }";

/**
 * In the reader's folder, with the options that a strict project has. Declarations of zarrita's own
 * dependencies do not compile, hence skipLibCheck.
 */
export async function compileAndRun(reader: Reader, name: string, text: string): Promise<Ended> {
  if (!text.includes(PROJECT)) throw new Error(`Expected ${PROJECT} in ${name}.mts.`);
  await writeFile(join(reader.folder, `${name}.mts`), text.replace(PROJECT, SERVICE));
  await promisify(execFile)(
    process.execPath,
    [
      join(ROOT, 'node_modules/typescript/bin/tsc'),
      ...[
        '--strict',
        '--target',
        'ES2023',
        '--module',
        'NodeNext',
        '--skipLibCheck',
        '--types',
        'node',
      ],
      ...['--typeRoots', join(ROOT, 'node_modules/@types'), `${name}.mts`],
    ],
    { cwd: reader.folder },
  ).catch(({ stdout }: { stdout: string }) => {
    throw new Error(`Expected ${name}.mts to compile but received:\n${stdout}`);
  });
  return reader.run(`node ${name}.mjs`);
}

/** The TypeScript of the pages, as programs. */
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import * as library from '../../../src/index.js';
import type { MarkdownFile } from '../../pages.js';
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
  [
    'defineDataset(file',
    "const file = { title: 'Like', local: true, bands: ['a'], dtype: 'uint8', grid: { like: 'dem.tif', chunk: 64 } } as const; const like = cube.grid.geobox; const onSnap = () => {};",
  ],
  ['Cube.open(', "const store = 'cubes/tctrend'; const { dataset } = cube;"],
  ['{ limiter }', 'const { dataset } = cube; const limiter = new AdaptiveLimiter();'],
];

/** Says of each member what it is called at smart-geocubes; its rows have a test of their own. */
const ACCESSOR_TABLE = /<!-- accessor:start -->[\s\S]*<!-- accessor:end -->/;

/** A program of all calls of the library that pages have in their text, after what the example begins with. */
export function libraryProgram(
  example: string,
  pages: readonly MarkdownFile[],
): { readonly program: string; readonly calls: readonly string[] } {
  const calls = pages
    .filter(({ file }) => file.endsWith('/README.md') && file !== 'src/README.md')
    .flatMap(({ text }) => parsePage(text.replace(ACCESSOR_TABLE, '')).spans)
    .map(({ text }) => text)
    .filter((text) => /^[^()]*\(.*\)$|^\(await /.test(text))
    .filter((text) => /^\(?(?:await )?[cC]ube\./.test(text) || functionOf(text) in library);
  const begun = example
    .split('\n')
    .filter((line) => /^(?:import|const (?:pool|cube|source|delta)) /.test(line))
    .join('\n');
  const used = `${calls.join(' ')} ${GIVEN.map(([, code]) => code).join(' ')}`.match(
    /\b\w+(?=\()/g,
  );
  const names = new Set(used?.filter((name) => name in library && !begun.includes(name)));
  const program = [
    `import { ${[...names].join(', ')} } from 'smart-geocubes-native';`,
    begun,
    'let count = 0;',
    ...calls.map((call) => {
      const given = GIVEN.filter(([part]) => call.includes(part)).map(([, code]) => code);
      // What asks Google's own endpoint is compiled, and not called.
      const result = call.startsWith('earthEngine(') ? `() => ${call}` : `await (${call})`;
      return `{ ${given.join(' ')} const result = ${result}; if (result !== undefined) count += 1; }`;
    }),
    'await Promise.all([source.close(), pool.close()]);',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is the program's own
    'console.log(`${count} calls`);',
  ].join('\n');
  return { program, calls };
}

/** `readRoi` of `await readRoi('basins.gpkg')`. */
function functionOf(call: string): string {
  return /^(?:await )?(\w+)\(/.exec(call)?.[1] ?? '';
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

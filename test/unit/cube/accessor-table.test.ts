import { readFileSync } from 'node:fs';
import ts from 'typescript';
import { describe, expect, test } from 'vitest';
import { Cube } from '../../../src/cube/cube.js';
import { createPool } from '../../../src/pool/pool.js';
import { DATASET } from './fake-source.js';

const PAGE = new URL('../../../src/cube/README.md', import.meta.url);

/** What smart-geocubes documents of `GEEAccessor` and the class it extends: attributes, methods, parameters. */
const ORIGINAL = [
  ...['extent', 'chunk_size', 'channels', 'storage', 'repo', 'title', 'stopuhr', 'zgeobox'],
  ...['created', 'create_icechunk_storage', 'adjacent_tiles', 'assert_created', 'create'],
  ...['overwrite', 'current_state', 'download', 'download_tile', 'load', 'load_like', 'buffer'],
  ...['persist', 'create=True', 'concurrency_mode', 'log_benchmark_summary', 'open_xarray'],
  ...['open_zarr', 'post_create', 'procedural_download', 'procedural_download_blocking'],
  ...['procedural_download_threading', 'visualize_state'],
];

interface Row {
  readonly original: string;
  readonly ours: string;
  readonly file: string;
  readonly title: string;
}

function readTable(): Row[] {
  const page = readFileSync(PAGE, 'utf8');
  const [, table] = /<!-- accessor:start -->\n([\s\S]*?)<!-- accessor:end -->/.exec(page) ?? [];
  const lines = (table ?? '').split('\n').filter((line) => line.startsWith('|'));
  return lines.slice(2).map((line) => {
    const [original = '', ours = '', proof = ''] = line
      .split('|')
      .map((cell) => cell.trim())
      .slice(1);
    const [, file = '', title = ''] = /^\[[^\]]+\]\(([^)]+)\): (.+)$/.exec(proof) ?? [];
    return { original, ours, file, title };
  });
}

/** The titles of a test file, named as the page links to it, as they are written, `%s` included. */
function titlesOf(file: string): string[] {
  const text = readFileSync(new URL(file, PAGE), 'utf8');
  const titles: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node)) {
      const { expression } = node;
      const called = ts.isCallExpression(expression) ? expression.expression : expression;
      const [first] = node.arguments;
      if (/^test(\.each)?$/.test(called.getText()) && first && ts.isStringLiteralLike(first))
        titles.push(first.text);
    }
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true));
  return titles;
}

const ROWS = readTable();
const codes = (text: string) => [...text.matchAll(/`([^`]+)`/g)].map(([, code = '']) => code);

describe("the table of the original's members in src/cube/README.md", () => {
  test('has each of them, once', () => {
    const named = ROWS.flatMap(({ original }) => codes(original));
    expect([...named].sort()).toEqual([...ORIGINAL].sort());
  });

  test.each(ROWS)('names a test that exists for $original', ({ file, title }) => {
    expect(file).toMatch(/^\.\.\/\.\.\/test\/[\w/-]+\.test\.ts$/);
    expect(titlesOf(file)).toContain(title);
  });

  test('names members that cubes have', async () => {
    const pool = createPool({ size: 0 });
    const cube = await Cube.create('memory:', DATASET, { pool });
    await pool.close();
    let found = 0;
    for (const { ours } of ROWS) {
      for (const code of codes(ours)) {
        const [, owner, path] = /^(cube|Cube)((?:\.\w+)+)/.exec(code) ?? [];
        if (path === undefined) continue;
        let at: unknown = owner === 'cube' ? cube : Cube;
        for (const name of path.slice(1).split('.')) {
          expect(name in Object(at), code).toBe(true);
          at = (at as Record<string, unknown>)[name];
        }
        found++;
      }
    }
    expect(found).toBeGreaterThanOrEqual(ROWS.length - 3);
  });
});

#!/usr/bin/env node
/**
 * Writes the site of the public names by TypeDoc: a page for each export of src/index.ts with its members
 * and docstrings, a search, and the README of the project. It opens from its files, without a server or network.
 * A warning of TypeDoc ends it with 1.
 *
 *   npm run site                    into .site
 *   npm run site -- --out FOLDER
 */
import { join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Application } from 'typedoc';

const root = fileURLToPath(new URL('..', import.meta.url)).replace(/\/$/, '');

/** Everything that TypeDoc is told. */
const OPTIONS = {
  name: 'smart-geocubes-native',
  entryPoints: [join(root, 'src/index.ts')],
  tsconfig: join(root, 'tsconfig.json'),
  readme: join(root, 'README.md'),
  includeVersion: true,
  excludePrivate: true,
  excludeProtected: true,
  excludeInternal: true,
  // Those of Error and Map, which have their own documentation.
  excludeExternals: true,
  disableSources: true,
  githubPages: false,
  sort: ['static-first', 'alphabetical'],
  validation: { notExported: false, invalidLink: true, notDocumented: false },
  treatWarningsAsErrors: true,
};

const { values } = parseArgs({ options: { out: { type: 'string', default: '.site' } } });
const folder = resolve(values.out);
const app = await Application.bootstrap(OPTIONS);
// None where it does not compile.
const project = await app.convert();
if (project !== undefined) {
  app.validate(project);
  await app.generateDocs(project, folder);
}
if (project === undefined || app.logger.hasErrors() || app.logger.hasWarnings()) {
  process.stderr.write('The site has errors or warnings, which are above: mend the docstrings.\n');
  process.exitCode = 1;
} else {
  process.stdout.write(`Wrote ${join(relative(process.cwd(), folder) || '.', 'index.html')}\n`);
}

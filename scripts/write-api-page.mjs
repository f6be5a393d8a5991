/**
 * Writes src/README.md, the list of the public names: each export of src/index.ts by its room, with the
 * first sentence of its docstring, as the TypeScript compiler reads them. A test says whether it is current.
 * Members, signatures and the rest of the docstrings are on the site: write-api-site.mjs.
 *
 *   node scripts/write-api-page.mjs
 */
import { writeFileSync } from 'node:fs';
import { dirname, relative } from 'node:path';
import { argv } from 'node:process';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const root = fileURLToPath(new URL('..', import.meta.url));
const entry = fileURLToPath(new URL('../src/index.ts', import.meta.url));
const page = fileURLToPath(new URL('../src/README.md', import.meta.url));

/** Every exported name with its declaration; `doc` is empty where it has no docstring. */
export function readExports() {
  const config = ts.readConfigFile(`${root}/tsconfig.json`, ts.sys.readFile).config;
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root);
  const program = ts.createProgram([entry], { ...options, noEmit: true });
  const checker = program.getTypeChecker();
  const module = checker.getSymbolAtLocation(program.getSourceFile(entry));
  return checker
    .getExportsOfModule(module)
    .map((alias) => describeExport(alias, checker))
    .sort((one, other) => (one.name < other.name ? -1 : 1));
}

function describeExport(alias, checker) {
  const symbol = withinGuard(resolved(alias, checker), checker);
  const declarations = symbol.declarations ?? [];
  // A constant and a type may share one name: the constant comes first and says more.
  const declaration = declarations.find(ts.isVariableDeclaration) ?? declarations[0];
  const kind = kindOf(declaration);
  return {
    name: alias.name,
    kind,
    file: relative(dirname(entry), declaration.getSourceFile().fileName).replaceAll('\\', '/'),
    doc: docOf(symbol, checker),
    members: kind === 'class' ? membersOf(symbol, checker) : [],
    fields: kind === 'interface' ? fieldsOf(declaration) : [],
  };
}

function resolved(symbol, checker) {
  return symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
}

/** `guarded(run, ...)` is `run`, as far as a reader is concerned. */
function withinGuard(symbol, checker) {
  const call = symbol.valueDeclaration?.initializer;
  if (call === undefined || !ts.isCallExpression(call) || call.expression.getText() !== 'guarded')
    return symbol;
  return resolved(checker.getSymbolAtLocation(call.arguments[0]), checker);
}

function kindOf(declaration) {
  if (ts.isClassDeclaration(declaration)) return 'class';
  if (ts.isFunctionDeclaration(declaration)) return 'function';
  if (ts.isInterfaceDeclaration(declaration)) return 'interface';
  if (ts.isVariableDeclaration(declaration)) return 'constant';
  return 'type';
}

/** Names of what an interface says itself. */
function fieldsOf(declaration) {
  const names = declaration.members.flatMap(({ name }) =>
    name !== undefined && ts.isIdentifier(name) ? [name.text] : [],
  );
  return [...new Set(names)];
}

function signaturesOf(type, name, checker) {
  return type
    .getCallSignatures()
    .map((signature) => `${name}${checker.signatureToString(signature).replace(/^\(/, '(')}`)
    .join('; ');
}

/** Public members of a class: static ones first, then those of instances, inherited from our own classes too. */
function membersOf(symbol, checker) {
  const statics = checker.getPropertiesOfType(checker.getTypeOfSymbol(symbol));
  const own = checker.getPropertiesOfType(checker.getDeclaredTypeOfSymbol(symbol));
  return [...statics.map((member) => [member, `${symbol.name}.`]), ...own.map((m) => [m, ''])]
    .filter(([member]) => isPublicAndOurs(member))
    .map(([member, prefix]) => {
      const type = checker.getTypeOfSymbol(member);
      // The compiler's own name of a member that is a symbol.
      const name = member.name.replace(/^__@(\w+)@\d+$/, '[Symbol.$1]');
      const calls = signaturesOf(type, `${prefix}${name}`, checker);
      return {
        name,
        signature: calls || `${prefix}${name}: ${checker.typeToString(type)}`,
        doc: docOf(member, checker),
      };
    });
}

function isPublicAndOurs(member) {
  const declaration = member.declarations?.[0];
  if (declaration === undefined || member.name === 'prototype') return false;
  const flags = ts.getCombinedModifierFlags(declaration);
  const isHidden = flags & (ts.ModifierFlags.Private | ts.ModifierFlags.Protected);
  const isOurs = !declaration.getSourceFile().fileName.includes('/node_modules/');
  const isPrivate = declaration.name !== undefined && ts.isPrivateIdentifier(declaration.name);
  return !isHidden && isOurs && !isPrivate;
}

function docOf(symbol, checker) {
  const text = ts.displayPartsToString(symbol.getDocumentationComment(checker)).trim();
  const tags = symbol
    .getJsDocTags(checker)
    .filter(({ name }) => name === 'throws' || name === 'returns')
    .map(({ name, text: words }) => `*${name}* ${ts.displayPartsToString(words).trim()}`);
  return [text, ...tags]
    .filter(Boolean)
    .join('\n\n')
    .replaceAll(/\{@link (\S+?)\}/g, '`$1`');
}

const oneLine = (text) =>
  text
    .replaceAll(/\/\*[\s\S]*?\*\//g, '')
    .replaceAll(/\s+/g, ' ')
    .trim();

/** By the first part of a file's path; what lies beside the rooms is called as its file. */
const TOPICS = {
  cube: 'Cubes: create, fill, read',
  dataset: 'Datasets',
  grid: 'Grids, regions, coordinates',
  'earth-engine': 'Earth Engine',
  local: 'Files as a source',
  kernel: 'Resampling',
  pool: 'Threads',
  raster: 'Pixels',
  observe: 'Events and records',
  picture: 'Pictures',
  report: 'Reports',
  quota: 'Quota',
  store: 'Stores',
  tile: 'Tiles and sources',
  errors: 'Errors',
};

/** Of `cube/read/load.ts`, `cube`. @throws {Error} for a room without a topic */
function topicOf(/** @type {string} */ file) {
  const room = file.replace(/(?:\/|\.ts).*$/, '');
  const topic = TOPICS[room];
  if (topic === undefined)
    throw new Error(`Expected a topic for ${room} in TOPICS of write-api-page.mjs`);
  return topic;
}

/** The first sentence. */
function shortOf(/** @type {string} */ doc) {
  const [paragraph = ''] = doc.split(/\n\s*\n|\n- /);
  return oneLine(paragraph).replace(/^(.*?[^.][.])\s+[A-Z`].*$/, '$1');
}

/** The whole page as Markdown. */
export function apiPage(exports = readExports()) {
  const parts = [
    '# Public names',
    '',
    'Everything that `smart-geocubes-native` exports. `npm run site` in a checkout writes a site of it into `.site`: each name with its members, signatures and what is thrown, with a search, to be opened from the disk (`.site/index.html`). An editor shows the same words from the declarations that are in the package.',
    '',
    'This list is written by `node scripts/write-api-page.mjs` from the docstrings; edit those.',
    '',
  ];
  const topics = exports.map(({ file }) => topicOf(file));
  for (const topic of Object.values(TOPICS)) {
    const names = exports.filter((_, i) => topics[i] === topic);
    if (names.length === 0) continue;
    parts.push(`## ${topic}`, '', '| name | kind | what |', '|---|---|---|');
    for (const { name, kind, file, doc } of names)
      parts.push(`| [\`${name}\`](${file}) | ${kind} | ${shortOf(doc).replaceAll('|', '\\|')} |`);
    parts.push('');
  }
  return `${parts.join('\n').trim()}\n`;
}

if (argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(page, apiPage());
  process.stdout.write(`Wrote ${relative(root, page)}\n`);
}

/**
 * Holds the table of src/ARCHITECTURE.md: which room may import which, one owner for each heavy
 * dependency, no cycles (type imports included), nothing of native-bench in src, no state in modules. And
 * the decisions: see architecture/check-decisions.mjs.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { checkDecisions } from './architecture/check-decisions.mjs';
import { checkModuleState } from './architecture/check-module-state.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const src = join(root, 'src');

/** The ground every room stands on. */
const GROUND = ['visible', 'errors', 'arguments', 'machine', 'tile', 'grid', 'raster', 'dataset'];

/** Rooms (folders of src, and its single files) and the rooms each may import. */
const MAY_IMPORT = {
  visible: [],
  errors: [],
  machine: ['visible', 'errors'],
  arguments: ['errors'],
  grid: ['errors', 'arguments'],
  raster: ['errors', 'arguments', 'grid'],
  dataset: ['errors', 'arguments', 'grid', 'raster'],
  tile: ['errors', 'arguments', 'grid', 'raster', 'dataset'],
  'earth-engine': GROUND,
  quota: GROUND,
  local: [
    ...GROUND,
    'kernel/gdal/load',
    'kernel/gdal/proj/srs',
    'kernel/gdal/inputs/open',
    'kernel/gdal/inputs/archives',
    'kernel/gdal/inputs/signed-bytes',
  ],
  kernel: GROUND,
  store: GROUND,
  observe: GROUND,
  picture: GROUND,
  report: [...GROUND, 'observe', 'picture'],
  loopback: [...GROUND, 'kernel/gdal/load', 'kernel/gdal/inputs/open'],
  pool: [...GROUND, 'kernel'],
  cube: [
    ...GROUND,
    'earth-engine',
    'quota',
    'local',
    'kernel',
    'store',
    'observe',
    'picture',
    'pool',
    'report',
  ],
  view: [...GROUND, 'cube', 'picture', 'pool', 'store'],
  cli: [
    ...GROUND,
    'cube',
    'view',
    'local',
    'loopback',
    'observe',
    'picture',
    'pool',
    'quota',
    'kernel/gdal/blosc-addon',
    'kernel/gdal/facts',
    'kernel/gdal/resample-addon',
    'store/icechunk/load',
  ],
  boundary: [...GROUND, 'cube', 'earth-engine', 'local', 'observe', 'picture', 'pool', 'report'],
  index: [
    ...GROUND,
    'boundary',
    'cube',
    'earth-engine',
    'local',
    'observe',
    'picture',
    'pool',
    'report',
    'store',
    'quota',
  ],
};

/** Rooms that others, tests and benchmarks among them, know by one file. Its own unit tests go inside. */
const DOORS = { loopback: 'loopback/index' };

/** Groups within a room that never meet, but for what is stated. */
const APART = [
  ['kernel/gdal', 'kernel/js'],
  ['store/icechunk', 'store/directory'],
  ['cube/fill', 'cube/read'],
  ['cli/commands', 'cli/options'],
  ['cli/commands', 'cli/output'],
];

/** Files in a folder: more are a list, not a room. */
const MOST_FILES = 15;

/** Heavy dependencies and the place (or places) that may load each; importing their types alone is free. */
const OWNERS = {
  'gdal-async': 'kernel/gdal/load',
  geotiff: 'raster/open-tiff',
  numcodecs: ['kernel/js/', 'kernel/region/decompress'],
  piscina: 'pool/',
  '@earthmover/icechunk': 'store/icechunk/load',
  sharp: 'picture/',
  h5wasm: 'cube/arrays/hdf5',
  '@google/earthengine': 'earth-engine/',
  zarrita: 'store/',
  aws4fetch: 'store/remote/',
  undici: 'earth-engine/http',
  'google-auth-library': 'earth-engine/',
  commander: 'cli/',
  pino: 'cli/',
};

const OF_CUBES = ['commander'];
const OF_THE_SERVICE = ['geotiff'];

/**
 * What a file, and all that is loaded with it, may take of the heavy dependencies: what a user waits for. Each
 * command has its line.
 */
const WAITS_FOR = {
  'cli/main': [],
  'cli/command-line': ['commander'],
  'cli/commands/machine/completion': ['commander'],
  'cli/commands/create': OF_CUBES,
  'cli/commands/datasets/dataset': [...OF_CUBES, ...OF_THE_SERVICE],
  'cli/commands/demo': [...OF_CUBES, ...OF_THE_SERVICE],
  'cli/commands/life/drop': OF_CUBES,
  'cli/commands/life/extend': OF_CUBES,
  'cli/commands/life/overviews': OF_CUBES,
  'cli/commands/machine/setup': ['commander'],
  'cli/commands/machine/doctor': ['commander', ...OF_THE_SERVICE],
  'cli/commands/finalise': OF_CUBES,
  'cli/commands/import': OF_CUBES,
  'cli/commands/ingest': [...OF_CUBES, ...OF_THE_SERVICE],
  'cli/commands/job': [...OF_CUBES, ...OF_THE_SERVICE],
  'cli/commands/load': OF_CUBES,
  'cli/commands/history/log': OF_CUBES,
  'cli/commands/loopback': ['commander'],
  'cli/commands/plan': [...OF_CUBES, ...OF_THE_SERVICE],
  'cli/commands/quota': ['commander'],
  'cli/commands/history/rollback': OF_CUBES,
  'cli/commands/status': OF_CUBES,
  'cli/commands/history/tag': OF_CUBES,
  'cli/commands/values/sample': OF_CUBES,
  'cli/commands/values/stats': OF_CUBES,
  'cli/commands/values/view': OF_CUBES,
  'cli/commands/verify': OF_CUBES,
};

/** The one file that writes to the terminal: what others wrote is cleaned there. */
const WRITER = 'cli/output/terminal';

/** Standard input is read where a file may be `-`. */
const WRITING =
  /\bprocess\s*\.\s*(?:stdout|stderr)\b|\bconsole\s*\.|\b(?:stdout|stderr)\b[^'\n]*\bfrom 'node:process'|\bwriteSync\(\s*[12]\b/;

const problems = [];
const graph = new Map();
/** Loaded with a file, at once: files, and packages. */
const loaded = new Map();

for (const file of sources(src)) {
  const name = relative(src, file).replace(/\.ts$/, '');
  const text = readFileSync(file, 'utf8');
  const imports = importsOf(text);
  if (name !== WRITER && WRITING.test(withoutComments(text)))
    problems.push(`${name}: writes to the terminal, which is ${WRITER}'s`);
  const targets = [];
  const atOnce = { files: [], packages: [] };
  for (const { specifier, typeOnly, isLater } of imports) {
    if (specifier.startsWith('.')) {
      const target = relative(src, resolve(dirname(file), specifier)).replace(/\.js$/, '');
      if (target.startsWith('..'))
        problems.push(`${name}: imports ${specifier}, which is outside src`);
      targets.push(target);
      checkRoom(name, target);
      if (!typeOnly && !isLater) atOnce.files.push(target);
    } else if (!typeOnly) {
      checkOwner(name, specifier);
      if (!isLater) atOnce.packages.push(specifier);
    }
  }
  graph.set(name, targets);
  loaded.set(name, atOnce);
}
for (const name of ['src', 'test', 'scripts', 'native-bench']) checkFolders(join(root, name));
for (const folder of ['test', 'native-bench']) checkDoors(folder);
for (const [entry, allowed] of Object.entries(WAITS_FOR)) checkWaits(entry, allowed);
for (const name of graph.keys())
  if (name.startsWith('cli/commands/') && !Object.hasOwn(WAITS_FOR, name))
    problems.push(`${name}: expected a line in WAITS_FOR: what may its users wait for?`);
for (const cycle of cycles(graph)) problems.push(`cycle: ${cycle.join(' -> ')}`);
problems.push(...checkModuleState(root), ...checkDecisions(root));

if (problems.length > 0) {
  process.stderr.write(`${problems.join('\n')}\n`);
  process.stderr.write(
    `Expected modules as src/ARCHITECTURE.md has them but ${problems.length} things are not so.\n`,
  );
  process.exit(1);
}
process.stdout.write(`architecture: ${graph.size} files keep to their rooms\n`);

/** Roughly: what a docstring says is no code. */
function withoutComments(text) {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '');
}

function* sources(folder, wanted = /\.ts$/) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      if (entry.name !== 'node_modules') yield* sources(path, wanted);
    } else if (wanted.test(entry.name)) yield path;
  }
}

function importsOf(text) {
  const found = [];
  for (const match of text.matchAll(/^(?:import|export)\s+(type\s)?[^;'"]*?from\s+'([^']+)'/gms)) {
    found.push({ specifier: match[2], typeOnly: match[1] !== undefined });
  }
  for (const match of text.matchAll(/^import\s+'([^']+)'/gm))
    found.push({ specifier: match[1], typeOnly: false });
  for (const match of text.matchAll(/\b(?:import|require)\(\s*['"`]([^'"`$]+)['"`]\s*\)/g)) {
    found.push({ specifier: match[1], typeOnly: false, isLater: true });
  }
  return found;
}

function roomOf(name) {
  return name.split('/')[0];
}

function checkRoom(name, target) {
  const from = roomOf(name);
  const to = roomOf(target);
  if (from === to) {
    checkApart(name, target);
    return;
  }
  const allowed = MAY_IMPORT[from];
  if (allowed === undefined) problems.push(`${name}: ${from} is no room of the table`);
  else if (!allowed.includes(to) && !allowed.includes(target))
    problems.push(`${name}: imports ${target}`);
  if (DOORS[to] !== undefined && DOORS[to] !== target)
    problems.push(`${name}: imports ${target}, past ${DOORS[to]}`);
}

/** Of files outside src, which may import from it, or from what it is compiled to. */
function checkDoors(folder) {
  for (const file of sources(join(root, folder), /\.(?:ts|mjs|cjs)$/)) {
    const name = relative(root, file);
    for (const { specifier } of importsOf(readFileSync(file, 'utf8'))) {
      const target = relative(root, resolve(dirname(file), specifier)).replace(/\.js$/, '');
      const [, inside, room] = /^(?:src|dist)\/(([^/]+).*)$/.exec(target) ?? [];
      const door = DOORS[room];
      if (door !== undefined && inside !== door && !name.startsWith(`test/unit/${room}/`))
        problems.push(`${name}: imports ${inside}, past ${door}`);
    }
  }
}

function checkApart(name, target) {
  const lies = (file, group) => file.startsWith(`${group}/`);
  for (const [one, other, stated] of APART) {
    const meets =
      (lies(name, one) && lies(target, other)) || (lies(name, other) && lies(target, one));
    // Commands stand on options and output, not the other way.
    const isDown = one === 'cli/commands' && lies(name, one);
    if (meets && !isDown && stated !== `${name} -> ${target}`)
      problems.push(`${name}: imports ${target}; ${one} and ${other} never meet`);
  }
}

function checkFolders(folder) {
  const entries = readdirSync(folder, { withFileTypes: true });
  const count = entries.filter((entry) => entry.isFile()).length;
  if (count > MOST_FILES)
    problems.push(`${relative(root, folder)}: ${count} files in a folder, ${MOST_FILES} at most`);
  for (const entry of entries)
    if (entry.isDirectory() && !entry.name.startsWith('.') && entry.name !== 'node_modules')
      checkFolders(join(folder, entry.name));
}

function checkOwner(name, specifier) {
  const owner = Object.entries(OWNERS).find(
    ([dependency]) => specifier === dependency || specifier.startsWith(`${dependency}/`),
  );
  if (owner === undefined) return;
  const [dependency, owners] = owner;
  const places = [owners].flat();
  if (!places.some((place) => (place.endsWith('/') ? name.startsWith(place) : name === place)))
    problems.push(`${name}: loads ${dependency}, which is ${places.join(' and ')}'s`);
}

/** By the shortest chain of files that are loaded with one another. */
function checkWaits(entry, allowed) {
  const chains = new Map([[entry, [entry]]]);
  for (const [file, chain] of chains) {
    const { files, packages } = loaded.get(file) ?? { files: [], packages: [] };
    if (!loaded.has(file)) problems.push(`${file}: is not there, though ${chain[0]} is held to it`);
    for (const specifier of packages) {
      const heavy = Object.keys(OWNERS).find(
        (name) => specifier === name || specifier.startsWith(`${name}/`),
      );
      if (heavy !== undefined && !allowed.includes(heavy))
        problems.push(`${chain.join(' -> ')}: loads ${heavy} at once; import it where it is used`);
    }
    for (const next of files) if (!chains.has(next)) chains.set(next, [...chain, next]);
  }
}

function cycles(edges) {
  const state = new Map();
  const found = [];
  const visit = (node, path) => {
    if (state.get(node) === 'done') return;
    if (state.get(node) === 'open') {
      found.push([...path.slice(path.indexOf(node)), node]);
      return;
    }
    state.set(node, 'open');
    for (const next of edges.get(node) ?? []) visit(next, [...path, node]);
    state.set(node, 'done');
  };
  for (const node of edges.keys()) visit(node, []);
  return found;
}

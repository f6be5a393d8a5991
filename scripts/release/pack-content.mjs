/** What `npm pack` would put into the package, and what it has to be: rules over a list of names. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { lastLine, run } from '../bootstrap/run.mjs';

/** Bytes. The package had 3.4 MB packed and 11.7 MB unpacked when these were chosen, of which the viewer and pictures are 0.5. */
export const LARGEST = { packed: 5e6, unpacked: 16e6 };

/** Names that one of these matches may be in the package; all else must not. */
const WANTED = [
  /^(?:package\.json|README\.md|LICENSE)$/,
  // Pages that the README leads to, with their pictures.
  /^(?:\.github\/\w+\.md|\.github\/pictures\/[\w-]+\.(?:png|jpg)|native-bench\/(?:README\.md|commands\/README\.md|whole-tile\.svg))$/,
  /^dist\/(?!bundle\/)[\w/-]+\.(?:js|js\.map|d\.ts)$/,
  // The command and its threads, of one file each, and what they stand on.
  /^dist\/bundle\/(?:command-line\.cjs|work\.cjs|licenses\.txt)$/,
  // The viewer's page, of one bundle.
  /^dist\/view\/page\/(?:index\.html|app\.js|app\.css|licenses\.txt)$/,
  /^src\/view\/page\/(?:index\.html|app\.css|tsconfig\.json)$/,
  /^src\/[\w/-]+\.(?:ts|md)$/,
  /^src\/dataset\/dataset\.schema\.json$/,
  /^scripts\/(?:bootstrap\.mjs|bootstrap\/[\w/-]+\.(?:mjs|md)|[\w-]+\.c)$/,
];

/** @typedef {{ files: readonly string[], size: number, unpackedSize: number }} Packed */

/**
 * As npm itself says it, without packing.
 * @param {string} root
 * @returns {Promise<Packed>}
 * @throws {Error} when npm fails
 */
export async function listPacked(root) {
  const args = ['pack', '--dry-run', '--json', '--ignore-scripts'];
  const result = await run('npm', args, { cwd: root });
  if (!result.ok) throw new Error(`npm pack failed: ${lastLine(result.output)}`);
  const [packed] = JSON.parse(result.stdout);
  return { ...packed, files: packed.files.map(({ path }) => path) };
}

/** What a package has to hold, of a checkout at `root`: its manifest, and its sources below `src`. */
export function readExpected(/** @type {string} */ root) {
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const sources = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
    .map((name) => name.replaceAll('\\', '/'))
    .filter((name) => name.endsWith('.ts'));
  const setUp = readdirSync(join(root, 'scripts', 'bootstrap'), { recursive: true })
    .map((name) => `scripts/bootstrap/${String(name).replaceAll('\\', '/')}`)
    .filter((name) => name.endsWith('.mjs'));
  return { manifest, sources, setUp };
}

/**
 * One line for each thing that is wrong; empty where nothing is.
 * @param {Packed} packed
 * @param {ReturnType<typeof readExpected>} expected
 */
export function findProblems(packed, { manifest, sources, setUp }) {
  const files = new Set(packed.files);
  const page = ['index.html', 'app.js', 'app.css', 'licenses.txt'].map(
    (name) => `dist/view/page/${name}`,
  );
  const ofModules = sources.filter((name) => !name.startsWith('view/page/'));
  const compiled = new Set([
    ...page,
    ...ofModules.flatMap((name) =>
      ['.js', '.js.map', '.d.ts'].map((end) => `dist/${name.replace(/\.ts$/, end)}`),
    ),
  ]);
  const required = new Set([
    'package.json',
    'README.md',
    'LICENSE',
    'scripts/bootstrap.mjs',
    'dist/bundle/command-line.cjs',
    'dist/bundle/work.cjs',
    'dist/bundle/licenses.txt',
    ...setUp,
    ...targetsOf(manifest),
    ...compiled,
    // The maps of dist name them.
    ...sources.map((name) => `src/${name}`),
  ]);
  const missing = [...required].filter((name) => !files.has(name));
  const unwanted = packed.files.filter((name) => !WANTED.some((rule) => rule.test(name)));
  const stale = packed.files.filter(
    (name) => /^dist\/(?!bundle\/)/.test(name) && !unwanted.includes(name) && !compiled.has(name),
  );
  return [
    ...missing.map((name) => `${name}: expected in the package but it is not there`),
    ...unwanted.map((name) => `${name}: not expected in the package but it is there`),
    ...stale.map((name) => `${name}: has no source in src; rm -rf dist, then npm run setup`),
    ...tooLarge('packed', packed.size, LARGEST.packed),
    ...tooLarge('unpacked', packed.unpackedSize, LARGEST.unpacked),
  ];
}

/** Every file that package.json sends somebody to. */
function targetsOf(/** @type {{ bin: object, exports: object }} */ manifest) {
  const targets = [];
  const visit = (/** @type {unknown} */ value) => {
    if (typeof value === 'string') targets.push(value.replace(/^\.\//, ''));
    else if (typeof value === 'object' && value !== null) Object.values(value).forEach(visit);
  };
  visit(manifest.bin);
  visit(manifest.exports);
  return targets;
}

/** @param {string} what @param {number} bytes @param {number} most */
function tooLarge(what, bytes, most) {
  if (bytes <= most) return [];
  return [`${what}: expected at most ${most / 1e6} MB but it is ${(bytes / 1e6).toFixed(1)} MB`];
}

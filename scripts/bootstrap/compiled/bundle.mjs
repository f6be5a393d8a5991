/**
 * Makes one file each of what the command and its threads are compiled to, with the packages that these stand on:
 * `dist/bundle`, which `dist/cli/main.js` and `dist/pool/worker.js` prefer while it is not older than the rest of
 * dist. Node takes half a millisecond of processor time for each file that it has to find, read and link; and one file
 * can be given to V8 together with what it had made of it at the set-up (`code-cache.mjs`).
 *
 * What the library exports is not bundled.
 */
import { createHash } from 'node:crypto';
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { isBuiltin } from 'node:module';
import { join, relative } from 'node:path';

/** What is bundled. The file of the first is the one that is looked at, and written last. */
export const ENTRIES = { 'command-line': 'cli/command-line.js', work: 'pool/work.js' };

/**
 * Packages that stay where npm has put them, because they are native, find files of their own, speak to
 * the network (so that who updates them has that at once), or are large and seldom wanted.
 */
const OUTSIDE = new Set([
  ...['@earthmover/icechunk', 'gdal-async', 'sharp', 'pino', 'piscina'],
  ...['@google/earthengine', 'google-auth-library', 'undici', 'aws4fetch'],
  ...['h5wasm', 'numcodecs', 'opentype.js', 'zarrita'],
]);

/** Of Node's own modules, those that take milliseconds to be there. */
const SLOW = new Set([
  ...['node:child_process', 'node:fs/promises', 'node:http', 'node:net', 'node:stream/promises'],
  ...['node:timers/promises', 'node:worker_threads', 'node:zlib'],
]);

/** The `require` of a module that asks for proj4, which is to be in the bundle. */
const ASKED_BY_REQUIRE =
  /const require = createRequire\(import\.meta\.url\);(?=[\s\S]*require\('proj4'\))/;

const isForLater = (/** @type {string} */ id) =>
  SLOW.has(id) || OUTSIDE.has(/^(?:@[^/]+\/)?[^/]+/.exec(id)?.[0] ?? '');

/** An own module whose only line asks Node for what is not in the bundle. */
const LATER = '\0later:';

/**
 * @param {string} root
 * @throws {Error} where the bundler is absent or fails; then there is no bundle
 */
export async function bundleCommand(root) {
  const dist = join(root, 'dist');
  const target = join(dist, 'bundle');
  try {
    const { rolldown } = await import('rolldown');
    const files = new Map();
    const modules = [];
    for (const [name, source] of Object.entries(ENTRIES)) {
      const bundle = await rolldown({
        input: { [name]: join(dist, source) },
        platform: 'node',
        external: (id, importer) =>
          importer?.startsWith(LATER) === true || (isBuiltin(id) && !isForLater(id)),
        plugins: [laterRequires(), ownPlaces(target)],
      });
      const { output } = await bundle.generate({
        format: 'cjs',
        codeSplitting: false,
        exports: 'named',
        strict: true,
        entryFileNames: '[name].cjs',
        comments: { legal: true, annotation: false, jsdoc: false },
      });
      await bundle.close();
      const [{ fileName, code, moduleIds }] = output;
      if (/\bimport\(/.test(code)) throw new Error(`${fileName} imports what is not in it`);
      files.set(fileName, sealed(code));
      modules.push(...moduleIds);
    }
    files.set('licenses.txt', licencesOf(root, modules));
    writeFiles(target, files);
  } catch (error) {
    rmSync(target, { recursive: true, force: true });
    throw error;
  }
}

/**
 * The code behind a line with its hash, which tells what V8 has made of it from what it has made of other code; and
 * with nothing in it but ASCII, of which Node makes a text by copying.
 */
function sealed(/** @type {string} */ code) {
  const plain = code.replaceAll(
    /[^\0-\x7f]/g,
    (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  return `//${createHash('sha256').update(plain).digest('hex')}\n${plain}`;
}

/** What is not bundled is asked for when what imports it is run, not when the command starts. */
function laterRequires() {
  return {
    name: 'later-requires',
    resolveId: (/** @type {string} */ id) => (isForLater(id) ? LATER + id : null),
    load: (/** @type {string} */ id) =>
      id.startsWith(LATER)
        ? `module.exports = require(${JSON.stringify(id.slice(LATER.length))});`
        : null,
  };
}

/** What the page of the viewer is made of, beside its code. */
const PAGE = ['src', 'view', 'page'];

/**
 * Makes one file of the code of the viewer's page and all that it stands on, one of its styles, and one of the licences:
 * the page is shown without a network.
 *
 * @param {string} root
 * @throws {Error} where the bundler or OpenLayers is absent or fails; what was there stays
 */
export async function bundlePage(root) {
  const [source, target] = [join(root, ...PAGE), join(root, 'dist', 'view', 'page')];
  const { rolldown } = await import('rolldown');
  const bundle = await rolldown({ input: { app: join(source, 'app.ts') }, platform: 'browser' });
  const { output } = await bundle.generate({
    format: 'esm',
    entryFileNames: '[name].js',
    minify: true,
  });
  await bundle.close();
  const [app] = output;
  const styles = [join(root, 'node_modules', 'ol', 'ol.css'), join(source, 'app.css')].map((path) =>
    readFileSync(path, 'utf8'),
  );
  const files = {
    'index.html': readFileSync(join(source, 'index.html'), 'utf8'),
    'app.js': app.code,
    'app.css': styles.join('\n'),
    'licenses.txt': licencesOf(root, app.moduleIds),
  };
  mkdirSync(target, { recursive: true });
  for (const [name, text] of Object.entries(files)) writeFileSync(join(target, name), text);
}

/**
 * Of the packages that a bundle is made of.
 * @param {string} root
 * @param {readonly string[]} modules
 */
function licencesOf(root, modules) {
  const packages = new Set(
    modules.flatMap(
      (id) => /[\\/]node_modules[\\/]((?:@[^\\/]+[\\/])?[^\\/]+)/.exec(id)?.[1] ?? [],
    ),
  );
  const texts = [...packages].sort().map((name) => {
    const folder = join(root, 'node_modules', name);
    const { version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    const file = readdirSync(folder).find((each) => /^licen[cs]e/i.test(each));
    const text = file === undefined ? '' : `\n\n${readFileSync(join(folder, file), 'utf8').trim()}`;
    return `${name} ${version} (${license})${text}\n`;
  });
  return texts.join(`\n${'-'.repeat(72)}\n\n`);
}

/**
 * Each module finds what lies beside it (addons, threads, package.json) from where it was compiled to, and packages
 * outside by the `import` of a module: code that V8 has from its cache cannot import. `bundleUrl` and `importOutside` are
 * what `src/machine/bundled.ts` gives the code.
 */
function ownPlaces(/** @type {string} */ target) {
  return {
    name: 'own-places',
    transform(/** @type {string} */ code, /** @type {string} */ id) {
      if (/[\\/]node_modules[\\/]/.test(id)) return null;
      const place = JSON.stringify(relative(target, id).replaceAll('\\', '/'));
      return code
        .replace(ASKED_BY_REQUIRE, '')
        .replaceAll(/\bimport\((?!['"]\.)/g, 'importOutside(')
        .replaceAll('import.meta.url', `new URL(${place}, bundleUrl).href`);
    },
  };
}

/**
 * Only what differs, because a command that runs may still load parts of itself.
 * @param {string} folder
 * @param {ReadonlyMap<string, string>} files
 */
function writeFiles(folder, files) {
  mkdirSync(folder, { recursive: true });
  const last = `${Object.keys(ENTRIES)[0]}.cjs`;
  const names = [...files.keys()].filter((name) => name !== last);
  for (const name of [...names, last]) {
    const path = join(folder, name);
    const code = files.get(name) ?? '';
    if (readIfThere(path) !== code) {
      writeFileSync(`${path}.${process.pid}.tmp`, code);
      renameSync(`${path}.${process.pid}.tmp`, path);
    }
  }
  const now = new Date();
  utimesSync(join(folder, last), now, now);
  for (const name of readdirSync(folder)) if (!files.has(name)) rmSync(join(folder, name));
}

function readIfThere(/** @type {string} */ path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

/**
 * Makes few files of the many that the command and its threads are compiled to: `dist/bundle`, which
 * `dist/cli/main.js` and `dist/pool/worker.js` prefer while it is not older than the rest of dist. Node takes half
 * a millisecond of processor time for each file that it has to find, read and link.
 *
 * Dependencies stay where npm has put them. What the library exports is not bundled.
 */
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join, relative } from 'node:path';

/** Its file is the one that is looked at, and written last. */
const ENTRY = 'command-line';

/**
 * @param {string} root
 * @throws {Error} where the bundler is absent or fails; then there is no bundle
 */
export async function bundleCommand(root) {
  const dist = join(root, 'dist');
  const target = join(dist, 'bundle');
  try {
    const { rolldown } = await import('rolldown');
    const bundle = await rolldown({
      input: {
        [ENTRY]: join(dist, 'cli', `${ENTRY}.js`),
        work: join(dist, 'pool', 'work.js'),
      },
      platform: 'node',
      external: (id) => !/^[./]/.test(id),
      plugins: [ownPlaces(target)],
    });
    const { output } = await bundle.generate({
      format: 'esm',
      entryFileNames: '[name].js',
      chunkFileNames: '[name]-[hash].js',
      comments: { legal: true, annotation: false, jsdoc: false },
    });
    await bundle.close();
    writeFiles(target, new Map(output.map((file) => [file.fileName, file.code])));
  } catch (error) {
    rmSync(target, { recursive: true, force: true });
    throw error;
  }
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

/** Each module finds what lies beside it (addons, threads, package.json) from where it was compiled to. */
function ownPlaces(/** @type {string} */ target) {
  return {
    name: 'own-places',
    transform(/** @type {string} */ code, /** @type {string} */ id) {
      if (!code.includes('import.meta.url')) return null;
      const place = JSON.stringify(relative(target, id).replaceAll('\\', '/'));
      return code.replaceAll('import.meta.url', `new URL(${place}, import.meta.url).href`);
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
  const last = `${ENTRY}.js`;
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

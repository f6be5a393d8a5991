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

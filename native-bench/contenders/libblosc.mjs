/**
 * libbloscs to compare: the addon that the project uses, over the system's library; and the same addon over
 * the sources that come with numcodecs' source package (a newer Blosc, zstd and LZ4), compiled here, once for
 * any processor and once for this one.
 */
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { cpus } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { findNodeHeaders } from '../../scripts/bootstrap/gdal/probe.mjs';

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const SYSTEM = join(ROOT, '.native', `blosc-${process.platform}-${process.arch}.node`);
const REQUIREMENTS = join(ROOT, 'native-bench', 'python', 'requirements.txt');

const BUILDS = [
  { id: 'newer', name: 'newer, compiled for any processor', flags: ['-O3'] },
  { id: 'native', name: 'newer, compiled for this processor', flags: ['-O3', '-march=native'] },
];

/**
 * @typedef {object} Library
 * @property {string} id
 * @property {string} name for tables
 * @property {string} file of the addon
 */

/**
 * @param {{ python?: string, say: (line: string) => void }} setting `python` of the benchmark's environment
 *   gets the sources, and beside it builds are kept
 * @returns {Promise<{ libraries: Library[], leftOut?: string }>} and why some are not among them
 */
export async function findLibraries({ python, say }) {
  const libraries = existsSync(SYSTEM)
    ? [{ id: 'system', name: "the system's", file: SYSTEM }]
    : [];
  if (python === undefined)
    return { libraries, leftOut: 'there is no Python to get the sources with' };
  try {
    for (const { id, name, flags } of BUILDS)
      libraries.push({ id, name, file: await provide(id, flags, python, say) });
    return { libraries };
  } catch (error) {
    const reason = String(error.stderr || error.message).trim();
    say(`the newer libblosc is left out: ${reason}`);
    return { libraries, leftOut: reason.split('\n').at(-1) };
  }
}

async function provide(id, flags, python, say) {
  const [, version] = /^numcodecs==(\S+)/m.exec(readFileSync(REQUIREMENTS, 'utf8')) ?? [];
  const folder = join(dirname(dirname(python)), `libblosc-${version}`);
  const processor = id === 'native' ? `-${cpus()[0]?.model.replace(/\W+/g, '-')}` : '';
  const file = join(folder, `${id}${processor}-${process.version}.node`);
  if (existsSync(file)) return file;
  const sources = await provideSources(folder, version, python);
  say(`compiling libblosc with ${flags.join(' ')}`);
  const objects = join(folder, `${id}.tmp`);
  rmSync(objects, { recursive: true, force: true });
  mkdirSync(objects, { recursive: true });
  const complibs = join(sources, 'internal-complibs');
  const [lz4, zstd] = ['lz4', 'zstd'].map((name) => folderOf(complibs, name));
  const parts = ['common', 'compress', 'decompress'].map((part) => join(zstd, part));
  const includes = [join(sources, 'blosc'), lz4, zstd, ...parts, nodeHeaders()];
  const options = [
    ...['-fPIC', '-fvisibility=hidden', ...flags, ...includes.map((path) => `-I${path}`)],
    ...['-DHAVE_LZ4', '-DHAVE_ZSTD', '-DSHUFFLE_SSE2_ENABLED', '-DSHUFFLE_AVX2_ENABLED'],
  ];
  for (const source of [join(sources, 'blosc'), ...parts]
    .flatMap(sourcesIn)
    .concat(['lz4.c', 'lz4hc.c'].map((name) => join(lz4, name)))) {
    const own = source.includes('avx2') ? ['-mavx2'] : [];
    const object = join(objects, `${source.replaceAll('/', '_')}.o`);
    await run('cc', ['-c', ...options, ...own, '-o', object, source]);
  }
  const made = readdirSync(objects).map((name) => join(objects, name));
  const addon = join(ROOT, 'scripts', 'blosc.c');
  await run('cc', [
    ...['-std=c11', '-shared', ...options, '-o', `${file}.tmp`, addon, ...made, '-lpthread'],
  ]);
  rmSync(objects, { recursive: true });
  renameSync(`${file}.tmp`, file);
  return file;
}

/** The source package as pip gets it, unpacked. */
async function provideSources(folder, version, python) {
  const sources = join(folder, `numcodecs-${version}`, 'c-blosc');
  if (existsSync(sources)) return sources;
  mkdirSync(folder, { recursive: true });
  const wanted = ['--no-deps', '--no-binary', 'numcodecs', `numcodecs==${version}`];
  await run(python, ['-m', 'pip', 'download', '-q', ...wanted, '-d', folder]);
  await run('tar', ['xzf', join(folder, `numcodecs-${version}.tar.gz`), '-C', folder]);
  return sources;
}

function nodeHeaders() {
  const prefix = findNodeHeaders();
  if (prefix === undefined) throw new Error("there are no headers of this Node's");
  return join(prefix, 'include', 'node');
}

function folderOf(parent, name) {
  return join(
    parent,
    readdirSync(parent).find((each) => each.startsWith(`${name}-`)),
  );
}

function sourcesIn(folder) {
  return readdirSync(folder)
    .filter((name) => /\.[cS]$/.test(name))
    .map((name) => join(folder, name));
}

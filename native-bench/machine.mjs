import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { arch, availableParallelism, cpus, loadavg, platform, release, totalmem } from 'node:os';
import { gdalFacts } from '../dist/kernel/gdal/facts.js';

const require = createRequire(import.meta.url);

/** Where numbers were measured. `load` is the system's own, of the last minute: others may have computed too. */
export function describeMachine() {
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memoryGiB: totalmem() / 1024 ** 3,
    os: `${distribution()} (${platform()} ${release()}, ${arch()})`,
    load: loadavg()[0],
  };
}

/** What was measured. @param {string} root of the project */
export function describeVersions(root) {
  const { version, bundled, bloscCompressors } = gdalFacts();
  return {
    'smart-geocubes-native': `${readVersion('../package.json')}${commitOf(root)}`,
    node: process.versions.node,
    gdal: `${version} (${bundled ? 'bundled' : "the system's"})`,
    gdalwarp: commandVersion('gdalwarp') ?? 'not installed',
    'Blosc of GDAL': bloscCompressors.join(', ') || 'none',
    libblosc: bloscVersion() ?? 'unknown',
    'gdal-async': readVersion('gdal-async/package.json'),
    'numcodecs.js': readVersion('../node_modules/numcodecs/package.json'),
    zarrita: readVersion('../node_modules/zarrita/package.json'),
    icechunk: readVersion('../node_modules/@earthmover/icechunk/package.json'),
  };
}

/** Such as ` (commit 1a2b3c4)`; nothing outside of a repository. */
function commitOf(root) {
  const git = (...args) => spawnSync('git', args, { cwd: root, encoding: 'utf8' });
  const { status, stdout } = git('rev-parse', '--short', 'HEAD');
  if (status !== 0) return '';
  const isChanged = git('status', '--porcelain', '--', 'src', 'package-lock.json').stdout !== '';
  return ` (commit ${stdout.trim()}${isChanged ? ', changed' : ''})`;
}

/** Of one of GDAL's commands, which say "GDAL 3.6.2, released ...". */
function commandVersion(command) {
  const { stdout } = spawnSync(command, ['--version'], { encoding: 'utf8' });
  return /^GDAL ([^,\s]+)/.exec(stdout ?? '')?.[1];
}

function readVersion(path) {
  try {
    const file = path.startsWith('.') ? new URL(path, import.meta.url) : require.resolve(path);
    return JSON.parse(readFileSync(file, 'utf8')).version;
  } catch {
    return 'unknown';
  }
}

function distribution() {
  try {
    return /^PRETTY_NAME="(.*)"$/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? 'Linux';
  } catch {
    return platform();
  }
}

/** Of the library that GDAL has loaded into this process, by the name of its file. */
function bloscVersion() {
  try {
    return /libblosc\.so\.([\d.]+)/.exec(readFileSync('/proc/self/maps', 'utf8'))?.[1];
  } catch {
    return undefined;
  }
}

/** The decisions about GDAL's binding, apart from the doing: pure functions over what was found. */
import { SetupFailure } from '../report.mjs';

/** The ways to get the binding, in the order they are tried. */
export const CHOICES = /** @type {const} */ (['present', 'cached', 'system', 'apt']);

/** @typedef {(typeof CHOICES)[number]} Choice */

/**
 * What this machine has.
 * @typedef {object} Probe
 * @property {string} [headers] version of the system's GDAL, where its headers are installed
 * @property {readonly Tool[]} missingTools what a build needs beside them and did not find
 * @property {boolean} canApt a Debian-family system, we are root, and nobody forbade it
 * @property {boolean} hasCached a binding built earlier may fit
 */

/** @typedef {'c++' | 'make' | 'python3'} Tool */

/**
 * @param {string | undefined} value of GEOCUBES_GDAL
 * @returns {Choice | undefined}
 */
export function forcedChoice(value) {
  if (value === undefined || value === '') return undefined;
  const choice = CHOICES.find((name) => name === value);
  if (choice !== undefined) return choice;
  if (value === 'prebuilt') {
    throw new SetupFailure(
      "gdal-async's prebuilt binary is not used: no hash in this repository tells whether what is downloaded is what its authors built",
      "install the system's GDAL with headers (Debian: libgdal-dev), then GEOCUBES_GDAL=system npm start",
    );
  }
  throw new SetupFailure(
    `Expected one of ${CHOICES.join(', ')} for GEOCUBES_GDAL but received "${value}"`,
    'unset GEOCUBES_GDAL, then npm start',
  );
}

/**
 * Whether packages of the system may be installed, which takes root as well.
 * @param {readonly string[]} args of the set-up
 * @param {string | undefined} forbidden value of GEOCUBES_NO_APT
 */
export function mayInstall(args, forbidden) {
  const unknown = args.find((arg) => arg !== '--no-apt');
  if (unknown !== undefined) {
    throw new SetupFailure(
      `Expected --no-apt or nothing but received "${unknown}"`,
      'npm run setup -- --no-apt',
    );
  }
  if (!['', '0', '1', undefined].includes(forbidden)) {
    throw new SetupFailure(
      `Expected 1 or 0 for GEOCUBES_NO_APT but received "${forbidden}"`,
      'GEOCUBES_NO_APT=1 npm start',
    );
  }
  return args.length === 0 && forbidden !== '1';
}

/**
 * What is said before packages of the system are installed: which, what for, and how to keep it from that.
 * @param {readonly string[]} packages
 * @param {string} log
 */
export function announceInstall(packages, log) {
  return [
    `GDAL: as root, installing packages of the system, to build GDAL's binding: apt-get install ${packages.join(' ')}; takes a few minutes on a bare system (log: ${log})`,
    'GDAL: without them: Ctrl-C, then GEOCUBES_NO_APT=1 npm start (or npm run setup -- --no-apt); GEOCUBES_GDAL=present or cached takes only a binding made earlier',
  ];
}

/**
 * What to try, in order, once no binding is present.
 *
 * Where the headers are there and only a tool is missing, `system` installs the tool itself if it
 * may; `apt` has nothing to add then. The binary that gdal-async's authors offer for download is not
 * among them: no hash of it stands in this repository.
 *
 * @param {Probe} probe
 * @param {Choice} [forced]
 * @returns {Choice[]}
 */
export function planChoices(probe, forced) {
  if (forced !== undefined) return [forced];
  const canBuild = probe.headers !== undefined && (probe.missingTools.length === 0 || probe.canApt);
  /** @type {Choice[]} */
  const plan = [];
  if (probe.hasCached) plan.push('cached');
  if (canBuild) plan.push('system');
  if (probe.canApt && probe.headers === undefined) plan.push('apt');
  return plan;
}

/**
 * @typedef {object} BindingIdentity
 * @property {string} platform
 * @property {string} arch
 * @property {string} abi `process.versions.modules`
 * @property {string} gdalAsync version of the package
 */

/** @param {BindingIdentity} identity */
export function cachePrefix({ platform, arch, abi, gdalAsync }) {
  return `gdal-${platform}-${arch}-abi${abi}-async${safe(gdalAsync)}-`;
}

/**
 * @param {BindingIdentity} identity
 * @param {string} gdal version of the system's GDAL it is linked with, or `bundled`
 */
export function cacheKey(identity, gdal) {
  return `${cachePrefix(identity)}gdal${safe(gdal)}.node`;
}

/** Development versions of GDAL carry a revision and may carry anything. */
function safe(/** @type {string} */ version) {
  return version.replaceAll(/[^\w.+]/g, '_');
}

/**
 * The cached files worth a try. With headers on this machine, only a binding of that very version
 * (anything else would be better built anew); without, every version. One with a GDAL compiled in, which
 * may have been downloaded, only if forced, and last.
 *
 * @param {readonly string[]} names in the cache folder
 * @param {BindingIdentity} identity
 * @param {string | undefined} headers
 * @param {boolean} forced then the others too
 */
export function cachedCandidates(names, identity, headers, forced) {
  const fitting = names.filter(
    (name) => name.startsWith(cachePrefix(identity)) && name.endsWith('.node'),
  );
  const exact =
    headers === undefined ? [] : fitting.filter((name) => name === cacheKey(identity, headers));
  if (headers !== undefined && !forced) return exact;
  const bundled = cacheKey(identity, 'bundled');
  const others = fitting
    .filter((name) => !exact.includes(name) && name !== bundled)
    .sort()
    .reverse();
  if (!forced) return others;
  return [...exact, ...others, ...fitting.filter((name) => name === bundled)];
}

/** @typedef {'debian' | 'fedora' | 'arch' | 'suse' | 'macos' | 'other'} SystemFamily */

/** @type {Record<Exclude<SystemFamily, 'other'>, { install: string, names: Record<Tool | 'gdal', string> }>} */
const INSTALLERS = {
  debian: {
    install: 'sudo apt-get install -y',
    names: { gdal: 'libgdal-dev', python3: 'python3', 'c++': 'g++', make: 'make' },
  },
  fedora: {
    install: 'sudo dnf install -y',
    names: { gdal: 'gdal-devel', python3: 'python3', 'c++': 'gcc-c++', make: 'make' },
  },
  arch: {
    install: 'sudo pacman -S --needed',
    names: { gdal: 'gdal', python3: 'python', 'c++': 'gcc', make: 'make' },
  },
  suse: {
    install: 'sudo zypper install -y',
    names: { gdal: 'gdal-devel', python3: 'python3', 'c++': 'gcc-c++', make: 'make' },
  },
  macos: {
    install: 'brew install',
    names: { gdal: 'gdal', python3: 'python', 'c++': 'llvm', make: 'make' },
  },
};

/**
 * Names of the packages a build still needs.
 * @param {Exclude<SystemFamily, 'other'>} family
 * @param {Pick<Probe, 'headers' | 'missingTools'>} probe
 */
export function missingPackages(family, { headers, missingTools }) {
  const { names } = INSTALLERS[family];
  const gdal = headers === undefined ? [names.gdal] : [];
  return [...gdal, ...missingTools.map((tool) => names[tool])];
}

/**
 * The one command that lets the next run succeed, or undefined where nothing is missing.
 * @param {SystemFamily} family
 * @param {Pick<Probe, 'headers' | 'missingTools'>} probe
 * @param {boolean} isRoot
 */
export function installCommand(family, probe, isRoot) {
  if (probe.headers !== undefined && probe.missingTools.length === 0) return undefined;
  if (family === 'other') {
    return "install GDAL with its headers (so that gdal-config is on the PATH), a C++ compiler, make and python3 with your system's package manager, then npm start";
  }
  const { install } = INSTALLERS[family];
  const command = `${install} ${missingPackages(family, probe).join(' ')}`;
  return `${isRoot ? command.replace(/^sudo /, '') : command} && npm start`;
}

const BUILD_FAILURES = /** @type {const} */ ([
  [/Could not find any Python|ERR! find Python/, 'node-gyp found no Python'],
  [
    /gdal(_\w+)?\.h: No such file|gdal-config: not found/,
    "the system's GDAL headers are incomplete",
  ],
  [/not found: make|make: (command )?not found/, 'make is missing'],
  [
    /Killed signal terminated program|virtual memory exhausted|cannot allocate memory/i,
    'the compiler ran out of memory',
  ],
  [/No space left on device|ENOSPC/, 'the disk is full'],
  [
    /nodejs\.org\/.*(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT)|(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT).*nodejs\.org/,
    "Node's headers are not on this machine and could not be downloaded",
  ],
  [/[c+]\+\+: (command )?not found|ENOENT.*(g\+\+|clang)/, 'the C++ compiler is missing'],
]);

/** What in a build's output says why it failed, in a few words. */
export function explainBuildFailure(/** @type {string} */ output) {
  const known = BUILD_FAILURES.find(([pattern]) => pattern.test(output));
  if (known !== undefined) return known[1];
  const error = /^.*\berror: .*$/m.exec(output)?.[0].trim();
  return error === undefined
    ? 'the build ended with an error'
    : `the compiler says "${error.slice(0, 160)}"`;
}

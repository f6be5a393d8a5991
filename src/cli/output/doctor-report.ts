/** What `geocubes doctor` knows: whether the main job can run here, and with what. */
import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { availableParallelism, tmpdir, totalmem } from 'node:os';
import {
  type Detected,
  detectAccount,
  type Surroundings,
  thisMachine,
} from '../../cube/sources/account.js';
import { SetupError } from '../../errors.js';
import { type BloscAddon, loadBlosc } from '../../kernel/gdal/blosc-addon.js';
import {
  type GdalFacts,
  gdalFacts,
  NEEDED_DRIVERS,
  strayFolders,
} from '../../kernel/gdal/facts.js';
import { resamplingLack } from '../../kernel/gdal/resample-addon.js';
import { SET_UP_COMMAND } from '../../machine/set-up.js';
import { type IcechunkStatus, icechunkStatus } from '../../store/icechunk/load.js';

export interface DoctorRow {
  readonly name: string;
  /** `warn`: the main job runs, but not everything does. `fail`: it cannot run. */
  readonly status: 'ok' | 'warn' | 'fail';
  readonly value: string;
  /** What to type or set; absent where there is nothing to do. */
  readonly todo?: string;
}

export interface DoctorReport {
  /** False where the main job (fetch, process, store) cannot run on this machine. */
  readonly ok: boolean;
  readonly rows: readonly DoctorRow[];
}

/** What the report asks; all of it can be replaced, so that any machine can be described in a test. */
export interface DoctorOptions extends Partial<Surroundings> {
  /** Version of Node without the leading v. Default: the running one. */
  readonly node?: string;
  /** Folder for temporary files. Default: the system's. */
  readonly temp?: string;
  /** Default: asks the binding, which loads it into this process. */
  readonly gdal?: () => GdalFacts;
  /** Whether a folder is there. */
  readonly exists?: (path: string) => boolean;
  /** Default: loads the addon into this process. */
  readonly blosc?: () => Pick<BloscAddon, 'version'> | undefined;
  /** Why the addon that resamples is not in use; `undefined` where it is. Default: loads it into this process. */
  readonly resample?: () => ResamplingLack | undefined;
  /** Default: asks the binding, which loads it into this process. */
  readonly icechunk?: () => Promise<IcechunkStatus>;
}

const OLDEST_NODE = '20.18.1';

/** With less memory in all, whole tiles in flight on several threads may not fit. */
const COMFORTABLE_BYTES = 4 * 1024 ** 3;

/** Looks at this machine. A binding that does not load becomes a row, never an error. */
export async function gatherDoctorReport(options: DoctorOptions = {}): Promise<DoctorReport> {
  const account = detectAccount({}, { ...thisMachine(), ...options });
  const rows = [
    describeNode(options.node ?? process.versions.node),
    ...describeGdal(options.gdal ?? gdalFacts),
    ...describeFolders(options.env ?? process.env, options.exists ?? existsSync),
    describeBlosc(options.blosc ?? loadBlosc),
    describeResample(options.resample ?? resamplingLack),
    await describeIcechunk(options.icechunk ?? icechunkStatus),
    describeCredentials(account),
    describeProject(account),
    { name: 'Cores', status: 'ok', value: String(availableParallelism()) } as const,
    describeMemory(memoryLimit(), process.availableMemory()),
    describeTemp(options.temp ?? tmpdir()),
  ];
  return { ok: rows.every((row) => row.status !== 'fail'), rows };
}

function describeNode(version: string): DoctorRow {
  const isNew = version.localeCompare(OLDEST_NODE, 'en', { numeric: true }) >= 0;
  if (isNew) return { name: 'Node', status: 'ok', value: version };
  return {
    name: 'Node',
    status: 'fail',
    value: `${version}, older than ${OLDEST_NODE}`,
    todo: 'install Node 20 or newer (https://nodejs.org/en/download)',
  };
}

function describeGdal(ask: () => GdalFacts): DoctorRow[] {
  let facts: GdalFacts;
  try {
    facts = ask();
  } catch (error) {
    return [missing('GDAL', error)];
  }
  const linked = facts.bundled ? "bundled (gdal-async's own)" : "system (the system's libgdal)";
  return [
    { name: 'GDAL', status: 'ok', value: `${facts.version}, ${linked}` },
    describeDrivers(facts),
    describeEncoders(facts),
  ];
}

function describeDrivers({ drivers }: GdalFacts): DoctorRow {
  const absent = NEEDED_DRIVERS.filter((name) => !drivers[name]);
  const name = 'GDAL drivers';
  if (absent.length === 0) return { name, status: 'ok', value: NEEDED_DRIVERS.join(', ') };
  return {
    name,
    status: 'fail',
    value: `without ${absent.join(', ')}`,
    todo: `install a GDAL that has them, with headers (Debian: libgdal-dev), then GEOCUBES_GDAL=system ${SET_UP_COMMAND}`,
  };
}

function describeEncoders({ bloscCompressors, bundled }: GdalFacts): DoctorRow {
  const name = 'Blosc encoders';
  if (bloscCompressors.includes('zstd')) {
    return { name, status: 'ok', value: bloscCompressors.join(', ') };
  }
  return {
    name,
    status: 'warn',
    value: bloscCompressors.length === 0 ? 'none in this GDAL' : bloscCompressors.join(', '),
    todo: bundled
      ? `install the system's GDAL with headers (Debian: libgdal-dev), then GEOCUBES_GDAL=system ${SET_UP_COMMAND}`
      : "a GDAL whose Zarr driver has Blosc with zstd (Debian's has)",
  };
}

function describeBlosc(ask: () => Pick<BloscAddon, 'version'> | undefined): DoctorRow {
  const addon = ask();
  const name = 'Blosc addon';
  if (addon !== undefined) return { name, status: 'ok', value: `libblosc ${addon.version}` };
  return {
    name,
    status: 'warn',
    value: 'none: chunks are compressed and read more slowly',
    todo: `install libblosc with its header (Debian: libblosc-dev) and a C compiler, then ${SET_UP_COMMAND}`,
  };
}

/** Why it is not in use. */
type ResamplingLack = NonNullable<ReturnType<typeof resamplingLack>>;

/** What is the matter with the addon that resamples, and what to do; what is not listed is not there. */
const RESAMPLE_LACKS: { readonly [lack in ResamplingLack]?: readonly [string, string] } = {
  'other version': ['of another version of this package, so it is not used', SET_UP_COMMAND],
  broken: ['does not load, so it is not used', SET_UP_COMMAND],
  off: ['left alone', 'unset GEOCUBES_NO_ADDONS'],
};

function describeResample(ask: () => ResamplingLack | undefined): DoctorRow {
  const name = 'Resampling addon';
  const lack = ask();
  if (lack === undefined) return { name, status: 'ok', value: 'in use' };
  const [what, todo] = RESAMPLE_LACKS[lack] ?? [
    'not made',
    `install a C compiler (Debian: build-essential), then ${SET_UP_COMMAND}`,
  ];
  const value = `${what}: rasters of another grid are resampled more slowly, in TypeScript`;
  return { name, status: 'warn', value, todo };
}

async function describeIcechunk(ask: () => Promise<IcechunkStatus>): Promise<DoctorRow> {
  try {
    const { linkage, version } = await ask();
    const how = linkage === 'native' ? 'native' : 'with the glibc addon';
    return { name: 'Icechunk', status: 'ok', value: `${version}, ${how}` };
  } catch (error) {
    return missing('Icechunk', error);
  }
}

/** Variables of GDAL that lead nowhere; those of PROJ are an error of loading it. */
function describeFolders(
  env: Readonly<Record<string, string | undefined>>,
  exists: (path: string) => boolean,
): DoctorRow[] {
  return strayFolders(env, exists).map(({ name, value, lost }) => ({
    name,
    status: 'warn',
    value: `${value} is not there: GDAL has no ${lost}`,
    todo: `unset ${name}`,
  }));
}

function missing(name: string, error: unknown): DoctorRow {
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof SetupError && error.kind === 'environment') {
    const end = message.lastIndexOf('. ') + 1;
    return { name, status: 'fail', value: message.slice(0, end), todo: message.slice(end + 1) };
  }
  // A SetupError ends with what to run; here that has a line of its own.
  const [value = message] = message.split(' Run "');
  return { name, status: 'fail', value, todo: SET_UP_COMMAND };
}

function describeCredentials({ account, passedOver }: Detected): DoctorRow {
  const name = 'Earth Engine credentials';
  if (account === undefined) {
    const value = passedOver === undefined ? 'none (the demo needs none)' : 'none that can be used';
    const todo =
      passedOver ??
      'gcloud auth application-default login, or set GOOGLE_APPLICATION_CREDENTIALS to a key file';
    return { name, status: 'warn', value, todo };
  }
  const { origin, problem } = account;
  if (problem !== undefined)
    return {
      name,
      status: 'warn',
      value: `${origin} ${problem}`,
      todo: `mend or unset ${origin}`,
    };
  return { name, status: 'ok', value: `from ${origin}` };
}

function describeProject({ project }: Detected): DoctorRow {
  const name = 'Earth Engine project';
  if (project !== undefined)
    return { name, status: 'ok', value: `${project.id}, from ${project.origin}` };
  return {
    name,
    status: 'warn',
    value: 'none (the demo needs none)',
    todo: 'export GOOGLE_CLOUD_PROJECT=<your Google Cloud project>',
  };
}

/** A container's limit where there is one, in bytes. */
function memoryLimit(): number {
  const constrained = process.constrainedMemory();
  return constrained > 0 ? Math.min(constrained, totalmem()) : totalmem();
}

function describeMemory(total: number, free: number): DoctorRow {
  const name = 'Memory';
  const value = `${gigabytes(free)} free of ${gigabytes(total)}`;
  if (total >= COMFORTABLE_BYTES) return { name, status: 'ok', value };
  return { name, status: 'warn', value, todo: 'use fewer threads' };
}

function gigabytes(bytes: number): string {
  return `${(bytes / 1024 ** 3).toFixed(1)} GiB`;
}

function describeTemp(folder: string): DoctorRow {
  const name = 'Temporary folder';
  try {
    accessSync(folder, constants.W_OK | constants.X_OK);
    if (!statSync(folder).isDirectory()) throw new Error('not a folder');
    return { name, status: 'ok', value: folder };
  } catch {
    const todo = 'export TMPDIR=<a folder you may write to>';
    return { name, status: 'fail', value: `${folder} cannot be written`, todo };
  }
}

const MARKS = { ok: 'ok', warn: 'warn', fail: 'FAIL' } as const;

/** A line of the report, and what the row says that it belongs to; the verdict's line is of the whole. */
export interface DoctorLine {
  readonly text: string;
  readonly status?: DoctorRow['status'];
}

/** The report as a table for the terminal: one row per line, todos below their rows. */
export function doctorLines({ ok, rows }: DoctorReport): DoctorLine[] {
  const width = Math.max(...rows.map((row) => row.name.length));
  const lines = rows.flatMap(({ name, status, value, todo }) => {
    const lead = `${name.padEnd(width)}  ${MARKS[status].padEnd(4)}  `;
    const next = todo === undefined ? [] : [`${' '.repeat(lead.length)}-> ${todo}`];
    return [`${lead}${value}`, ...next].map((text) => ({ text, status }));
  });
  const verdict = ok
    ? 'Ready: the main job can run here.'
    : 'Not ready: mend the rows marked FAIL, then run geocubes doctor again.';
  return [...lines, { text: '' }, { text: verdict, status: ok ? 'ok' : 'fail' }];
}

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A folder with little room in it. */
export interface SmallDisk {
  /** Where commands that are started {@link under} it find it. */
  readonly path: string;
  /** What a command is started with. */
  readonly under: readonly string[];
  /** Gives later commands room enough. */
  grow(): void;
  /** Copies a folder of the disk to where the tests can look at it. */
  copy(name: string, to: string): Promise<void>;
  close(): Promise<void>;
}

/** What the disk has at all; until it is to have room, a file fills the rest. */
const WHOLE_BYTES = 16 * 1024 ** 2;

/**
 * A disk of so many bytes: a tmpfs in a mount namespace of its own, which is gone with the process that
 * holds it. Where the system allows none, as most containers do, writes fail by a library that is preloaded;
 * that counts bytes, where a disk has blocks.
 *
 * @returns why there is none where neither can be had.
 */
export async function openSmallDisk(
  folder: string,
  bytes: { readonly disk: number; readonly preloaded: number },
): Promise<SmallDisk | string> {
  const root = join(folder, 'disk');
  const path = join(root, 'room');
  await mkdir(path, { recursive: true });
  // To try the other way where the first one works.
  if (process.env.SMALL_DISK !== 'preloaded') {
    const mounted = await mount(root, path, bytes.disk);
    if (mounted !== undefined) return mounted;
  }
  console.log('no tmpfs can be mounted here: writes fail by a preloaded library');
  return preload(folder, path, bytes.preloaded);
}

async function mount(root: string, path: string, bytes: number): Promise<SmallDisk | undefined> {
  const isRoot = process.getuid?.() === 0;
  const script = [
    'mount -t tmpfs -o size="$2" tmpfs "$0"',
    'mkdir "$1"',
    'head -c "$3" /dev/zero > "$0/filler"',
    'echo mounted',
    'exec cat',
  ].join(' && ');
  const options = isRoot ? ['-m'] : ['-r', '-m'];
  const sizes = [WHOLE_BYTES, WHOLE_BYTES - bytes].map(String);
  const holder = spawn('unshare', [...options, 'sh', '-c', script, root, path, ...sizes], {
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  if (!(await saysMounted(holder))) return undefined;
  const under = [
    ...['nsenter', '--target', String(holder.pid), '--mount'],
    ...(isRoot ? [] : ['--user', '--preserve-credentials']),
    '--',
  ];
  const [nsenter = '', ...rest] = under;
  return {
    path,
    under,
    grow: () => {
      execFileSync(nsenter, [...rest, 'rm', join(root, 'filler')]);
    },
    copy: (name, to) => cp(`/proc/${holder.pid}/root${join(path, name)}`, to, { recursive: true }),
    close: async () => {
      holder.stdin?.end();
      await once(holder, 'exit');
    },
  };
}

function saysMounted(holder: ChildProcess): Promise<boolean> {
  return new Promise((resolve) => {
    holder.once('error', () => resolve(false));
    holder.once('exit', () => resolve(false));
    holder.stdout?.once('data', () => resolve(true));
  });
}

function preload(folder: string, path: string, bytes: number): SmallDisk | string {
  const library = join(folder, 'full-disk.so');
  const source = fileURLToPath(new URL('full-disk.c', import.meta.url));
  try {
    execFileSync('cc', ['-shared', '-fPIC', '-O1', '-o', library, source, '-ldl']);
  } catch (error) {
    return `no tmpfs may be mounted here, and cc does not compile a library to preload: ${(error as Error).message}`;
  }
  let under = [
    'env',
    `LD_PRELOAD=${library}`,
    `FULL_DISK_FOLDER=${path}/`,
    `FULL_DISK_BYTES=${bytes}`,
  ];
  return {
    path,
    get under() {
      return under;
    },
    grow: () => {
      under = [];
    },
    copy: (name, to) => cp(join(path, name), to, { recursive: true }),
    close: async () => {},
  };
}

/** Whether a folder lies on a file system that several hosts have at once. */
import { readFile, statfs } from 'node:fs/promises';

/**
 * What statfs(2) calls file systems of several hosts on Linux, its f_type: as in the kernel's linux/magic.h, and in
 * src/stat.c of GNU coreutils (those marked "remote") for those that are not the kernel's. OrangeFS: fs/orangefs of the
 * kernel. BeeGFS was FhGFS, and is so called there.
 */
const NETWORK: ReadonlyMap<number, string> = new Map([
  [0x6969, 'NFS'],
  [0x517b, 'SMB'],
  [0xff534d42, 'SMB (CIFS)'],
  [0xfe534d42, 'SMB'],
  [0x0bd00bd0, 'Lustre'],
  [0x47504653, 'GPFS'],
  [0x00c36400, 'CephFS'],
  [0x01021997, '9p'],
  [0x19830326, 'BeeGFS'],
  [0x5346414f, 'AFS'],
  [0x6b414653, 'AFS'],
  [0x73757245, 'Coda'],
  [0x564c, 'NCP'],
  [0x01161970, 'GFS2'],
  [0x7461636f, 'OCFS2'],
  [0xaad7aaea, 'PanFS'],
  [0xbeefdead, 'StorNext'],
  [0x61636673, 'ACFS'],
  [0x013111a8, 'IBRIX'],
  [0x20030528, 'OrangeFS'],
  [0x786f4256, 'a shared folder of VirtualBox'],
  [0xbacbacbc, 'a shared folder of VMware'],
  [0x7c7c6673, 'a shared folder of Parallels'],
]);

/** Of FUSE there are both kinds, told apart by the name in /proc/self/mountinfo. */
const FUSE = 0x65735546;

/** File systems in user space that lie on a disk, or on another folder, of this machine. */
const LOCAL_FUSE = new Set([
  ...['fuseblk', 'fuse.ntfs', 'fuse.ntfs-3g', 'fuse.lowntfs-3g', 'fuse.exfat', 'fuse.ext2'],
  ...['fuse.fuse-overlayfs', 'fuse.overlayfs', 'fuse.unionfs', 'fuse.mergerfs', 'fuse.bindfs'],
  ...['fuse.gocryptfs', 'fuse.encfs', 'fuse.cryfs', 'fuse.securefs', 'fuse.lxcfs', 'fuse.zfs-fuse'],
]);

/** What is asked of the system; tests answer for it. */
export interface FileSystemFacts {
  /** f_type of the file system that a path lies on. */
  readonly typeOf: (path: string) => Promise<number>;
  /** The text of /proc/self/mountinfo. */
  readonly mounts: () => Promise<string>;
}

const SYSTEM: FileSystemFacts = {
  typeOf: async (path) => (await statfs(path)).type,
  mounts: () => readFile('/proc/self/mountinfo', 'utf8'),
};

/**
 * The name of the file system of several hosts that a folder lies on; `undefined` where it lies on one of this machine,
 * or it cannot be told, as on other systems than Linux.
 *
 * @param path absolute, without symbolic links
 */
export async function networkFileSystemOf(
  path: string,
  facts: FileSystemFacts = SYSTEM,
): Promise<string | undefined> {
  if (process.platform !== 'linux') return undefined;
  // Some of the numbers have their highest bit set, which a narrower type takes for a sign.
  const type = await facts.typeOf(path).then(
    (value) => value >>> 0,
    () => undefined,
  );
  if (type === undefined) return undefined;
  if (type !== FUSE) return NETWORK.get(type);
  const name = mountedAs(path, await facts.mounts().catch(() => ''));
  if (name !== undefined && LOCAL_FUSE.has(name)) return undefined;
  return name === undefined || name === 'fuse' ? 'FUSE' : name;
}

/** The type of the mount that a path lies in: the longest mount point that leads to it, the last of the same. */
function mountedAs(path: string, mountinfo: string): string | undefined {
  let found: { readonly point: string; readonly type: string } | undefined;
  for (const line of mountinfo.split('\n')) {
    // proc_pid_mountinfo(5): ID, parent, device, root, mount point, options, any number of tags, a hyphen, the type.
    const [mount = '', rest = ''] = line.split(' - ');
    const point = (mount.split(' ')[4] ?? '').replaceAll(/\\([0-7]{3})/g, (_, octal: string) =>
      String.fromCharCode(Number.parseInt(octal, 8)),
    );
    const type = rest.split(' ')[0];
    if (point === '' || type === undefined || type === '') continue;
    const isAbove = point === '/' || path === point || path.startsWith(`${point}/`);
    if (isAbove && point.length >= (found?.point.length ?? 0)) found = { point, type };
  }
  return found?.type;
}

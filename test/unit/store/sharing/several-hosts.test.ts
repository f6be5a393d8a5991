import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, readFile, realpath, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { LocalStore } from '../../../../src/store/durability/local-store.js';
import { networkFileSystemOf } from '../../../../src/store/place/network-folder.js';
import { refuseSeveralHosts } from '../../../../src/store/sharing/several-hosts.js';
import { PATIENT } from '../../../patience.js';

const TIMES = { beat: 20, lease: 60_000, confirm: 60_000 };
const FUSE = 0x65735546;

const facts = (type: number, mountinfo = '') => ({
  typeOf: async () => type,
  mounts: async () => mountinfo,
});
const NFS = facts(0x6969);
const EXT4 = facts(0xef53);

let folder: string;
let local: LocalStore;
beforeEach(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'geocubes-hosts-')));
  local = new LocalStore(folder, {}, TIMES);
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** What a process of another machine leaves in the store, last touched so long ago. */
async function leaveStranger(ageMs = 0): Promise<void> {
  const id = randomUUID();
  const place = join(folder, '.geocubes', 'processes', id);
  await mkdir(place, { recursive: true });
  const record = { geocubes: 'process', id, pid: 17, host: 'node-2', boot: 'another boot' };
  await writeFile(join(place, 'process.json'), `${JSON.stringify(record)}\n`);
  const at = new Date(Date.now() - ageMs);
  await utimes(join(place, 'process.json'), at, at);
}

describe.runIf(process.platform === 'linux')('a file system', () => {
  test.each([
    ['NFS', 0x6969],
    ['SMB', 0xfe534d42],
    ['SMB (CIFS)', 0xff534d42],
    // As a signed number of 32 bits, which some systems give.
    ['SMB (CIFS)', 0xff534d42 | 0],
    ['Lustre', 0x0bd00bd0],
    ['GPFS', 0x47504653],
    ['CephFS', 0x00c36400],
    ['BeeGFS', 0x19830326],
    ['9p', 0x01021997],
    ['GFS2', 0x01161970],
    ['OCFS2', 0x7461636f],
    ['PanFS', 0xaad7aaea],
    ['StorNext', 0xbeefdead],
    ['ACFS', 0x61636673],
    ['OrangeFS', 0x20030528],
    ['a shared folder of Parallels', 0x7c7c6673],
  ])('of several hosts is known by its number: %s', async (name, type) => {
    expect(await networkFileSystemOf('/x', facts(type))).toBe(name);
  });

  test.each([
    ['ext4', 0xef53],
    ['xfs', 0x58465342],
    ['btrfs', 0x9123683e],
    ['tmpfs', 0x01021994],
    ['overlayfs', 0x794c7630],
    ['zfs', 0x2fc12fc1],
  ])('of this machine alone is none: %s', async (_, type) => {
    expect(await networkFileSystemOf('/x', facts(type))).toBeUndefined();
  });

  test('in user space is told by the mount that the path lies in', async () => {
    const mounts = [
      '20 1 8:1 / / rw shared:1 - ext4 /dev/sda1 rw',
      '30 20 0:40 / /data rw shared:2 master:3 - fuse.glusterfs host:/gv0 rw',
      '31 30 0:41 / /data/disk rw - fuseblk /dev/sdb1 rw',
      '32 20 0:42 / /with\\040blank rw - fuse.sshfs me@host: rw',
      '33 20 0:43 / /over rw - ext4 /dev/sdc1 rw',
      '34 20 0:44 / /over rw - fuse.rclone remote: rw',
      '35 20 0:45 / /plain rw - fuse something rw',
      '36 20 0:46 / /vm rw - virtiofs share rw',
    ].join('\n');
    const at = (path: string) => networkFileSystemOf(path, facts(FUSE, mounts));
    expect(await at('/data/cubes/x')).toBe('fuse.glusterfs');
    expect(await at('/database')).toBe('ext4');
    expect(await at('/data/disk/x')).toBeUndefined();
    expect(await at('/with blank/x')).toBe('fuse.sshfs');
    expect(await at('/over')).toBe('fuse.rclone');
    expect(await at('/plain/x')).toBe('FUSE');
    expect(await at('/vm/x')).toBe('virtiofs');
  });

  test('is asked of the system itself: temporary files lie on one of this machine, and mounts are those that df has', async () => {
    expect(await networkFileSystemOf('/proc')).toBeUndefined();
    const mounts = () => readFile('/proc/self/mountinfo', 'utf8');
    for (const path of ['/proc', '/dev', await realpath(tmpdir())]) {
      const [, type] = execFileSync('df', ['--output=fstype', path], { encoding: 'utf8' }).split(
        '\n',
      );
      const found = await networkFileSystemOf(path, { typeOf: async () => FUSE, mounts });
      expect(found, path).toBe(type?.trim());
    }
  });
});

describe.runIf(process.platform === 'linux')('in a folder on a network file system', () => {
  test('one process alone may fill a cube, and after it another', async () => {
    for (let run = 0; run < 2; run++) {
      await refuseSeveralHosts({ local }, { isOneOfSeveral: false, facts: NFS });
      expect(await local.lock.with(async () => 'done')).toBe('done');
    }
  });

  test('one of several shards is refused in one line that names the ways that work', async () => {
    const refused = refuseSeveralHosts({ local }, { isOneOfSeveral: true, facts: NFS });
    await expect(refused).rejects.toMatchObject({
      tag: 'store',
      kind: 'conflict',
      message: expect.stringMatching(
        /^Expected one process, .* \(NFS\), but this is one of several shards: .*--own-store.*finalise --merge.*versitygw.*without --shard.*--trust-file-system\.$/,
      ),
    });
  });

  test('whoever finds a process of another host is refused, until that was silent for three minutes', async () => {
    await leaveStranger(170_000);
    const begin = () => refuseSeveralHosts({ local }, { isOneOfSeveral: false, facts: NFS });
    await expect(begin()).rejects.toThrow(/but process 17 on node-2 fills it, or did in the last/);
    await rm(join(folder, '.geocubes'), { recursive: true });
    await leaveStranger(190_000);
    await begin();
  });

  test('a process of another host that comes later ends the run at its next commit', async () => {
    await refuseSeveralHosts({ local }, { isOneOfSeveral: false, facts: NFS });
    const leave = await local.sharing.enter();
    expect(await local.lock.with(async () => 'done')).toBe('done');
    await leaveStranger();
    await vi.waitFor(async () => {
      await expect(local.lock.with(async () => 'done')).rejects.toThrow(
        /process 17 on node-2 has begun to fill it too/,
      );
    }, PATIENT);
    await leave();
  });
});

test('on a disk of this machine shards share a folder, with processes of whatever host', async () => {
  await leaveStranger();
  await refuseSeveralHosts({ local }, { isOneOfSeveral: true, facts: EXT4 });
  await refuseSeveralHosts({ local: undefined }, { isOneOfSeveral: true, facts: NFS });
  expect(await local.lock.with(async () => 'done')).toBe('done');
});

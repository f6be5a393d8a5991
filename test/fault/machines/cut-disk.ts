import { execFileSync } from 'node:child_process';
import { copyFile, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

/** A disk whose power can be cut: what the system has not written to it by then is not on it. */
export interface CutDisk {
  readonly path: string;
  /** What is on the disk at this moment, mounted as after a start. Whoever writes must have been killed. */
  cut(name: string): Promise<CutDisk>;
  close(): void;
}

const MEGABYTES = 192;
/** Seconds between writes of the journal that nobody asks for: longer than any test. */
const COMMIT = 600;

/**
 * An ext4 file system in a file, whose copy from below is the disk at that moment.
 * @returns why there is none where none may be mounted.
 */
export async function openCutDisk(
  folder: string,
  megabytes = MEGABYTES,
): Promise<CutDisk | string> {
  const image = join(folder, 'disk.img');
  try {
    await mkdir(folder, { recursive: true });
    execFileSync('truncate', ['-s', `${megabytes}M`, image]);
    execFileSync('mkfs.ext4', ['-q', '-F', '-m', '0', image], { stdio: 'pipe' });
    return await mountImage(folder, image, 'disk');
  } catch (error) {
    return `no image can be mounted: ${(error as Error).message.trim()}`;
  }
}

async function mountImage(folder: string, image: string, name: string): Promise<CutDisk> {
  const path = join(folder, name);
  await mkdir(path, { recursive: true });
  execFileSync('mount', ['-o', `loop,commit=${COMMIT}`, image, path], { stdio: 'pipe' });
  return {
    path,
    cut: async (copy) => {
      const copied = join(folder, `${copy}.img`);
      await copyFile(image, copied);
      return mountImage(folder, copied, copy);
    },
    close: () => {
      execFileSync('umount', ['-l', path], { stdio: 'pipe' });
      void rm(image, { force: true });
    },
  };
}

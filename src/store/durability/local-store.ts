import { LeaseLock } from '../sharing/lease-lock.js';
import { type LeaseTimes, SharingFolder } from '../sharing/sharing-folder.js';
import { DiskSync } from './disk-sync.js';
import { StoreFolder } from './store-folder.js';

/** How an open store is written to. */
export interface StoreOptions {
  /**
   * Waits at each commit until all of it is on the disk, in local stores. Without it a commit is a little faster, and
   * a power cut may leave a cube that cannot be read. Default `true`.
   */
  readonly sync?: boolean;
}

/** What a store in a folder of this machine is kept with: who may write, and that what is written stays. */
export class LocalStore {
  readonly folder: StoreFolder;
  readonly sharing: SharingFolder;
  readonly lock: LeaseLock;
  readonly disk: DiskSync;

  constructor(path: string, { sync = true }: StoreOptions = {}, times?: LeaseTimes) {
    this.folder = new StoreFolder(path);
    this.sharing = new SharingFolder(this.folder, times);
    this.lock = new LeaseLock(this.sharing);
    this.disk = new DiskSync(sync);
  }
}

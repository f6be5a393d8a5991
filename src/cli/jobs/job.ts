/** What a batch of shards is, whichever scheduler runs it. The files beside this one write it down for one each. */

export interface Job {
  /** Lower-case letters, digits and hyphens, at most 40. */
  readonly name: string;
  readonly shards: number;
  /** The file of settings that `ingest` and `finalise` read, as an absolute path. */
  readonly config: string;
  /** What is in it, by names of options: texts as the command line takes them. */
  readonly settings: ReadonlyMap<string, string>;
  readonly cores: number;
  /** Of one shard, in MiB. */
  readonly memoryMiB: number;
  /** After which the scheduler ends a shard that is not done; it begins again where it was. */
  readonly seconds: number;
  /** Slurm's partition, or the queue of AWS Batch. */
  readonly queue?: string | undefined;
  /** Region of Google's. */
  readonly location?: string | undefined;
  /** Container image that has the command on its PATH. */
  readonly image?: string | undefined;
  /** As whom the tasks run: a service account of Kubernetes or Google, an IAM role of AWS. */
  readonly serviceAccount?: string | undefined;
}

/**
 * How often a shard is begun again after it was ended: by preemption, a time limit, a machine that died, a
 * service or a store that was away for too long.
 */
export const MOST_RETRIES = 6;

/** Seconds between the signal to stop and the end: what is fetched is committed in them. */
export const GRACE_SECONDS = 60;

/**
 * Exit codes after which another try ends in the same way: a wrong call; credentials, or a quota of the day. Code 3,
 * some tiles failed, is no failure of the shard: the finaliser counts what is missing, and ends with 3.
 */
export const FINAL_CODES = [2, 4] as const;

/** What ends a shard that may be begun again: failed, interrupted, and killed or ended by a signal. */
export const RETRY_CODES = [1, 130, 137, 143] as const;

/** Files that each shard writes, and that a container would lose. A report finds a place of its own. */
export const FILES_WRITTEN = ['failed', 'log-file'] as const;

/** Those that would lie over one another in one file; a list of `--failed` has its shard in its name. */
export const FILES_SHARED = ['log-file'] as const;

/** Runs its arguments as the command; 3 becomes 0. It holds no input, so that nothing in it needs quotes. */
export const RUN_SHARD = 'geocubes "$@" || { code=$?; [ "$code" -eq 3 ] || exit "$code"; }';

/** A shard, and what runs after all of them, as words. */
export function shardWords({ shards, cores, settings }: Job): string[] {
  // Not every scheduler shows a task only the cores that it has.
  const threads = settings.has('threads') ? [] : ['--threads', String(cores)];
  return ['ingest', '--shard', 'auto', '--shards', String(shards), ...threads, '--quiet'];
}

export function finaliseWords({ shards, settings }: Job): string[] {
  return ['finalise', '--shards', String(shards), ...(hasOwnStores(settings) ? ['--merge'] : [])];
}

/** Whether each shard fills a store of its own, which the finaliser brings together. */
export function hasOwnStores(settings: ReadonlyMap<string, string>): boolean {
  return /^(?:1|true|yes|on)$/i.test(settings.get('own-store') ?? '');
}

/** Options as the environment has them: in containers there is no file of settings. */
export function environmentOf({ settings }: Job): [name: string, value: string][] {
  return [...settings]
    .filter(([name]) => name !== 'report' && !FILES_WRITTEN.some((file) => file === name))
    .map(([name, value]) => [`GEOCUBES_${name.toUpperCase().replaceAll('-', '_')}`, value]);
}

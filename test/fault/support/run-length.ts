/** What a run of CI leaves out (`--short`): the same things tried again with another seed, server, format or kind of store. */
import { SERVERS } from '../machines/s3-servers.js';
import { KINDS } from './disturbed-cubes.js';

export const IS_SHORT = process.env.FAULTS_SHORT !== undefined;

/** Object stores for what takes minutes on each: in a short run one, the strict one where it is here. */
export function longRunServers(): readonly (keyof typeof SERVERS)[] {
  if (!IS_SHORT) return ['versitygw', 'moto'];
  return [typeof SERVERS.versitygw === 'string' ? 'moto' : 'versitygw'];
}

/** Kinds of stores for processes that share one: in a short run the transactional one. */
export const LONG_RUN_KINDS: readonly (typeof KINDS)[number][] = IS_SHORT
  ? KINDS.slice(0, 1)
  : [...KINDS];

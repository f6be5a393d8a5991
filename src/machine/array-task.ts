/** Which task of an array this process is, as the scheduler that started it says in the environment. */
import { expected } from '../errors.js';

type Environment = Readonly<Record<string, string | undefined>>;

/** One of the tasks of an array job. */
export interface ArrayTask {
  /** The scheduler, for people. */
  readonly scheduler: string;
  /** From 0. */
  readonly index: number;
  readonly count: number;
}

/** How a scheduler tells its tasks apart. */
interface Scheduler {
  readonly name: string;
  /** The variable that a task of an array has, and only such a one. */
  readonly index: string;
  /** Has the number of tasks, where the scheduler tells it. */
  readonly count?: string;
  /** The range of the indices, where it need not begin at 0. */
  readonly range?: { readonly first: string; readonly last: string; readonly step: string };
}

/**
 * - https://slurm.schedmd.com/job_array.html
 * - https://kubernetes.io/docs/tasks/job/indexed-parallel-processing-static/
 * - https://docs.aws.amazon.com/batch/latest/userguide/job_env_vars.html
 * - https://cloud.google.com/batch/docs/create-run-basic-job#environment-variables
 * - https://cloud.google.com/run/docs/container-contract#jobs-env-vars
 * - PBS Professional user's guide, "Job arrays"; of Torque PBS_ARRAYID
 * - qsub(1) of Grid Engine, "-t": where a job is no array the index is "undefined"
 */
const SCHEDULERS: readonly Scheduler[] = [
  {
    name: 'Slurm',
    index: 'SLURM_ARRAY_TASK_ID',
    count: 'SLURM_ARRAY_TASK_COUNT',
    range: {
      first: 'SLURM_ARRAY_TASK_MIN',
      last: 'SLURM_ARRAY_TASK_MAX',
      step: 'SLURM_ARRAY_TASK_STEP',
    },
  },
  { name: 'Kubernetes', index: 'JOB_COMPLETION_INDEX' },
  {
    name: 'AWS Batch',
    index: 'AWS_BATCH_JOB_ARRAY_INDEX',
    count: 'AWS_BATCH_JOB_ARRAY_SIZE',
  },
  { name: 'Google Batch', index: 'BATCH_TASK_INDEX', count: 'BATCH_TASK_COUNT' },
  { name: 'Cloud Run', index: 'CLOUD_RUN_TASK_INDEX', count: 'CLOUD_RUN_TASK_COUNT' },
  { name: 'PBS', index: 'PBS_ARRAY_INDEX' },
  { name: 'PBS', index: 'PBS_ARRAYID' },
  {
    name: 'Grid Engine',
    index: 'SGE_TASK_ID',
    range: { first: 'SGE_TASK_FIRST', last: 'SGE_TASK_LAST', step: 'SGE_TASK_STEPSIZE' },
  },
];

const NAMES = [...new Set(SCHEDULERS.map(({ name }) => name))].join(', ');

/**
 * The task that this process is.
 *
 * @param count of tasks that whoever started them says: needed where the scheduler does not tell it, and where only
 * some tasks of an array were started again, whose indices are counted from 0 then.
 * @throws {InvalidInputError} where there is no scheduler, where its numbers make no array, or where two disagree.
 */
export function arrayTask(env: Environment, count?: number): ArrayTask {
  const found = SCHEDULERS.filter(({ index }) => isSet(env[index])).map((scheduler) =>
    taskOf(scheduler, env, count),
  );
  const [first, ...others] = found;
  if (first === undefined)
    throw expected(
      `a task of an array job (${NAMES})`,
      '--shard auto',
      'none of their variables in the environment',
      'Say which shard it is: --shard 3/40.',
    );
  const other = others.find(
    ({ index, count: all }) => index !== first.index || all !== first.count,
  );
  if (other !== undefined)
    throw expected(
      'one task of an array job',
      '--shard auto',
      `two that disagree: ${words(first)}, ${words(other)}`,
      'Say which shard it is: --shard 3/40.',
    );
  return first;
}

function words({ scheduler, index, count }: ArrayTask): string {
  return `${scheduler}'s ${index + 1} of ${count}`;
}

function taskOf(scheduler: Scheduler, env: Environment, given: number | undefined): ArrayTask {
  const { name, index: variable, count: countVariable } = scheduler;
  const id = wholeIn(env, variable);
  const told = countVariable === undefined ? undefined : optionalIn(env, countVariable);
  if (scheduler.range === undefined && told !== undefined && given !== undefined && told !== given)
    throw expected(`the ${told} tasks of ${name}'s array (${countVariable})`, '--shards', given);
  const place = placeIn(scheduler, env, id, told);
  const count = given ?? place?.count;
  if (count === undefined)
    throw expected(
      `the number of shards, which ${name} does not tell this task`,
      '--shards',
      'nothing',
      'Give it beside --shard auto, such as --shards 40.',
    );
  // Of an array of which only some tasks were started again, the numbers are those of the whole.
  const index = place?.count === count ? place.index : id;
  if (index >= count)
    throw expected(`an index from 0 to ${count - 1} for ${count} shards`, variable, id);
  return { scheduler: name, index, count };
}

/** Where a task stands among those of its array, where the scheduler tells enough of them. */
function placeIn(
  { range }: Scheduler,
  env: Environment,
  id: number,
  told: number | undefined,
): Omit<ArrayTask, 'scheduler'> | undefined {
  if (range === undefined) return told === undefined ? undefined : { index: id, count: told };
  const [first, last] = [optionalIn(env, range.first), optionalIn(env, range.last)];
  if (first === undefined || last === undefined) return undefined;
  const step = Math.max(optionalIn(env, range.step) ?? 1, 1);
  const index = (id - first) / step;
  const count = Math.floor((last - first) / step) + 1;
  // A list without a pattern, such as 3,7,8: nobody but the caller knows of how many.
  const isRegular = Number.isInteger(index) && index >= 0 && (told === undefined || told === count);
  return isRegular ? { index, count } : undefined;
}

function wholeIn(env: Environment, variable: string): number {
  const text = env[variable] ?? '';
  if (!/^\d{1,9}$/.test(text)) throw expected('a whole number', variable, text);
  return Number(text);
}

function optionalIn(env: Environment, variable: string): number | undefined {
  return isSet(env[variable]) ? wholeIn(env, variable) : undefined;
}

/** Grid Engine has "undefined" where there is no array. */
function isSet(text: string | undefined): boolean {
  return text !== undefined && text !== '' && text !== 'undefined';
}

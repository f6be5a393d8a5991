import { expect, test } from 'vitest';
import { parseShard, shardOf } from '../../../../src/cli/options/shard.js';
import { InvalidInputError } from '../../../../src/errors.js';
import { arrayTask } from '../../../../src/machine/array-task.js';

const SLURM = {
  SLURM_ARRAY_TASK_ID: '7',
  SLURM_ARRAY_TASK_MIN: '1',
  SLURM_ARRAY_TASK_MAX: '40',
  SLURM_ARRAY_TASK_STEP: '1',
  SLURM_ARRAY_TASK_COUNT: '40',
};

test.each([
  ['Slurm, from 1', SLURM, undefined, 'Slurm', 6, 40],
  [
    'Slurm, from 0',
    { ...SLURM, SLURM_ARRAY_TASK_MIN: '0', SLURM_ARRAY_TASK_MAX: '39' },
    undefined,
    'Slurm',
    7,
    40,
  ],
  [
    'Slurm, in steps',
    {
      ...SLURM,
      SLURM_ARRAY_TASK_ID: '9',
      SLURM_ARRAY_TASK_MAX: '13',
      SLURM_ARRAY_TASK_STEP: '4',
      SLURM_ARRAY_TASK_COUNT: '4',
    },
    undefined,
    'Slurm',
    2,
    4,
  ],
  [
    'Slurm, some tasks of an array once more',
    {
      SLURM_ARRAY_TASK_ID: '7',
      SLURM_ARRAY_TASK_MIN: '3',
      SLURM_ARRAY_TASK_MAX: '12',
      SLURM_ARRAY_TASK_COUNT: '3',
    },
    40,
    'Slurm',
    7,
    40,
  ],
  ['Kubernetes', { JOB_COMPLETION_INDEX: '0' }, 8, 'Kubernetes', 0, 8],
  [
    'AWS Batch',
    { AWS_BATCH_JOB_ARRAY_INDEX: '3', AWS_BATCH_JOB_ARRAY_SIZE: '10' },
    undefined,
    'AWS Batch',
    3,
    10,
  ],
  ['Google Batch', { BATCH_TASK_INDEX: '3', BATCH_TASK_COUNT: '10' }, 10, 'Google Batch', 3, 10],
  [
    'Cloud Run',
    { CLOUD_RUN_TASK_INDEX: '9', CLOUD_RUN_TASK_COUNT: '10' },
    undefined,
    'Cloud Run',
    9,
    10,
  ],
  ['PBS', { PBS_ARRAY_INDEX: '2' }, 4, 'PBS', 2, 4],
  ['Torque', { PBS_ARRAYID: '2' }, 4, 'PBS', 2, 4],
  [
    'Grid Engine',
    { SGE_TASK_ID: '5', SGE_TASK_FIRST: '1', SGE_TASK_LAST: '9', SGE_TASK_STEPSIZE: '2' },
    undefined,
    'Grid Engine',
    2,
    5,
  ],
] as const)(
  'a task of %s knows which of how many it is',
  (_, env, given, scheduler, index, count) => {
    expect(arrayTask(env, given)).toEqual({ scheduler, index, count });
  },
);

test('two schedulers that agree are one', () => {
  const env = { ...SLURM, SLURM_ARRAY_TASK_MIN: '0', SLURM_ARRAY_TASK_MAX: '39' };
  expect(arrayTask({ ...env, JOB_COMPLETION_INDEX: '7' }, 40).scheduler).toBe('Slurm');
});

test.each([
  ['none', {}, undefined, /none of their variables in the environment.*--shard 3\/40/],
  ['one outside of an array', { SGE_TASK_ID: 'undefined' }, undefined, /none of their variables/],
  [
    'one without a count',
    { JOB_COMPLETION_INDEX: '1' },
    undefined,
    /--shards.*nothing.*--shards 40/,
  ],
  [
    'an index outside',
    { JOB_COMPLETION_INDEX: '8' },
    8,
    /from 0 to 7 for 8 shards.*JOB_COMPLETION_INDEX.*8/,
  ],
  [
    'an index beyond its range',
    { ...SLURM, SLURM_ARRAY_TASK_ID: '41' },
    undefined,
    /from 0 to 39 for 40 shards.*SLURM_ARRAY_TASK_ID.*41/,
  ],
  [
    'a text for an index',
    { JOB_COMPLETION_INDEX: 'one' },
    8,
    /a whole number for JOB_COMPLETION_INDEX.*"one"/,
  ],
  [
    'another count than the array has',
    { BATCH_TASK_INDEX: '3', BATCH_TASK_COUNT: '10' },
    12,
    /the 10 tasks of Google Batch's array \(BATCH_TASK_COUNT\) for --shards.*12/,
  ],
  [
    'two that disagree',
    { ...SLURM, JOB_COMPLETION_INDEX: '7' },
    40,
    /two that disagree: Slurm's 7 of 40, Kubernetes's 8 of 40/,
  ],
] as const)('%s is told in a line', (_, env, given, message) => {
  const run = () => arrayTask(env, given);
  expect(run).toThrow(InvalidInputError);
  expect(run).toThrow(message);
});

test('people count shards from 1, programs from 0', () => {
  expect(parseShard('3/40')).toEqual({ index: 2, count: 40 });
  expect(parseShard('auto')).toBe('auto');
  for (const [text, message] of [
    ['0/4', /a shard from 1\/4 to 4\/4.*"0\/4"/],
    ['5/4', /a shard from 1\/4 to 4\/4.*"5\/4"/],
    ['1/0', /auto, or a shard such as 3\/40/],
    ['first', /auto, or a shard such as 3\/40/],
  ] as const)
    expect(() => parseShard(text)).toThrow(message);
});

test('a count without a part, and one that contradicts it, are told', () => {
  expect(shardOf({})).toBeUndefined();
  expect(() => shardOf({ shards: 4 })).toThrow(/--shard beside --shards/);
  expect(() => shardOf({ shard: { index: 0, count: 4 }, shards: 5 })).toThrow(/the 4 of --shard/);
});

import { expect, test } from 'vitest';
import { PARTS, readOptions, TASKS } from '../../../native-bench/options.mjs';

test('a run without options is a full one of all tasks', () => {
  expect(readOptions([], 4)).toMatchObject({
    mode: 'full',
    tasks: TASKS,
    isPartial: false,
    usePython: true,
    threads: 4,
  });
});

test('each part has tasks of its own, and is measured alone where it is asked for', () => {
  expect(readOptions([], 4).parts).toEqual(['kernels', 'commands']);
  expect(readOptions(['--part', 'commands'], 4)).toMatchObject({
    parts: ['commands'],
    tasks: PARTS.commands,
    isPartial: false,
  });
  expect(new Set(TASKS).size).toBe(PARTS.kernels.length + PARTS.commands.length);
});

test.each([[['--quick']], [['--only', 'fill']]])(
  'results of %j do not go where those of a full run lie',
  (args) => {
    expect(readOptions(args, 4).isPartial).toBe(true);
  },
);

test('tasks run in their own order, however they are named', () => {
  expect(readOptions(['--only', 'load,warp', '--only', 'decode'], 4).tasks).toEqual([
    'decode',
    'warp',
    'load',
  ]);
});

test.each([
  [['--only', 'sleep'], 'received "sleep"'],
  [['--part', 'all'], 'for --part'],
  [['--threads', '0'], 'for --threads'],
  [['--seed', 'x'], 'for --seed'],
  [['--fast'], 'known options'],
])('%j is refused in one line', (args, message) => {
  expect(() => readOptions(args, 4)).toThrow(message);
});

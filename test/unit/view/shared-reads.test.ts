import { describe, expect, test } from 'vitest';
import { AbortedError } from '../../../src/errors.js';
import { Gate } from '../../../src/pool/gate.js';
import { SharedReads } from '../../../src/view/pixels/shared-reads.js';

const never = new AbortController().signal;
const bytes = (length: number) => async () => new Uint8Array(length);

/** Ends when it is told to; knows whether it was stopped. */
function heldRead() {
  let begun = 0;
  let stopped = false;
  let end: () => void = () => {};
  const read = (signal: AbortSignal) => {
    begun++;
    return new Promise<Uint8Array>((resolve, reject) => {
      end = () => resolve(new Uint8Array(1));
      signal.addEventListener('abort', () => {
        stopped = true;
        reject(new AbortedError('stopped'));
      });
    });
  };
  return { read, end: () => end(), begun: () => begun, isStopped: () => stopped };
}

describe('reads that are shared', () => {
  test('are made once for all who wait, and stopped when the last of them has gone', async () => {
    const reads = new SharedReads(100);
    const held = heldRead();
    const [one, other] = [new AbortController(), new AbortController()];
    const first = reads.get('a', held.read, one.signal);
    const second = reads.get('a', held.read, other.signal);
    expect(held.begun()).toBe(1);
    one.abort();
    await expect(first).rejects.toThrow(AbortedError);
    expect(held.isStopped()).toBe(false);
    other.abort();
    await expect(second).rejects.toThrow(AbortedError);
    expect(held.isStopped()).toBe(true);
  });

  test('who comes after a read was given up has it made anew', async () => {
    const reads = new SharedReads(100);
    const held = heldRead();
    const gone = new AbortController();
    const first = reads.get('a', held.read, gone.signal);
    gone.abort();
    await expect(first).rejects.toThrow(AbortedError);
    const second = reads.get('a', held.read, never);
    held.end();
    expect((await second).length).toBe(1);
    expect(held.begun()).toBe(2);
  });

  test('keep what was used last, within the budget', async () => {
    const reads = new SharedReads(100);
    for (const key of ['a', 'b', 'c']) await reads.get(key, bytes(40), never);
    expect(['a', 'b', 'c'].map((key) => reads.holds(key))).toEqual([false, true, true]);
    await reads.get('b', bytes(40), never);
    await reads.get('d', bytes(40), never);
    expect(['b', 'c', 'd'].map((key) => reads.holds(key))).toEqual([true, false, true]);
    expect(reads.bytes).toBe(80);
  });

  test('do not keep a failure', async () => {
    const reads = new SharedReads(100);
    const fails = () => Promise.reject(new Error('gone'));
    await expect(reads.get('a', fails, never)).rejects.toThrow('gone');
    expect((await reads.get('a', bytes(1), never)).length).toBe(1);
  });
});

test('lanes let so many in, and whoever leaves the queue is never begun', async () => {
  const lanes = new Gate(1);
  let end: () => void = () => {};
  const first = lanes.run(
    () =>
      new Promise<void>((resolve) => {
        end = resolve;
      }),
    never,
  );
  const gone = new AbortController();
  const begun: string[] = [];
  const second = lanes.run(async () => begun.push('second'), gone.signal);
  const third = lanes.run(async () => begun.push('third'), never);
  gone.abort();
  await expect(second).rejects.toThrow(AbortedError);
  end();
  await Promise.all([first, third]);
  expect(begun).toEqual(['third']);
});

import { toRecord } from '../errors.js';
import { createGdalKernel } from '../kernel/gdal/kernel.js';
import type { Kernel } from '../kernel/kernel.js';
import type { KernelName, Reply, Task, TaskValue } from './messages.js';

let current: { readonly name: KernelName; readonly kernel: Kernel } | undefined;

/** The thread's kernel, made at its first use. */
function kernelOf(name: KernelName): Kernel {
  if (current?.name !== name) current = { name, kernel: createGdalKernel() };
  return current.kernel;
}

/** Does one task in the calling thread. Never throws. */
export function runTask(task: Task, name: KernelName): Reply<TaskValue> {
  try {
    return { ok: true, value: perform(task, kernelOf(name)) };
  } catch (error) {
    return { ok: false, error: toRecord(error) };
  }
}

function perform(task: Task, kernel: Kernel): TaskValue {
  switch (task.kind) {
    case 'process':
      return kernel.process(task.tile, task.recipe);
    case 'encode':
      return kernel.encode(task.array, task.codec);
    case 'warm-up':
      return kernel.facts;
  }
}

/** The buffers a reply gives away: moved to the main thread, not copied. */
export function transferablesOf(value: TaskValue): ArrayBuffer[] {
  if (value instanceof Uint8Array) return [value.buffer];
  if (!('chunks' in value)) return [];
  return value.chunks.flatMap(({ bytes }) => (bytes === undefined ? [] : [bytes.buffer]));
}

/** What a pool thread does: an envelope around {@link runTask} that gives the result's buffers away. */
import { workerData } from 'node:worker_threads';
import type { Task, WorkerSetup } from './messages.js';
import { runTask, transferablesOf } from './run-task.js';

export { loadKernels as loadAll } from './run-task.js';

export default async function work(task: Task): Promise<unknown> {
  const { kernel } = workerData as WorkerSetup;
  const reply = await runTask(task, kernel);
  const buffers = reply.ok ? transferablesOf(reply.value) : [];
  if (buffers.length === 0) return reply;
  // Most results lie in shared memory: what moves others takes a thread 20 ms to load.
  const { move, Piscina } = await import('piscina');
  return move({ [Piscina.valueSymbol]: reply, [Piscina.transferableSymbol]: buffers } as never);
}

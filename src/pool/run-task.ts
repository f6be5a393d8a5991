import '../kernel/gdal/proj/points.js';
import { toRecord } from '../errors.js';
import { loadProj4 } from '../grid/crs/proj4.js';
import type { FullKernel } from '../kernel/full-kernel.js';
import type { KernelName, Reply, Task, TaskValue } from './messages.js';

let current: { readonly name: KernelName; readonly kernel: Promise<FullKernel> } | undefined;

/** The thread's kernel, loaded at its first use. */
function kernelOf(name: KernelName): Promise<FullKernel> {
  if (current?.name !== name) current = { name, kernel: KERNELS[name]() };
  return current.kernel;
}

const loadGdalKernel = () => import('../kernel/gdal/kernel.js');
const loadJsKernel = () => import('../kernel/js/kernel.js');

/** Loaded when asked for: neither kernel needs what the other one stands on. */
const KERNELS: Readonly<Record<KernelName, () => Promise<FullKernel>>> = {
  gdal: async () => (await loadGdalKernel()).createGdalKernel(),
  js: async () => (await loadJsKernel()).createJsKernel(),
};

/** The code of both, so that the set-up can keep what V8 makes of it. Nothing native is loaded. */
export async function loadKernels(): Promise<void> {
  await Promise.all([loadGdalKernel(), loadJsKernel()]);
  loadProj4();
}

/** Does one task in the calling thread. Never throws. */
export async function runTask(task: Task, name: KernelName): Promise<Reply<TaskValue>> {
  try {
    return { ok: true, value: await perform(task, await kernelOf(name)) };
  } catch (error) {
    return { ok: false, error: toRecord(error) };
  }
}

async function perform(task: Task, kernel: FullKernel): Promise<TaskValue> {
  switch (task.kind) {
    case 'process':
      return kernel.process(task.tile, task.recipe, task.rooms);
    case 'encode':
      return kernel.encode(task.array, task.codec);
    case 'read':
      await kernel.readChunk(task.read);
      return undefined;
    case 'warp':
      kernel.warp(task.job);
      return undefined;
    case 'reduce':
      kernel.reduce(task.job);
      return undefined;
    case 'write-geotiff':
      kernel.writeGeoTiff(task.job);
      return undefined;
    case 'create-geotiff':
      return kernel.createGeoTiff(task.file);
    case 'write-geotiff-part':
      kernel.writeGeoTiffPart(task.path, task.part);
      return undefined;
    case 'end-geotiff':
      kernel.endGeoTiff(task.path, task.isWanted);
      return undefined;
    case 'check-creation-options':
      kernel.checkCreationOptions(task.file);
      return undefined;
    case 'read-geobox':
      return kernel.readGeoBox(task.file, task.options);
    case 'warm-up':
      if (task.uses === 'rasters') kernel.load();
      return kernel.facts;
  }
}

/** The buffers a reply gives away: moved to the main thread, not copied. */
export function transferablesOf(value: TaskValue): ArrayBuffer[] {
  if (value === undefined) return [];
  const arrays =
    value instanceof Uint8Array
      ? [value]
      : 'chunks' in value
        ? value.chunks.flatMap(({ bytes }) => bytes ?? [])
        : [];
  // Shared memory is seen by both threads.
  return arrays.flatMap(({ buffer }) => (buffer instanceof ArrayBuffer ? [buffer] : []));
}

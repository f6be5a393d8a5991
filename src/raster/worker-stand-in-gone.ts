/** Imported after geotiff.js, for its effect: see `worker-stand-in.ts`. */
import { WorkerStandIn } from './worker-stand-in.js';

const platform = globalThis as { Worker?: unknown };
if (platform.Worker === WorkerStandIn) delete platform.Worker;

/**
 * Imported before geotiff.js, for its effect. What that makes its decoding threads of, which nobody here asks for, looks
 * at `workerData` when it is loaded, takes it for its own, and throws where a user's thread was started without any. It
 * leaves that be where the platform has a `Worker`: so there is one while it is loaded. Modules that wait for nothing are
 * evaluated one after the other, and nobody else runs before `worker-stand-in-gone.ts` takes it away.
 */
export class WorkerStandIn {}

(globalThis as { Worker?: unknown }).Worker ??= WorkerStandIn;

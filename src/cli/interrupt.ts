import { EXIT } from './exit-codes.js';

/** What is under way and can be asked to stop. */
const running = new Set<AbortController>();

/**
 * The first SIGINT or SIGTERM asks the work to stop (finished tiles are still committed), the second
 * ends the process at once. Either way the cube is as it was at its last commit.
 */
export function abortOnSignals(message = 'Stopping: finished tiles are being committed.'): {
  readonly signal: AbortSignal;
  release(): void;
} {
  const controller = new AbortController();
  const onSignal = () => {
    if (controller.signal.aborted) process.exit(EXIT.interrupted);
    process.stderr.write(`\n${message} Once more to stop at once.\n`);
    controller.abort();
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  running.add(controller);
  return {
    signal: controller.signal,
    release() {
      process.off('SIGINT', onSignal);
      process.off('SIGTERM', onSignal);
      running.delete(controller);
    },
  };
}

/**
 * Whoever reads the output may stop reading, as head does. Then nobody is there to be told: what fills a
 * cube stops as at a first signal, everything else ends at once, and neither says a word.
 */
export function endWithReaders(): void {
  process.stdout.on('error', endWithReader);
  process.stderr.on('error', endWithReader);
}

let isTold = false;

/** Takes an error of writing to stdout or stderr. */
export function endWithReader(error: NodeJS.ErrnoException): void {
  // A full disk, say. Where stderr itself is broken this comes here once more.
  if (error.code !== 'EPIPE' && !isTold) {
    isTold = true;
    process.stderr.write(`geocubes: ${error.message}\n`);
  }
  process.exitCode = EXIT.failed;
  if (running.size === 0) process.exit();
  for (const controller of running) controller.abort();
}

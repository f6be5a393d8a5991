import { EXIT } from './exit-codes.js';

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
  return {
    signal: controller.signal,
    release() {
      process.off('SIGINT', onSignal);
      process.off('SIGTERM', onSignal);
    },
  };
}

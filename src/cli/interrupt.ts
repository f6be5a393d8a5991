import { EXIT } from './exit-codes.js';
import { complain, onOutputGone, tell } from './output/terminal.js';

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
    tell('', `${message} Once more to stop at once.`);
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
 * The first SIGINT or SIGTERM lets what is half-made be removed, then ends the process as it does without a
 * handler. For work of which nothing is kept.
 */
export function endAtSignal(): { readonly signal: AbortSignal; release(): void } {
  const controller = new AbortController();
  const release = () => {
    process.off('SIGINT', onSignal);
    process.off('SIGTERM', onSignal);
  };
  const onSignal = (name: NodeJS.Signals) => {
    controller.abort();
    release();
    process.kill(process.pid, name);
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  return { signal: controller.signal, release };
}

/**
 * Whoever reads the output may stop reading, as head does, or a disk that takes it may be full. What fills a
 * cube then stops as at a first signal, everything else ends at once; neither shows a stack. Progress that
 * can be written nowhere stops no work.
 */
export function endWithReader(): void {
  let isGone = false;
  onOutputGone(({ code, message }) => {
    // What is still written while the work stops fails as well.
    if (isGone) return;
    isGone = true;
    if (code !== 'EPIPE') complain(message);
    process.exitCode = EXIT.failed;
    if (running.size === 0) process.exit();
    for (const controller of running) controller.abort();
  });
}

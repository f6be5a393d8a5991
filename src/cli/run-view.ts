/** A run that is seen in a browser while it goes on. */
import { Option } from 'commander';
import type { OnEvent } from '../observe/events.js';
import { type IngestSummary, Tally } from '../observe/summary.js';
import type { KernelName } from '../pool/messages.js';
import { createPool } from '../pool/pool.js';
import type { Run } from '../view/told.js';
import { wholeNumber } from './options/common.js';
import { tell } from './output/terminal.js';

export const viewOption = () =>
  new Option(
    '--view [port]',
    'show the cube on a map while the run goes on, in a browser on this machine: tiles as they are committed, and the numbers of the run (without a port 8789; 0 takes any free one)',
  )
    .argParser(wholeNumber('--view', 0, 65_535))
    .preset('8789')
    .conflicts(['dryRun', 'ownStore']);

/** Of decoded chunks: the run's own memory is what was asked for it. */
const KEPT_BYTES = 64 * 1024 ** 2;

export interface RunView {
  readonly onEvent: OnEvent;
  close(): Promise<void>;
}

/**
 * Serves the page until it is closed, with a thread of its own: those of the run are the run's.
 * @throws {InvalidInputError} where the port is another's.
 */
export async function openRunView(
  port: number,
  {
    store,
    branch,
    kernel,
  }: { readonly store: string; readonly branch?: string; readonly kernel?: KernelName },
): Promise<RunView> {
  const { startViewer } = await import('../view/server.js');
  const tally = new Tally();
  const pool = createPool({ size: 1, ...(kernel === undefined ? {} : { kernel }) });
  try {
    const run = () => numbersOf(tally.summary());
    const viewer = await startViewer({
      ...{ storage: store, branch, pool, port, keptBytes: KEPT_BYTES, run },
    });
    // On stderr: stdout may be JSON.
    tell(`${viewer.title} is seen on ${viewer.url} until the run ends`);
    return {
      onEvent: (event) => tally.add(event),
      async close() {
        await viewer.close();
        await pool.close();
      },
    };
  } catch (error) {
    await pool.close();
    throw error;
  }
}

function numbersOf(summary: IngestSummary): Run {
  const { tiles, committed, processed, failed, requests, retries, bytesIn, bytesOut } = summary;
  return {
    ...{ tiles, committed, requests, retries, bytesIn, bytesOut },
    failed: failed.length,
    left: Math.max(tiles - committed - failed.length, 0),
    perSecond: processed / Math.max(summary.elapsedMs / 1000, 1e-3),
  };
}

/** More time steps for a cube that is there. */
import { extendedAxis } from '../../dataset/extended-axis.js';
import type { TimeStep } from '../../dataset/time-axis.js';
import type { Toi } from '../../dataset/toi.js';
import { expected } from '../../errors.js';
import { createPool } from '../../pool/pool.js';
import { extendTime } from '../../store/metadata/extend-time.js';
import { checkExtendable, type OpenedCube, openedCube } from '../opened-cube.js';

/** To what a cube is extended. */
export interface ExtendOptions {
  /**
   * Up to when. A cube of regular steps goes on by its own rule, with each step that begins in or before that time:
   * `../2026` or `2026`. One whose steps are listed gets the time as its next step: `2026`, or a range (both ends
   * included); several times are several steps.
   */
  readonly time: Toi;
}

/** What was added. */
export interface Extension {
  /** The new steps, in order; none where the cube reached so far already. */
  readonly added: readonly TimeStep[];
  /** The id of the commit; empty for a plain Zarr directory, which keeps none. */
  readonly snapshot: string;
}

/** As `Cube.extend`; with the cube as it is now. */
export async function extendCube(
  cube: OpenedCube,
  { time }: ExtendOptions,
): Promise<{ readonly extended: OpenedCube; readonly extension: Extension }> {
  checkExtendable(cube);
  if (cube.timeAxis === undefined)
    throw expected(
      'a cube with a time axis',
      'what to extend',
      'one without',
      'Steps are added to cubes that were created with "time"; the bounds of a grid are fixed.',
    );
  const pool = createPool({ size: 0 });
  try {
    const { dataset, added, snapshot } = await extendTime(
      cube,
      (axis) => extendedAxis(axis, time),
      // Encoders look at the size of an element and at nothing else of it, and float64 has the size of int64.
      ({ length, buffer }, codec) =>
        pool.encode({ dtype: 'float64', shape: [1, length], bytes: new Uint8Array(buffer) }, codec),
    );
    const extended = openedCube({ ...cube, dataset }, cube.repository);
    return { extended, extension: { added, snapshot } };
  } finally {
    await pool.close();
  }
}

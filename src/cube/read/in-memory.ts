/** What a load has in memory at once, and what is said where that is more than there can be. */
import { typedForName } from '../../dataset/band-types.js';
import type { Dataset } from '../../dataset/dataset.js';
import type { TimeStep } from '../../dataset/time-axis.js';
import { InvalidInputError } from '../../errors.js';
import type { Shape } from '../../grid/geobox.js';
import { memoryOfMachine } from '../../machine/memory.js';
import { bytesOf, type DType } from '../../raster/dtype.js';
import { formatBytes } from '../../report/quantities.js';

const TODO =
  'Load a smaller region, a coarser grid, fewer bands or fewer time steps at a time; files (GeoTIFF, Zarr, NetCDF) are written part by part, whatever their size.';

/** What a load is of. */
interface Loaded {
  readonly geobox: Shape;
  readonly names: readonly string[];
  readonly steps: readonly TimeStep[] | undefined;
}

/** Of its pixels: all bands, and all time steps where there are any. */
export function bytesOfLoad({ geobox, names, steps }: Loaded, dataset: Dataset): number {
  const perPixel = names.reduce((sum, name) => sum + bytesOf(typedForName(dataset, name).dtype), 0);
  return perPixel * geobox.height * geobox.width * (steps?.length ?? 1);
}

/**
 * Before memory is taken: a system lends more than it has, and ends who uses it.
 * @throws {InvalidInputError} for more pixels than this machine has memory for.
 */
export function checkFits(load: Loaded, dataset: Dataset, memory = memoryOfMachine()): void {
  const { geobox, names, steps } = load;
  const { height, width } = geobox;
  const bytes = bytesOfLoad(load, dataset);
  if (bytes <= memory) return;
  const of = (count: number, word: string) => `${count} ${word}${count === 1 ? '' : 's'}`;
  const asked = [
    `${width} x ${height} pixels of ${of(names.length, 'band')}`,
    ...(steps === undefined ? [] : [of(steps.length, 'time step')]),
  ].join(' and ');
  throw new InvalidInputError(
    `Expected pixels that fit into the memory of this machine (${formatBytes(memory)}) for a load but received ${asked} (${formatBytes(bytes)}). ${TODO}`,
  );
}

/** Where the memory for pixels was refused. */
export function tooLarge(dtype: DType, length: number, cause: RangeError): InvalidInputError {
  return new InvalidInputError(
    `Expected pixels that fit into memory but received ${length} of ${dtype} (${formatBytes(length * bytesOf(dtype))}). ${TODO}`,
    { cause },
  );
}

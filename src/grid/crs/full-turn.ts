import type { Crs } from './crs.js';
import { loadProj4 } from './proj4.js';

/** How a CRS in which x goes around the earth counts it. */
export interface FullTurn {
  /** Units of x to the same place again. */
  readonly length: number;
  /** The x of the middle of its map of the world, half a turn from either of its edges. */
  readonly middle: number;
}

/** By definition. */
const known = new Map<string, FullTurn | undefined>();

/**
 * The full turn of a CRS in which x alone tells the longitude, in equal steps: geographic ones, and
 * cylindrical projections (Mercator, equirectangular, equal area, ...). Places a turn apart are the same,
 * so that such a map can be continued beyond its edge. `undefined` for all others.
 */
export function fullTurnOf({ definition, isGeographic, unit }: Crs): FullTurn | undefined {
  if (isGeographic) return { length: 360, middle: 0 };
  // Geographic too, but for its unit; proj4 would answer in radians.
  if (unit === 'grad') return { length: 400, middle: 0 };
  if (!known.has(definition)) known.set(definition, measured(definition));
  return known.get(definition);
}

interface Projection {
  readonly long0?: number;
  readonly to_meter?: number;
  readonly axis?: string;
  forward(point: { x: number; y: number }): { x: number; y: number };
}

/** Radians at which x is measured. */
const LATITUDES = [0, 0.4, -1.1];
const OFFSETS = [-2.5, -1, 1, 2.5];

function measured(definition: string): FullTurn | undefined {
  try {
    const { Proj } = loadProj4();
    const projection = new Proj(definition) as unknown as Projection;
    const { long0 = 0, to_meter = 1, axis = 'enu' } = projection;
    if (!axis.startsWith('en')) return undefined;
    const at = (offset: number, y: number) => projection.forward({ x: long0 + offset, y }).x;
    const middle = at(0, 0);
    const slope = at(1, 0) - middle;
    const isLinear = LATITUDES.every((y) =>
      OFFSETS.every((offset) => Math.abs(at(offset, y) - middle - slope * offset) <= 1e-9 * slope),
    );
    return isLinear && slope > 0
      ? { length: (2 * Math.PI * slope) / to_meter, middle: middle / to_meter }
      : undefined;
  } catch {
    return undefined;
  }
}

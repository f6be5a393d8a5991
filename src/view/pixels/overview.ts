/** Pictures of smaller scales from the cube's own reduced levels, where these are up to date: what a load gives there. */
import { chooseLevel, type LevelView } from '../../cube/overviews/choose.js';
import type { Reduction } from '../../cube/overviews/levels.js';
import { loadRegion, planLoad } from '../../cube/read/load.js';
import type { Pool } from '../../pool/pool.js';
import type { LoadedPixels } from '../../raster/loaded-pixels.js';
import { levelBox } from '../levels.js';
import type { Snapshot } from '../snapshot.js';
import type { Layer, LevelPixels, LevelWindow } from './level-window.js';

/** A reduced level, and how the band's values in it were made. */
export interface Overview extends LevelView {
  readonly reduction: Reduction;
}

/** Each pixel as it is in the level. */
const RESAMPLING = 'near';

/** The reduced level that `load` with `overviews: 'auto'` takes for the window; `undefined` where it takes none. */
export async function overviewFor(
  snapshot: Snapshot,
  layer: Layer,
  window: LevelWindow,
): Promise<Overview | undefined> {
  const record = window.level === 0 ? undefined : await snapshot.overviews();
  const reduction = record?.reductions[layer.band];
  if (record === undefined || reduction === undefined) return undefined;
  const { grid } = snapshot.cube;
  const like = levelBox(grid.geobox, window);
  const level = await chooseLevel({
    ...{ grid, record, session: snapshot.session, ledger: snapshot.ledger, marks: snapshot.marks },
    plan: planLoad(grid.geobox, like, { like }),
    ...{ names: [layer.band], steps: stepsOf(snapshot, layer), resampling: RESAMPLING },
  });
  return level === undefined ? undefined : { ...level, reduction };
}

/** @returns `[y, x]` of the window, row-major. */
export async function readOverview(
  snapshot: Snapshot,
  layer: Layer,
  { window, overview }: { readonly window: LevelWindow; readonly overview: Overview },
  means: { readonly pool: Pool; readonly signal: AbortSignal },
): Promise<LevelPixels> {
  const like = levelBox(snapshot.cube.grid.geobox, window);
  const steps = stepsOf(snapshot, layer);
  const view = { ...snapshot.view, overview };
  const { bands, mask } = await loadRegion(view, like, {
    ...{ like, resampling: RESAMPLING, bands: [layer.band], ...means },
    ...(steps === undefined ? {} : { steps }),
  });
  const pixels = bands.get(layer.band) as LoadedPixels;
  // Where a band has a code for "no value", that is what tiles that are not loaded have here.
  const isLoaded = Uint8Array.from(pixels, (_, i) => (mask === undefined || mask[i] !== 0 ? 1 : 0));
  return { pixels, isLoaded };
}

function stepsOf({ cube: { timeAxis } }: Snapshot, { t }: Layer) {
  return t === undefined || timeAxis === undefined ? undefined : [timeAxis.step(t)];
}

/** For people: what the colours of a picture are of. */
export function wordsOf(overviews: readonly (Overview | undefined)[]): string {
  const words = overviews.map((overview) =>
    overview === undefined ? 'pixels' : `overview ${overview.factor}, ${overview.reduction}`,
  );
  return [...new Set(words)].join('; ');
}

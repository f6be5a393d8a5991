/** What `load` says of what it wrote. */
import { hasNodata, type SavedRegion } from '../../cube/read/save-geotiff.js';
import type { Dataset } from '../../dataset/dataset.js';
import { stepRecord, timeWords } from '../options/time.js';
import { plural } from '../output/summary-text.js';
import { kindsOf, STDOUT } from './outputs.js';

interface Files {
  readonly out?: string;
  readonly png?: string;
  readonly cog?: boolean;
  readonly format: string;
}

export function regionText(
  { geobox, steps, missingTiles, overview }: SavedRegion,
  { out, png }: Files,
): string {
  const missing =
    missingTiles > 0
      ? `; ${plural(missingTiles, 'tile')} of it ${missingTiles === 1 ? 'is' : 'are'} not loaded`
      : '';
  const level = overview === undefined ? '' : `, from overviews of 1/${overview}`;
  const names = [out === STDOUT ? 'to standard output' : out, png];
  const files = names.filter((file) => file !== undefined).join(' and ');
  return `Wrote ${files}: ${geobox}${timeWords(steps)}${level}${missing}`;
}

/** What was written. The affine is that of the outer corner: x = a col + b row + c, y = d col + e row + f. */
export function regionRecord(region: SavedRegion, dataset: Dataset, files: Files) {
  const { out, png, cog } = files;
  const kinds = kindsOf(files);
  const [step, ...others] = region.steps ?? [];
  return {
    files: [
      ...(out === undefined ? [] : [{ path: out, format: cog ? 'cog' : kinds.out }]),
      ...(png === undefined ? [] : [{ path: png, format: kinds.png }]),
    ],
    geobox: region.geobox.toRecord(),
    bounds: region.geobox.bounds,
    bands: region.bands,
    dtype: region.dtype,
    // As GDAL has it: JSON knows no NaN.
    nodata: hasNodata(dataset) ? (Number.isNaN(region.nodata) ? 'nan' : region.nodata) : null,
    ...(step === undefined ? {} : { time: stepRecord(step) }),
    ...(step === undefined || others.length === 0
      ? {}
      : { times: [step, ...others].map(stepRecord) }),
    ...(region.overview === undefined ? {} : { overview: region.overview }),
    missingTiles: region.missingTiles,
    lostTiles: region.lostTiles ?? [],
  };
}

import { type Command, Option } from 'commander';
import type { Toi } from '../../dataset/toi.js';
import { expected } from '../../errors.js';
import { parseCrs } from '../../grid/crs/crs.js';
import { parseBoundingBox, type Roi } from '../../grid/roi.js';
import { readRoi } from '../../local/vector-file.js';
import { trustOption } from './common.js';

/** What {@link addRegionOptions} adds, and the time beside it. */
export interface RegionOptions {
  readonly bbox?: string;
  readonly bboxCrs: string;
  readonly roi?: string;
  readonly where?: string;
  readonly layer?: string;
  readonly trustInputs?: boolean;
  readonly time?: Toi;
}

/** The options by which commands take a region: a box, or the features of a vector file. */
export function addRegionOptions(command: Command): Command {
  return command
    .addOption(
      new Option(
        '--bbox <xmin,ymin,xmax,ymax>',
        'region; xmin > xmax crosses the antimeridian',
      ).conflicts('roi'),
    )
    .addOption(new Option('--bbox-crs <crs>', 'CRS of --bbox').default('EPSG:4326'))
    .addOption(
      new Option(
        '--roi <file|->',
        'region: the features of a vector file of any kind, or GeoJSON from standard input',
      ),
    )
    .addOption(
      new Option(
        '--where <condition>',
        'of --roi only these features, such as "name = \'Lena\'"',
      ).conflicts('bbox'),
    )
    .addOption(
      new Option('--layer <name>', 'layer of --roi, where it has several').conflicts('bbox'),
    )
    .addOption(trustOption());
}

/**
 * The region that the options name.
 * @throws {InvalidInputError} when they name none, or a file that is none.
 */
export async function regionOf(options: RegionOptions): Promise<Roi> {
  const region = await regionIn(options);
  if (region === undefined) throw expected('a region', '--bbox or --roi', 'neither');
  return region;
}

/** The same, or `undefined` without a region. */
export async function regionIn(options: RegionOptions): Promise<Roi | undefined> {
  const { bbox, bboxCrs, roi, where, layer, trustInputs } = options;
  if (roi !== undefined) return readRoi(roi, { where, layer, trustInputs });
  const stray = where !== undefined ? '--where' : layer !== undefined ? '--layer' : undefined;
  if (stray !== undefined) throw expected('the file of --roi', stray, 'none');
  return bbox === undefined ? undefined : parseBoundingBox(bbox, parseCrs(bboxCrs));
}

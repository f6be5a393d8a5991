import type { Source } from '../../dataset/dataset.js';
import { HIGH_VOLUME_ENDPOINT } from '../../earth-engine/client.js';
import { findCredentials } from '../../earth-engine/credentials.js';
import {
  type BuildImage,
  buildExpression,
} from '../../earth-engine/expressions/official-client.js';
import type { EarthEngineAccountOptions } from './earth-engine.js';

/**
 * An image built with Google's own client, as the source of a dataset (`defineDataset` takes such a function as its
 * `image`, too):
 *
 * ```ts
 * const source = await earthEngineExpression(
 *   (ee) => ee.ImageCollection('MODIS/061/MOD13Q1').filterDate('2020-06-01', '2020-09-01').median(),
 *   { project: 'my-project' },
 * );
 * const cube = await Cube.create('cubes/ndvi', { ...dataset, source }, { pool });
 * ```
 *
 * The client is loaded and initialised with one request when this is first called; the expression is plain
 * data, stored in the cube, and needs the client no more.
 *
 * @param build gets the initialised client, and the start and the end of a time step, and returns an `ee.Image` with
 * the dataset's bands. Where the image depends on them, the source is of a dataset with time steps, and else of one
 * without.
 * @throws {InvalidInputError} when `build` fails or gives no image.
 * @throws {EarthEngineError} when there are no credentials, or the client cannot be initialised.
 */
export async function earthEngineExpression(
  build: BuildImage,
  options: EarthEngineAccountOptions = {},
): Promise<Source> {
  const { endpoint = HIGH_VOLUME_ENDPOINT, ...account } = options;
  const credentials = await findCredentials({ ...account, endpoint });
  return {
    kind: 'expression',
    expression: await buildExpression(build, { endpoint, credentials }),
  };
}

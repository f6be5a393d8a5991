import type { Source } from '../../dataset/dataset.js';
import { HIGH_VOLUME_ENDPOINT } from '../../earth-engine/client.js';
import { findCredentials } from '../../earth-engine/credentials.js';
import {
  type BuildImage,
  buildExpression,
} from '../../earth-engine/expressions/official-client.js';
import type { EarthEngineAccountOptions } from './earth-engine.js';

/**
 * An image built with Google's own client, as the source of a dataset:
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
 * @param build gets the initialised client and returns an `ee.Image` with the dataset's bands.
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

/** Where npm has installed the package, it lies in the project's `node_modules`; a checkout is the project. */
const IS_INSTALLED = import.meta.url.includes('/node_modules/');

/** What makes native modules ready, as it is typed in the project's folder. */
export const SET_UP_COMMAND = IS_INSTALLED ? 'npx geocubes setup' : 'node scripts/bootstrap.mjs';

/** The folder of this package, which ends with a slash: this file lies below its `dist` or its `src`. */
export function packageFolder(): URL {
  const [folder = ''] = import.meta.url.split(/\/(?:dist|src)\/(?=(?:machine|bundle)\/)/);
  return new URL(`${folder}/`);
}
